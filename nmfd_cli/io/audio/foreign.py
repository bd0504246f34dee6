"""What libsndfile does not read: decoded by ffmpeg, where it is on the PATH."""

import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final

from nmfd_cli.errors import InputFileError, Warn
from nmfd_cli.io.audio.decoder import FOREIGN_SUFFIXES, ffmpeg
from nmfd_cli.io.audio.riff import find_layout
from nmfd_cli.io.audio.source import AudioSource, NotDecodedError, corrected_head
from nmfd_cli.io.temporary import no_room, temporary_file

#: Samples as floats, with the rate and the channels of the recording and the tags it has.
_ARGUMENTS: Final = (
    "-map", "0:a:0", "-vn", "-c:a", "pcm_f32le", "-fflags", "+bitexact", "-flags:a", "+bitexact",
    "-f", "wav", "pipe:1",
)  # fmt: skip


class _Held:
    """A temporary file without a name that goes with whoever reads it last."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.read = file.seek, file.read

    def __del__(self) -> None:
        self._file.close()


def decoded(path: Path, refused: NotDecodedError, *, warn: Warn) -> AudioSource:
    """Have ffmpeg decode a file to the temporary disk, without a name there.

    Parameters
    ----------
    refused : NotDecodedError
        What libsndfile says of it.
    warn : callable
        Takes what ffmpeg complains of.

    Raises
    ------
    InputFileError
        If there is no ffmpeg, or it cannot decode the file either.
    OutputError
        If the temporary disk is full.
    """
    program, is_of_ffmpeg = ffmpeg(), path.suffix.lower() in FOREIGN_SUFFIXES
    if program is None:
        hint = "; ffmpeg on the PATH would read more formats" if is_of_ffmpeg else ""
        raise InputFileError(path, refused.message + hint) from refused
    with ExitStack() as resources:
        file = resources.enter_context(temporary_file())
        source = _decoded_to(file, program, path, refused=refused, warn=warn)
        resources.pop_all()
    return source


def _decoded_to(
    file: BinaryIO, program: str, path: Path, *, refused: NotDecodedError, warn: Warn
) -> AudioSource:
    is_of_ffmpeg = path.suffix.lower() in FOREIGN_SUFFIXES
    said, is_done = _run(program, path, file)
    if "No space left" in said:
        raise no_room(f"what ffmpeg decodes of {path}")
    file.flush()
    layout = find_layout(file)
    if not is_done or layout is None or not layout.size:
        hint = ", nor does ffmpeg read any" if is_of_ffmpeg else ""
        raise InputFileError(path, refused.message + hint) from refused
    if said:
        warn(f"{path}: ffmpeg: {said}")
    return AudioSource(path, layout, corrected_head(layout), held=_Held(file))


def _run(program: str, path: Path, file: BinaryIO) -> tuple[str, bool]:
    """Decode a file into another; return the last line of what ffmpeg says, and if it is done."""
    # nothing but that file is opened, whatever its name or a list in it says
    source = ("-protocol_whitelist", "file", "-i", f"file:{path.absolute()}")
    command = [program, "-v", "error", "-nostdin", *source, *_ARGUMENTS]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE
    ) as process:
        try:
            _, complaints = process.communicate()
        except BaseException:
            process.kill()
            raise
    lines = complaints.decode(errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), "")
    return last, process.returncode == 0
