"""Separated stems against the true ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.metrics import (
    ROUNDING,
    SILENCE_SECONDS,
    StemEnergies,
    bss_eval,
    bss_eval_of_mir_eval,
    decibels,
    stem_energies,
)
from nmfd_cli.errors import InputFileError, Warn, warn_python
from nmfd_cli.evaluation.pairing import paired, require_alike, stem_files
from nmfd_cli.io.audio.recording import Recording, open_recording

#: Frames of `SILENCE_SECONDS` that are measured at a time.
_BLOCK_FRAMES = 250


@dataclass(frozen=True)
class StemMeasures:
    """How good one stem is.

    Attributes
    ----------
    estimate : Path or None
        None for a missing stem, measured as silence.
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
    allow_length: int = 0,
    span: tuple[float, float | None] = (0.0, None),
    warn: Warn = warn_python,
) -> StemEvaluation:
    """Measure the stems of a folder by those of another.

    Parameters
    ----------
    reference, estimate : Path
        Folders.  Stems belong together if their files have the same name but for the ending, or
        names of the same drum class; one called mixture or mix is none.  What all references add up
        to is the mixture.
    bss, allow_missing, allow_length, warn
        See `evaluate`.
    span : tuple of (float, float or None)
        Seconds of the part that is measured.

    Raises
    ------
    InputFileError
        If a stem is missing, or stems differ in sample rate, channels or length.
    MissingExtraError
        If BSS Eval is asked for and mir_eval is not installed.
    """
    if bss:
        bss_eval_of_mir_eval()
    reference_files, estimate_files = stem_files(reference), stem_files(estimate)
    if not reference_files:
        raise InputFileError(reference, expected="a folder of stems", found="no audio in it")
    pairs = paired(reference_files, estimate_files, estimate)
    missing = [name for name in reference_files if name not in pairs]
    if missing and not allow_missing:
        raise InputFileError(
            estimate,
            expected=f"a stem for {', '.join(missing)}",
            found="none",
            hint="--allow-missing takes silence instead",
        )
    read = partial(open_recording, warn=warn)
    references = {name: read(path) for name, path in reference_files.items()}
    opened = {name: read(path) for name, path in estimate_files.items()}
    estimates = {name: opened.pop(partner) for name, partner in pairs.items()}
    first = next(iter(references.values()))
    for recording in (*references.values(), *estimates.values(), *opened.values()):
        require_alike(recording, first, allow_length=allow_length)
    references, estimates, opened = (
        {name: recording.between(*span) for name, recording in group.items()}
        for group in _of_one_length([references, estimates, opened], warn)
    )
    energies, extra = _measure(references, estimates, opened)
    by_bss = _measure_by_bss(references, estimates, energies) if bss else {}
    measures = tuple(
        StemMeasures(
            stem=name,
            reference=path,
            estimate=estimate_files[pairs[name]] if name in pairs else None,
            energies=energies[name],
            bss=by_bss.get(name),
        )
        for name, path in reference_files.items()
    )
    return StemEvaluation(measures, extra)


def _of_one_length(
    groups: Sequence[dict[str, Recording]], warn: Warn
) -> list[dict[str, Recording]]:
    """Return recordings without what they have behind the end of the shortest."""
    recordings = [recording for group in groups for recording in group.values()]
    n_samples = min(recording.n_samples for recording in recordings)
    longer = [recording for recording in recordings if recording.n_samples > n_samples]
    if longer:
        most = max(recording.n_samples for recording in longer) - n_samples
        warn(f"{len(longer)} of {len(recordings)} stems: up to {most} samples at the end left out")
    return [
        {
            name: recording.part(0, n_samples) if recording in longer else recording
            for name, recording in group.items()
        }
        for group in groups
    ]


def _measure(
    references: Mapping[str, Recording],
    estimates: Mapping[str, Recording],
    extra: Mapping[str, Recording],
) -> tuple[dict[str, StemEnergies], dict[str, float]]:
    """Walk once over all files, block by block."""
    rate = next(iter(references.values())).sample_rate
    frame_length = max(1, round(SILENCE_SECONDS * rate))
    energies = dict.fromkeys(references, StemEnergies(0, 0, 0, 0, 0, 0))
    of_extra, of_mixture = dict.fromkeys(extra, 0.0), 0.0
    files = [*references.values(), *estimates.values(), *extra.values()]
    in_step = (file.blocks(_BLOCK_FRAMES * frame_length) for file in files)
    for blocks in zip(*in_step, strict=True):
        mixture = np.sum(blocks[: len(references)], axis=0)
        of_estimates = dict(zip(estimates, blocks[len(references) :], strict=False))
        silence = np.zeros_like(mixture)
        for name, block in zip(references, blocks, strict=False):
            estimate = of_estimates.get(name, silence)
            energies[name] += stem_energies(block, estimate, mixture, frame_length=frame_length)
        for name, block in zip(extra, blocks[len(files) - len(extra) :], strict=True):
            of_extra[name] += float(np.vdot(block, block))
        of_mixture += float(np.vdot(mixture, mixture))
    for name, found in energies.items():
        if found.reference <= ROUNDING * of_mixture:  # of what computed it, and no sound
            energies[name] = replace(found, reference=0.0)
    return energies, {name: decibels(energy, of_mixture) for name, energy in of_extra.items()}


def _measure_by_bss(
    references: Mapping[str, Recording],
    estimates: Mapping[str, Recording],
    energies: Mapping[str, StemEnergies],
) -> dict[str, tuple[float, float, float]]:
    """Measure the downmix of those stems that sound; it needs them whole."""
    whole = {n: _downmix(references[n]) for n in references if energies[n].reference > 0}
    sounding = [name for name, downmix in whole.items() if downmix.any()]
    if not sounding:
        return {}
    downmixes = [whole[name] for name in sounding]
    found = [
        _downmix(estimates[name]) if name in estimates else np.zeros_like(downmix)
        for name, downmix in zip(sounding, downmixes, strict=True)
    ]
    measured = dict(zip(sounding, bss_eval(np.stack(downmixes), np.stack(found)), strict=True))
    for name, downmix in zip(sounding, found, strict=True):
        if energies[name].estimate > 0 and not downmix.any():
            del measured[name]  # it sounds, but not in mono
    return measured


def _downmix(recording: Recording) -> FloatArray:
    """Return the mean of all channels; exact zeros where they cancel out but for rounding."""
    channels = next(recording.blocks(recording.n_samples))
    mono: FloatArray = channels.mean(axis=0)
    is_sound = np.vdot(mono, mono) > ROUNDING * np.vdot(channels, channels)
    return mono if is_sound else np.zeros_like(mono)
