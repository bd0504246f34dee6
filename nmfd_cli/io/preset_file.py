"""Preset files: settings by name in TOML, with a description and what they extend.

.. code-block:: toml

    description = "Drum machines: short templates, few iterations"
    extends = "draft"
    template_frames = 6
    stems = ["kick", "snare", "clap"]

Which settings exist, and what values they take, is the caller's to say.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from nmfd_cli.errors import NO_SUCH_FILE, InputFileError, ParameterError, cannot_read

#: How a value is checked and converted; raises `ParameterError` with what was expected and found.
Check = Callable[[Any], Any]

#: More than any preset needs; keeps a wrong path from filling the memory.
_MOST_BYTES = 1 << 20

#: Keys beside the settings.
_DESCRIPTION = "description"
_EXTENDS = "extends"


@dataclass(frozen=True)
class PresetFile:
    """One file, as it stands.

    Attributes
    ----------
    extends : str or None
        A name or path, as it is written there.
    values : mapping of str to any
        Settings, converted.
    extends_line : int or None
        Where `extends` stands.
    """

    path: Path
    description: str
    extends: str | None
    values: Mapping[str, Any]
    extends_line: int | None = None


def read_preset_file(path: str | Path, checks: Mapping[str, Check]) -> PresetFile:
    """Read a preset.

    Parameters
    ----------
    checks : mapping of str to callable
        The settings that exist, each with what checks and converts its value.

    Raises
    ------
    InputFileError
        If the file is missing, is no TOML in UTF-8, lacks a description, or holds a setting that
        does not exist or a value that it does not take.
    """
    path = Path(path)
    text = _read_text(path)
    table = _parse(path, text)
    description = _own_text(path, text, table, _DESCRIPTION)
    if description is None:
        raise InputFileError(path, expected=f'{_DESCRIPTION} = "..."', found="none")
    extends = _own_text(path, text, table, _EXTENDS)
    values = {}
    for key, value in table.items():
        if key in (_DESCRIPTION, _EXTENDS):
            continue
        if key not in checks:
            _refuse_unknown(path, text, key, checks)
        try:
            values[key] = checks[key](value)
        except ParameterError as error:
            raise InputFileError(path, error.as_line(), line_of(text, key)) from error
    line = line_of(text, _EXTENDS) if extends is not None else None
    return PresetFile(path, description, extends, values, line)


def _read_text(path: Path) -> str:
    if path.is_dir():
        raise InputFileError(path, expected="a preset (a TOML file)", found="a folder")
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise InputFileError(path, NO_SUCH_FILE) from error
    except OSError as error:
        raise cannot_read(path, error) from error
    if len(content) > _MOST_BYTES:
        raise InputFileError(path, expected="a preset of at most 1 MB", found="more")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{content[error.start]:02X}"
        raise InputFileError(path, line=line, expected="text in UTF-8", found=found) from error


def _parse(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", message)
        line = int(place[1]) if place and place[1] else text.rstrip("\n").count("\n") + 1
        reason = message[: place.start()] if place else message
        column = f" in column {place[2]}" if place and place[2] else ""
        hint = f"{reason[:1].lower()}{reason[1:]}{column}"
        raise InputFileError(path, line=line, expected="TOML", hint=hint) from error
    except (ValueError, RecursionError) as error:  # a number of 5000 digits, a thousand brackets
        raise InputFileError(path, expected="TOML", found="values beyond all measure") from error


def _own_text(path: Path, text: str, table: Mapping[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        message = f"{key}: expected a line of text"
        raise InputFileError(path, message, line_of(text, key), found=shown(value))
    return value


def _refuse_unknown(path: Path, text: str, key: str, known: Mapping[str, Check]) -> NoReturn:
    close = get_close_matches(key.replace("-", "_"), known, n=1)
    raise InputFileError(
        path,
        line=line_of(text, key),
        expected="a setting",
        found=shown(key),
        hint=f"did you mean {close[0]}?" if close else "",
    )


def shown(value: object) -> str:
    """Return a value as a message shows it: as TOML writes it, shortened."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def line_of(text: str, key: str) -> int | None:
    """Return the line, counted from 1, on which a key of the top level is given.

    tomllib does not tell.  A line that looks like it counts if all before it is TOML by itself:
    otherwise it lies within a text or an array of several lines.

    Examples
    --------
    >>> line_of('a = 1' + chr(10) + 'b = 2', "b")
    2
    """
    for number, before in _candidates(text, key):
        try:
            tomllib.loads(before)
        except (ValueError, RecursionError):
            continue
        return number
    return None


def _candidates(text: str, key: str) -> Iterator[tuple[int, str]]:
    pattern = re.compile(rf"^[ \t]*\[{{0,2}}[ \t]*(['\"]?){re.escape(key)}\1[ \t]*[=.\]]", re.M)
    for match in pattern.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, text[: match.start()]
