"""The cells of a score's table: numbers, times, pitches; each refused in one line."""

import csv
import math
import re
from typing import Final

from nmfd_cli.errors import ParameterError

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")
_NOTE_NAME = re.compile(r"([a-g])(##?|bb?|♯|♭)?(-?[0-9]{1,2})", re.IGNORECASE)
_SEMITONES: Final = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
PITCH_EXPECTED = "a MIDI pitch from 0 to 127 or a note name such as C#4"
PITCH_EXPECTED_BARE = f"{PITCH_EXPECTED} (columns without a header: onset, pitch, duration)"
_SHOWN_LENGTH = 60

#: No recording is so long, and its samples can still be counted.
LATEST_SECONDS: Final = 1e9


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
        raise ParameterError(f"expected quotes around whole cells, found {shown(row)}") from None
    return [cell.strip() for cell in cells]


def _number(cell: str, what: str, unit: str = "") -> float:
    if _NUMBER.fullmatch(cell) and math.isfinite(value := float(cell)):
        return value + 0.0  # -0.0 becomes 0.0
    if _DECIMAL_COMMA.fullmatch(cell):
        raise ParameterError(no_decimal_comma(what + unit, cell))
    raise ParameterError(f"expected {what}{unit}, found {shown(cell)}")


def as_number_within(cell: str, what: str, low: float, high: float) -> float:
    """Return a number of a range.

    Raises
    ------
    ParameterError
    """
    value = _number(cell, what)
    if not low <= value <= high:
        raise ParameterError(f"expected {what}, found {shown(cell)}")
    return value


def as_seconds(cell: str, what: str) -> float:
    """Return a time.

    Raises
    ------
    ParameterError
    """
    value = _number(cell, what, " in seconds")
    if value < 0:
        raise ParameterError(f"expected {what} to be 0 s or more, found {shown(cell)}")
    if value > LATEST_SECONDS:
        raise ParameterError(f"expected {what} in seconds, up to 1e9, found {shown(cell)}")
    return value


def as_duration(onset: float, duration_cell: str, end_cell: str) -> float:
    """Return the duration, of a row that says it or when it ends.

    Raises
    ------
    ParameterError
    """
    if duration_cell:
        return as_seconds(duration_cell, "the duration")
    end = as_seconds(end_cell, "the end")
    if end < onset:
        found = f"found {shown(end_cell)}"
        raise ParameterError(f"expected the end not before the onset {onset}, {found}")
    return end - onset


def as_pitch(cell: str, what: str) -> float:
    """Return a MIDI pitch, given as a number or as the name of a note.

    Raises
    ------
    ParameterError
    """
    note = _NOTE_NAME.fullmatch(cell)
    if note is None:
        return as_number_within(cell, what, 0, 127)
    letter, accidental, octave = note.groups(default="")
    sharps = accidental.count("#") + accidental.count("♯")
    semitone = _SEMITONES[letter.lower()] + 2 * sharps - len(accidental)
    value = 12.0 * (int(octave) + 1) + semitone
    if not 0 <= value <= 127:
        raise ParameterError(f"expected {what}, found {shown(cell)}")
    return value


def no_decimal_comma(what: str, cell: str) -> str:
    """Return what is wrong with a decimal comma."""
    return f"expected {what} with a decimal point, found a decimal comma: {shown(cell)}"


def shown(text: str) -> str:
    """Quote what stands there, cut to a readable length, on one line."""
    return repr(text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 1] + "…")
