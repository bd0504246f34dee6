"""Standard input as a file that can be sought in, standard output as the place of one file."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nmfd_cli.errors import ParameterError, cannot_read, cannot_write
from nmfd_cli.io.audio.recording import STDIN_CALLED, STDIN_NAME
from nmfd_cli.io.temporary import no_room, temporary_folder

_COPY_BYTES = 1 << 20


def require_stdin() -> None:
    """Refuse a terminal as the source of audio, by a `ParameterError`."""
    if sys.stdin is None or sys.stdin.isatty():
        raise ParameterError(
            setting=STDIN_CALLED, expected="audio from a pipe or a file", found="a terminal"
        )


def require_stdout() -> None:
    """Refuse a terminal as the place of audio, by a `ParameterError`."""
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
                raise cannot_read(STDIN_CALLED, error) from error
            if not block:
                break
            try:
                file.write(block)
                file.flush()
            except OSError as error:
                raise no_room(f"standard input: {error.strerror}") from error


@contextmanager
def spooled_stdout() -> Iterator["StdoutOutput"]:
    """Hand out a temporary file that goes to standard output, unless that is a terminal."""
    require_stdout()
    with temporary_folder() as folder:
        yield StdoutOutput(folder / "stdout")


class StdoutOutput:
    """What `io.transaction.Sink` asks for, of one file that lies at a path until it is sent."""

    def __init__(self, path: Path) -> None:
        self._file = path

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
            raise no_room(f"standard output: {error.strerror}") from error

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
            raise cannot_write("standard output", error) from error
