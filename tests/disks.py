"""Disks that fail, or whose program ends, at a change of the disk that a test chooses."""

import errno
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from batches import in_child

from nmfd_cli.errors import OutputError

#: What of `os` changes the disk.
CHANGES = ("replace", "link", "mkdir", "rmdir", "unlink", "fsync")


@contextmanager
def acting_at_change(at: int, act: Callable[[], object], *, after: bool = False) -> Iterator[None]:
    """Have something happen before the `at`-th change of the disk, or right after it."""
    calls = 0

    def counted(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            number, calls = calls, calls + 1
            if number == at and not after:
                act()
            result = original(*args, **kwargs)
            if number == at and after:
                act()
            return result

        return call

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda descriptor: None)  # nobody cuts the power
        for name in CHANGES:
            patch.setattr(os, name, counted(getattr(os, name)))
        yield


def refused_at(at: int, work: Callable[[], object]) -> OutputError | None:
    """Do some work on a disk that refuses one change; return what came of it."""

    def refuse() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    try:
        with acting_at_change(at, refuse):
            work()
    except OutputError as error:
        return error
    return None


def killed_at(at: int, work: Callable[[], object]) -> bool:
    """Do some work in a process that ends at a change of the disk; whether it came that far."""

    def work_until_killed() -> None:
        with acting_at_change(at, lambda: os._exit(9)):
            work()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads, which only wait
        child = in_child(work_until_killed)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, 9)
    return code == 9


def without_links(patch: pytest.MonkeyPatch) -> None:
    """Stand for a file system that gives no file a second name."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    patch.setattr(os, "link", refuse)
