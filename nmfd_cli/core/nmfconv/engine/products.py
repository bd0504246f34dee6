"""The matrix products of an iteration, in the two ways they can be computed.

All of NMFD's cost lies in three products of a panel of frames: the model ``W * H``, the numerator
of W and that of H.  `StackedProducts` writes them as one dense product each over a stack of shifted
activations; `FftProducts` computes them as convolutions along time, which wins for long templates.
`choose_products` decides by what they were measured to cost.

What several threads share lies in the products, what each of them needs for its panel in a
workspace of its own.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.engine.panel_products import FftProducts, StackedProducts
from nmfd_cli.core.nmfconv.engine.shifts import TimeGrid


class Workspace(Protocol):
    """The products of one panel, frames ``start:stop`` of M, m of them."""

    def load_panel(self, history: FloatArray) -> None:
        """Prepare the products of a panel.

        Parameters
        ----------
        history : ndarray, shape (R, reach + m)
            Its activations and those of the ``reach`` frames before it.
        """

    def model(self, out: FloatArray) -> None:
        """Write the model of the panel, plus the floor, to `out` (K, m)."""

    def template_terms(self, Q: FloatArray) -> FloatArray:
        """Return ``sum_m Q[k, m] H[r, m - t]``, (R, T, K), for Q (K, m): a new array."""

    def add_activation_terms(self, Q: FloatArray, out: FloatArray) -> None:
        """Add ``sum_{k,t} W[r, t, k] Q[k, m + t]`` to `out` (R, reach + m), for Q (K, m).

        Its first ``reach`` columns are of the frames before the panel; `load_panel` is not needed.
        """


class Products(Protocol):
    """Templates, ready for the products of any panel."""

    def set_templates(self, W: FloatArray) -> None:
        """Take the templates (R, T, K) of `Workspace.model`."""

    def set_activation_templates(self, W: FloatArray) -> None:
        """Take the templates (R, T, K) of `Workspace.add_activation_terms`."""

    def workspace(self) -> Workspace:
        """Return the buffers of one thread."""


#: A way of computing products, called as `choose_products` is.
ProductFactory = Callable[..., Products]


def choose_products(
    shape: tuple[int, int, int],
    panel_frames: int,
    *,
    floor: float,
    dtype: np.dtype[Any],
    fix_W: bool,
    grid: TimeGrid | None = None,
) -> Products:
    """Take the way of computing that costs less for these shapes.

    Parameters
    ----------
    shape : tuple of int
        (R, T, K).
    panel_frames : int
        The longest panel.
    floor : float
        What keeps the model above zero.
    fix_W : bool
        No terms of the templates are asked for, and their transforms are known.
    grid : TimeGrid, optional
        How the frames of a template are tied; T then counts boxes.
    """
    if grid is None and _fft_is_cheaper(shape, panel_frames, fix_W):
        return FftProducts(shape, panel_frames, floor=floor, dtype=dtype)
    return StackedProducts(shape, panel_frames, floor=floor, dtype=dtype, grid=grid)


def _fft_is_cheaper(shape: tuple[int, int, int], panel_frames: int, fix_W: bool) -> bool:
    stacked, fft = costs(shape, panel_frames, fix_W)
    return shape[1] >= _MIN_FFT_FRAMES and bool(fft < stacked)


#: Shorter templates are stacked even where FFTs cost less: the sums are exact.
_MIN_FFT_FRAMES = 32

#: Costs in multiplications of a dense product, fitted to 108 measured panels (float32, one thread;
#: ``tests/benchmarks/products.py`` measures them again): an entry of the stack that is shifted in
#: and out, a point of a transform times its logarithm, a point of a product of spectra.
_STACKED_ENTRY, _TRANSFORMED_POINT, _MULTIPLIED_POINT = 39, 6.9, 45


def costs(shape: tuple[int, int, int], panel_frames: int, fix_W: bool) -> tuple[float, float]:
    """Return what a panel costs stacked, and by FFT, in multiplications of a dense product."""
    count = Counts.of(shape, panel_frames, fix_W)
    stacked = count.multiplications + _STACKED_ENTRY * count.stacked_entries
    points = _TRANSFORMED_POINT * count.transformed_points
    return stacked, points + _MULTIPLIED_POINT * count.multiplied_points


class Counts(NamedTuple):
    """How much there is to do for one panel.

    Attributes
    ----------
    multiplications, stacked_entries : float
        Of dense products.
    transformed_points, multiplied_points : float
        Of FFTs, each times its logarithm, and of products of spectra.
    """

    multiplications: float
    stacked_entries: float
    transformed_points: float
    multiplied_points: float

    @classmethod
    def of(cls, shape: tuple[int, int, int], panel_frames: int, fix_W: bool) -> "Counts":
        """Count for shapes (R, T, K); arguments as of `choose_products`."""
        R, T, K = shape
        n = panel_frames + T
        n_products, n_transforms = (2, 2) if fix_W else (3, 3 + 2 * R)
        entries = n_products * R * T * panel_frames
        transformed = K * n_transforms * n * np.log2(n)
        return cls(entries * K, entries, float(transformed), K * n_products * R * n)
