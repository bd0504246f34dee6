"""Scores: tables that say when which drum or which note sounds.

A score is a text table, comma, semicolon, tab or blank separated, in UTF-8.  Either its first row
names the columns, in any order::

    onset,drum,velocity         time;midi;dur           start<TAB>end<TAB>label
    0.102,kick,96               0.5;C#4;0.25            0.10<TAB>0.31<TAB>Closed Hi-Hat

or there is no such row and the columns are libnmfd's: onset and class, or onset, pitch and
duration.  Times are seconds.  ``#`` begins a comment at the start of a line or after a blank.
Blank lines and columns of other names are skipped.

`parse_score` is the pure inside, `read_score` the file around it.
"""

import csv
import io
import math
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, fields
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Final

from nmfd_cli.core.drum_classes import drum_class
from nmfd_cli.errors import InputFileError, ParameterError
from nmfd_cli.io.special_files import refuse_special

#: The columns of a score, as a writer names them.
SCORE_COLUMNS: Final = ("onset", "duration", "pitch", "drum", "velocity")
#: The columns of a drum transcription, in the order in which a writer puts them.
DRUM_SCORE_HEADER: Final = ("onset", "drum", "velocity")

# What else a header may call them: without case, blanks, hyphens, underscores and a "(s)".
_COLUMN_SYNONYMS: Final = {
    "onset": "onset onsets onsettime onsettimes onsetsec onsetseconds time times timesec"
    " timeseconds start starttime starts startsec startseconds begin begintime beginsec t",
    "duration": "duration durations durationsec durationseconds dur durs dursec"
    " durseconds length len",
    "end": "end endtime ends endsec endseconds offset offsettime offsets offsetsec offsetseconds"
    " stop stoptime off",
    "pitch": "pitch pitches pitchmidi midi midipitch midinote midinumber midikey midinotenumber"
    " note notes notenumber notename key",
    "drum": "drum drums drumclass drumname drumtype class classes classname instrument instruments"
    " inst label labels type sound",
    "velocity": "velocity velocities vel midivelocity",
}
_COLUMN_OF: Final = {
    synonym: column for column, words in _COLUMN_SYNONYMS.items() for synonym in words.split()
}

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NUMBER_AT_FIRST = re.compile(r"[+-]?\.?[0-9]|[+-]?(?:nan|inf|infinity)$", re.IGNORECASE)
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]+")
_DECIMAL_COMMA_AT_FIRST = re.compile(r"([+-]?[0-9]+,[0-9]+)\s+[^\s,]")
_COMMENT = re.compile(r"\s#.*")
_UNIT_SECONDS = re.compile(r"[(\[]\s*(?:s|sec|secs|seconds?)\s*[)\]]")
_NOTE_NAME = re.compile(r"([a-g])(##?|bb?|♯|♭)?(-?[0-9]{1,2})", re.IGNORECASE)
_SEMITONES: Final = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_PITCH_EXPECTED = "a MIDI pitch from 0 to 127 or a note name such as C#4"
_PITCH_EXPECTED_BARE = f"{_PITCH_EXPECTED} (columns without a header: onset, pitch, duration)"
_SHOWN_LENGTH = 60

_Note = tuple[float, float | None, float | None, str | None, float | None]


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

    def __post_init__(self) -> None:
        lengths = {field.name: len(getattr(self, field.name)) for field in fields(self)}
        if len(set(lengths.values())) > 1:
            raise ParameterError(f"expected fields of one length, found {lengths}")

    def __len__(self) -> int:
        return len(self.onsets)

    @property
    def is_drums(self) -> bool:
        """Whether every note is a drum."""
        return all(drum is not None for drum in self.drums)

    @property
    def is_pitched(self) -> bool:
        """Whether no note is a drum.  A mixed score is neither."""
        return all(drum is None for drum in self.drums)


def read_score(path: str | Path, *, drum_classes: Collection[str] | None = None) -> Score:
    """Read a score file.

    Parameters
    ----------
    path : str or Path
        A CSV or TSV file, UTF-8 with or without byte order mark.
    drum_classes : collection of str, optional
        Names accepted beside the known drum classes and their synonyms, which they precede.

    Returns
    -------
    Score
        Sorted by onset; exact duplicates are kept once.

    Raises
    ------
    InputFileError
        If the file cannot be read, is not a text in UTF-8, or has a line that `parse_score`
        refuses.
    """
    try:
        if Path(path).is_dir():
            raise InputFileError(path, "expected a score file, found a folder")
        refuse_special(Path(path), "a score file")
        data = Path(path).read_bytes()
    except (FileNotFoundError, ValueError):  # ValueError: a name that no file can have
        raise InputFileError(path, "expected a score file, found no such file") from None
    except OSError as error:
        raise InputFileError(path, f"expected a readable score file: {error.strerror}") from None
    return parse_score(_decode(data, path), path, drum_classes=drum_classes)


def parse_score(
    text: str, name: str | Path = "score", *, drum_classes: Collection[str] | None = None
) -> Score:
    """Read the text of a score.

    Parameters
    ----------
    text : str
        The table, as described at the top of this module.
    name : str or Path
        What errors call the text.
    drum_classes : collection of str, optional
        Names accepted beside the known drum classes and their synonyms, which they precede.

    Returns
    -------
    Score
        Sorted by onset, in the order of the text where onsets are equal; exact duplicates are kept
        once.  Where a row has both a duration and an end, the duration counts.

    Raises
    ------
    InputFileError
        At the first row that cannot be read, with its line; or if there is no note at all.

    Examples
    --------
    >>> score = parse_score("time;class\\n0.5;SD\\n0;BD\\n")
    >>> score.onsets, score.drums
    ((0.0, 0.5), ('kick', 'snare'))
    """
    table: _Table | None = None
    notes: dict[_Note, None] = {}  # keeps the order, and a duplicate once
    for line, row in _rows(text):
        try:
            if table is None:
                table = _Table(row, drum_classes or ())
                if table.has_header:
                    continue
            notes[table.note(row)] = None
        except ParameterError as error:
            raise InputFileError(name, str(error), line) from None
    if not notes:
        raise InputFileError(name, "expected at least one note, found none")
    return Score(*zip(*sorted(notes, key=itemgetter(0)), strict=True))


class _Table:
    """The layout of a table, found in its first row."""

    def __init__(self, row: str, drum_classes: Collection[str]) -> None:
        self.delimiter = next((mark for mark in "\t;," if mark in row), None)
        if self.delimiter == "," and (found := _DECIMAL_COMMA_AT_FIRST.match(row)):
            raise ParameterError(_no_decimal_comma("the onset in seconds", found[1]))
        cells = _split(row, self.delimiter)
        self.width = len(cells)
        self.has_header = not _NUMBER_AT_FIRST.match(cells[0])
        columns = _named_columns(cells) if self.has_header else _libnmfd_columns(cells)
        self.pitch_expected = _PITCH_EXPECTED if self.has_header else _PITCH_EXPECTED_BARE
        # -1 for a column that is not there: `note` puts an empty cell at the end
        self.places = [columns.get(name, -1) for name in _COLUMN_SYNONYMS]
        self.drum_class: Callable[[str], str] = cache(
            lambda cell: drum_class(cell, extra=drum_classes)
        )

    def note(self, row: str) -> _Note:
        cells = _split(row, self.delimiter)
        if len(cells) != self.width:
            expected = f"expected {self.width} columns as in the first row"
            raise ParameterError(f"{expected}, found {len(cells)}: {_shown(row)}")
        cells.append("")
        onset_cell, duration_cell, end_cell, pitch_cell, drum_cell, velocity_cell = (
            cells[place] for place in self.places
        )
        if not pitch_cell and not drum_cell:
            raise ParameterError(f"expected a drum or a pitch, found neither: {_shown(row)}")
        onset = _seconds(onset_cell, "the onset")
        return (
            onset,
            _duration(onset, duration_cell, end_cell),
            _pitch(pitch_cell, self.pitch_expected) if pitch_cell else None,
            self.drum_class(drum_cell) if drum_cell else None,
            _within(velocity_cell, "a velocity from 1 to 127", 1, 127) if velocity_cell else None,
        )


def _named_columns(cells: list[str]) -> dict[str, int]:
    """Find the place of every known column in a header."""
    columns: dict[str, int] = {}
    for place, cell in enumerate(cells):
        folded = re.sub(r"[\W_]+", "", _UNIT_SECONDS.sub("", cell.casefold()))
        column = _COLUMN_OF.get(folded)
        if column is None:
            continue
        if column in columns:
            both = f"{_shown(cells[columns[column]])} and {_shown(cell)}"
            raise ParameterError(f"expected one column for the {column}, found {both}")
        columns[column] = place
    found = f"found {_shown(', '.join(cells))}"
    if "onset" not in columns:
        raise ParameterError(
            "expected a header with an onset column (onset, time, start), or rows of onset and"
            f" class or of onset, pitch and duration, {found}"
        )
    if "drum" not in columns and "pitch" not in columns:
        raise ParameterError(f"expected a column named drum or pitch beside the onset, {found}")
    return columns


def _libnmfd_columns(cells: list[str]) -> dict[str, int]:
    """Name the columns of a table without a header by their number."""
    if len(cells) == 2:
        return {"onset": 0, "drum": 1}
    if len(cells) == 3:
        return {"onset": 0, "pitch": 1, "duration": 2}
    raise ParameterError(
        "expected a header, or two columns (onset, class) or three (onset, pitch, duration),"
        f" found {len(cells)}: {_shown(', '.join(cells))}"
    )


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """Walk over the rows with something in them: the line, from 1, and what stands there."""
    for line, row in enumerate(io.StringIO(text.removeprefix("\ufeff"), newline=None), start=1):
        if "#" in row:
            if row.lstrip().startswith("#"):
                continue
            if '"' not in row:
                row = _COMMENT.sub("", row)
        row = row.strip(" \n")  # a tab may stand for an empty cell
        if row.strip().strip(' \t,;"'):
            yield line, row


def _split(row: str, delimiter: str | None) -> list[str]:
    """Cut a row into its cells; without a delimiter, at blanks."""
    if '"' not in row:
        return [cell.strip() for cell in row.split(delimiter)]
    try:
        (cells,) = csv.reader([row], delimiter=delimiter or " ", skipinitialspace=True, strict=True)
    except csv.Error:
        raise ParameterError(f"expected quotes around whole cells, found {_shown(row)}") from None
    return [cell.strip() for cell in cells]


def _number(cell: str, what: str) -> float:
    if _NUMBER.fullmatch(cell) and math.isfinite(value := float(cell)):
        return value + 0.0  # -0.0 becomes 0.0
    if _DECIMAL_COMMA.fullmatch(cell):
        raise ParameterError(_no_decimal_comma(what, cell))
    raise ParameterError(f"expected {what}, found {_shown(cell)}")


def _within(cell: str, what: str, low: float, high: float) -> float:
    value = _number(cell, what)
    if not low <= value <= high:
        raise ParameterError(f"expected {what}, found {_shown(cell)}")
    return value


def _seconds(cell: str, what: str) -> float:
    value = _number(cell, f"{what} in seconds")
    if value < 0:
        raise ParameterError(f"expected {what} to be 0 s or more, found {_shown(cell)}")
    return value


def _duration(onset: float, duration_cell: str, end_cell: str) -> float | None:
    if duration_cell:
        return _seconds(duration_cell, "the duration")
    if not end_cell:
        return None
    end = _seconds(end_cell, "the end")
    if end < onset:
        found = f"found {_shown(end_cell)}"
        raise ParameterError(f"expected the end not before the onset {onset}, {found}")
    return end - onset


def _pitch(cell: str, what: str) -> float:
    note = _NOTE_NAME.fullmatch(cell)
    if note is None:
        return _within(cell, what, 0, 127)
    letter, accidental, octave = note.groups(default="")
    sharps = accidental.count("#") + accidental.count("♯")
    semitone = _SEMITONES[letter.lower()] + 2 * sharps - len(accidental)
    value = 12.0 * (int(octave) + 1) + semitone
    if not 0 <= value <= 127:
        raise ParameterError(f"expected {what}, found {_shown(cell)}")
    return value


def _no_decimal_comma(what: str, cell: str) -> str:
    return f"expected {what} with a decimal point, found a decimal comma: {_shown(cell)}"


def _shown(text: str) -> str:
    """Quote what stands there, cut to a readable length, on one line."""
    return repr(text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 1] + "…")


def _decode(data: bytes, path: str | Path) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputFileError(path, "expected text in UTF-8, found UTF-16")
    if b"\0" in data:
        raise InputFileError(path, "expected a text table (CSV or TSV), found a binary file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"found the byte 0x{data[error.start]:02X}"
        raise InputFileError(path, f"expected text in UTF-8, {found}", line) from None
