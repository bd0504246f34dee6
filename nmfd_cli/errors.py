"""The few exceptions a user can meet.

Each message is one line that says what was expected, what was found and where.  The command line
prints it and exits with code 1; a library caller catches `NmfdError` and nothing else.  Whatever
else is raised, `reason` tells as one line, too.
"""

from pathlib import Path
from typing import Final

#: Set to anything, it shows where an unexpected error came from.
DEBUG_VARIABLE: Final = "NMFD_DEBUG"


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


def reason(error: Exception) -> str:
    """Return an error as one line."""
    match error:
        case NmfdError():
            return str(error)
        case MemoryError():
            return "out of memory; a smaller --block-seconds works from temporary disk"
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return f"{where}{error.strerror or error}"
    said = " ".join(str(error).split())
    return (
        f"unexpected {type(error).__name__}: {said}; this is a fault of nmfd, "
        f"{DEBUG_VARIABLE}=1 shows where it happened"
    )


def trace(error: Exception) -> str:
    """Return where an unexpected error came from, in many lines; nothing of one that users meet."""
    if isinstance(error, (NmfdError, MemoryError, OSError)):
        return ""
    import traceback  # what few need, and takes time

    return "".join(traceback.format_exception(error))
