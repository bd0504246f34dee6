"""Where results are made before they move in: a folder that a lock keeps, and its journal.

Below the folder of the results, ``.nmfd.part/<token>/`` mirrors what is to come.  Once all stems of
a recording are whole there, their manifest is written beside them: from then on the work is done,
and what is left is moving, which whoever comes next can finish.  So, at whatever instant a process
ends,

- before the manifest is written, nothing has moved: the workplace is thrown away;
- after it, the next run moves the rest in, the manifest last.

A workplace is alive while a process holds the lock on its file ``lock``; the system lets go of it
however the process ends, on this machine or, over NFS, on another.  Where a file system knows no
locks a workplace counts as left behind after three days.
"""

import os
import secrets
import shutil
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from nmfd_cli.errors import NmfdWarning, OutputError
from nmfd_cli.io.moves import Moves, sync_folder
from nmfd_cli.io.transaction import require_free
from nmfd_cli.output.manifest import (
    CHANGED,
    FOREIGN,
    SUFFIX,
    FileRecord,
    file_hash,
    read_manifest,
    state_of,
)
from nmfd_cli.stop_signals import cleaned_up, signals_held

if sys.platform != "win32":
    import fcntl

#: The folder of all workplaces, below the folder of the results.
WORK_FOLDER: Final = ".nmfd.part"
_LOCK: Final = "lock"
_REPLACED: Final = "replaced"
_ABANDONED_SECONDS: Final = 3 * 86400.0
#: Of files that `StagedOutputs` leaves where it is used without a workplace.
_LOOSE_PARTS: Final = ".nmfd-*.part"


@contextmanager
def workplace(out: Path) -> Iterator[Path]:
    """Make a workplace for one recording; its end removes it.

    Yields
    ------
    Path
        A folder on the disk of `out`.

    Raises
    ------
    OutputError
        If it cannot be made.
    """
    with cleaned_up() as resources:
        with signals_held():
            place, lock = _make(out)
            resources.callback(_remove, place, lock)
        yield place


def _remove(place: Path, lock: int) -> None:
    _discard(place)
    _remove_lock(place, lock)
    with suppress(OSError):  # others work here
        place.parent.rmdir()


def _discard(place: Path) -> None:
    """Empty a workplace but for its lock; its manifest goes first, so that nothing moves in."""
    for manifest in list(place.rglob(f".*{SUFFIX}")):
        with suppress(OSError):
            manifest.unlink()
    with suppress(OSError):  # somebody else may have emptied it
        for entry in list(place.iterdir()):
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != _LOCK:
                entry.unlink()


def _remove_lock(place: Path, descriptor: int) -> None:
    """Let go of a workplace: what is not empty has a lock, at whatever instant a process ends."""
    os.close(descriptor)
    with suppress(OSError):
        if list(place.iterdir()) == [place / _LOCK]:
            (place / _LOCK).unlink()
            place.rmdir()


def _make(out: Path) -> tuple[Path, int]:
    for _ in range(100):  # whoever finishes last removes the folder of all workplaces
        place = out / WORK_FOLDER / secrets.token_hex(8)
        try:
            place.mkdir(parents=True)
            descriptor = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
        except FileNotFoundError:
            continue
        except OSError as error:
            with suppress(OSError):
                place.rmdir()
                place.parent.rmdir()
            raise OutputError(f"{out}: {_cause(error)}") from error
        held = _lock(descriptor)
        if held is not False:
            return place, descriptor
        os.close(descriptor)  # taken for one left behind: its finder throws it away
    raise OutputError(f"{out}: cannot write: {WORK_FOLDER} vanishes again and again")


def _cause(error: OSError) -> str:
    if isinstance(error, NotADirectoryError):
        return "expected a folder for the results, found a file on the way there"
    return f"cannot write: {error.strerror or error}"


def _lock(descriptor: int) -> bool | None:
    """Take a lock; False if somebody has it, None if the file system knows none."""
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def recover(out: Path) -> None:
    """Finish what dead processes had finished making, and throw the rest of theirs away."""
    work = out / WORK_FOLDER
    with suppress(OSError):
        for place in sorted(work.iterdir()):
            with suppress(OSError, OutputError):
                _recover(place, out)
        work.rmdir()


def remove_loose_parts(out: Path) -> None:
    """Remove unfinished files of ours that lie in a folder since days."""
    with suppress(OSError):
        for part in out.glob(_LOOSE_PARTS):
            if part.is_file() and _age(part) > _ABANDONED_SECONDS:
                part.unlink(missing_ok=True)


def _recover(place: Path, out: Path) -> None:
    try:
        descriptor = os.open(place / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        place.rmdir()  # cut off before its lock was made: it is empty
        return
    held = _lock(descriptor)
    if held is False or (held is None and _age(place) < _ABANDONED_SECONDS):
        os.close(descriptor)
        return
    for manifest in list(place.rglob(f".*{SUFFIX}")):
        with suppress(OSError, OutputError):
            move_in(place, out, manifest.relative_to(place), overwrite=False)
    _discard(place)
    _remove_lock(place, descriptor)


def _age(path: Path) -> float:
    """Seconds since something last changed there."""
    changes = [path.stat().st_mtime, *(file.stat().st_mtime for file in path.rglob("*"))]
    return time.time() - max(changes)


def move_in(
    place: Path, out: Path, manifest_path: Path, *, overwrite: bool, only_free: bool = False
) -> None:
    """Move results to where they belong, their manifest last.

    Parameters
    ----------
    place : Path
        The workplace.
    out : Path
        The folder of the results.
    manifest_path : Path
        Of the finished manifest, from either.
    overwrite : bool
        Whether files that this program did not write may be replaced.
    only_free : bool
        Whether nothing may be replaced, neither what this program wrote: another process may have
        moved in since the places were looked at.

    Raises
    ------
    OutputError
        If a file cannot be moved, or would replace one that it may not replace; what had moved is
        then taken back.
    """
    manifest = read_manifest(place / manifest_path)
    if manifest is None:
        raise OutputError(f"{out}: expected a manifest in {place}")
    folder = manifest_path.parent
    previous = read_manifest(out / manifest_path)
    known = (*manifest.records, *(previous.records if previous else ()))
    moves = [(place / folder / one.file, out / folder / one.file) for one in manifest.results]
    moves = [(source, target) for source, target in moves if source.exists()]
    for one in manifest.results:
        refuse_foreign(out / folder / one.file, records_of(one.file, known), overwrite)
    for _, target in moves if only_free else ():
        require_free(target, overwrite=False)
    with Moves(place / _REPLACED) as steps:
        for source, target in moves:
            file = target.relative_to(out / folder).as_posix()
            if state_of(target, records_of(file, known)) == CHANGED and not overwrite:
                keep_aside(target)
            steps.move(source, target)
        steps.move(place / manifest_path, out / manifest_path)
    sync_folder(out / folder)


def records_of(file: str, records: Iterable[FileRecord]) -> list[FileRecord]:
    """Return the records of one file."""
    return [record for record in records if record.file == file]


def refuse_foreign(path: Path, records: Iterable[FileRecord], overwrite: bool) -> None:
    """Refuse a place where something stands that is not ours.

    Raises
    ------
    OutputError
    """
    if path.is_dir():
        raise OutputError(f"{path}: expected to write a file, found a folder of that name")
    if not overwrite and state_of(path, records) == FOREIGN:
        raise OutputError(f"{path} exists and is no result of nmfd's; --overwrite replaces it")


def keep_aside(path: Path) -> None:
    """Rename a stem that somebody changed after it was written."""
    aside = path.with_name(f"changed-{file_hash(path)[:8]}-{path.name}")
    path.replace(aside)
    warnings.warn(
        f"{path} was changed after it was written; it is kept as {aside.name}",
        NmfdWarning,
        stacklevel=2,
    )
