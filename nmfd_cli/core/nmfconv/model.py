"""The convolutive model: templates, shifted and weighted by activations."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.errors import ParameterError


def shift_operator(A: FloatArray, shift_amount: int) -> FloatArray:
    """Shift the columns of a matrix and fill what becomes free with zeros.

    Equation (5) of [1]_.

    Parameters
    ----------
    A : ndarray, shape (any, M)
    shift_amount : int
        Positive numbers shift to the right, negative ones to the left.  A shift of M columns or
        more leaves nothing but zeros.

    Returns
    -------
    ndarray, shape of `A`
        A new array.

    References
    ----------
    .. [1] P. Smaragdis: "Non-negative matrix factor deconvolution; extraction of multiple sound
       sources from monophonic inputs", ICA 2004.

    Examples
    --------
    >>> shift_operator(np.array([[1, 2, 3]]), 1)
    array([[0, 1, 2]])
    """
    shifted = np.zeros_like(A)
    n_columns = A.shape[1]
    shift = max(-n_columns, min(n_columns, int(shift_amount)))
    if shift >= 0:
        shifted[:, shift:] = A[:, : n_columns - shift]
    else:
        shifted[:, :shift] = A[:, -shift:]
    return shifted


@dataclass(frozen=True)
class TimeGrid:
    """How the frames of a template are tied: into boxes within which it is constant.

    A plain template has one box a frame.  One of a sound that rings on has boxes that widen: the
    attack frame by frame, the tail coarsely, with so few free numbers that a hit or two determine
    them.  In the arrays of the numerics the last axis then counts boxes.

    Parameters
    ----------
    edges : tuple of int
        Box b covers the frames ``edges[b] ... edges[b + 1] - 1``; begins with zero, rises.
    """

    edges: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.edges[0] != 0 or len(self.edges) < 2 or min(self.widths) < 1:
            raise ParameterError(f"time grid: expected edges rising from 0, found {self.edges}")

    @classmethod
    def plain(cls, n_frames: int) -> "TimeGrid":
        """Return the grid of one box a frame."""
        return cls(tuple(range(n_frames + 1)))

    @property
    def widths(self) -> tuple[int, ...]:
        """Frames of each box."""
        return tuple(stop - start for start, stop in pairwise(self.edges))

    @property
    def n_boxes(self) -> int:
        return len(self.edges) - 1

    @property
    def n_frames(self) -> int:
        """T, the frames that a template spans."""
        return self.edges[-1]

    @property
    def is_plain(self) -> bool:
        return self.n_boxes == self.n_frames


def stack_shifts(
    H: FloatArray,
    n_shifts: int,
    start: int,
    stop: int,
    out: FloatArray | None = None,
    grid: TimeGrid | None = None,
) -> FloatArray:
    """Stack the activations of frames ``start:stop``, shifted right by 0 ... T - 1 frames.

    With this stack the model is one matrix product, ``Lambda = W.reshape(K, R T) @ stack``, instead
    of T thin ones.

    Parameters
    ----------
    H : ndarray, shape (R, M)
    n_shifts : int
        T, the number of template frames, or of the boxes of `grid`.
    start, stop : int
        The frames, ``0 <= start <= stop <= M``.
    out : ndarray, shape (R T, stop - start), optional
        Where to write, C-contiguous.
    grid : TimeGrid, optional
        Add up the shifts of each box.

    Returns
    -------
    ndarray, shape (R T, stop - start)
        Row ``r T + t`` holds ``H[r, start - t : stop - t]``, zero before the first frame.
    """
    n_comp, m = H.shape[0], stop - start
    if out is None:
        out = np.empty((n_comp * n_shifts, m), dtype=H.dtype)
    rows = out.reshape(n_comp, n_shifts, m)
    edges = grid.edges if grid else range(n_shifts + 1)
    reach = edges[-1] - 1
    history = np.zeros((n_comp, reach + m), dtype=H.dtype)
    first = max(0, start - reach)
    history[:, first - (start - reach) :] = H[:, first:stop]
    upto = _running_sums(history) if grid and not grid.is_plain else history
    for row, (low, high) in enumerate(pairwise(edges)):
        if high == low + 1:
            rows[:, row] = history[:, reach - low : reach - low + m]
        else:
            late, early = reach - low + 1, reach - high + 1
            boxed = upto[:, late : late + m] - upto[:, early : early + m]
            np.maximum(boxed, 0, out=rows[:, row], casting="same_kind")
    return out


def _running_sums(rows: FloatArray) -> FloatArray:
    """Return the sums of the first 0 ... n columns, shape (R, n + 1), in double precision."""
    sums = np.zeros((rows.shape[0], rows.shape[1] + 1))
    np.cumsum(rows, axis=1, dtype=np.float64, out=sums[:, 1:])
    return sums


def unstack_shifts(
    rows: FloatArray, start: int, out: FloatArray, grid: TimeGrid | None = None
) -> None:
    """Shift row t of each component left by t frames and add: the adjoint of `stack_shifts`.

    Parameters
    ----------
    rows : ndarray, shape (R, T, m)
        For frames ``start : start + m``.
    start : int
    out : ndarray, shape (R, M)
        What is added to; frames before the first are dropped.
    grid : TimeGrid, optional
        Row b is shifted by each of the frames of box b.
    """
    m = rows.shape[2]
    edges = grid.edges if grid else range(rows.shape[1] + 1)
    for row, (low, high) in enumerate(pairwise(edges)):
        for t in range(low, high):
            first = max(0, t - start)
            if first < m:
                out[:, start + first - t : start + m - t] += rows[:, row, first:]


def conv_model(W: FloatArray, H: FloatArray) -> FloatArray:
    """Compute the approximation ``Lambda = sum_t W[:, :, t] @ shift(H, t)``.

    Equation (4) of [1]_; plain NMF where the templates have a single frame.

    Parameters
    ----------
    W : ndarray, shape (K, R, T)
        Templates: R spectrogram snippets of K bins and T frames.
    H : ndarray, shape (R, M)
        Activations.

    Returns
    -------
    ndarray, shape (K, M)
        The approximated spectrogram; every entry is at least 2**-52, as in libnmfd.

    Raises
    ------
    ParameterError
        If the shapes do not fit each other.

    References
    ----------
    .. [1] C. Dittmar, M. Müller: "Reverse engineering the Amen break — score-informed separation
       and restoration applied to drum recordings", IEEE/ACM TASLP 24(9), 2016.

    Examples
    --------
    >>> conv_model(np.ones((1, 1, 2)), np.array([[0.0, 1.0, 0.0]])).round(3)
    array([[0., 1., 1.]])
    """
    if W.ndim != 3 or H.ndim != 2 or W.shape[1] != H.shape[0]:
        raise ParameterError(
            "expected W of shape (bins, components, template frames) and H of shape "
            f"(components, frames), found {W.shape} and {H.shape}"
        )
    K, R, T = W.shape
    stack = stack_shifts(H, T, 0, H.shape[1])
    model: FloatArray = np.matmul(W.reshape(K, R * T), stack, dtype=np.result_type(W, H, "f4"))
    model += EPS
    return model


def component_models(W: FloatArray, H: FloatArray) -> list[FloatArray]:
    """Compute what each component contributes to the approximation.

    Parameters
    ----------
    W : ndarray, shape (K, R, T)
    H : ndarray, shape (R, M)

    Returns
    -------
    list of R ndarrays, shape (K, M)
    """
    return [conv_model(W[:, r : r + 1], H[r : r + 1]) for r in range(H.shape[0])]
