"""Several moves of files as one: all are done, or none."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from nmfd_cli.errors import OutputError


class Moves:
    """Moves of files that are taken back if one of them fails.

    Parameters
    ----------
    replaced : Path
        A folder for what was there before.
    """

    def __init__(self, replaced: Path) -> None:
        self._replaced = replaced
        self._moves: list[tuple[Path, Path, Path]] = []
        self._made: list[Path] = []
        self._at = replaced

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            self._take_back()
        if isinstance(error, OSError):
            raise OutputError(f"{self._at}: cannot write: {error.strerror or error}") from error

    def move(self, source: Path, target: Path) -> None:
        """Move a file, also to where one is; folders are made."""
        missing = [folder for folder in (target, *target.parents)[1:] if not folder.exists()]
        for folder in reversed(missing):
            self._at = folder
            self._made.append(folder)
            folder.mkdir(exist_ok=True)
        self._at = target  # what to call it by if it fails: a workplace means nothing to the user
        before = self._replaced / hashlib.sha256(os.fsencode(target)).hexdigest()[:16]
        self._moves.append((source, target, before))
        if target.exists() or target.is_symlink():
            self._replaced.mkdir(exist_ok=True)
            target.replace(before)
        source.replace(target)

    def _take_back(self) -> None:
        for source, target, before in reversed(self._moves):
            with suppress(OSError):
                if not source.exists():
                    target.replace(source)
                if before.exists() or before.is_symlink():
                    before.replace(target)
        for folder in reversed(self._made):
            with suppress(OSError):  # something else was put there
                folder.rmdir()


def sync_folder(folder: Path) -> None:
    """Have the disk hold the names of a folder, where the system lets a folder be synced."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
