"""A transcription against the true onsets."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.core.onset_matching import OnsetCounts, match_onsets
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.score.notes import Score


@dataclass(frozen=True)
class OnsetEvaluation:
    """How good a transcription is.

    Attributes
    ----------
    tolerance : float
        Seconds.
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


def evaluate_onsets(reference: Score, estimate: Score, tolerance: float) -> OnsetEvaluation:
    """Count the onsets of each class that two scores share.

    Raises
    ------
    ParameterError
        If the tolerance is impossible.
    """
    if not 0 <= tolerance < float("inf"):
        raise ParameterError(expected="0 s or more", found=f"{tolerance:g}", setting="tolerance")
    references, estimates = _by_drum(reference), _by_drum(estimate)
    present = {*references, *estimates}
    known = [drum for drum in DRUM_CLASSES if drum in present]
    classes = {}
    for name in (*known, *sorted(present.difference(known))):
        of_reference, of_estimate = references.get(name, []), estimates.get(name, [])
        n_matched = len(match_onsets(of_reference, of_estimate, tolerance))
        classes[name] = OnsetCounts(len(of_reference), len(of_estimate), n_matched)
    return OnsetEvaluation(tolerance, classes)


def _by_drum(score: Score) -> dict[str, list[float]]:
    onsets: dict[str, list[float]] = {}
    for onset, drum, pitch in zip(score.onsets, score.drums, score.pitches, strict=True):
        onsets.setdefault(drum or f"pitch {pitch:g}", []).append(onset)
    return onsets
