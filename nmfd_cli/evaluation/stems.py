"""Folders of separated stems are held against the true ones."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.drum_classes import DRUM_CLASSES, drum_class
from nmfd_cli.core.metrics import (
    SILENCE_SECONDS,
    StemEnergies,
    bss_eval,
    bss_eval_of_mir_eval,
    decibels,
    stem_energies,
)
from nmfd_cli.errors import InputFileError, ParameterError, Warn, warn_python
from nmfd_cli.io.audio.recording import Recording, open_recording
from nmfd_cli.io.one_shots import AUDIO_SUFFIXES

#: Files of a folder of stems that are no stem but the sum of all.
MIXTURES = ("mixture", "mix")

#: Frames of `SILENCE_SECONDS` that are measured at a time.
_BLOCK_FRAMES = 250


@dataclass(frozen=True)
class StemMeasures:
    """How good one stem is.

    Attributes
    ----------
    stem : str
    reference : Path
    estimate : Path or None
        None for a missing stem, measured as silence.
    energies : StemEnergies
    bss : tuple of (SDR, SIR, SAR) or None
        By BSS Eval version 3, where it was asked for and the reference sounds.
    """

    stem: str
    reference: Path
    estimate: Path | None
    energies: StemEnergies
    bss: tuple[float, float, float] | None = None

    @property
    def values(self) -> dict[str, float | None]:
        """Each measure in dB by its name; None where it says nothing."""
        is_silent = self.energies.si_sdr is None
        bss = self.bss or (None, None, None)
        return {
            "sdr": None if is_silent else self.energies.sdr,
            "si_sdr": self.energies.si_sdr,
            "silence": self.energies.silence,
            **dict(zip(("bss_sdr", "bss_sir", "bss_sar"), bss, strict=True)),
        }


@dataclass(frozen=True)
class StemEvaluation:
    """How good a separation is.

    Attributes
    ----------
    stems : tuple of StemMeasures
        One for each true stem.
    extra : dict of str to float
        Estimates that there is no true stem for, with their level beside the mixture in dB.
    """

    stems: tuple[StemMeasures, ...]
    extra: Mapping[str, float]

    @property
    def mean(self) -> dict[str, float | None]:
        """The mean of each measure over the stems that have it."""
        rows = [stem.values for stem in self.stems]
        known = {name: [row[name] for row in rows if row[name] is not None] for name in rows[0]}
        return {
            name: float(np.mean([v for v in values if v is not None])) if values else None
            for name, values in known.items()
        }

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        stems = [
            {
                "stem": stem.stem,
                "reference": str(stem.reference),
                "estimate": str(stem.estimate) if stem.estimate else None,
                **stem.values,
            }
            for stem in self.stems
        ]
        return {"kind": "stems", "stems": stems, "mean": self.mean, "extra": dict(self.extra)}


def evaluate_stems(
    reference: Path,
    estimate: Path,
    *,
    bss: bool = False,
    allow_missing: bool = False,
    warn: Warn = warn_python,
) -> StemEvaluation:
    """Measure the stems of a folder by those of another.

    Parameters
    ----------
    reference, estimate : Path
        Folders.  Stems belong together if their files have the same name but for the ending, or
        names of the same drum class; a file called `MIXTURES` is none.  What all references add up
        to is the mixture.
    bss, allow_missing, warn
        See `evaluate`.

    Raises
    ------
    InputFileError
        If a stem is missing, or stems differ in sample rate, channels or length.
    MissingExtraError
        If BSS Eval is asked for and mir_eval is not installed.
    """
    if bss:
        bss_eval_of_mir_eval()
    true, found = _stems(reference), _stems(estimate)
    if not true:
        raise InputFileError(reference, expected="a folder of stems", found="no audio in it")
    partner = _partners(true, found, estimate)
    missing = [name for name in true if name not in partner]
    if missing and not allow_missing:
        raise InputFileError(
            estimate,
            expected=f"a stem for {', '.join(missing)}",
            found="none",
            hint="--allow-missing takes silence instead",
        )
    opened = partial(open_recording, warn=warn)
    references = {name: opened(path) for name, path in true.items()}
    estimates = {name: opened(found[other]) for name, other in partner.items()}
    others = {name: opened(path) for name, path in found.items() if name not in partner.values()}
    first = next(iter(references.values()))
    for recording in (*references.values(), *estimates.values(), *others.values()):
        _require_alike(recording, first)
    energies, extra = _measure(references, estimates, others)
    by_bss = _measure_by_bss(references, estimates, energies) if bss else {}
    measures = tuple(
        StemMeasures(
            stem=name,
            reference=true[name],
            estimate=found[partner[name]] if name in partner else None,
            energies=energies[name],
            bss=by_bss.get(name),
        )
        for name in true
    )
    return StemEvaluation(measures, extra)


def _stems(folder: Path) -> dict[str, Path]:
    """Return the audio files of a folder by their names, drums in the order of the field."""
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise InputFileError(folder, f"cannot be read: {error.strerror or error}") from error
    stems: dict[str, Path] = {}
    for path in entries:
        is_stem = path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith(".")
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


def _partners(
    true: Mapping[str, Path], found: Mapping[str, Path], estimate: Path
) -> dict[str, str]:
    """Return which estimate belongs to which reference: by name, then by class."""
    partner = {name: name for name in true if name in found}
    for name in true:
        drum = _known_class(name)
        if name in partner or drum is None:
            continue
        same = [n for n in found if n not in partner.values() and _known_class(n) == drum]
        rivals = [n for n in true if n not in found and _known_class(n) == drum]
        if len(same) > 1 or (same and len(rivals) > 1):
            names = f"{', '.join(same)} for {', '.join(rivals)}"
            raise InputFileError(estimate, expected=f"one stem of the class {drum}", found=names)
        if same:
            partner[name] = same[0]
    return partner


def _require_alike(recording: Recording, first: Recording) -> None:
    for what, unit in (("sample_rate", "Hz"), ("n_channels", "channels"), ("n_samples", "samples")):
        expected, value = getattr(first, what), getattr(recording, what)
        if expected != value:
            raise InputFileError(
                recording.name, expected=f"{expected} {unit} as in {first.name}", found=str(value)
            )


def _measure(
    references: Mapping[str, Recording],
    estimates: Mapping[str, Recording],
    others: Mapping[str, Recording],
) -> tuple[dict[str, StemEnergies], dict[str, float]]:
    """Walk once over all files, block by block."""
    rate = next(iter(references.values())).sample_rate
    frame_length = max(1, round(SILENCE_SECONDS * rate))
    energies = dict.fromkeys(references, StemEnergies(0, 0, 0, 0, 0, 0))
    of_others, of_mixture = dict.fromkeys(others, 0.0), 0.0
    files = [*references.values(), *estimates.values(), *others.values()]
    for blocks in _in_step(files, _BLOCK_FRAMES * frame_length):
        mixture = np.sum(blocks[: len(references)], axis=0)
        found = dict(zip(estimates, blocks[len(references) :], strict=False))
        silence = np.zeros_like(mixture)
        for name, block in zip(references, blocks, strict=False):
            estimate = found.get(name, silence)
            energies[name] += stem_energies(block, estimate, mixture, frame_length)
        for name, block in zip(others, blocks[len(files) - len(others) :], strict=True):
            of_others[name] += float(np.vdot(block, block))
        of_mixture += float(np.vdot(mixture, mixture))
    return energies, {name: decibels(energy, of_mixture) for name, energy in of_others.items()}


def _in_step(files: Sequence[Recording], n_samples: int) -> Iterator[tuple[FloatArray, ...]]:
    return zip(*(file.blocks(n_samples) for file in files), strict=True)


def _measure_by_bss(
    references: Mapping[str, Recording],
    estimates: Mapping[str, Recording],
    energies: Mapping[str, StemEnergies],
) -> dict[str, tuple[float, float, float]]:
    """Measure the downmix of those stems that sound; it needs them whole."""
    sounding = [name for name in references if energies[name].reference > 0]
    true = [_downmix(references[name]) for name in sounding]
    found = [
        _downmix(estimates[name]) if name in estimates else np.zeros_like(downmix)
        for name, downmix in zip(sounding, true, strict=True)
    ]
    if not sounding:
        return {}
    return dict(zip(sounding, bss_eval(np.stack(true), np.stack(found)), strict=True))


def _downmix(recording: Recording) -> FloatArray:
    mono: FloatArray = next(recording.blocks(recording.n_samples)).mean(axis=0)
    return mono
