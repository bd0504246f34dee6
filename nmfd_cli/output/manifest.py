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

It is the journal of the results' transaction (`io.transaction`): results that an ended process had
finished making are moved in by the next one (`recover`).
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final

from nmfd_cli.errors import OutputError, Warn, warn_python
from nmfd_cli.io.existing import FileRecord, Known, Replacement
from nmfd_cli.io.moves import move_in
from nmfd_cli.io.staging import remove_abandoned

FORMAT: Final = 1
SUFFIX: Final = ".nmfd.json"

#: Bytes of a track's name that go into a manifest's: with the rest they fit into 255.
_NAME_BYTES: Final = 200


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
