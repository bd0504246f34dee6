"""What the terminal shows: one line a message, progress where somebody watches."""

import math
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from nmfd_cli.errors import DEBUG_VARIABLE, reason

_INVISIBLE = re.compile(
    r"\x1b(?!\[[0-9;]*m)|[\x00-\x1a\x1c-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\ud800-\udfff]"
)
_FIRST_RAW_BYTE = 0xDC00


def say(text: str) -> None:
    """Write a line on stderr; if nobody reads it, the work goes on all the same."""
    try:
        click.echo(visible(text), err=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def flag_of(setting: str) -> str:
    """Return the option of a setting; what is not the plain name of one stays as it is.

    Examples
    --------
    >>> flag_of("score_pattern"), flag_of("score['kick'][3]")
    ('--score-pattern', "score['kick'][3]")
    """
    return f"--{setting.replace('_', '-')}" if setting.isidentifier() else setting


def called(path: object, stream: str = "standard input") -> str:
    """Return what the user knows a file by, which may be a stream (``-``)."""
    return stream if str(path) == "-" else str(path)


def error_line(error: Exception) -> str:
    """Return any error as a line in which settings are called as their options are."""
    return reason(error, flag_of)


def say_error(message: str) -> None:
    """Show an error as one line."""
    say(f"{painted('nmfd: error:', fg='red', bold=True)} {message}")


def say_trace(trace: str) -> None:
    """Show where an unexpected error came from, if that was asked for."""
    if os.environ.get(DEBUG_VARIABLE):
        for line in trace.splitlines():
            say(line)


def say_warning(message: str) -> None:
    """Show a warning as one line."""
    say(f"{painted('nmfd: warning:', fg='yellow', bold=True)} {message}")


def visible(text: str) -> str:
    """Return a text whose control characters, and bytes that are no text, do not act but show.

    Names of files may hold any of them.  Colours, which this program adds, stay.
    """
    return _INVISIBLE.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    byte = ord(character) - _FIRST_RAW_BYTE  # of a name that is not UTF-8, as Python holds it
    return f"\\x{byte:02x}" if byte > 0 else repr(character)[1:-1]


def is_watched() -> bool:
    """Whether stderr is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


def painted(text: str, **style: Any) -> str:
    """Return a text in colour if it goes to a terminal and NO_COLOR is not set."""
    return click.style(text, **style) if is_watched() and not os.environ.get("NO_COLOR") else text


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: str = "") -> list[str]:
    """Return the lines of a small table.

    Parameters
    ----------
    right : str
        The columns set to the right: their first letters.
    """
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = []
    for row in (header, *rows):
        cells = [
            cell.rjust(width) if title[0] in right else cell.ljust(width)
            for title, cell, width in zip(header, row, widths, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return [painted(lines[0], dim=True), *lines[1:]]


def show_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, right: str = "") -> None:
    """Print a table to standard output, in colour where that is a terminal."""
    for line in table(header, rows, right=right):
        click.echo(line)


def decibels(peak: float) -> str:
    """Return a peak in dBFS."""
    return f"{20 * math.log10(peak):+.1f} dBFS" if peak > 0 else "silent"


class Reporter:
    """Progress and warnings of one command: nothing but errors if quiet.

    Parameters
    ----------
    verbosity : int
        -1 quiet, 0 a line a file, 1 also what is done on the way.
    """

    def __init__(self, verbosity: int) -> None:
        self._verbosity = verbosity
        self._bar: Any = None
        self._stage = ""
        self._warned: set[str] = set()

    @property
    def is_quiet(self) -> bool:
        """Whether nothing but errors is shown."""
        return self._verbosity < 0

    @property
    def shows_tables(self) -> bool:
        """Whether somebody watches a terminal that is not to be quiet."""
        return not self.is_quiet and is_watched()

    def warn(self, message: str) -> None:
        """Show a warning, once: commands hand this on as `warn`."""
        if not self.is_quiet and message not in self._warned:
            self._warned.add(message)  # a file may be looked at more than once
            say_warning(message)

    @contextmanager
    def progress(self, title: str) -> Iterator[Any]:
        """Show how far one recording has got, as ``progress(stage, share)``."""
        if self.shows_tables:
            from tqdm import tqdm

            layout = "{desc:<32.32} {percentage:3.0f}%|{bar:30}| {elapsed}"
            self._bar = tqdm(total=1.0, bar_format=layout, leave=False, file=sys.stderr)
        try:
            yield lambda stage, done: self._advance(title, stage, done)
        finally:
            if self._bar is not None:
                self._bar.close()
                self._bar = None

    def _advance(self, title: str, stage: str, done: float) -> None:
        is_new = stage != self._stage
        if is_new:
            self._stage = stage
            self.detail(f"{title}: {stage}")
        if self._bar is not None:
            self._bar.set_description_str(f"{stage} {title}", refresh=False)
            self._bar.n = min(1.0, done)
            self._bar.refresh() if is_new or done >= 1 else self._bar.update(0)

    def line(self, text: str) -> None:
        """Say what was done."""
        if not self.is_quiet:
            say(text)

    def detail(self, text: str) -> None:
        """Say what is being done, if asked to say more."""
        if self._verbosity >= 1:
            say(text)
