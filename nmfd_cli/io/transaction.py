"""Files appear whole or not at all, several of them together.

A transaction hands out where to write (`Transaction.place`) and moves everything in at the end
(`Transaction.commit`).  At whatever instant its process ends, an old or a new file stands at each
place, and each is whole.

With a *journal* the files become one: it is a file that is written into the staging directory when
all others are whole there, and moves in last.  So, at whatever instant a process ends,

- before the journal is written, nothing has moved: the staging directory is thrown away;
- after it, whoever finds the staging directory (`staging.remove_abandoned`) can read in the journal
  what is left to be moved and call `moves.move_in`.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, Self

from nmfd_cli.errors import Warn, cannot_write, warn_python
from nmfd_cli.io.existing import Known, Replacement
from nmfd_cli.io.moves import move_in, sync_file
from nmfd_cli.io.staging import missing_folders, staging_directory
from nmfd_cli.stop_signals import signals_held


class Sink(Protocol):
    """Where finished files go: a folder, or standard output."""

    def place(self, path: Path) -> Path:
        """Return where to write what will stand at `path`."""

    def write(self, path: Path, content: bytes | str) -> None:
        """Write a whole file, text in UTF-8, that will stand at `path`."""

    def commit(self) -> None:
        """Hand over everything that was placed or written."""


class Transaction:
    """Files that are written on the disk of their places and moved in together.

    Used as a context.  Left without a commit, by an error or an interrupt, nothing remains, not
    even a folder made on the way.  Errors name the place of a file, never where it is staged.

    Parameters
    ----------
    folder : Path
        All places are below it.
    overwrite : bool
        Whether any file may be replaced.
    known, warn : callable, optional
        See `Replacement`; without `known` no existing file is replaced unless `overwrite`.

    Raises
    ------
    OutputError
        On entering, if nothing can be written in the folder.

    Examples
    --------
    >>> with Transaction(Path("out")) as files:  # doctest: +SKIP
    ...     sf.write(files.place(Path("out/a/kick.wav")), samples, 44100)
    ...     files.write(Path("out/a/report.html"), page)
    ...     files.commit()
    """

    def __init__(
        self,
        folder: Path,
        *,
        overwrite: bool = False,
        known: Known | None = None,
        warn: Warn = warn_python,
    ) -> None:
        self._folder = folder
        self._replacement = Replacement(overwrite, known, warn)
        self._directory = staging_directory(folder)
        self._staged: dict[Path, Path] = {}
        self._journal: Path | None = None

    def __enter__(self) -> Self:
        self._root = self._directory.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        with signals_held():
            if self._journal is not None:  # first, so that nothing is moved in later
                with suppress(OSError):
                    self._journal.unlink(missing_ok=True)
            self._directory.__exit__(*error)

    def require(self, path: Path) -> None:
        """Refuse a place, before the work, where something stands that may not be replaced.

        Raises
        ------
        OutputError
        """
        self._replacement.require(path)

    def place(self, path: Path) -> Path:
        """Return where to write what will stand at `path`.

        Raises
        ------
        OutputError
            If something stands there that may not be replaced, or no file can be made there.
        """
        self.require(path)
        missing_folders(path.parent)
        self._staged[path] = self._place(path)
        return self._staged[path]

    def _place(self, path: Path) -> Path:
        staged = self._root / path.relative_to(self._folder)
        try:
            staged.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(path, error) from error
        return staged

    def staged(self, path: Path) -> Path:
        """Return where the file lies until the commit that `place` was asked for."""
        return self._staged[path]

    def write(self, path: Path, content: bytes | str) -> None:
        """Write a whole file, text in UTF-8, that will stand at `path`.

        Raises
        ------
        OutputError
            As `place`, or if it cannot be written.
        """
        _write(self.place(path), path, content)

    def commit(self, journal: Path | None = None, content: str = "") -> None:
        """Move everything in.

        Parameters
        ----------
        journal : Path, optional
            A file to move in last, which names the others; what stands there is replaced.
        content : str
            What it holds.

        Raises
        ------
        OutputError
            If a file has meanwhile appeared at a place where none may be replaced, or a move fails;
            what was moved is then taken back.
        """
        for path, staged in self._staged.items():
            sync_file(staged, path)
        moves = [(staged, path) for path, staged in self._staged.items()]
        last = None
        if journal is not None:
            last = (self._place(journal), journal)
            self._journal = last[0]
            _write(*last, content)  # cut off on the way it is none: JSON without its end
            sync_file(*last)
        move_in(moves, self._root, self._replacement, journal=last)
        self._staged.clear()


def write_file(path: str | Path, content: bytes | str, *, overwrite: bool = False) -> None:
    """Write one file, text in UTF-8: whole or not at all.

    Raises
    ------
    OutputError
        If the file exists and may not be replaced, or cannot be written.
    """
    place = Path(path)
    with Transaction(place.parent, overwrite=overwrite) as files:
        files.write(place, content)
        files.commit()


def _write(staged: Path, path: Path, content: bytes | str) -> None:
    try:
        staged.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    except OSError as error:
        raise cannot_write(path, error) from error
