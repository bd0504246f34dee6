"""Activations shifted in time and summed, for templates whose frames may be tied into boxes."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.errors import ParameterError


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

    Attributes
    ----------
    widths : tuple of int
        Frames of each box.
    n_frames : int
        T, the frames that a template spans.
    is_plain : bool
        Every box is one frame.
    """

    edges: tuple[int, ...]
    widths: tuple[int, ...] = field(init=False, repr=False, compare=False)
    n_boxes: int = field(init=False, repr=False, compare=False)
    n_frames: int = field(init=False, repr=False, compare=False)
    is_plain: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        widths = tuple(stop - start for start, stop in pairwise(self.edges))
        if self.edges[0] != 0 or not widths or min(widths) < 1:
            raise ParameterError(f"time grid: expected edges rising from 0, found {self.edges}")
        # computed once, as the engine asks at every panel
        for name, value in {
            "widths": widths,
            "n_boxes": len(widths),
            "n_frames": self.edges[-1],
            "is_plain": len(widths) == self.edges[-1],
        }.items():
            object.__setattr__(self, name, value)

    @classmethod
    def plain(cls, n_frames: int) -> "TimeGrid":
        """Return the grid of one box a frame."""
        return cls(tuple(range(n_frames + 1)))


def stack_shifts(history: FloatArray, grid: TimeGrid, out: FloatArray | None = None) -> FloatArray:
    """Stack activations of m frames, shifted right by 0 ... T - 1 frames.

    With this stack the model is one matrix product, ``Lambda = W.reshape(K, R T) @ stack``, instead
    of T thin ones.

    Parameters
    ----------
    history : ndarray, shape (R, reach + m)
        The activations with those of the frames before, ``reach = grid.n_frames - 1`` of them:
        see `with_history`.
    grid : TimeGrid
        T counts its boxes; the shifts of a box are added up.
    out : ndarray, shape (R, T, m), optional
        Where to write.

    Returns
    -------
    ndarray, shape (R, T, m)
        Entry (r, t) holds the activations of component r, t frames earlier.
    """
    reach = grid.n_frames - 1
    m = history.shape[1] - reach
    if out is None:
        out = np.empty((history.shape[0], grid.n_boxes, m), dtype=history.dtype)
    sums = {1: history}
    for box, (low, high) in enumerate(pairwise(grid.edges)):
        summed = _box_sums(sums, high - low)
        out[:, box] = summed[:, reach - high + 1 : reach - high + 1 + m]
    return out


def _box_sums(known: dict[int, FloatArray], width: int) -> FloatArray:
    """Return the sums of `width` neighbours, from sums of half as many; all are kept in `known`."""
    if width not in known:
        half, n = width // 2, known[1].shape[1]
        halves = _box_sums(known, half)
        summed = halves[:, : n - 2 * half + 1] + halves[:, half : n - half + 1]
        known[width] = summed[:, :-1] + known[1][:, width - 1 :] if width % 2 else summed
    return known[width]


def with_history(H: FloatArray, grid: TimeGrid, start: int, stop: int) -> FloatArray:
    """Return the activations (R, reach + m) of frames ``start:stop`` and of those before them.

    Before the first frame there is nothing.
    """
    reach = grid.n_frames - 1
    first = max(0, start - reach)
    before = reach - (start - first)
    if before == 0:
        return H[:, first:stop]
    history = np.zeros((H.shape[0], reach + stop - start), dtype=H.dtype)
    history[:, before:] = H[:, first:stop]
    return history


def unstack_shifts(
    stacked: FloatArray,
    grid: TimeGrid,
    out: FloatArray,
    *,
    buffers: dict[int, FloatArray] | None = None,
) -> None:
    """Shift row t of each component left by t frames and add: the adjoint of `stack_shifts`.

    Parameters
    ----------
    stacked : ndarray, shape (R, T, m)
    grid : TimeGrid
        Row b is shifted by each of the frames of box b.
    out : ndarray, shape (R, reach + m)
        What is added to: the m frames and those before them.
    buffers : dict, optional
        Handed in again, it spares the allocation of the arrays in between.
    """
    m = stacked.shape[2]
    reach = grid.n_frames - 1
    if grid.is_plain:
        for t in range(grid.n_frames):
            out[:, reach - t : reach - t + m] += stacked[:, t]
        return
    # what starts at a frame and is to be added to so many from there on, by their number
    starting: dict[int, FloatArray] = {1: out}
    buffers = {} if buffers is None else buffers
    for box, (low, high) in enumerate(pairwise(grid.edges)):
        first = _starting(starting, high - low, buffers)[:, reach - high + 1 :]
        first[:, :m] += stacked[:, box]
    while (width := max(starting)) > 1:
        wide, half = starting.pop(width), width // 2
        narrow = _starting(starting, half, buffers)
        narrow += wide
        narrow[:, half:] += wide[:, :-half]
        if width % 2:
            out[:, width - 1 :] += wide[:, : 1 - width]


def _starting(
    known: dict[int, FloatArray], width: int, buffers: dict[int, FloatArray]
) -> FloatArray:
    """Return what is known of a width, or zeros in an array of `buffers`."""
    if width not in known:
        zeros = buffers.get(width)
        if zeros is None or zeros.shape != known[1].shape or zeros.dtype != known[1].dtype:
            zeros = buffers[width] = np.empty_like(known[1], order="C")
        zeros.fill(0)
        known[width] = zeros
    return known[width]


def shifted_sums(H: FloatArray, grid: TimeGrid) -> FloatArray:
    """Return ``sum_m H[r, m - t]``, the activations that t frames later are still inside.

    Parameters
    ----------
    H : ndarray, shape (R, M)
    grid : TimeGrid
        For each box the sum over its frames.

    Returns
    -------
    ndarray, shape (R, T), float64
    """
    n_comp, n_frames = H.shape
    n_early = max(0, n_frames - grid.n_frames + 1)
    # added up from the first frame on: what is small beside a late onset is not lost
    upto = np.zeros((n_comp, grid.n_frames))
    late = np.concatenate([H[:, :n_early].sum(axis=1, keepdims=True), H[:, n_early:]], axis=1)
    sums = np.cumsum(late, axis=1, dtype=np.float64)[:, ::-1]
    upto[:, : sums.shape[1]] = sums[:, : grid.n_frames]
    return upto if grid.is_plain else np.add.reduceat(upto, grid.edges[:-1], axis=1)


def divide_by_reachable(
    numerator: FloatArray, bins: FloatArray, grid: TimeGrid, *, floor: float
) -> FloatArray:
    """Divide in place by ``sum_{k, t < M - m} W[r, t, k]``, what of a template fits before the end.

    Parameters
    ----------
    numerator : ndarray, shape (R, M)
        Changed in place: of a long recording no other array so long is wanted.
    bins : ndarray, shape (R, T)
        ``sum_k W[r, t, k]``.
    floor : float
        What is added to the sums.

    Returns
    -------
    ndarray, shape (R, M)
        `numerator` itself.
    """
    per_frame = bins if grid.is_plain else np.repeat(bins, grid.widths, axis=1)
    reached = np.cumsum(per_frame, axis=1) + np.asarray(floor, dtype=bins.dtype)
    n_frames = numerator.shape[1]
    n_late = min(grid.n_frames, n_frames)
    numerator[:, : n_frames - n_late] /= reached[:, -1:]
    numerator[:, n_frames - n_late :] /= reached[:, n_late - 1 :: -1]
    return numerator
