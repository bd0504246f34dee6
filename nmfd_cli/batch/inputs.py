"""From what a user names, files, folders, patterns or a stream, to the recordings meant."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from nmfd_cli.errors import (
    NO_SUCH_FILE,
    InputFileError,
    ParameterError,
    Warn,
    cannot_read,
    warn_python,
)
from nmfd_cli.io.audio.decoder import is_audio, is_beyond_us
from nmfd_cli.io.audio.recording import STREAM
from nmfd_cli.output.manifest import SUFFIX as MANIFEST_SUFFIX
from nmfd_cli.output.manifest import read_manifest
from nmfd_cli.settings.output import OutputSettings


def find_recordings(
    inputs: Sequence[str],
    output: OutputSettings,
    *,
    recursive: bool = False,
    warn: Warn = warn_python,
) -> tuple[str, ...]:
    """Return the recordings that files, folders, patterns or ``-`` stand for.

    Parameters
    ----------
    output : OutputSettings
        Whether it all goes to standard output.
    recursive : bool
        Whether the folders below a folder are looked into, too.
    warn : callable, optional
        Takes how many files are passed over that ffmpeg would read.

    Raises
    ------
    ParameterError
        If a stream would be shared, or is a terminal.
    InputFileError
        If nothing is there.
    """
    if STREAM in inputs or output.is_stream:
        from nmfd_cli.io.audio.streams import require_stdin, require_stdout  # what few need
    if STREAM in inputs:
        if len(inputs) > 1:
            raise ParameterError("standard input (-) is one recording, expected no other input")
        require_stdin()
    if output.is_stream:
        require_stdout()
    recordings = expand_inputs(inputs, recursive=recursive, warn=warn)
    if output.is_stream and len(recordings) > 1:
        raise ParameterError(
            "standard output (-) takes one file",
            setting="out",
            found=f"{len(recordings)} recordings",
        )
    return recordings


def expand_inputs(
    inputs: Sequence[str | Path], recursive: bool = False, *, warn: Warn = warn_python
) -> tuple[str, ...]:
    """Return the recordings that arguments name, in their order, each once.

    A file is taken whatever its ending, also if its name holds ``*``, ``?`` or ``[``.  A folder
    stands for its audio files, sorted, hidden files and stems that this program wrote left out.  A
    pattern that the shell did not expand is expanded as the shell would (``**`` goes through
    folders), except that files without an audio ending are left out.  ``-`` stays as it is.

    Parameters
    ----------
    recursive : bool
        Whether the folders below a folder are looked into, too.

    Raises
    ------
    InputFileError
        If nothing is there, or no audio in a folder or behind a pattern.
    """
    found: dict[str, str] = {}
    passed_over: list[Path] = []
    for given in inputs:
        for path in _recordings(str(given), recursive, passed_over):
            # resolve() would take two links to one file for the same track
            key = path if path == STREAM else os.path.abspath(path)  # noqa: PTH100
            found.setdefault(key, path)
    if passed_over:
        n, first = len(passed_over), passed_over[0]
        files = f"{first} is" if n == 1 else f"{n} files ({first} ...) are"
        warn(f"{files} passed over; ffmpeg on the PATH would read them")
    return tuple(found.values())


def _recordings(given: str, recursive: bool, passed_over: list[Path]) -> list[str]:
    if given == STREAM:
        return [given]
    path = Path(given)
    if given and _exists(path):
        return _in_folder(path, recursive, passed_over) if path.is_dir() else [given]
    if not glob.has_magic(given):
        raise InputFileError(given or "''", NO_SUCH_FILE)
    found = glob.glob(given, recursive="**" in given)  # noqa: PTH207 - Path.glob finds hidden ones
    matches = [Path(match) for match in sorted(found)]
    files = [str(match) for match in matches if match.is_file() and is_audio(match)]
    for folder in matches:
        if folder.is_dir() and "**" not in given:
            files += [str(file) for file in _audio_files(folder, recursive, passed_over)]
    passed_over += [match for match in matches if match.is_file() and is_beyond_us(match)]
    if not files:
        among = " among what it matches" if matches else ""
        hint = _hint(passed_over)
        raise InputFileError(given, f"expected audio files, found none{among}{hint}")
    return files


def _exists(path: Path) -> bool:
    try:
        return path.exists() or path.is_symlink()
    except (OSError, ValueError) as error:  # a name too long, or with a NUL
        reason = getattr(error, "strerror", None) or str(error)
        raise InputFileError(path, f"cannot be read: {reason}") from error


def _hint(passed_over: Sequence[Path]) -> str:
    return f"; ffmpeg on the PATH would read {len(passed_over)} of them" if passed_over else ""


def _in_folder(folder: Path, recursive: bool, passed_over: list[Path]) -> list[str]:
    files = [str(file) for file in _audio_files(folder, recursive, passed_over)]
    if files:
        return files
    hint = _hint(passed_over).replace(" of them", " files in it")
    if not recursive and next(_audio_files(folder, True, []), None) is not None:
        hint = "; --recursive looks into the folders below"
    raise InputFileError(folder, f"expected audio files in this folder, found none{hint}")


def _audio_files(folder: Path, recursive: bool, passed_over: list[Path]) -> Iterator[Path]:
    """Yield a folder's own files, sorted, then those of the folders in it, each folder once."""
    seen = {folder.resolve()}
    waiting = [folder]
    stems: set[Path] = set()
    while waiting:
        here = waiting.pop()
        try:
            entries = sorted(here.iterdir())
        except OSError as error:
            raise cannot_read(here, error) from error
        stems |= _written_stems(entries)
        entries = [entry for entry in entries if not entry.name.startswith(".")]
        passed_over += [entry for entry in entries if entry.is_file() and is_beyond_us(entry)]
        yield from (e for e in entries if e.is_file() and is_audio(e) and e not in stems)
        if recursive:
            below = [entry for entry in entries if entry.is_dir() and entry.resolve() not in seen]
            seen.update(entry.resolve() for entry in below)
            waiting += reversed(below)


def _written_stems(entries: Sequence[Path]) -> set[Path]:
    """Return the files of a folder that manifests in it name as results of earlier runs."""
    manifests = (read_manifest(path) for path in entries if path.name.endswith(MANIFEST_SUFFIX))
    folder = entries[0].parent if entries else Path()
    return {
        folder / record.file for manifest in manifests if manifest for record in manifest.records
    }
