"""The cells of a score's table: numbers, times, pitches; each refused in one line."""

import csv
import math
import re
from typing import Final

from nmfd_cli.errors import ParameterError
from nmfd_cli.io.score.notes import require_seconds, require_velocity

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")
_NOTE_NAME = re.compile(r"([a-g])(##?|bb?|♯|♭)?(-?[0-9]{1,2})", re.IGNORECASE)
_CLOCK_TIME = re.compile(r"(?:([0-9]+):)?([0-9]+):([0-9]+(?:\.[0-9]*)?)")
_BARS_AND_BEATS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_SEMITONES: Final = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
PITCH_EXPECTED = "a MIDI pitch from 0 to 127 or a note name such as C#4"
PITCH_EXPECTED_BARE = f"{PITCH_EXPECTED} (columns without a header: onset, pitch, duration)"
_SHOWN_LENGTH = 60


def split_row(row: str, delimiter: str | None) -> list[str]:
    """Cut a row into its cells; without a delimiter, at blanks.

    Raises
    ------
    ParameterError
        If quotes do not enclose whole cells.
    """
    if '"' not in row:
        return [cell.strip() for cell in row.split(delimiter)]
    try:
        (cells,) = csv.reader([row], delimiter=delimiter or " ", skipinitialspace=True, strict=True)
    except csv.Error:
        raise ParameterError(expected="quotes around whole cells", found=shown(row)) from None
    return [cell.strip() for cell in cells]


def _number(cell: str, expected: str) -> float:
    if NUMBER.fullmatch(cell) and math.isfinite(value := float(cell)):
        return value
    if _DECIMAL_COMMA.fullmatch(cell):
        raise decimal_comma(expected, cell)
    raise ParameterError(expected=expected, found=shown(cell))


def as_velocity(cell: str) -> float:
    """Return a velocity, from 0 to 127: whether its unit is 1 or 127, the whole column tells.

    Raises
    ------
    ParameterError
    """
    value = _number(cell, "a velocity from 1 to 127")
    return value if 0 <= value < 1 else require_velocity(value, shown(cell))


def as_seconds(cell: str, what: str, scale: float = 1.0) -> float:
    """Return a time, given in seconds, in units of `scale` seconds, or as ``mm:ss.s``.

    Raises
    ------
    ParameterError
    """
    if clock := _CLOCK_TIME.fullmatch(cell):
        hours, minutes, seconds = (float(part or 0) for part in clock.groups())
        if seconds < 60 and (clock[1] is None or minutes < 60):
            return require_seconds(3600 * hours + 60 * minutes + seconds, what, shown(cell))
    if _BARS_AND_BEATS.fullmatch(cell):
        found = f"bars and beats: {shown(cell)}"
        raise ParameterError(expected=f"{what} in seconds or minutes", found=found)
    value = _number(cell, f"{what} in seconds")
    # divided: 102 ms are 0.102 s, and 102 * 0.001 is not
    return require_seconds(value if scale == 1 else value / round(1 / scale), what, shown(cell))


def as_duration(
    onset: float, duration_cell: str, end_cell: str, scales: tuple[float, float] = (1.0, 1.0)
) -> float:
    """Return the duration, of a row that says it or when it ends, each in a unit of its own.

    Raises
    ------
    ParameterError
    """
    if duration_cell:
        return as_seconds(duration_cell, "the duration", scales[0])
    end = as_seconds(end_cell, "the end", scales[1])
    if end < onset:
        raise ParameterError(
            expected=f"the end not before the onset {onset}", found=shown(end_cell)
        )
    return end - onset


def as_pitch(cell: str, expected: str) -> float:
    """Return a MIDI pitch, given as a number or as the name of a note.

    Raises
    ------
    ParameterError
    """
    note = _NOTE_NAME.fullmatch(cell)
    value = _number(cell, expected) + 0.0 if note is None else _pitch_of(*note.groups(default=""))
    if not 0 <= value <= 127:
        raise ParameterError(expected=expected, found=shown(cell))
    return value


def _pitch_of(letter: str, accidental: str, octave: str) -> float:
    sharps = accidental.count("#") + accidental.count("♯")
    semitone = _SEMITONES[letter.lower()] + 2 * sharps - len(accidental)
    return 12.0 * (int(octave) + 1) + semitone


def decimal_comma(expected: str, cell: str) -> ParameterError:
    """Return the error about a decimal comma."""
    return ParameterError(
        expected=f"{expected} with a decimal point", found=f"a decimal comma: {shown(cell)}"
    )


def shown(text: str) -> str:
    """Quote what stands there, cut to a readable length, on one line."""
    return repr(text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 1] + "…")
