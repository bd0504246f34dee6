"""Temporary files and folders that go with whoever made them, at whatever instant that ends."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BufferedRandom
from pathlib import Path

from nmfd_cli.errors import OutputError
from nmfd_cli.stop_signals import cleaned_up, signals_held

_PREFIX = "nmfd-"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """Make a folder on the temporary disk; its end removes it with all that is in it."""
    with cleaned_up() as resources:
        with signals_held():
            folder = tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
            resources.enter_context(folder)
        yield Path(folder.name)


def temporary_file() -> BufferedRandom:
    """Make a file on the temporary disk, without a name where the system allows that.

    So nothing is left of it however the process ends, and closing it gives the disk free.
    """
    with ExitStack() as resources:
        with signals_held():  # Python tries folders out first, with a file that has a name
            file = resources.enter_context(tempfile.TemporaryFile(prefix=_PREFIX))
        resources.pop_all()
    return file


def no_room(what: str) -> OutputError:
    """Return what to raise where the temporary disk is full."""
    return OutputError(
        f"no room for {what}", path=tempfile.gettempdir(), hint="TMPDIR names another folder"
    )
