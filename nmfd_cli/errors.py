"""The few exceptions a user can meet, and what becomes of them: one line each.

An error carries fields: what was expected, what was found, and where (a setting, or a file and its
line).  It is rendered to a line here and nowhere else; no layer edits another's text.  The command
line prints the line and exits with code 1, or 2 where a setting is at fault; a library caller
catches `NmfdError` and nothing else.

Warnings are texts for a `Warn` callback, which is passed beside that for progress.
"""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

#: Set to anything, it shows where an unexpected error came from.
DEBUG_VARIABLE: Final = "NMFD_DEBUG"

#: What is said of a path of the user's where nothing is.
NO_SUCH_FILE: Final = "no such file or folder"

#: ``warn(message)`` takes what the user should know of, in one line, and the work goes on.
Warn = Callable[[str], None]
#: ``progress(stage, share)`` takes what is being done and how much of it is done, from 0 to 1.
Progress = Callable[[str, float], None]


class NmfdError(Exception):
    """Base class: something the user can mend, told in one line.

    Parameters
    ----------
    message : str
        What is wrong, if it is not said by the next three.
    expected, found, hint : str
        ``expected <expected>, found <found>; <hint>``; each may be left out.
    setting : str, optional
        The setting at fault, by its name in the library.
    path : str or Path, optional
        The file at fault, as the user calls it (``-`` for standard input).
    line : int, optional
        The line of the file, counted from 1.
    """

    def __init__(
        self,
        message: str = "",
        *,
        expected: str = "",
        found: str = "",
        hint: str = "",
        setting: str | None = None,
        path: str | Path | None = None,
        line: int | None = None,
    ) -> None:
        said = [message] if message else []
        said += [f"expected {expected}"] if expected else []
        said += [f"found {found}"] if found else []
        text = ", ".join(said) + (f"; {hint}" if hint else "")
        super().__init__(text)
        self.message = text
        self.expected, self.found, self.hint = expected, found, hint
        self.setting, self.path, self.line = setting, str(path) if path is not None else None, line

    def __str__(self) -> str:
        return self.as_line()

    def as_line(self, setting_name: Callable[[str], str] = str) -> str:
        """Return where and what as one line.

        Parameters
        ----------
        setting_name : callable, optional
            What a setting is called where the line is read: the name of an option, for example.
        """
        where = []
        if self.setting is not None:
            where.append(setting_name(self.setting))
        if self.path is not None:
            where.append(f"{self.path}:{self.line}" if self.line is not None else self.path)
        return ": ".join([*where, self.message])

    def located(self, *, setting: str) -> Self:
        """Return the same error with its setting filled in, where it has none yet."""
        self.setting = self.setting or setting
        return self

    def __reduce__(self) -> tuple[Any, ...]:  # keyword arguments do not survive pickling otherwise
        return _restored, (type(self), self.message, self.__dict__)


def _restored(kind: type[NmfdError], message: str, fields: dict[str, Any]) -> NmfdError:
    error = kind.__new__(kind, message)
    error.args = (message,)
    error.__dict__.update(fields)
    return error


class ParameterError(NmfdError, ValueError):
    """An argument, option or setting outside of what is documented."""


class InputFileError(NmfdError):
    """A file given by the user cannot be used as it is.

    Parameters
    ----------
    path : str or Path
        The file (or ``-`` for standard input).
    message : str
        What was expected and what was found, if it is not said by the fields.
    line : int, optional
        The line of the file, counted from 1.
    **fields
        As in `NmfdError`.
    """

    def __init__(
        self, path: str | Path, message: str = "", line: int | None = None, **fields: Any
    ) -> None:
        super().__init__(message, path=path, line=line, **fields)


class OutputError(NmfdError):
    """A result cannot be written, or writing it would destroy something."""


def cannot_read(path: str | Path, error: OSError) -> InputFileError:
    """Return what to raise where the system refuses a file that is to be read."""
    return InputFileError(path, f"cannot be read: {error.strerror or error}")


def cannot_write(path: str | Path, error: OSError) -> OutputError:
    """Return what to raise where the system refuses a file that is to stand at `path`."""
    return OutputError(f"cannot write: {error.strerror or error}", path=path)


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


def no_progress(stage: str, share: float) -> None:
    """Take progress where nobody looks."""


def warn_python(message: str) -> None:
    """Give a warning in Python's way: what a library caller gets who passes no `Warn`."""
    warnings.warn(message, NmfdWarning, stacklevel=3)


def reason(error: Exception, setting_name: Callable[[str], str] = str) -> str:
    """Return any error as one line; see `NmfdError.as_line`."""
    match error:
        case NmfdError():
            return error.as_line(setting_name)
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
