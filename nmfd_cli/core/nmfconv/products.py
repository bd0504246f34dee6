"""The matrix products of an iteration, in the two ways they can be computed.

All of NMFD's cost lies in three products of a panel of frames: the model ``W * H``, the numerator
of W and that of H.  `StackedProducts` writes them as one dense product each over a stack of shifted
activations; `FftProducts` computes them as convolutions along time, which wins for long templates.
`choose_products` decides by the count of operations.
"""

from typing import Any, Protocol

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.model import TimeGrid, stack_shifts, unstack_shifts


class Products(Protocol):
    """What an iteration needs of one panel, frames ``start:stop`` of M, m of them."""

    def set_templates(self, W: FloatArray) -> None:
        """Take the templates (K, R, T) for `model`."""

    def set_panel(self, H: FloatArray, start: int, stop: int) -> None:
        """Turn to a panel of the activations (R, M)."""

    def model(self, out: FloatArray) -> None:
        """Write the model of the panel, plus the floor, to `out` (K, m)."""

    def add_template_terms(self, Q: FloatArray, out: FloatArray) -> None:
        """Add ``sum_m Q[k, m] H[r, m - t]`` to `out` (K, R, T), for Q (K, m)."""

    def add_activation_terms(self, Q: FloatArray, start: int, out: FloatArray) -> None:
        """Add ``sum_{k,t} W[k, r, t] Q[k, m + t]`` to `out` (R, M), for Q (K, m) from a start."""

    def set_activation_templates(self, W: FloatArray) -> None:
        """Take the templates (K, R, T) for `add_activation_terms`."""


class StackedProducts:
    """One dense product each, over activations stacked at T shifts.

    Parameters
    ----------
    shape : tuple of int
        (K, R, T).
    panel_frames : int
        The longest panel.
    floor : float
        What is added to every entry of the model; it rides along as one more row of the stack,
        which costs less than a pass over the model.
    dtype : dtype
    grid : TimeGrid, optional
        T counts its boxes.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        panel_frames: int,
        floor: float,
        dtype: np.dtype[Any],
        grid: TimeGrid | None = None,
    ) -> None:
        K, R, T = shape
        self._grid = grid
        self._shape = shape
        self._stack = np.empty((R * T + 1) * panel_frames, dtype=dtype)
        self._rows = np.empty(R * T * panel_frames, dtype=dtype)
        self._templates = np.empty((K, R * T + 1), dtype=dtype)
        self._templates[:, -1] = floor
        self._activation_templates = np.empty((K, R * T), dtype=dtype)
        self._terms = np.empty((K, R * T), dtype=dtype)
        self._panel = self._stack[:0].reshape(0, 0)

    def set_templates(self, W: FloatArray) -> None:
        self._templates[:, :-1] = W.reshape(W.shape[0], -1)

    def set_activation_templates(self, W: FloatArray) -> None:
        self._activation_templates[...] = W.reshape(W.shape[0], -1)

    def set_panel(self, H: FloatArray, start: int, stop: int) -> None:
        _, R, T = self._shape
        n_rows, m = R * T + 1, stop - start
        self._panel = self._stack[: n_rows * m].reshape(n_rows, m)
        self._panel[-1] = 1
        stack_shifts(H, T, start, stop, out=self._panel[:-1], grid=self._grid)

    def model(self, out: FloatArray) -> None:
        np.matmul(self._templates, self._panel, out=out)

    def add_template_terms(self, Q: FloatArray, out: FloatArray) -> None:
        np.matmul(Q, self._panel[:-1].T, out=self._terms)
        out += self._terms.reshape(out.shape)

    def add_activation_terms(self, Q: FloatArray, start: int, out: FloatArray) -> None:
        _, R, T = self._shape
        m = Q.shape[1]
        rows = self._rows[: R * T * m].reshape(R * T, m)
        np.matmul(self._activation_templates.T, Q, out=rows)
        unstack_shifts(rows.reshape(R, T, m), start, out, self._grid)


class FftProducts:
    """Convolutions along time by FFT, over panels with the history that reaches into them.

    Parameters
    ----------
    shape : tuple of int
        (K, R, T).
    panel_frames : int
        The longest panel.
    floor : float
        The least value of the model, as round-off may fall below zero.
    dtype : dtype
    """

    def __init__(
        self, shape: tuple[int, int, int], panel_frames: int, floor: float, dtype: np.dtype[Any]
    ) -> None:
        from scipy import fft  # costs more to import than a short separation takes

        self._fft = fft
        self._shape = shape
        self._length = fft.next_fast_len(panel_frames + shape[2] - 1, real=True)
        self._floor = np.asarray(floor, dtype=dtype)
        complex_dtype = np.result_type(dtype, np.complex64)
        n_bins, n_comp, _ = shape
        self._spectrum = np.empty((n_comp, n_bins, self._length // 2 + 1), dtype=complex_dtype)
        self._activation_spectrum = self._spectrum
        self._panel_spectrum = self._spectrum[:, 0]
        self._panel_frames = 0

    def set_templates(self, W: FloatArray) -> None:
        self._spectrum = self._fft.rfft(W.transpose(1, 0, 2), self._length)
        self._activation_spectrum = self._spectrum

    def set_activation_templates(self, W: FloatArray) -> None:
        self._activation_spectrum = self._fft.rfft(W.transpose(1, 0, 2), self._length)

    def set_panel(self, H: FloatArray, start: int, stop: int) -> None:
        history = self._shape[2] - 1
        segment = np.zeros((H.shape[0], history + stop - start), dtype=H.dtype)
        first = max(0, start - history)
        segment[:, first - (start - history) :] = H[:, first:stop]
        self._panel_spectrum = self._fft.rfft(segment, self._length)
        self._panel_frames = stop - start

    def model(self, out: FloatArray) -> None:
        history = self._shape[2] - 1
        product = np.einsum("rkf,rf->kf", self._spectrum, self._panel_spectrum)
        frames = self._fft.irfft(product, self._length, overwrite_x=True)
        np.maximum(frames[:, history : history + self._panel_frames], self._floor, out=out)

    def add_template_terms(self, Q: FloatArray, out: FloatArray) -> None:
        history = self._shape[2] - 1
        delayed = np.zeros((Q.shape[0], history + Q.shape[1]), dtype=Q.dtype)
        delayed[:, history:] = Q
        spectrum = self._fft.rfft(delayed, self._length)
        for r, activation in enumerate(self._panel_spectrum):
            lags = self._fft.irfft(spectrum * activation.conj(), self._length)
            out[:, r] += lags[:, : history + 1]

    def add_activation_terms(self, Q: FloatArray, start: int, out: FloatArray) -> None:
        history = self._shape[2] - 1
        spectrum = self._fft.rfft(Q, self._length)
        product = np.einsum("rkf,kf->rf", self._activation_spectrum.conj(), spectrum)
        lags = self._fft.irfft(product, self._length)
        out[:, start : start + Q.shape[1]] += lags[:, : Q.shape[1]]
        reach = min(history, start)
        if reach:
            out[:, start - reach : start] += lags[:, -reach:]


def choose_products(
    shape: tuple[int, int, int],
    panel_frames: int,
    floor: float,
    dtype: np.dtype[Any],
    fix_W: bool,
    grid: TimeGrid | None = None,
) -> Products:
    """Take the way of computing that costs less for these shapes."""
    if grid is None and _fft_is_cheaper(shape, panel_frames, fix_W):
        return FftProducts(shape, panel_frames, floor, dtype)
    return StackedProducts(shape, panel_frames, floor, dtype, grid)


def _fft_is_cheaper(shape: tuple[int, int, int], panel_frames: int, fix_W: bool) -> bool:
    K, R, T = shape
    length = panel_frames + T
    products = 2 if fix_W else 3
    stacked = products * 2 * K * R * T * panel_frames
    # a real FFT of n points is taken as 2.5 n log2 n operations, at a tenth of a product's rate
    transforms = 2 if fix_W else 2 + 2 * R
    fft = 10 * K * (transforms * 2.5 * length * np.log2(length) + products * 4 * R * length)
    return bool(fft < stacked)
