"""What libsndfile does not read: decoded by ffmpeg, where it is on the PATH."""

import shutil
import subprocess
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import BinaryIO, Final

from nmfd_cli.errors import InputFileError, OutputError, Warn
from nmfd_cli.io.audio.riff import find_layout
from nmfd_cli.io.audio.source import AudioSource, NotDecodedError, corrected_head
from nmfd_cli.io.temporary import temporary_file

#: Samples as floats, with the rate and the channels of the recording and the tags it has.
_ARGUMENTS: Final = (
    "-map", "0:a:0", "-vn", "-c:a", "pcm_f32le", "-fflags", "+bitexact", "-flags:a", "+bitexact",
    "-f", "wav", "pipe:1",
)  # fmt: skip


#: The endings of files that ffmpeg decodes.
FOREIGN_SUFFIXES = (
    ".m4a", ".m4b", ".mp4", ".aac", ".wma", ".asf", ".webm", ".mka", ".mkv", ".mov", ".ac3", ".ape",
    ".wv", ".tta", ".dsf", ".amr", ".3gp",
)  # fmt: skip


class _Held:
    """A temporary file without a name that goes with whoever reads it last."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.seek, self.read = file.seek, file.read

    def __del__(self) -> None:
        self._file.close()


@cache
def ffmpeg() -> str | None:
    """Return where ffmpeg is; None if it is not on the PATH."""
    return shutil.which("ffmpeg")


def decoded(path: Path, refused: NotDecodedError, *, warn: Warn) -> AudioSource:
    """Have ffmpeg decode a file to the temporary disk, without a name there.

    Parameters
    ----------
    path : Path
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
        raise OutputError(
            f"no room for what ffmpeg decodes of {path}", path=tempfile.gettempdir(),
            hint="TMPDIR names another folder",
        )  # fmt: skip
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
