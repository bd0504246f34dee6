"""The few exceptions a user can meet.

Each message is one line that says what was expected, what was found and where.  The command line
prints it and exits with code 1; a library caller catches `NmfdError` and nothing else.
"""

from pathlib import Path


class NmfdError(Exception):
    """Base class: something the user can mend, told in one line."""


class ParameterError(NmfdError, ValueError):
    """An argument, option or setting outside of what is documented."""


class InputFileError(NmfdError):
    """A file given by the user cannot be used as it is.

    Parameters
    ----------
    path : str or Path
        The file (or ``-`` for standard input).
    message : str
        What was expected and what was found.
    line : int, optional
        The line of the file, counted from 1.
    """

    def __init__(self, path: str | Path, message: str, line: int | None = None) -> None:
        where = f"{path}:{line}" if line is not None else f"{path}"
        super().__init__(f"{where}: {message}")
        self.path = str(path)
        self.line = line


class OutputError(NmfdError):
    """A result cannot be written, or writing it would destroy something."""


class MissingExtraError(NmfdError):
    """An optional package is not installed.

    Parameters
    ----------
    feature : str
        What the user asked for.
    extra : str
        The extra of this package that brings it, e.g. ``midi``.
    """

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an optional package: pip install 'nmfd-cli[{extra}]'")


class NmfdWarning(UserWarning):
    """Something was found that the user should know of, and the work went on."""
