"""A kit from a user's own sounds: one-shots, or recordings of one drum at a time.

A folder holds one folder a class, named like a drum class or any of its synonyms; what is in there,
at any depth, belongs to the class.  A folder of another name makes a class of its own; so do ride
and crash where both are there.  Recordings of the whole kit (overheads) are left out.  Audio files
that lie directly in the folder are named after their class (``kick.wav``, ``Snare 2.flac``).

A file in which `find_hits` finds more than one hit, each at least a fifth of a second after the
last, is a recording, and every hit is a sound; any other file is a one-shot.  Sounds of a class
that look alike are averaged.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.articulations import articulation, class_of, owner
from nmfd_cli.core.drum_classes import drum_class, is_microphone
from nmfd_cli.core.drum_sounds.description import TIME_EDGES, Description
from nmfd_cli.core.drum_sounds.hits import find_hits
from nmfd_cli.core.drum_sounds.kit import Kit, Sound, Source
from nmfd_cli.core.drum_sounds.learning import average, describe, from_onset, ring_on
from nmfd_cli.core.drum_sounds.likeness import representatives
from nmfd_cli.errors import NO_SUCH_FILE, InputFileError, ParameterError, Warn, warn_python
from nmfd_cli.io.audio.decoder import audio_below, is_audio
from nmfd_cli.io.audio.recording import open_recording
from nmfd_cli.io.existing import real_paths, require_free
from nmfd_cli.io.kit_file import KIT_SUFFIX, write_kit

#: Key of the only source of a kit of the user's.
OWN_SOURCE: Final = "own"
#: Sounds of a class more alike than this are averaged; see `representatives`.
LIKENESS: Final = 0.985

_CYMBALS: Final = ("ride", "crash")
_LEAST_RINGING = 0.25  # seconds of a hit from which on its decay can be followed


@dataclass(frozen=True)
class _File:
    """An audio file with its class."""

    path: Path
    drum: str
    articulation: str = ""


def learn_kit(
    folder: str | Path,
    out: str | Path,
    *,
    name: str | None = None,
    licence: str = "",
    span: tuple[float, float | None] = (0.0, None),
    overwrite: bool = False,
    warn: Warn = warn_python,
) -> Kit:
    """Learn a kit from a user's own sounds and write it.

    Parameters
    ----------
    folder : str or Path
        As `kit_from_folder` takes it.
    out : str or Path
        The kit file.
    name : str, optional
        Of the kit; the file's name without its ending when left out.
    licence : str
        Of the sounds.
    span : tuple of (float, float or None)
        Seconds of the part of each file that counts.
    overwrite : bool
        Whether an existing file may be replaced.
    warn : callable, optional
        As in `kit_from_folder`.

    Returns
    -------
    Kit
        What was written.

    Raises
    ------
    InputFileError
        As `kit_from_folder` does.
    OutputError
        If the file cannot be written; before the sounds are read, if it exists and may not be
        replaced.
    """
    require_free(Path(out), overwrite, real_paths(audio_below(Path(folder))))
    title = name or Path(out).name.removesuffix(KIT_SUFFIX)
    kit = kit_from_folder(folder, name=title, licence=licence, span=span, warn=warn)
    write_kit(out, kit, overwrite=overwrite)
    return kit


def kit_from_folder(
    folder: str | Path,
    *,
    name: str | None = None,
    licence: str = "",
    span: tuple[float, float | None] = (0.0, None),
    warn: Warn = warn_python,
) -> Kit:
    """Learn a kit, in memory.

    Parameters
    ----------
    folder : str or Path
        One-shots or recordings as described at the top of this module, in any format, sample rate
        and number of channels that libsndfile reads.
    name : str, optional
        Of the kit; the folder's name when left out.
    licence : str
        Of the sounds, for whom the kit is given to.
    span : tuple of (float, float or None)
        Seconds of the part of each file that counts.
    warn : callable, optional
        Takes a line for files that are no audio, which are left out, and for each class of the
        kit's own.

    Returns
    -------
    Kit

    Raises
    ------
    InputFileError
        If the folder is none, a class has no audio file, a file cannot be read or is silent, or a
        file's name is that of no class.
    ParameterError
        If a file has no such part.
    """
    root = Path(folder)
    title = name or root.resolve().name
    learned = [
        pair for file in _files(root, warn) for pair in _sounds(file, root, title, span=span)
    ]
    description = Description.stack([part for _, part in learned])
    chosen = representatives(description, [sound.drum for sound, _ in learned], likeness=LIKENESS)
    rows = sorted(set(chosen.tolist()))
    means = [average(description.take(np.flatnonzero(chosen == row))) for row in rows]
    return Kit(
        title,
        tuple(learned[row][0] for row in rows),
        Description.stack(means),
        (Source(OWN_SOURCE, root.resolve().name, licence),),
    )


def _files(root: Path, warn: Warn) -> list[_File]:
    """Find the audio files of a folder, class by class."""
    if not root.exists():
        raise InputFileError(root, NO_SUCH_FILE)
    if not root.is_dir():
        raise InputFileError(root, expected="a folder of drum sounds", found="a file")
    files: list[_File] = []
    others: list[Path] = []
    root = _unwrapped(root)
    for item in _visible(root):
        if is_microphone(item.stem if item.is_file() else item.name):
            warn(f"{item}: left out, a recording of the whole kit")
        elif item.is_dir():
            files += _class_files(item, others, warn)
        elif _is_audio(item):
            files.append(_File(item, _drum_of_file(item)))
        else:
            others.append(item)
    if others:
        warn(_left_out(others))
    if not files:
        raise InputFileError(root, expected="one folder of samples a drum class", found="none")
    return _with_cymbals_apart(files)


def _unwrapped(folder: Path) -> Path:
    """Return what holds the drums of a pack, where all of it lies in one folder of another name."""
    entries = _visible(folder)
    inner = [entry for entry in entries if entry.is_dir() and any(map(_is_audio, _files_in(entry)))]
    if len(inner) != 1 or any(map(_is_audio, entries)) or _is_class(inner[0].name):
        return folder
    found = _unwrapped(inner[0])
    names = [entry.stem for entry in _visible(found)]
    return found if any(_is_class(name) and not name.isdigit() for name in names) else folder


def _with_cymbals_apart(files: list[_File]) -> list[_File]:
    """Make ride and crash classes of their own where a kit has both: they are two instruments."""

    def finer(file: _File) -> str | None:
        if class_of(file.drum) != "cymbal":
            return None
        names = (file.path.parent.name, file.articulation, file.path.stem)
        struck = (articulation(name, "cymbal") for name in names)
        return owner("cymbal", next((one for one in struck if one), None), _CYMBALS)

    found = {finer(file) for file in files}
    if not found.issuperset(_CYMBALS):
        return files
    return [replace(file, drum=finer(file) or file.drum) for file in files]


def _class_files(folder: Path, others: list[Path], warn: Warn) -> list[_File]:
    """Find the audio files of a class; what is none is added to `others`."""
    within = _files_in(folder)
    audio = [path for path in within if _is_audio(path)]
    others += [path for path in within if not _is_audio(path)]
    if not audio and not _is_class(folder.name):  # what else a pack has: presets, MIDI
        return []
    drum = _drum_of_folder(folder, warn)
    if not audio:
        raise InputFileError(folder, expected=f"at least one {drum} sample", found="no audio file")
    return [_File(path, drum, _articulation(path, drum)) for path in audio]


def _files_in(folder: Path) -> list[Path]:
    """Return the files at any depth that are not hidden, sorted."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _visible(folder: Path) -> list[Path]:
    return sorted(item for item in folder.iterdir() if not item.name.startswith("."))


def _is_audio(path: Path) -> bool:
    return is_audio(path)


def _left_out(paths: list[Path]) -> str:
    if len(paths) == 1:
        return f"{paths[0]}: left out, no audio file"
    return f"{paths[0]} and {len(paths) - 1} more: left out, no audio files"


def _is_class(name: str) -> bool:
    try:
        return bool(drum_class(name))
    except ParameterError:
        return False


def _drum_of_folder(folder: Path, warn: Warn) -> str:
    try:
        return drum_class(folder.name)
    except ParameterError:
        warn(f"{folder}: no drum class is called so; its sounds make a class of their own")
        return folder.name


def _drum_of_file(path: Path) -> str:
    try:
        return drum_class(path.stem)
    except ParameterError as error:
        raise InputFileError(path, f"as the file's name, {error.message}") from error


def _articulation(path: Path, drum: str) -> str:
    """Return what the folder says beyond the class: ``open`` in ``hihat/open/1.wav``."""
    folder = path.parent.name
    return "" if folder.casefold() == drum else folder


def _sounds(
    file: _File, root: Path, kit: str, *, span: tuple[float, float | None]
) -> Iterator[tuple[Sound, Description]]:
    """Describe the hits of one file."""
    recording = open_recording(file.path).between(*span)
    samples, sample_rate = next(recording.blocks(recording.n_samples)).T, recording.sample_rate
    if not samples.any():
        raise InputFileError(file.path, expected="a drum sound", found="silence")
    hits = find_hits(samples, sample_rate)
    path = file.path.relative_to(root).as_posix()
    try:
        if len(hits) < 2:
            description = describe(from_onset(samples), sample_rate)
            yield Sound(path, file.drum, file.articulation, OWN_SOURCE, (kit,)), description
            return
        for number, (begin, end) in enumerate(
            zip(hits, [*hits[1:], len(samples)], strict=True), start=1
        ):
            description = _described_hit(samples[begin:end], sample_rate)
            name = f"{path} hit {number}"
            yield Sound(name, file.drum, file.articulation, OWN_SOURCE, (kit,)), description
    except ParameterError as error:
        raise InputFileError(file.path, error.message) from error


def _described_hit(samples: NDArray[np.float64], rate: int) -> Description:
    """Describe a hit that the next one, or the end of the recording, may have cut short."""
    description = describe(samples, rate)
    seconds = len(samples) / rate
    if _LEAST_RINGING < seconds < TIME_EDGES[-1]:
        return ring_on(description, seconds)
    return description
