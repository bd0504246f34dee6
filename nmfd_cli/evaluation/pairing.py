"""Which files of two folders are stems, and which belong together."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from nmfd_cli.core.articulations import drum_or_articulation
from nmfd_cli.core.drum_classes import DRUM_CLASSES, drum_class
from nmfd_cli.errors import InputFileError, ParameterError, cannot_read
from nmfd_cli.io.audio.decoder import is_audio
from nmfd_cli.io.audio.recording import Recording

#: Files of a folder of stems that are no stem but the sum of all.
MIXTURES = ("mixture", "mix")


def stem_files(folder: Path) -> dict[str, Path]:
    """Return the stems of a folder by their names, drums in the order of the field.

    Raises
    ------
    InputFileError
        If the folder cannot be read, or two files are one stem.
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise cannot_read(folder, error) from error
    stems: dict[str, Path] = {}
    for path in entries:
        is_stem = is_audio(path) and not path.name.startswith(".")
        if not is_stem or path.stem.lower() in MIXTURES:
            continue
        if path.stem in stems:
            raise InputFileError(
                folder,
                expected="one file a stem",
                found=f"{stems[path.stem].name} and {path.name}",
            )
        stems[path.stem] = path
    order = [*DRUM_CLASSES, None]
    return dict(sorted(stems.items(), key=lambda item: order.index(_known_class(item[0]))))


def _known_class(name: str) -> str | None:
    with suppress(ParameterError):
        return drum_class(name)
    return None


def _known_drum(name: str) -> str | None:
    """Return the articulation or the class that a name says."""
    with suppress(ParameterError):
        return drum_or_articulation(name)
    return None


def paired(
    references: Mapping[str, Path], estimates: Mapping[str, Path], folder: Path
) -> dict[str, str]:
    """Return which estimate belongs to which reference: by name, by articulation, by class.

    Parameters
    ----------
    references, estimates : dict of str to Path
        As `stem_files` returns them.
    folder : Path
        Of the estimates.

    Raises
    ------
    InputFileError
        If a class has several.
    """
    pairs = {name: name for name in references if name in estimates}
    for name in references:
        alike = [n for n in estimates if _known_drum(n) == _known_drum(name) is not None]
        twins = [n for n in references if _known_drum(n) == _known_drum(name)]
        if len(alike) == len(twins) == 1 and alike[0] not in pairs.values():
            pairs.setdefault(name, alike[0])
    for name in references:
        drum = _known_class(name)
        if name in pairs or drum is None:
            continue
        same = [n for n in estimates if n not in pairs.values() and _known_class(n) == drum]
        rivals = [n for n in references if n not in pairs and _known_class(n) == drum]
        if len(same) > 1 or (same and len(rivals) > 1):
            names = f"{', '.join(same)} for {', '.join(rivals)}"
            raise InputFileError(folder, expected=f"one stem of the class {drum}", found=names)
        if same:
            pairs[name] = same[0]
    return pairs


def require_alike(recording: Recording, first: Recording, *, allow_length: int = 0) -> None:
    """Refuse a stem of another sample rate, number of channels or length.

    Parameters
    ----------
    allow_length : int
        Samples that it may be longer or shorter.

    Raises
    ------
    InputFileError
    """
    for what, unit in (("sample_rate", "Hz"), ("n_channels", "channels"), ("n_samples", "samples")):
        expected, value = getattr(first, what), getattr(recording, what)
        allowed = allow_length if what == "n_samples" else 0
        if abs(expected - value) > allowed:
            hint = ""
            if what == "n_samples":
                hint = f"--allow-length {abs(expected - value)} leaves out what is longer"
            raise InputFileError(
                recording.name,
                expected=f"{expected} {unit} as in {first.name}",
                found=str(value),
                hint=hint,
            )
