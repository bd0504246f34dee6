"""Scores: tables that say when which drum or which note sounds.

A score is a text table, comma, semicolon, tab or blank separated, in UTF-8.  Either its first row
names the columns, in any order::

    onset,drum,velocity         time;midi;dur           start<TAB>end<TAB>label
    0.102,kick,96               0.5;C#4;0.25            0.10<TAB>0.31<TAB>Closed Hi-Hat

or there is no such row and the columns are libnmfd's: onset and class, or onset, pitch and
duration.  Times are seconds.  ``#`` begins a comment at the start of a line or after a blank.
Blank lines and columns of other names are skipped.

`parse_score` is the pure inside, `read_score` the file around it, which takes MIDI files too (see
`nmfd_cli.io.midi`).
"""

import io
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from nmfd_cli.errors import InputFileError, ParameterError, Warn, warn_python
from nmfd_cli.io.score.layout import Table
from nmfd_cli.io.score.notes import DRUM_SCORE_HEADER, Note, Score
from nmfd_cli.io.special_files import refuse_special

_COMMENT = re.compile(r"\s#.*")


def read_score(
    path: str | Path, *, drum_classes: Collection[str] | None = None, warn: Warn = warn_python
) -> Score:
    """Read a score file.

    Parameters
    ----------
    path : str or Path
        A CSV or TSV file, UTF-8 with or without byte order mark, or a MIDI file.
    drum_classes : collection of str, optional
        Names accepted beside the known drum classes and their synonyms, which they precede.
    warn : callable, optional
        Called with a line for percussion of a MIDI file that is left out.

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
            raise InputFileError(path, expected="a score file", found="a folder")
        refuse_special(Path(path), "a score file")
        data = Path(path).read_bytes()
    except (FileNotFoundError, ValueError):  # ValueError: a name that no file can have
        raise InputFileError(path, expected="a score file", found="no such file") from None
    except OSError as error:
        raise InputFileError(path, f"expected a readable score file: {error.strerror}") from None
    if is_midi(path) or data.startswith(b"MThd"):
        from nmfd_cli.io.midi import parse_midi  # needs an extra

        return parse_midi(data, path, warn=warn)
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
    notes = list(_notes(text, name, tuple(drum_classes or ())))
    if not notes:
        raise InputFileError(name, expected="at least one note", found="none")
    return Score.of(notes)


def _notes(text: str, name: str | Path, drum_classes: Collection[str]) -> Iterator[Note]:
    table: Table | None = None
    for line, row in _rows(text):
        try:
            if table is None:
                table = Table(row, drum_classes)
                if table.has_header:
                    continue
            yield table.note(row)
        except ParameterError as error:
            raise InputFileError(name, error.message, line) from None


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
        raise InputFileError(path, expected="text in UTF-8", found="UTF-16")
    if b"\0" in data:
        raise InputFileError(path, expected="a text table (CSV or TSV)", found="a binary file")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{data[error.start]:02X}"
        raise InputFileError(path, line=line, expected="text in UTF-8", found=found) from None


def read_transcription(path: str | Path, *, warn: Warn = warn_python) -> Score:
    """Read a score that may have no notes, as the transcription of silence has none.

    Parameters
    ----------
    path : str or Path
        A table or a MIDI file, as `read_score` takes it.
    warn : callable, optional
        Called with a line for percussion of a MIDI file that is left out.

    Raises
    ------
    InputFileError
        If it cannot be read.
    MissingExtraError
        If it is a MIDI file and mido is not installed.
    """
    try:
        return read_score(path, warn=warn)
    except InputFileError:
        if _is_header_alone(path):
            return Score.of(())
        raise


#: Of the tables that this program wrote before it knew articulations.
_EARLIER_HEADER = ("onset", "drum", "velocity")


def _is_header_alone(path: str | Path) -> bool:
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(1000)
    except (OSError, ValueError):
        return False
    return text.split() in ([",".join(header)] for header in (DRUM_SCORE_HEADER, _EARLIER_HEADER))
