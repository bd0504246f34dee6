"""The products of a panel: dense ones over a stack of shifted activations, or by FFT."""

from typing import Any

import numpy as np

from nmfd_cli.core.arrays import ComplexArray, FloatArray
from nmfd_cli.core.nmfconv.engine.shifts import TimeGrid, stack_shifts, unstack_shifts

#: What the error of an FFT may be beside a sum of ordinary numbers.
_TOLERANCE = 1e-3


class StackedProducts:
    """One dense product each, over activations stacked at T shifts.

    Parameters
    ----------
    shape : tuple of int
        (R, T, K).
    panel_frames : int
        The longest panel.
    floor : float
        What is added to every entry of the model; it rides along as one more row of the stack,
        which costs less than a pass over the model.
    grid : TimeGrid, optional
        T counts its boxes.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        panel_frames: int,
        *,
        floor: float,
        dtype: np.dtype[Any],
        grid: TimeGrid | None = None,
    ) -> None:
        n_comp, n_boxes, n_bins = shape
        self.shape = shape
        self.panel_frames = panel_frames
        self.grid = grid or TimeGrid.plain(n_boxes)
        self.templates = np.empty((n_comp * n_boxes + 1, n_bins), dtype=dtype)
        self.templates[-1] = floor
        self.activation_templates = self.templates[:-1]

    def set_templates(self, W: FloatArray) -> None:
        self.templates[:-1] = W.reshape(-1, W.shape[2])

    def set_activation_templates(self, W: FloatArray) -> None:
        self.activation_templates = W.reshape(-1, W.shape[2])

    def workspace(self) -> "StackedWorkspace":
        return StackedWorkspace(self)


class StackedWorkspace:
    """The buffers of one thread, see `products.Workspace`."""

    def __init__(self, products: StackedProducts) -> None:
        n_comp, n_boxes, _ = products.shape
        dtype, n_rows = products.templates.dtype, n_comp * n_boxes
        self._products = products
        self._stack_buffer = np.empty((n_rows + 1) * products.panel_frames, dtype=dtype)
        self._product_buffer = np.empty(n_rows * products.panel_frames, dtype=dtype)
        self._box_buffers: dict[int, FloatArray] = {}
        self._stack = self._stack_buffer[:0].reshape(0, 0)

    def load_panel(self, history: FloatArray) -> None:
        n_comp, n_boxes, _ = self._products.shape
        n_rows, m = n_comp * n_boxes + 1, history.shape[1] - self._products.grid.n_frames + 1
        self._stack = self._stack_buffer[: n_rows * m].reshape(n_rows, m)
        self._stack[-1] = 1
        stack_shifts(history, self._products.grid, self._stack[:-1].reshape(n_comp, n_boxes, m))

    def model(self, out: FloatArray) -> None:
        np.matmul(self._products.templates.T, self._stack, out=out)

    def template_terms(self, Q: FloatArray) -> FloatArray:
        terms: FloatArray = self._stack[:-1] @ Q.T
        return terms.reshape(self._products.shape)

    def add_activation_terms(self, Q: FloatArray, out: FloatArray) -> None:
        n_comp, n_boxes, _ = self._products.shape
        m = Q.shape[1]
        product = self._product_buffer[: n_comp * n_boxes * m].reshape(-1, m)
        np.matmul(self._products.activation_templates, Q, out=product)
        stacked = product.reshape(n_comp, n_boxes, m)
        unstack_shifts(stacked, self._products.grid, out, buffers=self._box_buffers)


class FftProducts:
    """Convolutions along time by FFT, over panels with the history that reaches into them.

    An FFT's error is a share of the largest number in a row, not of each: where the model leaves
    out what is there, Q is so large that nothing else would be left of the sums.  Such panels go
    through dense products.

    Parameters
    ----------
    shape : tuple of int
        (R, T, K).
    panel_frames : int
        The longest panel.
    floor : float
        The least value of the model, as round-off may fall below zero.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        panel_frames: int,
        *,
        floor: float,
        dtype: np.dtype[Any],
    ) -> None:
        from scipy import fft  # costs more to import than a short separation takes

        self.fft = fft
        self.reach = shape[1] - 1
        self.length = fft.next_fast_len(panel_frames + self.reach, real=True)
        self.floor = np.asarray(floor, dtype=dtype)
        self.largest = _TOLERANCE / float(np.finfo(dtype).eps)
        self.spectrum: ComplexArray = np.empty((shape[0], shape[2], 0), np.complex64)
        self.activation_spectrum = self.spectrum
        self.dense = StackedProducts(shape, panel_frames, floor=floor, dtype=dtype)
        self._templates: FloatArray | None = None
        self._activation_templates: FloatArray | None = None

    def set_templates(self, W: FloatArray) -> None:
        if W is not self._templates:
            self._templates = W
            self.spectrum = self._transformed(W)

    def set_activation_templates(self, W: FloatArray) -> None:
        if W is self._templates:
            self.activation_spectrum = self.spectrum
        elif W is not self._activation_templates:
            self.activation_spectrum = self._transformed(W)
        self._activation_templates = W
        self.dense.set_activation_templates(W)

    def _transformed(self, W: FloatArray) -> ComplexArray:
        """Return the transform along time, (R, K, frequencies)."""
        spectrum: ComplexArray = self.fft.rfft(np.swapaxes(W, 1, 2), self.length)
        return spectrum

    def workspace(self) -> "FftWorkspace":
        return FftWorkspace(self)


class FftWorkspace:
    """The buffers of one thread, see `products.Workspace`."""

    def __init__(self, products: FftProducts) -> None:
        self._products = products
        self._dense = products.dense.workspace()
        self._history: FloatArray = np.empty((0, 0), np.float32)
        self._activations: ComplexArray = np.empty((0, 0), np.complex64)

    def load_panel(self, history: FloatArray) -> None:
        self._history = history
        self._activations = self._products.fft.rfft(history, self._products.length)

    def model(self, out: FloatArray) -> None:
        products = self._products
        product = np.einsum("rkf,rf->kf", products.spectrum, self._activations)
        frames = products.fft.irfft(product, products.length, overwrite_x=True)
        inside = frames[:, products.reach : products.reach + out.shape[1]]
        np.maximum(inside, products.floor, out=out)

    def template_terms(self, Q: FloatArray) -> FloatArray:
        products = self._products
        if Q.max() > products.largest:
            self._dense.load_panel(self._history)
            return self._dense.template_terms(Q)
        delayed = np.zeros((Q.shape[0], products.reach + Q.shape[1]), dtype=Q.dtype)
        delayed[:, products.reach :] = Q
        spectrum = products.fft.rfft(delayed, products.length)
        lags = [
            products.fft.irfft(spectrum * activation.conj(), products.length)
            for activation in self._activations
        ]
        terms: FloatArray = np.stack([lag[:, : products.reach + 1].T for lag in lags])
        np.maximum(terms, 0, out=terms)
        return terms

    def add_activation_terms(self, Q: FloatArray, out: FloatArray) -> None:
        products = self._products
        if Q.max() > products.largest:
            self._dense.add_activation_terms(Q, out)
            return
        spectrum = products.fft.rfft(Q, products.length)
        product = np.einsum("rkf,kf->rf", products.activation_spectrum.conj(), spectrum)
        lags = np.maximum(products.fft.irfft(product, products.length), 0)
        out[:, products.reach :] += lags[:, : Q.shape[1]]
        if products.reach:
            out[:, : products.reach] += lags[:, -products.reach :]
