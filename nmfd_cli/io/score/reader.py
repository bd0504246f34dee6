"""Scores: tables that say when which drum or which note sounds.

A score is a text table, comma, semicolon, tab or blank separated, in UTF-8.  Either its first row
names the columns, in any order::

    onset,drum,velocity         time;midi;dur           start<TAB>end<TAB>label
    0.102,kick,96               0.5;C#4;0.25            0.10<TAB>0.31<TAB>Closed Hi-Hat

or there is no such row and the columns are libnmfd's: onset and class, or onset, pitch and
duration.  Times are seconds.  ``#`` begins a comment at the start of a line or after a blank.
Blank lines and columns of other names are skipped.

`parse_score` is the pure inside, `read_score` the file around it, which takes MIDI files too: what
they are is `nmfd_cli.io.midi`'s to know.
"""

import io
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Final

from nmfd_cli.errors import InputFileError, ParameterError
from nmfd_cli.io.score.layout import Note, Table
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.special_files import refuse_special

#: The columns of a drum transcription, in the order in which a writer puts them.
DRUM_SCORE_HEADER: Final = ("onset", "drum", "velocity")

_COMMENT = re.compile(r"\s#.*")


def read_score(path: str | Path, *, drum_classes: Collection[str] | None = None) -> Score:
    """Read a score file.

    Parameters
    ----------
    path : str or Path
        A CSV or TSV file, UTF-8 with or without byte order mark, or a MIDI file.
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
    MissingExtraError
        If it is a MIDI file and mido is not installed.
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
    if is_midi(path) or data.startswith(b"MThd"):
        from nmfd_cli.io.midi import read_midi  # knows what a score is, and needs an extra

        return read_midi(path)
    return parse_score(_decode(data, path), path, drum_classes=drum_classes)


def is_midi(path: str | Path) -> bool:
    """Whether a file is a MIDI file by its ending."""
    return Path(path).suffix.lower() in (".mid", ".midi")


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
    return _parsed(text, name, tuple(drum_classes or ()))


@lru_cache(maxsize=2)  # it is read before the work and for it
def _parsed(text: str, name: str | Path, drum_classes: tuple[str, ...]) -> Score:
    table: Table | None = None
    notes: dict[Note, None] = {}  # keeps the order, and a duplicate once
    for line, row in _rows(text):
        try:
            if table is None:
                table = Table(row, drum_classes)
                if table.has_header:
                    continue
            notes[table.note(row)] = None
        except ParameterError as error:
            raise InputFileError(name, str(error), line) from None
    if not notes:
        raise InputFileError(name, "expected at least one note, found none")
    return Score(*zip(*sorted(notes, key=itemgetter(0)), strict=True))


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
