"""What may happen to a file that stands where another is to be written."""

import filecmp
import os
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmfd_cli.errors import OutputError, Warn, warn_python
from nmfd_cli.io.file_record import CHANGED, FOREIGN, FileRecord, file_hash, is_foreign, state_of

#: ``known(path)`` returns what this program has written at a place at some time.
Known = Callable[[Path], Sequence[FileRecord]]


@dataclass(frozen=True)
class Replacement:
    """What may happen to a file that stands where another is to be moved to.

    Attributes
    ----------
    overwrite : bool
        Whether any file may be replaced.
    known : callable, optional
        Files that this program wrote may be replaced: those that this finds.  One that somebody
        changed afterwards is renamed to ``<name>.changed-<hash>`` first, which no pattern for audio
        finds, and so is a file of others that has come to stand there meanwhile.
    warn : callable
        Is told of what was renamed.
    """

    overwrite: bool = False
    known: Known | None = None
    warn: Warn = warn_python

    def require(self, path: Path) -> None:
        """Refuse a place where something stands that may not be replaced.

        Raises
        ------
        OutputError
        """
        require_free(path, self.overwrite or self.known is not None)
        if self.overwrite or self.known is None:
            return
        if is_foreign(path, self.known(path)):
            message = "exists and is no result of nmfd's"
            raise OutputError(message, hint="--overwrite replaces it", path=path)

    def name_aside(self, staged: Path, path: Path) -> Path | None:
        """Return under which name to keep what stands at `path`; None if it needs not be kept.

        Raises
        ------
        OutputError
            If it may not be replaced.
        """
        if self.overwrite or self.known is None or not path.is_file():
            self.require(path)
            return None
        is_others = state_of(path, self.known(path)) in (CHANGED, FOREIGN)
        if not is_others or filecmp.cmp(staged, path, shallow=False):
            return None
        return path.with_name(f"{path.name}.changed-{file_hash(path)[:8]}")


def require_free(path: Path, overwrite: bool, sources: Container[str] = ()) -> None:
    """Refuse a place where something stands that may not be replaced.

    Parameters
    ----------
    path : Path
    overwrite : bool
        Whether an existing file may be replaced.
    sources : container of str
        Real paths of what is read, which is never replaced.

    Raises
    ------
    OutputError
    """
    expected = "to write a file"
    if path.is_dir():
        raise OutputError(expected=expected, found="a folder of that name", path=path)
    if path.exists() and not path.is_file():
        raise OutputError(expected=expected, found="a pipe or a device", path=path)
    if os.path.realpath(path) in sources:
        raise OutputError(expected=expected, found="a file that is to be read", path=path)
    if not overwrite and (path.exists() or path.is_symlink()):
        raise OutputError("exists", hint="--overwrite replaces it", path=path)


def real_paths(paths: Iterable[str | Path]) -> frozenset[str]:
    """Return the real paths of what is read, which no result may replace; streams have none."""
    return frozenset(os.path.realpath(path) for path in paths if str(path) != "-")
