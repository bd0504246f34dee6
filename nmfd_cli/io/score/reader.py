"""Scores: tables that say when which drum or which note sounds.

A score is a text table, comma, semicolon, tab or blank separated, in UTF-8.  Either its first row
names the columns, in any order::

    onset,drum,velocity         time;midi;dur           start<TAB>end<TAB>label
    0.102,kick,96               0.5;C#4;0.25            0.10<TAB>0.31<TAB>Closed Hi-Hat

or there is no such row and the columns are known by their shape (`shapes`): libnmfd's, Audacity's
or Sonic Visualiser's.  Reaper's markers and regions have a header of their own.  Times are seconds,
``mm:ss.s``, or milliseconds where the heading says so (``onset_ms``); velocities go from 1 to 127
or from 0 to 1.  ``#`` begins a comment at the start of a line or after a blank.  Blank lines and
columns of other names are skipped.  Hits of a drum without a class are left out with a warning.

`parse_score` is the pure inside, `read_score` the file around it, which takes MIDI files too (see
`nmfd_cli.io.midi`).
"""

import io
import re
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from nmfd_cli.errors import NO_SUCH_FILE, InputFileError, ParameterError, Warn, warn_python
from nmfd_cli.io.existing import refuse_special
from nmfd_cli.io.score.layout import Table, UnknownDrumError
from nmfd_cli.io.score.notes import (
    AS_WRITTEN,
    DRUM_SCORE_HEADER,
    Note,
    Reading,
    Score,
    left_out_line,
    require_velocity,
)

_COMMENT = re.compile(r"\s#.*")
#: The first row of Reaper's markers and regions, which is no comment.
_REAPER = re.compile(r'\s*"?#"?\s*[,;\t]\s*"?name\b', re.IGNORECASE)
#: Audacity's line of a label's frequencies, behind the label.
_FREQUENCIES = re.compile(r"\s*\\\s")


def read_score(
    path: str | Path,
    *,
    drum_classes: Collection[str] | None = None,
    reading: Reading = AS_WRITTEN,
    warn: Warn = warn_python,
) -> Score:
    """Read a score file.

    Parameters
    ----------
    path : str or Path
        A CSV or TSV file, UTF-8 with or without byte order mark, or a MIDI file.
    drum_classes : collection of str, optional
        Names accepted beside the known drum classes and their synonyms, which they precede.
    reading : Reading, optional
        What the file does not say itself.
    warn : callable, optional
        Called with a line for what is left out or taken for granted.

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
            raise InputFileError(path, expected="a score file", found="a folder")
        refuse_special(Path(path), "a score file")
        data = Path(path).read_bytes()
    except (FileNotFoundError, ValueError):  # ValueError: a name that no file can have
        raise InputFileError(path, NO_SUCH_FILE) from None
    except OSError as error:
        raise InputFileError(path, f"expected a readable score file: {error.strerror}") from None
    if is_midi(path) or data.startswith(b"MThd"):
        from nmfd_cli.io.midi.reader import parse_midi  # few scores are

        score = parse_midi(data, path, drum_classes=drum_classes, reading=reading, warn=warn)
    else:
        text = _decode(data, path)
        score = parse_score(text, path, drum_classes=drum_classes, reading=reading, warn=warn)
        if reading.tempo is not None:
            warn(f"{path}: its times are seconds, which no tempo changes")
    return _shifted(score, reading.offset, path, warn) if reading.offset else score


def _shifted(score: Score, offset: float, path: str | Path, warn: Warn) -> Score:
    """Return a score so many seconds later, without the notes before the recording."""
    later = score.later_by(offset)
    n_before = sum(onset < 0 for onset in later.onsets)
    if n_before == len(later):
        raise InputFileError(path, expected="notes behind 0 s", found=f"an offset of {offset:g} s")
    if n_before:
        warn(f"{path}: {n_before} of {len(later)} notes would begin before 0 s and are left out")
    return Score.of(list(later.notes())[n_before:])


def is_midi(path: str | Path) -> bool:
    """Whether a file is a MIDI file by its ending."""
    return Path(path).suffix.lower() in (".mid", ".midi")


def parse_score(
    text: str,
    name: str | Path = "score",
    *,
    drum_classes: Collection[str] | None = None,
    reading: Reading = AS_WRITTEN,
    warn: Warn = warn_python,
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
    reading : Reading, optional
        Of which the drums count that numbers stand for.
    warn : callable, optional
        Called with a line for hits of drums that have no class.

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
    notes, unknown = _notes(text, name, tuple(drum_classes or ()), reading)
    if unknown:
        warn(left_out_line(name, unknown))
    return Score.of(notes)


def _notes(
    text: str, name: str | Path, drum_classes: Collection[str], reading: Reading
) -> tuple[list[Note], Counter[str]]:
    """Return the notes, and how many there are of drums without a class."""
    if text.lstrip()[:1] in ("{", "["):
        hint = "nmfd transcribe writes tables, too (-o drums.csv)"
        raise InputFileError(name, expected="a text table (CSV or TSV)", found="JSON", hint=hint)
    rows = list(_rows(text))
    notes: list[Note] = []
    lines: list[int] = []
    unknown: Counter[str] = Counter()
    refusal: InputFileError | None = None
    table: Table | None = None
    for line, row in rows:
        try:
            if table is None:
                table = Table([row for _, row in rows], drum_classes, reading.drum_notes)
                if table.has_header:
                    continue
            notes.append(table.note(row))
            lines.append(line)
        except UnknownDrumError as error:
            unknown[error.found.strip("'\"")] += 1
            refusal = refusal or InputFileError(name, error.message, line)
        except ParameterError as error:
            raise InputFileError(name, error.message, line) from None
    if not notes:
        raise refusal or InputFileError(name, expected="at least one note", found="none")
    return _with_midi_velocities(notes, lines, name), unknown


def _with_midi_velocities(notes: list[Note], lines: list[int], name: str | Path) -> list[Note]:
    """Turn velocities from 0 to 1 into MIDI's, which are 1 or more."""
    given = [note[4] for note in notes if note[4] is not None]
    if not given or min(given) >= 1:
        return notes
    if max(given) <= 1 and any(velocity > 0 for velocity in given):
        return [_louder(note) for note in notes]
    for note, line in zip(notes, lines, strict=True):
        if note[4] is not None and note[4] < 1:
            try:
                require_velocity(note[4], f"'{note[4]:g}'")
            except ParameterError as error:
                raise InputFileError(name, error.message, line) from None
    return notes


def _louder(note: Note) -> Note:
    onset, duration, pitch, drum, velocity, *rest = note
    scaled = None if velocity is None else max(1.0, 127 * velocity)
    return (onset, duration, pitch, drum, scaled, *rest)  # type: ignore[return-value]


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """Walk over the rows with something in them: the line, from 1, and what stands there."""
    is_first = True
    for line, row in enumerate(io.StringIO(text.removeprefix("\ufeff"), newline=None), start=1):
        if "#" in row and not (is_first and _REAPER.match(row)):
            if row.lstrip().startswith("#"):
                continue
            if '"' not in row:
                row = _COMMENT.sub("", row)
        row = row.strip(" \n")  # a tab may stand for an empty cell
        if row.strip().strip(' \t,;"') and not _FREQUENCIES.match(row):
            is_first = False
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
