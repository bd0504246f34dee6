"""The layout of a score's table: which column holds what, and a row as a note."""

import re
from collections.abc import Callable, Collection
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
    "articulation": "articulation articulations stroketype",
}
_COLUMN_OF: Final = {
    synonym: column for column, words in _COLUMN_SYNONYMS.items() for synonym in words.split()
}

_NUMBER_AT_FIRST = re.compile(r"[+-]?\.?[0-9]|[+-]?(?:nan|inf|infinity)$", re.IGNORECASE)
_DECIMAL_COMMA_AT_FIRST = re.compile(r"([+-]?[0-9]+,[0-9]+)\s+[^\s,]")
_UNIT_SECONDS = re.compile(r"[(\[]\s*(?:s|sec|secs|seconds?)\s*[)\]]")


class Table:
    """The layout of a table, found in its first row."""

    def __init__(self, row: str, drum_classes: Collection[str]) -> None:
        self.delimiter = next((mark for mark in "\t;," if mark in row), None)
        if self.delimiter == "," and (found := _DECIMAL_COMMA_AT_FIRST.match(row)):
            raise decimal_comma("the onset in seconds", found[1])
        cells = split_row(row, self.delimiter)
        self.width = len(cells)
        self.has_header = not _NUMBER_AT_FIRST.match(cells[0])
        columns = _named_columns(cells) if self.has_header else _libnmfd_columns(cells)
        self.pitch_expected = PITCH_EXPECTED if self.has_header else PITCH_EXPECTED_BARE
        # -1 for a column that is not there: `note` puts an empty cell at the end
        self.known_cells = itemgetter(*(columns.get(name, -1) for name in _COLUMN_SYNONYMS))
        self.drum_class: Callable[[str], str] = cache(
            lambda cell: kit_class(cell, extra=drum_classes)
        )
        self.articulation: Callable[[str, str], str | None] = cache(articulation)

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
        onset = as_seconds(onset_cell, "the onset")
        drum = self.drum_class(drum_cell) if drum_cell else None
        return (
            onset,
            as_duration(onset, duration_cell, end_cell) if duration_cell or end_cell else None,
            as_pitch(pitch_cell, self.pitch_expected) if pitch_cell else None,
            drum,
            as_velocity(velocity_cell) if velocity_cell else None,
            self.articulation(struck_cell or drum_cell, drum) if drum is not None else None,
            None,
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
            both = f"{shown(cells[columns[column]])} and {shown(cell)}"
            raise ParameterError(expected=f"one column for the {column}", found=both)
        columns[column] = place
    found = shown(", ".join(cells))
    if "onset" not in columns:
        raise ParameterError(
            expected="a header with an onset column (onset, time, start), or rows of onset and"
            " class or of onset, pitch and duration",
            found=found,
        )
    if "drum" not in columns and "pitch" not in columns:
        raise ParameterError(expected="a column named drum or pitch beside the onset", found=found)
    return columns


def _libnmfd_columns(cells: list[str]) -> dict[str, int]:
    """Name the columns of a table without a header by their number."""
    if len(cells) == 2:
        return {"onset": 0, "drum": 1}
    if len(cells) == 3:
        return {"onset": 0, "pitch": 1, "duration": 2}
    raise ParameterError(
        expected="a header, or two columns (onset, class) or three (onset, pitch, duration)",
        found=f"{len(cells)}: {shown(', '.join(cells))}",
    )
