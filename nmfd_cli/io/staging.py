"""Staging directories: where files are written before they are moved to their places.

``<folder>/.nmfd.part/<token>/`` mirrors what is to stand below ``<folder>``, on the same disk.  A
staging directory is in use while a process holds the lock on its file ``.lock``; the system
releases the lock however the process ends, on this machine or, over NFS, on another.  Where a file
system has no locks, a staging directory counts as abandoned after three days.
"""

import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from nmfd_cli.errors import OutputError, cannot_write
from nmfd_cli.stop_signals import cleaned_up, signals_held

if sys.platform != "win32":
    import fcntl

#: The folder of all staging directories, below the folder that files are written to.
STAGING_FOLDER: Final = ".nmfd.part"
_LOCK: Final = ".lock"
_ABANDONED_SECONDS: Final = 3 * 86400.0


@contextmanager
def staging_directory(folder: Path) -> Iterator[Path]:
    """Make a staging directory; its end removes it, and `folder` if nothing came to stand there.

    Parameters
    ----------
    folder : Path
        Made with those above it, where it is missing.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    with cleaned_up() as resources:
        with signals_held():
            for made in missing_folders(folder):
                resources.callback(_remove_empty, made)
            resources.callback(_remove_empty, folder / STAGING_FOLDER)  # unless others stage there
            staging, lock = _make(folder)
            resources.callback(_remove, staging, lock)
        yield staging


def missing_folders(folder: Path) -> list[Path]:
    """Return which folders have to be made so that `folder` exists, in this order.

    Raises
    ------
    OutputError
        If a file is in the way.
    """
    missing = []
    while (mode := _mode(folder)) is None and folder != folder.parent:
        missing.append(folder)
        folder = folder.parent
    if mode is not None and not stat.S_ISDIR(mode):
        raise OutputError(expected="a folder for the results", found="a file", path=folder)
    return missing[::-1]


def _mode(path: Path) -> int | None:
    """Return what stands at a path, in one look: between two of them somebody may remove it."""
    try:
        return path.stat().st_mode
    except OSError:
        return None


def remove_abandoned(folder: Path, finish: Callable[[Path], None] = lambda staging: None) -> None:
    """Remove the staging directories of processes that have ended.

    Parameters
    ----------
    folder : Path
        What they were to move files to.
    finish : callable, optional
        Is given each of them first, locked, and may move files out of it.
    """
    parent = folder / STAGING_FOLDER
    with suppress(OSError):
        for staging in sorted(parent.iterdir()):
            with suppress(OSError):
                _remove_if_abandoned(staging, finish)
        parent.rmdir()


def _make(folder: Path) -> tuple[Path, int]:
    """Return a new staging directory and the descriptor of its lock."""
    for _ in range(100):  # whoever leaves last removes the folder of all of them
        staging = folder / STAGING_FOLDER / secrets.token_hex(8)
        try:
            staging.mkdir(parents=True)
            descriptor = os.open(staging / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except (FileNotFoundError, FileExistsError):  # of a parent that was there and is not
            continue
        except OSError as error:
            _remove_empty(staging)
            raise cannot_write(folder, error) from error
        if _lock(descriptor) is not False and (staging / _LOCK).exists():
            return staging, descriptor
        os.close(descriptor)  # somebody took it for an abandoned one and removes it
    raise OutputError("no folder or file can be made there", path=folder)  # as below /proc


def _lock(descriptor: int) -> bool | None:
    """Take a lock; False if somebody has it, None if the file system has none."""
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _remove_if_abandoned(staging: Path, finish: Callable[[Path], None]) -> None:
    try:
        descriptor = os.open(staging / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        staging.rmdir()  # cut off before its lock was made: it is empty
        return
    held = _lock(descriptor)
    is_in_use = held is False or (held is None and _age(staging) < _ABANDONED_SECONDS)
    if is_in_use or not (staging / _LOCK).exists():
        os.close(descriptor)
        return
    finish(staging)
    _remove(staging, descriptor)


def _remove(staging: Path, descriptor: int) -> None:
    """Empty a staging directory, its lock last, so that whoever finds the rest can tell."""
    with suppress(OSError):  # somebody else may have emptied it
        for entry in list(staging.iterdir()):
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != _LOCK:
                entry.unlink()
    _remove_lock(staging)  # while it is locked: whoever waits for it, to stage there, finds nothing
    os.close(descriptor)
    _remove_lock(staging)  # where the names of open files stay, as on NFS


def _remove_lock(staging: Path) -> None:
    """Remove a staging directory that holds nothing but its lock."""
    with suppress(OSError):
        if set(staging.iterdir()) <= {staging / _LOCK}:
            (staging / _LOCK).unlink(missing_ok=True)
            staging.rmdir()


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):  # others work there, or something stands there now
        folder.rmdir()


def _age(path: Path) -> float:
    """Seconds since something last changed there."""
    changes = [path.stat().st_mtime, *(file.stat().st_mtime for file in path.rglob("*"))]
    return time.time() - max(changes)
