"""The convolutive model: templates, shifted and weighted by activations."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.threads import Team
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

    Attributes
    ----------
    widths : tuple of int
        Frames of each box.
    n_boxes : int
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
        # reckoned once, as the engine asks at every panel
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
    rows: FloatArray, grid: TimeGrid, out: FloatArray, room: dict[int, FloatArray] | None = None
) -> None:
    """Shift row t of each component left by t frames and add: the adjoint of `stack_shifts`.

    Parameters
    ----------
    rows : ndarray, shape (R, T, m)
    grid : TimeGrid
        Row b is shifted by each of the frames of box b.
    out : ndarray, shape (R, reach + m)
        What is added to: the m frames and those before them.
    room : dict, optional
        Handed in again, it spares the arrays in between.
    """
    m = rows.shape[2]
    reach = grid.n_frames - 1
    if grid.is_plain:
        for t in range(grid.n_frames):
            out[:, reach - t : reach - t + m] += rows[:, t]
        return
    # what starts at a frame and is to be added to so many from there on, by their number
    starting: dict[int, FloatArray] = {1: out}
    room = {} if room is None else room
    for box, (low, high) in enumerate(pairwise(grid.edges)):
        first = _starting(starting, high - low, room)[:, reach - high + 1 :]
        first[:, :m] += rows[:, box]
    while (width := max(starting)) > 1:
        wide, half = starting.pop(width), width // 2
        narrow = _starting(starting, half, room)
        narrow += wide
        narrow[:, half:] += wide[:, :-half]
        if width % 2:
            out[:, width - 1 :] += wide[:, : 1 - width]


def _starting(known: dict[int, FloatArray], width: int, room: dict[int, FloatArray]) -> FloatArray:
    """Return what is known of a width, or zeros in an array of `room`."""
    if width not in known:
        zeros = room.get(width)
        if zeros is None or zeros.shape != known[1].shape or zeros.dtype != known[1].dtype:
            zeros = room[width] = np.empty_like(known[1], order="C")
        zeros.fill(0)
        known[width] = zeros
    return known[width]


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
    templates, stack = _factors_with_floor(W, H)
    model: FloatArray = templates @ stack
    return model


def _factors_with_floor(W: FloatArray, H: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the factors of the model as matrices, (K, R T + 1) and (R T + 1, M).

    The floor of the model rides along: it takes no pass of its own.
    """
    (K, R, T), n_frames = W.shape, H.shape[1]
    grid, dtype = TimeGrid.plain(T), np.result_type(W, H, "f4")
    templates = np.full((K, R * T + 1), EPS, dtype=dtype)
    templates[:, :-1] = W.reshape(K, R * T)
    stack = np.ones((R * T + 1, n_frames), dtype=dtype)
    history = with_history(H, grid, 0, n_frames)
    stack_shifts(history, grid, stack[:-1].reshape(R, T, n_frames))
    return templates, stack


def component_models(W: FloatArray, H: FloatArray, team: Team) -> list[FloatArray]:
    """Compute what each component contributes to the approximation.

    Parameters
    ----------
    W : ndarray, shape (K, R, T)
    H : ndarray, shape (R, M)
    team : Team

    Returns
    -------
    list of R ndarrays, shape (K, M)
    """
    factors = [_factors_with_floor(W[:, r : r + 1], H[r : r + 1]) for r in range(H.shape[0])]
    models = [np.empty((len(a), b.shape[1]), dtype=a.dtype) for a, b in factors]
    n_rows = -(-W.shape[0] // team.n_threads)
    pieces = [(r, k) for r in range(len(models)) for k in range(0, W.shape[0], n_rows)]

    def write(_worker: int, index: int) -> None:
        r, k = pieces[index]
        templates, stack = factors[r]
        np.matmul(templates[k : k + n_rows], stack, out=models[r][k : k + n_rows])

    team.run(write, len(pieces))
    return models
