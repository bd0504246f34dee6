"""Scores that a program holds in memory: onsets by drum, with or without velocities."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.articulations import articulation, class_of, kit_class
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.score.notes import Note, Score, require_seconds, require_velocity


def score_from(
    onsets: Mapping[str, ArrayLike], *, drum_classes: Collection[str] | None = None
) -> Score:
    """Make a score of onsets by drum.

    Parameters
    ----------
    onsets : mapping of str to array, shape (n,) or (n, 2)
        By drum class or a name of one: onsets in seconds, from 0 to 1e9, in any order; or onsets
        and MIDI velocities, 1 to 127.
    drum_classes : collection of str, optional
        Names accepted beside the known drum classes and their synonyms, which they precede.

    Returns
    -------
    Score
        Sorted by onset, in the order of the mapping where onsets are equal; exact duplicates are
        kept once.  Durations and pitches are not known.

    Raises
    ------
    ParameterError
        If it is no such mapping, a drum is not known, a note is out of range, or there is none.

    Examples
    --------
    >>> score = score_from({"BD": [0.0, 1.0], "snare": [[0.5, 96]]})
    >>> score.onsets, score.drums, score.velocities
    ((0.0, 0.5, 1.0), ('kick', 'snare', 'kick'), (None, 96.0, None))
    """
    if not isinstance(onsets, Mapping):
        raise ParameterError(
            setting="score",
            expected="a file, or a dictionary of drums and their onsets",
            found=type(onsets).__name__,
        )
    score = Score.of(_notes(onsets, tuple(drum_classes or ())))
    if not len(score):
        raise ParameterError(setting="score", expected="at least one note", found="none")
    return score


def _notes(onsets: Mapping[Any, ArrayLike], drum_classes: Collection[str]) -> Iterator[Note]:
    for drum, given in onsets.items():
        name = str(drum)
        if not name.isprintable():
            raise ParameterError(setting="score", expected="the name of a drum", found=repr(drum))
        for index, row in enumerate(_table(name, given).tolist()):
            try:
                yield _note(name, kit_class(name, extra=drum_classes), *row)
            except ParameterError as error:
                raise error.located(setting=f"score[{drum!r}][{index}]") from None


def _table(drum: str, given: ArrayLike) -> FloatArray:
    """Return the notes of a drum as an array, shape (n, 1) or (n, 2)."""
    expected = f"onsets of shape (n,) or (n, 2) for {drum}"
    try:
        table = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ParameterError(setting="score", expected=expected, hint=reason) from error
    if table.ndim not in (1, 2) or (table.ndim == 2 and table.shape[1] != 2):
        raise ParameterError(setting="score", expected=expected, found=str(table.shape))
    return table[:, None] if table.ndim == 1 else table


def _note(name: str, drum: str, onset: float, velocity: float | None = None) -> Note:
    onset = require_seconds(onset, "the onset", f"{onset:g}")
    if velocity is not None:
        velocity = require_velocity(velocity, f"{velocity:g}")
    return onset, None, None, drum, velocity, articulation(name, class_of(drum)), None
