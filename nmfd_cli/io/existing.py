"""Files that stand somewhere already: whether they can be read, are as written, may be replaced."""

import filecmp
import hashlib
import os
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmfd_cli.errors import (
    NO_SUCH_FILE,
    InputFileError,
    OutputError,
    Warn,
    cannot_read,
    warn_python,
)


def refuse_special(path: Path, expected: str) -> None:
    """Refuse a pipe or a device under the name of a file: reading one may wait, or never end.

    What is not there at all is left to who opens it, but for a link to nothing.

    Raises
    ------
    InputFileError
        With what was `expected`.
    """
    if path.is_symlink() and not path.exists():
        raise InputFileError(path, expected=expected, found="a link to nothing")
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InputFileError(path, expected=expected, found="a pipe or a device")


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
        raise cannot_read(path, error) from error


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


#: ``known(path)`` returns what this program has written at a place at some time.
Known = Callable[[Path], Sequence[FileRecord]]


@dataclass(frozen=True)
class Replacement:
    """What may happen to a file that stands where another is to be moved to.

    Attributes
    ----------
    overwrite : bool
        Whether any file may be replaced.
    known : callable, optional
        Files that this program wrote may be replaced: those that this finds.  One that somebody
        changed afterwards is renamed to ``<name>.changed-<hash>`` first, which no pattern for audio
        finds, and so is a file of others that has come to stand there meanwhile.
    warn : callable
        Is told of what was renamed.
    """

    overwrite: bool = False
    known: Known | None = None
    warn: Warn = warn_python

    def require(self, path: Path) -> None:
        """Refuse a place where something stands that may not be replaced, by an `OutputError`."""
        require_free(path, self.overwrite or self.known is not None)
        if self.overwrite or self.known is None:
            return
        stands = path.exists() or path.is_symlink()
        if stands and not (path.is_file() and self.known(path)):
            message = "exists and is no result of nmfd's"
            raise OutputError(message, hint="--overwrite replaces it", path=path)

    def name_aside(self, staged: Path, path: Path) -> Path | None:
        """Return under which name to keep what stands at `path`; None if it needs not be kept.

        Raises
        ------
        OutputError
            If it may not be replaced.
        """
        if self.overwrite or self.known is None or not path.is_file():
            self.require(path)
            return None
        if is_ours(path, self.known(path)) or filecmp.cmp(staged, path, shallow=False):
            return None
        return path.with_name(f"{path.name}.changed-{file_hash(path)[:8]}")


def is_ours(path: Path, records: Sequence[FileRecord]) -> bool:
    """Whether a file is as one of its records, or empty, as a power failure may leave it."""
    was_cut = bool(records) and path.stat().st_size == 0
    return was_cut or any(is_unchanged(path, record) for record in records)


def require_free(path: Path, overwrite: bool, sources: Container[str] = ()) -> None:
    """Refuse a place where something stands that may not be replaced.

    Parameters
    ----------
    overwrite : bool
        Whether an existing file may be replaced.
    sources : container of str
        Real paths of what is read, which is never replaced.

    Raises
    ------
    OutputError
    """
    expected = "to write a file"
    if path.is_dir():
        raise OutputError(expected=expected, found="a folder of that name", path=path)
    if path.exists() and not path.is_file():
        raise OutputError(expected=expected, found="a pipe or a device", path=path)
    if os.path.realpath(path) in sources:
        raise OutputError(expected=expected, found="a file that is to be read", path=path)
    if not overwrite and (path.exists() or path.is_symlink()):
        raise OutputError("exists", hint="--overwrite replaces it", path=path)


def real_paths(paths: Iterable[str | Path]) -> frozenset[str]:
    """Return the real paths of what is read, which no result may replace; streams have none."""
    return frozenset(os.path.realpath(path) for path in paths if str(path) != "-")
