"""Drum maps: which MIDI note stands for which drum, in TOML.

A table ``notes`` holds drum classes and articulations by any of their names, each with a note or a
list of notes, of which the first is written and all are read::

    description = "my sampler"

    [notes]
    kick = [36, 35]
    "open hihat" = 60
    none = [47, 63]

Notes of ``none`` are no drum.  What a map does not name is General MIDI's.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from nmfd_cli.core.articulations import class_of, drum_or_articulation
from nmfd_cli.core.drum_classes import GM_NOTES
from nmfd_cli.errors import NO_SUCH_FILE, InputFileError, ParameterError
from nmfd_cli.io.resources import shipped

_SUFFIX: Final = ".toml"
#: What the notes stand for that are no drum.
NO_DRUM: Final = "none"


@dataclass(frozen=True)
class DrumMap:
    """MIDI notes of drums.

    Attributes
    ----------
    read : dict of int to str
        The drum class or articulation that a note stands for; ``none`` for no drum.
    written : dict of str to int
        The note that a class or an articulation is written as.
    """

    read: dict[int, str]
    written: dict[str, int]

    def misread(self, drums: Iterable[str]) -> Iterator[tuple[str, int, str]]:
        """Yield drums that are written as a note of another, the note, and what it stands for."""
        from nmfd_cli.io.midi.writer import note_of  # scores that are read need none

        for drum in drums:
            note = note_of(drum, self.written)
            other = self.read.get(note, drum)
            if class_of(other) != class_of(drum):
                yield drum, note, other


def shipped_drum_maps() -> list[str]:
    """Return the names of the maps that ship with the program, sorted."""
    return sorted(path.stem for path in shipped("data", "drum_maps").glob(f"*{_SUFFIX}"))


def load_drum_map(name_or_path: str) -> DrumMap:
    """Read a map: a file, or the name of one that ships.

    Raises
    ------
    InputFileError
        If it is missing, or no such map.
    """
    path = Path(name_or_path)
    if name_or_path in shipped_drum_maps():
        path = shipped("data", "drum_maps", name_or_path + _SUFFIX)
    expected = f"a drum map: a TOML file, or one of {', '.join(shipped_drum_maps())}"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError) as error:
        if isinstance(error, FileNotFoundError):
            raise InputFileError(name_or_path, f"{NO_SUCH_FILE}, expected {expected}") from None
        hint = " ".join(str(error).split())
        raise InputFileError(name_or_path, expected="TOML in UTF-8", hint=hint) from None
    except OSError as error:
        raise InputFileError(name_or_path, f"expected {expected}: {error.strerror}") from None
    return _drum_map(table, name_or_path)


def _drum_map(table: dict[str, Any], path: str) -> DrumMap:
    unknown = [key for key in table if key not in ("description", "notes")]
    notes = table.get("notes")
    if unknown or not isinstance(notes, dict) or not notes:
        found = f"{unknown[0]!r}" if unknown else "none"
        raise InputFileError(path, expected="a table notes with drums and their notes", found=found)
    read: dict[int, str] = {}
    written: dict[str, int] = {}
    for name, value in notes.items():
        try:
            drum = NO_DRUM if name == NO_DRUM else drum_or_articulation(name)
        except ParameterError as error:
            raise InputFileError(path, f"notes: {error.message}") from None
        numbers = value if isinstance(value, list) and value else [value]
        for number in numbers:
            if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= 127:
                expected = f"MIDI notes from 0 to 127 for {name}"
                raise InputFileError(path, expected=expected, found=repr(number))
            # a class of its own right may be written as one of its articulations
            other = read.get(number)
            if other is not None and other not in GM_NOTES and drum not in GM_NOTES:
                raise InputFileError(
                    path, expected=f"one drum for the note {number}", found=f"{other} and {drum}"
                )
            if other is None or other in GM_NOTES:
                read[number] = drum
        if drum != NO_DRUM:
            written.setdefault(drum, numbers[0])
    return DrumMap(read, written)
