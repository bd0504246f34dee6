"""Files as they were written: how to tell later whether they still are."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nmfd_cli.errors import NO_SUCH_FILE, InputFileError
from nmfd_cli.io.special_files import refuse_special

#: States of a place where a file is to stand.
FREE, OURS, CUT, CHANGED, FOREIGN = "free", "ours", "cut", "changed", "foreign"


@dataclass(frozen=True)
class FileRecord:
    """A file as it was written: its path from some folder, its size in bytes and their SHA-256."""

    file: str
    size: int
    sha256: str


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, read in pieces.

    Raises
    ------
    InputFileError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise InputFileError(path, NO_SUCH_FILE) from error
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {error.strerror or error}") from error


def tree_hash(path: Path) -> str:
    """Return a hash of a file, or of the names and bytes of all files below a folder.

    Hidden files do not count.

    Raises
    ------
    InputFileError
        If something cannot be read.
    """
    refuse_special(path, "a file or a folder")
    if not path.is_dir():
        return file_hash(path)
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*"), key=lambda file: file.relative_to(path).as_posix()):
        relative = file.relative_to(path)
        if file.is_file() and not any(part.startswith(".") for part in relative.parts):
            digest.update(os.fsencode(relative.as_posix()) + b"\0")
            digest.update(file_hash(file).encode())
    return digest.hexdigest()


def is_unchanged(path: Path, record: FileRecord) -> bool:
    """Whether a file is what was written, byte by byte; its size is compared first."""
    try:
        is_whole = path.is_file() and path.stat().st_size == record.size
        return is_whole and file_hash(path) == record.sha256
    except (OSError, InputFileError):
        return False


def is_foreign(path: Path, records: Sequence[FileRecord]) -> bool:
    """Whether something stands there that this program did not write, as far as `records` tell."""
    stands = path.exists() or path.is_symlink()
    return stands and (not records or not path.is_file())


def state_of(path: Path, records: Sequence[FileRecord]) -> str:
    """Say whose a file is.

    Parameters
    ----------
    path : Path
    records : sequence of FileRecord
        What was written there by this program at some time.

    Returns
    -------
    str
        `FREE`, nothing is there; `OURS`, as it was written; `CUT`, empty, as a power failure may
        leave it; `CHANGED` by somebody after it was written; `FOREIGN`, never written by us.
    """
    if not path.exists() and not path.is_symlink():
        return FREE
    if is_foreign(path, records):
        return FOREIGN
    if any(is_unchanged(path, record) for record in records):
        return OURS
    return CUT if path.stat().st_size == 0 else CHANGED
