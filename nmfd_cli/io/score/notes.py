"""What is played when: the value that the readers and writers of scores share, and its limits."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from operator import itemgetter
from typing import Any, Final

from nmfd_cli.errors import ParameterError

#: Onset, duration, pitch, drum and velocity, and perhaps articulation and confidence.
Note = (
    tuple[float, float | None, float | None, str | None, float | None]
    | tuple[float, float | None, float | None, str | None, float | None, str | None, float | None]
)

#: The columns of a drum transcription, in the order in which they are written.
DRUM_SCORE_HEADER: Final = ("onset", "drum", "articulation", "velocity", "confidence")

#: No recording is so long, and its samples can still be counted.
LATEST_SECONDS: Final = 1e9


@dataclass(frozen=True)
class Reading:
    """How a score is to be read, where it does not say so itself.

    Parameters
    ----------
    as_drums : bool
        Whether notes of a MIDI file that may be drums are drums, whatever their channel.
    tempo : float, optional
        Beats a minute of a MIDI file, in place of its own.
    offset : float
        Seconds by which all notes come later.
    drum_notes : mapping of int to str
        The drums or articulations that MIDI notes stand for; empty for General MIDI's.
    """

    as_drums: bool = False
    tempo: float | None = None
    offset: float = 0.0
    drum_notes: Mapping[int, str] = field(default_factory=dict)


#: A score speaks for itself.
AS_WRITTEN: Final = Reading()


@dataclass(frozen=True, slots=True)
class Score:
    """The notes of a score in the order of their onsets, one entry of every field a note.

    Parameters
    ----------
    onsets : tuple of float
        Seconds from the start of the recording, at least 0, ascending.
    durations : tuple of float or None
        Seconds, at least 0; None where the score does not say.
    pitches : tuple of float or None
        MIDI note numbers, 0 to 127, 60 is C4; None for a drum without one.
    drums : tuple of str or None
        Classes out of `nmfd_cli.core.drum_classes.DRUM_CLASSES` or of the caller's own; None for a
        pitched note.  A note with a class is a drum, whatever its pitch.
    velocities : tuple of float or None
        MIDI velocities, 1 to 127; None where the score does not say.
    articulations : tuple of str or None, optional
        How a drum is struck: keys of `nmfd_cli.core.articulations.PARENTS`; None where that is not
        known.
    confidences : tuple of float or None, optional
        How sure a transcription is of a note, 0 to 1.

    Raises
    ------
    ParameterError
        If the fields are of different lengths.
    """

    onsets: tuple[float, ...]
    durations: tuple[float | None, ...]
    pitches: tuple[float | None, ...]
    drums: tuple[str | None, ...]
    velocities: tuple[float | None, ...]
    articulations: tuple[str | None, ...] = ()
    confidences: tuple[float | None, ...] = ()

    def __post_init__(self) -> None:
        for name in ("articulations", "confidences"):
            if not getattr(self, name):
                object.__setattr__(self, name, (None,) * len(self.onsets))
        lengths = {field.name: len(getattr(self, field.name)) for field in fields(self)}
        if len(set(lengths.values())) > 1:
            raise ParameterError(expected="fields of one length", found=str(lengths))

    @classmethod
    def of(cls, notes: Iterable[Note]) -> "Score":
        """Sort notes by onset, in the given order where onsets are equal; duplicates count once."""
        return _score_of(sorted(dict.fromkeys(notes), key=itemgetter(0)))

    def __len__(self) -> int:
        return len(self.onsets)

    def notes(self) -> Iterator[Any]:
        """Yield the notes as `of` takes them."""
        return zip(*(getattr(self, field.name) for field in fields(self)), strict=True)

    @property
    def is_drums(self) -> bool:
        """Whether every note is a drum."""
        return all(drum is not None for drum in self.drums)

    @property
    def is_pitched(self) -> bool:
        """Whether no note is a drum.  A mixed score is neither."""
        return all(drum is None for drum in self.drums)

    def part(self, *, is_drums: bool) -> "Score":
        """Return the drums alone, or the pitched notes alone."""
        return _score_of(note for note in self.notes() if (note[3] is not None) == is_drums)

    def between(self, start: float, end: float | None) -> "Score":
        """Return what is played from start to end, in seconds from start.

        A pitched note that sounds at the start begins there.
        """
        notes = (_note_within(note, start, end) for note in self.notes())
        return _score_of(note for note in notes if note is not None)

    def later_by(self, seconds: float) -> "Score":
        """Return the same notes so many seconds later."""
        return replace(self, onsets=tuple(onset + seconds for onset in self.onsets))


def _score_of(notes: Iterable[tuple[Any, ...]]) -> Score:
    columns = list(zip(*notes, strict=True))
    return Score(*columns) if columns else Score((), (), (), (), ())


def _note_within(note: tuple[Any, ...], start: float, end: float | None) -> tuple[Any, ...] | None:
    onset, duration, *rest = note
    if end is not None and onset >= end:
        return None
    if onset >= start:
        return (onset - start, duration, *rest)
    left = onset + (duration or 0.0) - start
    return (0.0, left, *rest) if left > 0 and rest[1] is None else None


def left_out_line(name: object, counts: Mapping[str, int]) -> str:
    """Return the warning about hits of drums that have no class, by their names."""
    total = sum(counts.values())
    listed = ", ".join(f"{count} {drum}" for drum, count in counts.items())
    return (
        f"{name}: {total} {'hits' if total > 1 else 'hit'} without a drum class left out: {listed}"
    )


def require_seconds(value: float, what: str, found: str) -> float:
    """Return a time from 0 to `LATEST_SECONDS`; `found` is the value as the user gave it.

    Raises
    ------
    ParameterError
    """
    if not isfinite(value):
        raise ParameterError(expected=f"{what} in seconds", found=found)
    if value < 0:
        raise ParameterError(expected=f"{what} to be 0 s or more", found=found)
    if value > LATEST_SECONDS:
        raise ParameterError(expected=f"{what} in seconds, up to 1e9", found=found)
    return value + 0.0  # -0.0 becomes 0.0


def require_velocity(value: float, found: str) -> float:
    """Return a MIDI velocity; `found` is the value as the user gave it.

    Raises
    ------
    ParameterError
    """
    if not 1 <= value <= 127:
        raise ParameterError(expected="a velocity from 1 to 127", found=found)
    return value
