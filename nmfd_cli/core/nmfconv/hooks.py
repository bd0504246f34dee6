"""The caller's functions that `nmfd` calls before and after the updates of an iteration."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.factorisation import Factors, bins_first, bins_last
from nmfd_cli.errors import ParameterError


class Hook(Protocol):
    """A caller's function that may replace the factors within an iteration."""

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[FloatArray, FloatArray]: ...


@dataclass(frozen=True)
class CallerHooks:
    """Calls them with W (K, R, T) and H (R, M) of the normalised target.

    Attributes
    ----------
    preprocess, postprocess, num_iter, kwargs
        `nmfd`'s arguments.
    """

    preprocess: Hook | None
    postprocess: Hook | None
    num_iter: int
    kwargs: Mapping[str, Any]

    def before(self, factors: Factors, scale: float) -> None:
        """Have the first function replace the factors, H in units of the target's sum."""
        if self.preprocess is not None:
            W, H = bins_first(factors.W), factors.H / scale
            _replace(factors, scale, self.preprocess(W=W, H=H, **self.kwargs))

    def after(self, factors: Factors, scale: float, iteration: int) -> None:
        """Have the second function replace the factors."""
        if self.postprocess is not None:
            W, H = bins_first(factors.W), factors.H / scale
            replaced = self.postprocess(W, H, iteration, self.num_iter, **self.kwargs)
            _replace(factors, scale, replaced)


def _replace(factors: Factors, scale: float, replaced: tuple[FloatArray, FloatArray]) -> None:
    """Take what a hook gave, in the factors' type, or refuse its shape."""
    if not (isinstance(replaced, Sequence) and len(replaced) == 2):
        found = type(replaced).__name__
        raise ParameterError(f"hook: expected it to return W and H, found {found}")
    W, H = (np.asarray(factor) for factor in replaced)
    n_comp, n_frames, n_bins = factors.W.shape
    if W.shape != (n_bins, n_comp, n_frames) or H.shape != factors.H.shape:
        raise ParameterError(
            f"hook: expected W of shape {(n_bins, n_comp, n_frames)} and H of shape "
            f"{factors.H.shape}, found {W.shape} and {H.shape}"
        )
    factors.W = bins_last(W.astype(factors.W.dtype))
    if not np.array_equal(H, factors.H / scale):  # what it left alone keeps its bits
        factors.H = (H * scale).astype(factors.H.dtype)
