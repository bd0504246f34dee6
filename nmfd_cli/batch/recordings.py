"""From what a user names to the recordings that are worked on, streams included."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from nmfd_cli.batch.inputs import expand_inputs
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.audio.streams import require_stdin, require_stdout
from nmfd_cli.kits.find import kit_files, kit_path
from nmfd_cli.settings.definitions import STREAM, OutputSettings


def find_recordings(
    inputs: Sequence[str], output: OutputSettings, *, recursive: bool = False
) -> tuple[str, ...]:
    """Return the recordings that files, folders, patterns or ``-`` stand for.

    Parameters
    ----------
    inputs : sequence of str
    output : OutputSettings
        Whether it all goes to standard output.
    recursive : bool
        Whether the folders below a folder are looked into, too.

    Raises
    ------
    ParameterError
        If a stream would be shared, or is a terminal.
    InputFileError
        If nothing is there.
    """
    if STREAM in inputs:
        if len(inputs) > 1:
            raise ParameterError("standard input (-) is one recording, expected no other input")
        require_stdin()
    if output.is_stream:
        require_stdout()
    recordings = expand_inputs(inputs, recursive=recursive)
    if output.is_stream and len(recordings) > 1:
        raise ParameterError(
            f"out: standard output (-) takes one file, found {len(recordings)} recordings"
        )
    return recordings


def files_read(
    recordings: Iterable[str | Path],
    *,
    scores: Iterable[str | Path | None] = (),
    kit: str | Path | None = None,
) -> frozenset[str]:
    """Return the real paths of what is read, which no result may replace.

    Parameters
    ----------
    recordings : iterable of str or Path
    scores : iterable of str, Path or None
        None where there is none.
    kit : str or Path, optional
        As `nmfd_cli.kits.find.load_kit` takes it.

    Raises
    ------
    InputFileError
        If there is no such kit.
    """
    files = [path for path in recordings if str(path) != STREAM]
    files += [path for path in scores if path is not None]
    files += kit_files(kit_path(kit))
    return frozenset(map(os.path.realpath, files))
