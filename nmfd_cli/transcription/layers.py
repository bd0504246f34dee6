"""The layers of the network in NumPy: convolution and gated recurrent unit."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: Segments that take their recurrent steps together; always as many rows, some of them empty.
BATCH: Final = 8


Array = NDArray[np.float32]


def sigmoid(x: Array) -> Array:
    return np.asarray(np.float32(0.5) + np.float32(0.5) * np.tanh(np.float32(0.5) * x))


@dataclass(frozen=True)
class Convolution:
    """A convolution over three frames and some bands, followed by a rectifier.

    Attributes
    ----------
    matrix : ndarray, shape (3 * kernel * n_before, n_after)
    bias : ndarray, shape (n_after,)
    kernel, stride : int
        In bands.
    """

    matrix: Array
    bias: Array
    kernel: int
    stride: int

    def __call__(self, maps: Array) -> Array:
        """Map (n_frames, n_bands, n_before) to (n_frames - 2, n_bands', n_after)."""
        margin = self.kernel // 2
        padded = np.pad(maps, ((0, 0), (margin, margin), (0, 0)))
        spans = np.lib.stride_tricks.sliding_window_view(padded, (3, self.kernel), axis=(0, 1))
        spans = spans[:, :: self.stride].transpose(0, 1, 3, 4, 2)
        rows = spans.reshape(-1, self.matrix.shape[0])
        out = np.maximum(rows @ self.matrix + self.bias, 0.0)
        return np.asarray(out.reshape(*spans.shape[:2], -1), dtype=np.float32)


@dataclass(frozen=True)
class Recurrence:
    """A gated recurrent unit (Cho et al. 2014) in one direction, in the form that torch computes.

    Attributes
    ----------
    input_matrix, hidden_matrix : ndarray, shapes (n_dense, 3 n) and (n, 3 n)
        Gates in the order reset, update, new.
    input_bias, hidden_bias : ndarray, shape (3 n,)
    """

    input_matrix: Array
    hidden_matrix: Array
    input_bias: Array
    hidden_bias: Array

    def __call__(self, inputs: Array) -> Array:
        """Run over (n_steps, BATCH, n_dense); return the states, (n_steps, BATCH, n)."""
        n_steps = len(inputs)
        n = len(self.hidden_matrix)
        new_bias = self.hidden_bias[2 * n :]
        rows = inputs.reshape(n_steps * BATCH, -1) @ self.input_matrix + self.input_bias
        rows[:, : 2 * n] += self.hidden_bias[: 2 * n]
        given = rows.reshape(n_steps, BATCH, 3 * n)
        state = np.zeros((BATCH, n), dtype=np.float32)
        states = np.empty((n_steps, BATCH, n), dtype=np.float32)
        for step in range(n_steps):
            here, kept = given[step], state @ self.hidden_matrix
            gates = sigmoid(here[:, : 2 * n] + kept[:, : 2 * n])
            new = np.tanh(here[:, 2 * n :] + gates[:, :n] * (kept[:, 2 * n :] + new_bias))
            state = new + gates[:, n:] * (state - new)
            states[step] = state
        return states


def convolution_of(kernel: Array, bias: Array, stride: int) -> Convolution:
    """Take over torch's kernel, shape (n_after, n_before, 3, kernel)."""
    n_after, _, _, width = kernel.shape
    matrix = np.ascontiguousarray(kernel.transpose(2, 3, 1, 0).reshape(-1, n_after))
    return Convolution(matrix, bias, width, stride)
