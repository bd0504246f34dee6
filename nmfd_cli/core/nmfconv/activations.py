"""Where the activations H start from: one function a strategy."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.drum_classes import DRUM_CLASSES, drum_class
from nmfd_cli.core.filters import nema
from nmfd_cli.core.nmfconv.arguments import random_matrices, required_count
from nmfd_cli.errors import NmfdWarning, ParameterError


def init_activations(
    num_comp: int | None = None,
    num_frames: int | None = None,
    strategy: str = "random",
    time_res: float | None = None,
    pitches: Sequence[float] | None = None,
    decay: FloatArray | float | None = None,
    onsets: Sequence[float] | None = None,
    durations: Sequence[float] | None = None,
    drums: Sequence[str] | Sequence[float] | None = None,
    onset_offset_tol: float = 0.025,
    *,
    rng: "np.random.Generator | None" = None,
) -> FloatArray:
    """Make initial activations by a strategy.

    'random' and 'uniform' say what they are; 'pitched' opens a gate while a note sounds [1]_;
    'drums' places an impulse at each onset, which decays exponentially [2]_.

    Parameters
    ----------
    num_comp : int, optional
        R.  'pitched' and 'drums' take it from the notes where it is not given.
    num_frames : int, optional
        M, for every strategy.
    strategy : str
        'random', 'uniform', 'pitched' or 'drums'.
    time_res : float, optional
        Seconds a frame.  A time falls in frame ``round(time / time_res) - 1``, the reference's
        rule, but never before the first one; what lies past the last one is dropped with a
        `NmfdWarning`.
    pitches : sequence of float, optional
        MIDI pitch of each note; each different one becomes a row, in rising order.
    decay : float or ndarray of R values, in [0, 1], optional
        For 'drums': the share of an impulse that is left one frame later, for all rows or each;
        `nema`'s default if not given.
    onsets, durations : sequences of float, optional
        In seconds, one a note.
    drums : sequence of str or of numbers, optional
        Drum class of each onset.  Numbers from 1 to `num_comp` name a row, counted from one;
        without `num_comp`, and for names, each different one becomes a row: numbers in rising
        order, names in the order of `DRUM_CLASSES`, others after them.
    onset_offset_tol : float
        For 'pitched': how much earlier and later the gate opens and closes, in seconds.
    rng : numpy.random.Generator, optional
        For 'random'.  Without one the numbers are those of the reference toolbox.

    Returns
    -------
    ndarray, shape (R, M)
        For 'pitched' and 'drums' 2**-52 where nothing sounds, at most one elsewhere.

    Raises
    ------
    ParameterError
        If the strategy is unknown, lacks what it needs, or lists are of unequal length.

    References
    ----------
    .. [1] J. Driedger, H. Grohganz, T. Prätzlich, S. Ewert, M. Müller: "Score-informed audio
       decomposition and applications", ACM Multimedia 2013.
    .. [2] C. Dittmar, M. Müller: "Reverse engineering the Amen break", IEEE/ACM TASLP 24(9), 2016.

    Examples
    --------
    >>> init_activations(num_frames=4, strategy="drums", time_res=0.1, onsets=[0.2], drums=["kick"],
    ...                  decay=0.5).round(3)
    array([[0.  , 1.  , 0.5 , 0.25]])
    """
    strategies: dict[str, Callable[[_Grid], FloatArray]] = {
        "random": lambda grid: random_matrices(1, grid.shape, rng)[0],
        "uniform": lambda grid: np.ones(grid.shape),
        "pitched": lambda grid: _pitched(
            grid, _notes(pitches=pitches, onsets=onsets, durations=durations), onset_offset_tol
        ),
        "drums": lambda grid: _drums(grid, _notes(drums=drums, onsets=onsets), decay),
    }
    if strategy not in strategies:
        raise ParameterError(
            f"activation strategy: expected one of {', '.join(strategies)}, found {strategy!r}"
        )
    grid = _Grid(num_comp, required_count("num_frames", num_frames), time_res)
    return strategies[strategy](grid)


@dataclass(frozen=True)
class _Grid:
    """Where notes go: `init_activations`' arguments of these names."""

    num_comp: int | None
    num_frames: int
    time_res: float | None

    @property
    def shape(self) -> tuple[int, int]:
        """(R, M) where R has to be given."""
        return required_count("num_comp", self.num_comp), self.num_frames

    def frames(self, seconds: NDArray[Any]) -> NDArray[np.int64]:
        """Return the reference's frame numbers, which count from one."""
        if self.time_res is None or not self.time_res > 0:
            raise ParameterError(f"time_res: expected seconds above 0, found {self.time_res}")
        if not np.isfinite(seconds).all():
            raise ParameterError("expected finite times in seconds, found NaN or infinity")
        # clipped well outside of the matrix, where integers still hold them
        frames = np.clip(np.round(seconds / self.time_res), -1, self.num_frames + 1)
        return frames.astype(np.int64)

    def silence(self, n_needed: int) -> FloatArray:
        """Return activations (R, M) in which nothing sounds, if the rows needed fit into R."""
        if self.num_comp is None and n_needed > 0:
            return np.full((n_needed, self.num_frames), EPS)
        if required_count("num_comp", self.num_comp) < n_needed:
            raise ParameterError(
                f"num_comp: expected at least {n_needed} for the notes given, found {self.num_comp}"
            )
        return np.full(self.shape, EPS)


def _notes(**lists: Sequence[Any] | None) -> list[NDArray[Any]]:
    """Return lists as arrays of one length, or say which one is missing."""
    for name, values in lists.items():
        if values is None:
            raise ParameterError(f"the strategy needs {' and '.join(lists)}, found no {name}")
    arrays = {name: np.asarray(values) for name, values in lists.items()}
    if len({len(values) for values in arrays.values()}) > 1:
        found = ", ".join(f"{len(values)} {name}" for name, values in arrays.items())
        raise ParameterError(f"expected lists of equal length, found {found}")
    return list(arrays.values())


def _pitched(grid: _Grid, notes: list[NDArray[Any]], tolerance: float) -> FloatArray:
    pitches, onsets, durations = notes
    unique, row_of_note = np.unique(pitches, return_inverse=True)
    starts = grid.frames(onsets - tolerance)
    ends = grid.frames(onsets + durations + tolerance)
    outside = (starts > grid.num_frames) | (ends < 0)
    _warn_of_dropped(int(np.count_nonzero(outside)), "note")
    H = grid.silence(unique.size)
    for row, start, end in zip(row_of_note, starts, ends, strict=True):
        if end >= 0:
            H[row, max(0, start - 1) : max(1, end)] = 1
    return H


def _drums(grid: _Grid, notes: list[NDArray[Any]], decay: FloatArray | float | None) -> FloatArray:
    drums, onsets = notes
    rows, n_rows = _drum_rows(drums, grid.num_comp)
    frames = grid.frames(onsets)
    inside = (frames >= 0) & (frames <= grid.num_frames)
    _warn_of_dropped(int(np.count_nonzero(~inside)), "onset")
    H = grid.silence(n_rows)
    H[rows[inside], np.maximum(frames[inside] - 1, 0)] = 1
    return nema(H) if decay is None else nema(H, decay)


def _drum_rows(drums: NDArray[Any], num_comp: int | None) -> tuple[NDArray[np.intp], int]:
    """Return the row of each onset and how many rows there must be."""
    numeric = all(isinstance(drum, Real) or np.isreal(drum) for drum in drums.tolist())
    if numeric and num_comp is not None:
        numbers = drums.astype(np.float64)
        bad = numbers[(numbers != np.round(numbers)) | (numbers < 1) | (numbers > num_comp)]
        if bad.size:
            raise ParameterError(
                f"drums: expected whole numbers from 1 to {num_comp}, found {bad[0]:g}"
            )
        return numbers.astype(np.intp) - 1, num_comp
    names = sorted(set(drums.tolist()), key=None if numeric else _name_order)
    row_of = {name: row for row, name in enumerate(names)}
    return np.array([row_of[drum] for drum in drums.tolist()], dtype=np.intp), len(names)


def _name_order(name: object) -> tuple[int, str]:
    try:
        return DRUM_CLASSES.index(drum_class(str(name))), str(name)
    except ParameterError:
        return len(DRUM_CLASSES), str(name)


def _warn_of_dropped(n_dropped: int, what: str) -> None:
    if n_dropped:
        warnings.warn(
            f"{n_dropped} {what}{'s' if n_dropped > 1 else ''} outside of the recording dropped",
            NmfdWarning,
            stacklevel=5,
        )
