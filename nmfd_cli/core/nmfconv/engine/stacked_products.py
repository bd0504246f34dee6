"""Products of a panel as dense ones over a stack of shifted activations."""

from typing import Any

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.engine.shifts import TimeGrid, stack_shifts, unstack_shifts


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
    dtype : dtype
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
