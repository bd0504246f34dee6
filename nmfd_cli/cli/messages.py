"""What the terminal is told: one line a message, progress where somebody watches."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from nmfd_cli.errors import NmfdWarning


def error_line(message: str) -> str:
    """Return an error as the one line that is shown."""
    return f"nmfd: error: {_one_line(message)}"


def warning_line(message: str) -> str:
    """Return a warning as the one line that is shown."""
    return f"nmfd: warning: {_one_line(message)}"


def _one_line(message: str) -> str:
    return " ".join(message.split())


@contextmanager
def warnings_as_lines(quiet: bool) -> Iterator[None]:
    """Show the project's warnings as lines on stderr, and none of other packages."""

    def show(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        if issubclass(category, NmfdWarning) and not quiet:
            click.echo(warning_line(str(message)), err=True)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        yield


class Reporter:
    """Progress on a terminal, plain lines in a log, nothing if quiet.

    Parameters
    ----------
    verbosity : int
        -1 quiet, 0 a line a file, 1 also what is done on the way.
    """

    def __init__(self, verbosity: int) -> None:
        self._verbosity = verbosity
        self._bar: Any = None
        self._stage = ""

    @contextmanager
    def progress(self, title: str) -> Iterator[Any]:
        """Show how far one recording has got, as ``progress(stage, share)``."""
        if self._verbosity >= 0 and sys.stderr.isatty():
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
        if stage != self._stage:
            self._stage = stage
            self.detail(f"{title}: {stage}")
        if self._bar is not None:
            self._bar.set_description_str(f"{title}: {stage}", refresh=False)
            self._bar.n = min(1.0, done)
            self._bar.refresh() if done >= 1 else self._bar.update(0)

    def line(self, text: str) -> None:
        """Say what was done."""
        if self._verbosity >= 0:
            click.echo(text, err=True)

    def detail(self, text: str) -> None:
        """Say what is being done, if asked to say more."""
        if self._verbosity >= 1:
            click.echo(text, err=True)
