"""The manifest: a small hidden file beside the stems that says what they were made of.

It stands in the deepest folder that holds all stems of its recording and is called
``.<track>-<key>.nmfd.json``; the key is a hash of the stems' file names without the stem, so tracks
that share a folder, or names cut to the system's limit, keep manifests of their own.  It holds no
time, no absolute path and nothing of the machine: the same work gives the same bytes, and a folder
of results can be moved as a whole.

=============  ================================================================================
``format``     1, the layout of this file
``version``    of the program that made the stems; told, not compared
``pattern``    the stems' file name, ``{stem}`` in it
``input``      ``name``, ``size`` and ``sha256`` of the recording
``sources``    what decides on the stems' content, and what two runs are compared by: the SHA-256 of
               ``input``, ``score`` (or null) and ``kit``, and ``settings``: every setting of the
               separation and of the stems' format
``recording``  ``sample_rate``, ``n_channels``, ``n_samples``, ``subtype``
``stems``      ``stem``, ``file`` (from the manifest's folder), ``size``, ``sha256``, ``peak``,
               ``energy_share`` and ``onsets`` (or null) of each
``divided``    names of all stems that the recording was divided into, once all have been written;
               without a score it decides on the recording's sound, what there is to write
``reports``    ``file``, ``size``, ``sha256`` and ``audio`` of the report, if there is one
``former``     ``file``, ``size``, ``sha256`` of files of earlier runs with other sources
=============  ================================================================================
"""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from nmfd_cli.errors import InputFileError, OutputError
from nmfd_cli.io.special_files import refuse_special

FORMAT: Final = 1
SUFFIX: Final = ".nmfd.json"

#: Bytes of a track's name that go into a manifest's: with the rest they fit into 255.
_NAME_BYTES: Final = 200

#: States of a place where a result is to stand.
FREE, OURS, CUT, CHANGED, FOREIGN = "free", "ours", "cut", "changed", "foreign"


@dataclass(frozen=True)
class FileRecord:
    """A file as it was written: its path from the manifest's folder, its bytes and their hash."""

    file: str
    size: int
    sha256: str


@dataclass(frozen=True)
class StemRecord(FileRecord):
    """A stem as it was written, and what is told of it."""

    stem: str
    peak: float
    energy_share: float
    onsets: int | None = None


@dataclass(frozen=True)
class ReportRecord(FileRecord):
    """A report as it was written, and how its sound was asked for."""

    audio: str


@dataclass(frozen=True)
class Manifest:
    """What the stems of a recording were made of; see the head of this module."""

    version: str
    pattern: str
    input: Mapping[str, Any]
    sources: Mapping[str, Any]
    recording: Mapping[str, Any]
    final_divergence: float | None
    stems: tuple[StemRecord, ...]
    divided: tuple[str, ...] = ()
    reports: tuple[ReportRecord, ...] = ()
    former: tuple[FileRecord, ...] = ()

    @property
    def results(self) -> tuple[FileRecord, ...]:
        """The files that belong together: stems and report."""
        return (*self.stems, *self.reports)

    @property
    def records(self) -> tuple[FileRecord, ...]:
        """All files that this program wrote here."""
        return (*self.results, *self.former)

    def as_text(self) -> str:
        """Return the content of the file."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n"


def manifest_name(track: str, pattern: str) -> str:
    """Return the file name of a manifest.

    Parameters
    ----------
    track : str
        The recording's name without its ending.
    pattern : str
        The stems' file name from the manifest's folder, ``{stem}`` in it.
    """
    encoded = os.fsencode(track)[:_NAME_BYTES]
    key = hashlib.sha256(os.fsencode(pattern)).hexdigest()[:8]
    # a cut may have hit the middle of a character
    return f".{encoded.decode('utf-8', 'ignore')}-{key}{SUFFIX}"


def read_manifest(path: Path) -> Manifest | None:
    """Return a manifest, or None where there is none that this version understands."""
    try:
        content = json.loads(path.read_bytes())
        if content.pop("format") != FORMAT:
            return None
        content["stems"] = tuple(StemRecord(**stem) for stem in content["stems"])
        content["divided"] = tuple(content.get("divided", ()))
        content["reports"] = tuple(ReportRecord(**file) for file in content.get("reports", ()))
        content["former"] = tuple(FileRecord(**record) for record in content["former"])
        manifest = Manifest(**content)
        return manifest if all(map(_is_sound, manifest.records)) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _is_sound(record: FileRecord) -> bool:
    path = PurePosixPath(record.file)
    stays_inside = path.parts and not path.is_absolute() and ".." not in path.parts
    return bool(stays_inside) and isinstance(record.size, int) and isinstance(record.sha256, str)


def write_synced(path: Path, text: str) -> None:
    """Write a file so that it is whole or not there, and the disk holds it.

    Raises
    ------
    OutputError
    """
    unfinished = path.with_name(f".{hashlib.sha256(os.fsencode(path.name)).hexdigest()[:8]}.part")
    try:
        with unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot write: {error.strerror or error}") from error


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, read in pieces.

    Raises
    ------
    InputFileError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise InputFileError(path, "no such file") from error
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {error.strerror or error}") from error


def tree_hash(path: Path) -> str:
    """Return a hash of a file, or of the names and bytes of all files below a folder.

    Hidden files do not count.

    Raises
    ------
    InputFileError
        If something cannot be read.
    """
    refuse_special(path, "a file or a folder")
    if not path.is_dir():
        return file_hash(path)
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*"), key=lambda file: file.relative_to(path).as_posix()):
        relative = file.relative_to(path)
        if file.is_file() and not any(part.startswith(".") for part in relative.parts):
            digest.update(os.fsencode(relative.as_posix()) + b"\0")
            digest.update(file_hash(file).encode())
    return digest.hexdigest()


def stands(path: Path, record: FileRecord) -> bool:
    """Whether a file is what was written, byte by byte; its size is looked at first."""
    try:
        is_whole = path.is_file() and path.stat().st_size == record.size
        return is_whole and file_hash(path) == record.sha256
    except (OSError, InputFileError):
        return False


def state_of(path: Path, records: Iterable[FileRecord]) -> str:
    """Say whose a file is.

    Parameters
    ----------
    path : Path
    records : iterable of FileRecord
        What manifests say was written there at some time.

    Returns
    -------
    str
        `FREE`, nothing is there; `OURS`, as it was written; `CUT`, empty, as a power failure may
        leave it; `CHANGED` by somebody after it was written; `FOREIGN`, never written by us.
    """
    if not path.exists() and not path.is_symlink():
        return FREE
    known = list(records)
    if not known or not path.is_file():
        return FOREIGN
    if any(stands(path, record) for record in known):
        return OURS
    return CUT if path.stat().st_size == 0 else CHANGED
