"""Results appear whole or not at all."""

import os
import secrets
from collections.abc import Container, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from nmfd_cli.errors import OutputError


class Sink(Protocol):
    """Where finished files go: a folder, or standard output."""

    def place(self, path: Path) -> Path:
        """Return where to write what will stand at `path`."""

    def commit(self) -> None:
        """Hand over everything that was placed."""


class StagedOutputs:
    """Files that are written beside their places and moved in together once all are whole.

    Used as a context: `place` hands out where to write, `commit` moves everything in.  Left without
    a commit, by an error or an interrupt, nothing remains, not even a folder made on the way.

    Parameters
    ----------
    overwrite : bool
        Whether existing files may be replaced.
    """

    def __init__(self, overwrite: bool = False) -> None:
        self._overwrite = overwrite
        self._token = secrets.token_hex(4)
        self._staged: dict[Path, Path] = {}
        self._made_folders: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for staged in self._staged.values():
            with suppress(OSError):
                staged.unlink(missing_ok=True)
        for folder in reversed(self._made_folders):
            with suppress(OSError):  # not empty: something was moved in
                folder.rmdir()

    def place(self, path: Path) -> Path:
        """Return where to write what will stand at `path`.

        Raises
        ------
        OutputError
            If something stands there that may not be replaced, or no file can be made there.
        """
        require_free(path, self._overwrite)
        self._make_folder(path.parent)
        # a name of its own length: the final name may be as long as the file system allows
        staged = path.with_name(f".nmfd-{self._token}-{len(self._staged)}{path.suffix}.part")
        self._staged[path] = staged  # first, lest a signal comes between the two
        try:
            staged.touch(exist_ok=False)
        except OSError as error:
            del self._staged[path]
            raise OutputError(f"{path.parent}: cannot write: {error.strerror}") from error
        return staged

    def commit(self) -> None:
        """Move everything in.

        Raises
        ------
        OutputError
            If a file has meanwhile appeared at a place, or a move fails; what was moved to a free
            place is then taken back.
        """
        for path in self._staged:
            require_free(path, self._overwrite)
        moved_to_free: list[Path] = []
        for path, staged in self._staged.items():
            was_free = not path.exists()
            try:
                _sync(staged)
                staged.replace(path)
            except OSError as error:
                for done in moved_to_free:
                    done.unlink(missing_ok=True)
                raise OutputError(f"{path}: cannot write: {error.strerror}") from error
            if was_free:
                moved_to_free.append(path)
        self._staged.clear()
        self._made_folders.clear()

    def _make_folder(self, folder: Path) -> None:
        missing = []
        while not folder.exists():
            missing.append(folder)
            folder = folder.parent
        if not folder.is_dir():
            raise OutputError(f"{folder}: expected a folder for the results, found a file")
        for path in reversed(missing):
            try:
                path.mkdir(exist_ok=True)
            except OSError as error:
                raise OutputError(f"{path}: cannot make this folder: {error.strerror}") from error
            self._made_folders.append(path)


def place_text(outputs: Sink, path: Path, text: str) -> None:
    """Write a text, in UTF-8, to where it can be moved in from.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    place_bytes(outputs, path, text.encode("utf-8"))


def place_bytes(outputs: Sink, path: Path, content: bytes) -> None:
    """Write a whole file to where it can be moved in from.

    Raises
    ------
    OutputError
        If it cannot be written; tells where it was to stand, not where it was made.
    """
    staged = outputs.place(path)
    try:
        staged.write_bytes(content)
    except OSError as error:
        raise OutputError(f"{path}: cannot write: {error.strerror or error}") from error


def require_free(path: Path, overwrite: bool, sources: Container[str] = ()) -> None:
    """Refuse a place where something stands that may not be replaced.

    Parameters
    ----------
    path : Path
    overwrite : bool
        Whether an existing file may be replaced.
    sources : container of str
        Real paths of what is read, which is never replaced.

    Raises
    ------
    OutputError
    """
    if path.is_dir():
        raise OutputError(f"{path}: expected to write a file, found a folder of that name")
    if path.exists() and not path.is_file():
        raise OutputError(f"{path}: expected to write a file, found a pipe or a device")
    if os.path.realpath(path) in sources:
        raise OutputError(f"{path}: expected to write a file, found a file that is to be read")
    if not overwrite and (path.exists() or path.is_symlink()):
        raise OutputError(f"{path} exists; --overwrite replaces it")


def _sync(path: Path) -> None:
    """Have the disk hold what was written, so that a move never outlives its content."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def real_paths(paths: Iterable[str | Path]) -> frozenset[str]:
    """Return the real paths of what is read, which no result may replace; streams have none."""
    return frozenset(os.path.realpath(path) for path in paths if str(path) != "-")
