"""The layout of a score's table: which column holds what, and a row as a note."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Final

from nmfd_cli.core.articulations import articulation, class_of, kit_class
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.score.cells import (
    PITCH_EXPECTED,
    PITCH_EXPECTED_BARE,
    as_duration,
    as_pitch,
    as_seconds,
    as_velocity,
    decimal_comma,
    shown,
    split_row,
)
from nmfd_cli.io.score.notes import Note
from nmfd_cli.io.score.shapes import columns_without_header

# What else a header may call them: without case, blanks, hyphens, underscores and a "(s)".
_COLUMN_SYNONYMS: Final = {
    "onset": "onset onsets onsettime onsettimes onsetsec onsetseconds time times timesec"
    " timeseconds start starttime starts startsec startseconds begin begintime beginsec t position",
    "duration": "duration durations durationsec durationseconds dur durs dursec"
    " durseconds length len",
    "end": "end endtime ends endsec endseconds offset offsettime offsets offsetsec offsetseconds"
    " stop stoptime off",
    "pitch": "pitch pitches pitchmidi midi midipitch midinote midinumber midikey midinotenumber"
    " note notes notenumber notename key",
    "drum": "drum drums drumclass drumname drumtype class classes classname instrument instruments"
    " inst label labels type sound marker markername",
    "velocity": "velocity velocities vel midivelocity",
    "articulation": "articulation articulations stroketype",
}
_COLUMN_OF: Final = {
    synonym: column for column, words in _COLUMN_SYNONYMS.items() for synonym in words.split()
}

_NUMBER_AT_FIRST = re.compile(r"[+-]?\.?[0-9]|[+-]?(?:nan|inf|infinity)$", re.IGNORECASE)
_DECIMAL_COMMA_AT_FIRST = re.compile(r"([+-]?[0-9]+,[0-9]+)\s+[^\s,]")
#: The heading of a name, as Reaper's markers and regions have it, where none says drum.
_NAME: Final = "name"
#: That of a drum, but beside a name that of the kind of a marker, as Audition has it.
_KIND: Final = "type"
_MILLISECONDS: Final = ("milliseconds", "msec", "ms")
_TIMES: Final = ("onset", "duration", "end")
#: Rows by which a table without a header is recognised.
_MOST_ROWS: Final = 2000
_UNIT_SECONDS = re.compile(r"[(\[]\s*(?:s|sec|secs|seconds?)\s*[)\]]")


class UnknownDrumError(ParameterError):
    """The name of a drum that has no class, and is no misspelled one either."""


class Table:
    """The layout of a table, found in its first row, or by the shape of all if it has no header.

    Parameters
    ----------
    rows : sequence of str
        With something in them; at least one.
    drum_classes : collection of str
        Names accepted beside the known drum classes.
    drum_notes : mapping of int to str
        Drums or articulations that numbers stand for, before General MIDI's.
    """

    def __init__(
        self, rows: Sequence[str], drum_classes: Collection[str], drum_notes: Mapping[int, str]
    ) -> None:
        row = rows[0]
        self.delimiter = next((mark for mark in "\t;," if mark in row), None)
        if self.delimiter == "," and (found := _DECIMAL_COMMA_AT_FIRST.match(row)):
            raise decimal_comma("the onset in seconds", found[1])
        cells = split_row(row, self.delimiter)
        self.width = len(cells)
        self.has_header = not _NUMBER_AT_FIRST.match(cells[0])
        self.scales = dict.fromkeys(_TIMES, 1.0)
        if self.has_header:
            columns, in_milliseconds = _named_columns(cells)
            self.scales |= dict.fromkeys(in_milliseconds, 0.001)
        else:
            few = (one for one in rows[:_MOST_ROWS] if '"' not in one)
            columns = columns_without_header(
                [split_row(one, self.delimiter) for one in few] or [cells]
            )
        self.pitch_expected = PITCH_EXPECTED if self.has_header else PITCH_EXPECTED_BARE
        # -1 for a column that is not there: `note` puts an empty cell at the end
        self.known_cells = itemgetter(*(columns.get(name, -1) for name in _COLUMN_SYNONYMS))
        self.drum: Callable[[str, str], tuple[str, str | None]] = cache(
            lambda cell, struck: _drum(drum_notes, drum_classes, cell, struck)
        )

    def note(self, row: str) -> Note:
        """Return what a row says.

        Raises
        ------
        ParameterError
            If it says something else than a note.
        """
        cells = split_row(row, self.delimiter)
        if len(cells) != self.width:
            raise ParameterError(
                expected=f"{self.width} columns as in the first row",
                found=f"{len(cells)}: {shown(row)}",
            )
        cells.append("")
        onset_cell, duration_cell, end_cell, pitch_cell, drum_cell, velocity_cell, struck_cell = (
            self.known_cells(cells)
        )
        if not pitch_cell and not drum_cell:
            raise ParameterError(expected="a drum or a pitch", found=f"neither: {shown(row)}")
        onset = as_seconds(onset_cell, "the onset", self.scales["onset"])
        drum, struck = self.drum(drum_cell, struck_cell) if drum_cell else (None, None)
        scales = self.scales["duration"], self.scales["end"]
        has_duration = bool(duration_cell or end_cell)
        return (
            onset,
            as_duration(onset, duration_cell, end_cell, scales) if has_duration else None,
            as_pitch(pitch_cell, self.pitch_expected) if pitch_cell else None,
            drum,
            as_velocity(velocity_cell) if velocity_cell else None,
            struck,
            None,
        )


def _drum(
    notes: Mapping[int, str], own: Collection[str], cell: str, struck: str
) -> tuple[str, str | None]:
    """Return the class and the articulation that cells name."""
    if notes and cell.removesuffix(".0").isdigit():
        cell = notes.get(int(float(cell)), cell)
    try:
        drum = kit_class(cell, extra=own)
    except ParameterError as error:
        if error.hint.startswith("did you mean"):
            raise
        raise UnknownDrumError(
            expected=error.expected, found=error.found, hint=error.hint
        ) from None
    return drum, articulation(struck or cell, class_of(drum))


def _named_columns(cells: list[str]) -> tuple[dict[str, int], set[str]]:
    """Find the place of every known column in a header, and those in milliseconds."""
    columns: dict[str, int] = {}
    in_milliseconds: set[str] = set()
    name_place = None
    for place, cell in enumerate(cells):
        column, is_fine = _column(cell)
        if column == _NAME:
            name_place = place
        if column is None or column == _NAME:
            continue
        if column in columns:
            both = f"{shown(cells[columns[column]])} and {shown(cell)}"
            raise ParameterError(expected=f"one column for the {column}", found=both)
        columns[column] = place
        if is_fine:
            in_milliseconds.add(column)
    says = cells[columns["drum"]].casefold() if "drum" in columns else ""
    if name_place is not None and says in ("", _KIND):
        columns["drum"] = name_place
    found = shown(", ".join(cells))
    if "onset" not in columns:
        raise ParameterError(
            expected="a header with an onset column (onset, time, start), or rows of onset and"
            " class or of onset, pitch and duration",
            found=found,
        )
    if "drum" not in columns and "pitch" not in columns:
        raise ParameterError(expected="a column named drum or pitch beside the onset", found=found)
    return columns, in_milliseconds


def _column(cell: str) -> tuple[str | None, bool]:
    """Return what a heading stands for, and whether in milliseconds."""
    folded = re.sub(r"[\W_]+", "", _UNIT_SECONDS.sub("", cell.casefold()))
    if folded == _NAME:
        return _NAME, False
    if folded in _COLUMN_OF:
        return _COLUMN_OF[folded], False
    for unit in _MILLISECONDS:
        column = _COLUMN_OF.get(folded.removesuffix(unit)) if folded.endswith(unit) else None
        if column in _TIMES:
            return column, True
    return None, False
