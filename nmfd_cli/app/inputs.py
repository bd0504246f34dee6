"""From what a user names to the recordings that are worked on, streams included."""

from collections.abc import Sequence

from nmfd_cli.app.settings import STREAM, OutputSettings
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.inputs import expand_inputs
from nmfd_cli.io.streams import require_stdin, require_stdout


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
