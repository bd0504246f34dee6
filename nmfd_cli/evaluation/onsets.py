"""`nmfd evaluate`: separated stems or a transcription are held against the truth."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.core.metrics import OnsetCounts, match_onsets
from nmfd_cli.errors import InputFileError, ParameterError, Warn, warn_python
from nmfd_cli.evaluation.stems import StemEvaluation, evaluate_stems
from nmfd_cli.io.score import read_transcription
from nmfd_cli.io.score.notes import Score


@dataclass(frozen=True)
class OnsetEvaluation:
    """How good a transcription is.

    Attributes
    ----------
    tolerance : float
        Seconds.
    classes : dict of str to OnsetCounts
    """

    tolerance: float
    classes: Mapping[str, OnsetCounts]

    @property
    def overall(self) -> OnsetCounts:
        """The counts of all classes together."""
        return reduce(add, self.classes.values(), OnsetCounts(0, 0, 0))

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        classes = {name: counts_as_dict(counts) for name, counts in self.classes.items()}
        overall = counts_as_dict(self.overall)
        return {
            "kind": "onsets", "tolerance": self.tolerance, "classes": classes, "overall": overall
        }  # fmt: skip


def counts_as_dict(counts: OnsetCounts) -> dict[str, Any]:
    """Return counts and what follows from them as plain values."""
    return {
        "reference": counts.n_reference,
        "estimate": counts.n_estimate,
        "matched": counts.n_matched,
        "precision": counts.precision,
        "recall": counts.recall,
        "f_measure": counts.f_measure,
    }


def evaluate(
    reference: str | Path,
    estimate: str | Path,
    *,
    tolerance: float = 0.05,
    bss: bool = False,
    allow_missing: bool = False,
    warn: Warn = warn_python,
) -> StemEvaluation | OnsetEvaluation:
    """Hold two folders of stems, or two files of onsets, against each other.

    Parameters
    ----------
    reference, estimate : str or Path
        The truth and what was found.
    tolerance : float
        Seconds that matched onsets may be apart.
    bss : bool
        Measure stems by BSS Eval, too.
    allow_missing : bool
        Measure a missing stem as silence.
    warn : callable, optional

    Raises
    ------
    InputFileError
        If something cannot be read, or the two do not fit together.
    ParameterError
        If the tolerance is impossible, or files of onsets are to be measured as stems are.
    MissingExtraError
        If a package is needed that is not installed.
    """
    reference, estimate = Path(reference), Path(estimate)
    if not reference.exists():
        raise InputFileError(
            reference, expected="a folder of stems or a file of onsets", found="none"
        )
    if reference.is_dir() != estimate.is_dir():
        wanted = "a folder of stems" if reference.is_dir() else "a file of onsets"
        found = "none" if not estimate.exists() else "a file" if reference.is_dir() else "a folder"
        raise InputFileError(estimate, expected=f"{wanted} as {reference} is", found=found)
    if reference.is_dir():
        return evaluate_stems(reference, estimate, bss=bss, allow_missing=allow_missing, warn=warn)
    for name, is_given in (("bss", bss), ("allow_missing", allow_missing)):
        if is_given:
            raise ParameterError(expected="folders of stems", found="files of onsets", setting=name)
    scores = read_transcription(reference, warn=warn), read_transcription(estimate, warn=warn)
    return evaluate_onsets(*scores, tolerance)


def evaluate_onsets(reference: Score, estimate: Score, tolerance: float) -> OnsetEvaluation:
    """Count the onsets of each class that two scores share.

    Raises
    ------
    ParameterError
        If the tolerance is impossible.
    """
    if not 0 <= tolerance < float("inf"):
        raise ParameterError(expected="0 s or more", found=f"{tolerance:g}", setting="tolerance")
    true, found = _onsets(reference), _onsets(estimate)
    known = [drum for drum in DRUM_CLASSES if drum in {*true, *found}]
    names = (*known, *sorted({*true, *found}.difference(known)))
    classes = {}
    for name in names:
        ours, theirs = true.get(name, []), found.get(name, [])
        n_matched = len(match_onsets(ours, theirs, tolerance))
        classes[name] = OnsetCounts(len(ours), len(theirs), n_matched)
    return OnsetEvaluation(tolerance, classes)


def _onsets(score: Score) -> dict[str, list[float]]:
    onsets: dict[str, list[float]] = {}
    for onset, drum, pitch in zip(score.onsets, score.drums, score.pitches, strict=True):
        onsets.setdefault(drum or f"pitch {pitch:g}", []).append(onset)
    return onsets
