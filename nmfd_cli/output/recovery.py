"""Results of a recording that an ended process had finished making are moved in by the next one.

The manifest is the journal of the results' transaction: see `io.transaction`.
"""

from contextlib import suppress
from functools import partial
from pathlib import Path

from nmfd_cli.errors import OutputError, Warn, warn_python
from nmfd_cli.io.file_record import FileRecord
from nmfd_cli.io.moves import move_in
from nmfd_cli.io.replacement import Known, Replacement
from nmfd_cli.io.staging import remove_abandoned
from nmfd_cli.output.manifest import SUFFIX, read_manifest


def known_results(manifest: Path) -> Known:
    """Return what finds the files that manifests say were written.

    Parameters
    ----------
    manifest : Path
        Where the manifest of the results stands or will stand.  It is read whenever it is asked:
        another process may have moved in since.
    """

    def known(path: Path) -> list[FileRecord]:
        found = read_manifest(manifest)
        file = path.relative_to(manifest.parent).as_posix()
        return [record for record in found.records if record.file == file] if found else []

    return known


def recover(out: Path, warn: Warn = warn_python) -> None:
    """Move in what ended processes had finished making, and throw the rest of theirs away.

    Parameters
    ----------
    out : Path
        The folder of the results.
    warn : callable
        Is told of files that somebody changed, which are kept under another name.
    """
    remove_abandoned(out, partial(_finish, out, warn))


def _finish(out: Path, warn: Warn, staging: Path) -> None:
    for journal in list(staging.rglob(f".*{SUFFIX}")):
        place = out / journal.relative_to(staging)
        manifest = read_manifest(journal)
        results = manifest.results if manifest else ()
        files = [(journal.parent / one.file, place.parent / one.file) for one in results]
        with suppress(OSError, OutputError):
            if manifest is not None:
                move_in(
                    [(staged, path) for staged, path in files if staged.exists()],
                    staging,
                    Replacement(known=known_results(place), warn=warn),
                    journal=(journal, place),
                )
        with suppress(OSError):
            journal.unlink(missing_ok=True)
