"""Kit files: what drums sound like, in a zip archive of a JSON header and three NumPy arrays.

``kit.json`` holds ``format``, ``version``, ``name``, ``sources`` and ``sounds`` (see
`nmfd_cli.core.drum_sounds.kit`); ``spectrum.npy``, ``profile.npy`` and ``level_db.npy`` hold the
fields of a `Description`.  Nothing in a kit file is executed: arrays of Python objects are refused,
and no more than `LARGEST_SIZE` is unpacked.
"""

import json
import zipfile
import zlib
from dataclasses import asdict, fields
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.drum_sounds.description import Description
from nmfd_cli.core.drum_sounds.kit import Kit, Sound, Source
from nmfd_cli.errors import NO_SUCH_FILE, InputFileError, ParameterError
from nmfd_cli.io.existing import refuse_special
from nmfd_cli.io.transaction import write_file

#: The ending of a kit file's name.
KIT_SUFFIX: Final = ".kit"
#: The name and version that every kit file carries.
FORMAT_NAME: Final = "nmfd kit"
FORMAT_VERSION: Final = 1
#: Bytes unpacked, over 100 000 sounds: no kit, but a bomb, is larger.
LARGEST_SIZE: Final = 256 * 2**20

_HEADER = "kit.json"
_TABLES: Final = {f"{f.name}.npy": f.name for f in fields(Description)}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same sounds give the same bytes
_UNIX = 3  # on every system


def read_kit(path: str | Path) -> Kit:
    """Read a kit file.

    Raises
    ------
    InputFileError
        If the file cannot be read, is no kit file, is of a later version, or does not fit together.
    """
    refuse_special(Path(path), "a kit file")
    try:
        with zipfile.ZipFile(path) as archive:
            header, tables = _unpacked(path, archive)
    except FileNotFoundError as error:
        raise InputFileError(path, NO_SUCH_FILE) from error
    except IsADirectoryError as error:
        raise InputFileError(path, expected="a kit file", found="a folder") from error
    except OSError as error:
        raise InputFileError(
            path, expected="a readable kit file", found=error.strerror or str(error)
        ) from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        whole = "a whole kit file as `nmfd kit learn` writes it"
        found = "none" if "not a zip" in str(error) else f"a damaged one: {error}"
        raise InputFileError(path, expected=whole, found=found) from error
    try:
        return Kit(
            name=_text(header, "name"),
            sounds=tuple(_sound(entry) for entry in _entries(header, "sounds")),
            description=Description(**tables),
            sources=tuple(_source(entry) for entry in _entries(header, "sources")),
        )
    except ParameterError as error:
        raise InputFileError(path, error.message) from error


def write_kit(path: str | Path, kit: Kit, *, overwrite: bool = False) -> None:
    """Write a kit file.

    It appears whole or not at all, and equal kits give equal bytes.

    Raises
    ------
    OutputError
        If the file cannot be written, or exists and may not be replaced.
    """
    write_file(path, _packed(kit), overwrite=overwrite)


def _packed(kit: Kit) -> bytes:
    header = {
        "format": FORMAT_NAME,
        "version": FORMAT_VERSION,
        "name": kit.name,
        "sources": [asdict(source) for source in kit.sources],
        "sounds": [asdict(sound) for sound in kit.sounds],
    }
    members = {_HEADER: _as_bytes(header)}
    for member, name in _TABLES.items():
        buffer = BytesIO()
        np.lib.format.write_array(buffer, getattr(kit.description, name), allow_pickle=False)
        members[member] = buffer.getvalue()
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for member, content in members.items():
            info = zipfile.ZipInfo(member, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = _UNIX
            archive.writestr(info, content)
    return packed.getvalue()


def _as_bytes(header: dict[str, Any]) -> bytes:
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")  # as json reads it: names may not be UTF-8


def _unpacked(
    path: str | Path, archive: zipfile.ZipFile
) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    missing = [name for name in (_HEADER, *_TABLES) if name not in archive.namelist()]
    if missing:
        raise InputFileError(path, expected="a kit file", found=f"an archive without {missing[0]}")
    size = sum(info.file_size for info in archive.infolist())
    if size > LARGEST_SIZE:
        raise InputFileError(
            path, expected=f"at most {LARGEST_SIZE} bytes when unpacked", found=str(size)
        )
    header = _header(path, archive.read(_HEADER))
    tables = {name: _table(path, member, archive.read(member)) for member, name in _TABLES.items()}
    return header, tables


def _table(path: str | Path, member: str, content: bytes) -> NDArray[Any]:
    try:
        table: NDArray[Any] = np.lib.format.read_array(BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, MemoryError) as error:
        reason = str(error).splitlines()[0] if str(error) else "not an array"
        raise InputFileError(
            path, expected=f"an array in {member}", found=f"none: {reason}"
        ) from None
    return table


def _header(path: str | Path, content: bytes) -> dict[str, Any]:
    try:
        header = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputFileError(path, expected=f"JSON in {_HEADER}", found=f"none: {error}") from error
    if not isinstance(header, dict) or header.get("format") != FORMAT_NAME:
        named = f'"format": "{FORMAT_NAME}" in {_HEADER}'
        raise InputFileError(path, expected=named, found="none")
    version = header.get("version")
    if version != FORMAT_VERSION:
        newer = isinstance(version, int) and version > FORMAT_VERSION
        raise InputFileError(
            path,
            expected=f"version {FORMAT_VERSION} of the kit format",
            found=repr(version),
            hint="a newer nmfd reads it" if newer else "",
        )
    return header


def _entries(header: dict[str, Any], key: str) -> list[dict[str, Any]]:
    entries = header.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ParameterError(expected=f'a list of objects as "{key}" in {_HEADER}')
    return entries


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key, "")
    if not isinstance(value, str):
        raise ParameterError(expected=f'a text as "{key}" in {_HEADER}', found=repr(value))
    return value


def _sound(entry: dict[str, Any]) -> Sound:
    kits = entry.get("kits", [])
    if not isinstance(kits, list) or not all(isinstance(kit, str) for kit in kits):
        raise ParameterError(expected=f'a list of texts as "kits" in {_HEADER}', found=repr(kits))
    texts = {key: _text(entry, key) for key in ("name", "drum", "articulation", "source")}
    return Sound(**texts, kits=tuple(kits))


def _source(entry: dict[str, Any]) -> Source:
    return Source(**{f.name: _text(entry, f.name) for f in fields(Source)})
