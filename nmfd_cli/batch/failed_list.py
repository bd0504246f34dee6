"""The list of the recordings that failed: one a line, a tab, the reason."""

import os
from collections.abc import Sequence
from pathlib import Path

from nmfd_cli.batch.plan import Job, sources_of
from nmfd_cli.batch.run import BatchSummary
from nmfd_cli.errors import OutputError
from nmfd_cli.io.existing import require_free
from nmfd_cli.io.transaction import Transaction, write_file


def require_failed_list(path: str | Path, jobs: Sequence[Job], *, overwrite: bool) -> None:
    """Refuse a place where no list can be written, before the work that it would tell of.

    Parameters
    ----------
    path : str or Path
        A former list, or an empty file, is replaced unasked.
    jobs : sequence of Job
        What is to be done: nothing that it reads or writes may be there.
    overwrite : bool
        Whether any other file may be replaced.

    Raises
    ------
    OutputError
    """
    place = Path(path)
    if os.path.realpath(place) in _written_by(jobs):
        raise OutputError(f"{path}: expected a place for the list, found the place of a result")
    require_free(place, overwrite or _is_failed_list(place), sources_of(jobs))
    with Transaction(place.parent, overwrite=True) as files:  # its end removes what it makes
        files.place(place)


def _written_by(jobs: Sequence[Job]) -> set[str]:
    return {
        os.path.realpath(file)
        for job in jobs
        if not job.is_stream
        for file in (*job.files, job.places.manifest)
    }


def _is_failed_list(path: Path) -> bool:
    """Whether a file holds what `write_failed_list` writes, or nothing."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            return all(line.count(b"\t") == 1 for line in file)
    except OSError:
        return False


def write_failed_list(path: str | Path, summary: BatchSummary) -> None:
    """Write which recordings failed, in place of what `require_failed_list` has let pass.

    A line break or a tab in a name is written as ``\\n`` or ``\\t``; bytes that are not UTF-8 stay.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    cells = (
        (failed.input, failed.reason.removeprefix(f"{failed.input}: ")) for failed in summary.failed
    )
    text = "".join(f"{_in_cell(name)}\t{_in_cell(reason)}\n" for name, reason in cells)
    write_file(path, text.encode("utf-8", "surrogateescape"), overwrite=True)


def _in_cell(text: str) -> str:
    return text.translate({ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"})
