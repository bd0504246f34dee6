"""Standard input as a file that can be sought in, standard output as the place of one file."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from nmfd_cli.errors import InputFileError, OutputError, ParameterError
from nmfd_cli.io.audio.recording import STDIN_CALLED, STDIN_NAME
from nmfd_cli.io.temporary import temporary_folder

_COPY_BYTES = 1 << 20


def require_stdin() -> None:
    """Refuse a terminal as the source of audio.

    Raises
    ------
    ParameterError
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise ParameterError(
            setting=STDIN_CALLED, expected="audio from a pipe or a file", found="a terminal"
        )


def require_stdout() -> None:
    """Refuse a terminal as the place of audio.

    Raises
    ------
    ParameterError
    """
    if sys.stdout is None or sys.stdout.isatty():
        raise ParameterError(
            setting="out", expected="a pipe or a file to take audio", found="a terminal"
        )


@contextmanager
def spooled_stdin() -> Iterator[Path]:
    """Hand out a temporary copy of standard input, which is removed at the end.

    Raises
    ------
    ParameterError
        If standard input is a terminal.
    InputFileError
        If it is empty or cannot be read.
    OutputError
        If the temporary disk is full.
    """
    with temporary_folder() as folder:
        copy = folder / STDIN_NAME
        _spool_stdin(copy)
        yield copy


def _spool_stdin(copy: Path) -> None:
    require_stdin()
    with copy.open("wb") as file:
        while True:
            try:
                block = sys.stdin.buffer.read(_COPY_BYTES)
            except OSError as error:
                raise InputFileError(STDIN_CALLED, f"cannot be read: {error.strerror}") from error
            if not block:
                break
            try:
                file.write(block)
                file.flush()
            except OSError as error:
                raise _no_room(error) from error


class StdoutOutput:
    """A temporary file that goes to standard output once it is whole.

    Has what `io.transaction.Sink` has, for one file.

    Raises
    ------
    ParameterError
        If standard output is a terminal.
    """

    def __init__(self) -> None:
        require_stdout()
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        self._file = self._resources.enter_context(temporary_folder()) / "stdout"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._resources.close()

    def place(self, path: Path) -> Path:
        """Return where to write the file."""
        return self._file

    def write(self, path: Path, content: bytes | str) -> None:
        """Write the whole file, text in UTF-8.

        Raises
        ------
        OutputError
            If the temporary disk is full.
        """
        try:
            self._file.write_bytes(content.encode() if isinstance(content, str) else content)
        except OSError as error:
            raise _no_room(error, "standard output") from error

    def commit(self) -> None:
        """Send it.

        Raises
        ------
        BrokenPipeError
            If the reader has gone.
        OutputError
            If standard output takes no more for another reason.
        """
        stdout = sys.stdout.buffer
        try:
            with self._file.open("rb") as file:
                shutil.copyfileobj(file, stdout, _COPY_BYTES)
            stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(f"cannot write: {error.strerror}", path="standard output") from error


def _no_room(error: OSError, what: str = "standard input") -> OutputError:
    return OutputError(
        f"no room for {what}: {error.strerror}",
        path=tempfile.gettempdir(),
        hint="TMPDIR names another folder",
    )
