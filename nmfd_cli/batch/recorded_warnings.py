"""The project's warnings, gathered by who caused them, also where several threads work."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from nmfd_cli.errors import NmfdWarning


class _Recorders:
    """Redirects warnings while anybody records; `catch_warnings` is one for all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0
        self._redirection = ExitStack()
        self._of_thread = threading.local()

    def start(self) -> list[str]:
        """Begin to record what this thread causes."""
        with self._lock:
            if self._count == 0:
                self._redirection.enter_context(warnings.catch_warnings())
                self._show_otherwise = warnings.showwarning
                warnings.simplefilter("always", NmfdWarning)
                warnings.showwarning = self._show
            self._count += 1
        self._of_thread.notes = []
        notes: list[str] = self._of_thread.notes
        return notes

    def stop(self) -> None:
        """End it."""
        self._of_thread.notes = None
        with self._lock:
            self._count -= 1
            if self._count == 0:
                self._redirection.close()

    def _show(self, message: Warning | str, category: type[Warning], *args: Any, **kw: Any) -> None:
        notes = getattr(self._of_thread, "notes", None)
        if notes is not None and issubclass(category, NmfdWarning):
            if str(message) not in notes:  # a file may be looked at more than once
                notes.append(str(message))
        else:
            self._show_otherwise(message, category, *args, **kw)


_RECORDERS = _Recorders()


@contextmanager
def recorded_warnings() -> Iterator[list[str]]:
    """Hand out a list that the project's warnings of this thread go to, one line each.

    What is warned of twice is there once.
    """
    try:
        yield _RECORDERS.start()
    finally:
        _RECORDERS.stop()
