"""Moves of finished files to their places: all are done, or none.

Nowhere else does this package rename a file.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from nmfd_cli.errors import cannot_write
from nmfd_cli.io.existing import Replacement
from nmfd_cli.io.staging import missing_folders
from nmfd_cli.stop_signals import signals_held

#: In a staging directory: what stood where files are moved to, until all have been moved.
_REPLACED: Final = ".replaced"


def move_in(
    moves: Sequence[tuple[Path, Path]],
    staging: Path,
    replacement: Replacement,
    *,
    journal: tuple[Path, Path] | None = None,
) -> None:
    """Move files from a staging directory to their places: all, or none.

    Parameters
    ----------
    moves : sequence of (Path, Path)
        Where each file lies, and its place.
    staging : Path
        The staging directory.
    replacement : Replacement
        What may happen to what stands there.
    journal : (Path, Path), optional
        A file to move last, whatever stands in its place.

    Raises
    ------
    OutputError
        If something may not be replaced or a move fails.
    """
    asides = [replacement.name_aside(staged, path) for staged, path in moves]
    steps = [*zip(moves, asides, strict=True), *([(journal, None)] if journal else [])]
    with signals_held(), ExitStack() as undo:
        for number, ((staged, path), aside) in enumerate(steps):
            # of a single move nothing has to be taken back: it is done or not
            before = staging / _REPLACED / str(number) if len(steps) > 1 else None
            try:
                _move(staged, path, aside=aside, before=before, undo=undo)
            except OSError as error:
                raise cannot_write(path, error) from error
        undo.pop_all()
    for folder in {path.parent for (_, path), _ in steps}:
        with suppress(OSError):  # where the system lets a folder be synced
            _sync(folder, os.O_RDONLY)
    for (_, path), aside in steps:
        if aside is not None:
            replacement.warn(f"{path} was changed after it was written; it is kept as {aside.name}")


def _move(
    staged: Path, path: Path, *, aside: Path | None, before: Path | None, undo: ExitStack
) -> None:
    """Move a file, also to where one is, and note how to take that back, in reverse order."""
    for folder in missing_folders(path.parent):
        folder.mkdir(exist_ok=True)
        undo.callback(_attempt, folder.rmdir)
    if aside is not None:
        path.replace(aside)
        undo.callback(_attempt, aside.replace, path)
    is_replaced = path.exists() or path.is_symlink()
    if is_replaced and before is not None:
        before.parent.mkdir(exist_ok=True)
        _duplicate(path, before)
        undo.callback(_attempt, before.replace, path)
    staged.replace(path)
    if not is_replaced:
        undo.callback(_attempt, path.unlink)
    # until the journal that names it is gone, whoever finds it may still finish the moves
    undo.callback(_attempt, os.link, path, staged)


def _attempt(action: Callable[..., object], *arguments: Path) -> None:
    with suppress(OSError):
        action(*arguments)


def _duplicate(path: Path, other: Path) -> None:
    """Have a file stand in a second place; it is copied only where the disk knows no links."""
    other.unlink(missing_ok=True)
    try:
        os.link(path, other, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(path, other, follow_symlinks=False)


def sync_file(staged: Path, path: Path) -> None:
    """Have the disk hold what was written, so that a move never outlives its content.

    Raises
    ------
    OutputError
        It names `path`, the file's place.
    """
    try:
        _sync(staged, os.O_RDWR)
    except OSError as error:
        raise cannot_write(path, error) from error


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
