"""Tables without a header: what the columns are, by the shape of their cells.

=======================  =======================================================
2 columns                onset, class (libnmfd and the annotations of data sets)
3, the last a text       start, end, label (Audacity); time, value, label (Sonic
                         Visualiser)
3, all numbers           onset, pitch, duration (libnmfd), or Audacity's labels
                         with drums as numbers
4                        time, value, duration, label (Sonic Visualiser's regions)
5                        time, pitch, duration, level, label (its notes)
=======================  =======================================================
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from statistics import median
from typing import Final

from nmfd_cli.core.drum_classes import drum_class
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.score.cells import NUMBER, shown

_LIKE_NUMBER = re.compile(
    r"[+-]?[0-9.].*[0-9.]|[+-]?[0-9]|[+-]?(?:nan|inf|infinity)", re.IGNORECASE
)
#: The label of a hit spans less, in seconds; a pitch read as its end spans more.
_LONGEST_LABEL: Final = 10.0
#: Pitches below are no music.
_LOWEST_PITCH: Final = 12


def columns_without_header(rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Return the place of each column.

    Parameters
    ----------
    rows : sequence of sequences of str
        Cells; the first row has as many as the table has columns, others are heard if they do.

    Raises
    ------
    ParameterError
        If no shape fits, or two do.
    """
    width = len(rows[0])
    whole = [row for row in rows if len(row) == width]
    if width == 2:
        return {"onset": 0, "drum": 1}
    if width == 3:
        return _three_columns(whole)
    are_numbers = all(_is_number(cell) for row in whole for cell in row[:3])
    if width in (4, 5) and are_numbers:
        has_drums = all(_has_class(row[-1]) for row in whole)
        if width == 4 or has_drums:
            return {"onset": 0, "duration": 2, "drum": width - 1}
        return {"onset": 0, "pitch": 1, "duration": 2}
    raise ParameterError(
        expected="a header, or two columns (onset, class) or three (onset, pitch, duration)",
        found=f"{width}: {shown(', '.join(rows[0]))}",
    )


def _three_columns(rows: Sequence[Sequence[str]]) -> dict[str, int]:
    as_notes = {"onset": 0, "pitch": 1, "duration": 2}
    if not all(_is_number(row[0]) and _is_number(row[1]) for row in rows):
        return as_notes
    starts, seconds = ([float(row[place]) for row in rows] for place in (0, 1))
    lengths = [end - start for start, end in zip(starts, seconds, strict=True)]
    are_ends = min(lengths) >= 0
    if any(row[2] and not _LIKE_NUMBER.fullmatch(row[2]) for row in rows):
        return {"onset": 0, "drum": 2} | ({"end": 1} if are_ends else {})
    are_labels = are_ends and median(lengths) <= _LONGEST_LABEL
    if not are_labels or not all(_has_class(row[2]) for row in rows):
        return as_notes
    if all(value == int(value) and _LOWEST_PITCH <= value <= 127 for value in seconds):
        raise ParameterError(
            expected="columns of one meaning",
            found="what could be start, end, drum or onset, pitch, duration",
            hint="a header row says which",
        )
    return {"onset": 0, "end": 1, "drum": 2}


def _is_number(cell: str) -> bool:
    return NUMBER.fullmatch(cell) is not None and abs(float(cell)) < 1e12


def _has_class(cell: str) -> bool:
    with suppress(ParameterError):
        drum_class(cell)
        return True
    return False
