"""Temporary files of the program's own, spoken of as what the user gave."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from nmfd_cli.errors import InputFileError, NmfdWarning


@contextmanager
def told_as(path: Path, name: str, lines: Mapping[int, str] | None = None) -> Iterator[None]:
    """Have errors and warnings about a file call it otherwise.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        What it is to the user.
    lines : mapping of int to str, optional
        What its lines are to the user, where they are something else than lines.

    Raises
    ------
    InputFileError
        In place of one about the file.
    """
    _NAMES.give(str(path), name)
    try:
        yield
    except InputFileError as error:
        if error.path != str(path):
            raise
        where = f"{path}:{error.line}: " if error.line is not None else f"{path}: "
        message = str(error).removeprefix(where)
        if lines and error.line is not None and error.line in lines:
            raise InputFileError(lines[error.line], message) from error
        raise InputFileError(name, message, error.line) from error
    finally:
        _NAMES.forget(str(path))


class _Names:
    """Renames files in warnings while any is known by another name, for all threads at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._names: dict[str, str] = {}

    def give(self, path: str, name: str) -> None:
        with self._lock:
            if not self._names:
                self._show_otherwise = warnings.showwarning
                warnings.showwarning = self._show
            self._names[path] = name

    def forget(self, path: str) -> None:
        with self._lock:
            del self._names[path]
            if not self._names:
                warnings.showwarning = self._show_otherwise

    def _show(self, message: Warning | str, *args: Any, **kwargs: Any) -> None:
        if isinstance(message, NmfdWarning):
            text = str(message)
            for path, name in tuple(self._names.items()):
                text = text.replace(path, name)
            message = NmfdWarning(text)
        self._show_otherwise(message, *args, **kwargs)


_NAMES = _Names()
