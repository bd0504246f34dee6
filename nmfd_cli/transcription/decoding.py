"""From probabilities to hits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.transcription.features import HOP_SECONDS
from nmfd_cli.transcription.vocabulary import (
    ARTICULATIONS,
    DRUMS,
    N_ARTICULATIONS,
    N_DRUMS,
    OUTPUTS,
)

#: Thresholds move by so much on the logit scale from sensitivity 0.5 to 0 or to 1.
_LOGIT_RANGE: Final = 4.0
#: A hit is the largest of so many frames on either side.
_NEIGHBOURS: Final = 2
#: Hits of one drum are at least so many frames apart.
_CLOSEST_FRAMES: Final = 3
#: Frames on either side that decide the articulation.
_ARTICULATION_REACH: Final = 2
_SMALLEST: Final = 1e-7


@dataclass(frozen=True)
class Hit:
    """A hit of a drum.

    Attributes
    ----------
    time : float
        In seconds.
    drum : str
        One of `DRUMS`.
    articulation : str
        One of the drum's `ARTICULATIONS`, or the drum itself.
    confidence : float
        Probability of the drum at this time, 0 to 1.
    """

    time: float
    drum: str
    articulation: str
    confidence: float


def _logit(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    inside = np.clip(probability, _SMALLEST, 1.0 - _SMALLEST)
    return np.asarray(np.log(inside / (1.0 - inside)))


def shifted_thresholds(
    thresholds: NDArray[np.float32], sensitivity: float | Mapping[str, float] = 0.5
) -> NDArray[np.float64]:
    """Move thresholds as a sensitivity says.

    Parameters
    ----------
    thresholds : ndarray, shape (N_DRUMS,)
        Trained ones, in (0, 1).
    sensitivity : float or mapping of float by drum
        0 (only what is certain) to 1 (all that might be); 0.5 leaves the thresholds.  Drums that a
        mapping does not name keep theirs.

    Returns
    -------
    ndarray, shape (N_DRUMS,)
        In (0, 1): logit(threshold) + 8 (0.5 - sensitivity), back from the logit scale.
    """
    if isinstance(sensitivity, Mapping):
        values = np.array([float(sensitivity.get(drum, 0.5)) for drum in DRUMS])
    else:
        values = np.full(N_DRUMS, float(sensitivity))
    moved = _logit(np.asarray(thresholds, dtype=np.float64)) + 2.0 * _LOGIT_RANGE * (0.5 - values)
    return np.asarray(1.0 / (1.0 + np.exp(-moved)))


def peak_frames(curve: NDArray[np.float32], threshold: float) -> NDArray[np.intp]:
    """Return the frames of local maxima above a threshold, ascending.

    Of maxima that are closer than 40 ms the first counts.

    Parameters
    ----------
    curve : ndarray, shape (n_frames,)
    """
    if not len(curve):
        return np.zeros(0, dtype=np.intp)
    padded = np.pad(curve, _NEIGHBOURS, constant_values=-np.inf)
    spans = np.lib.stride_tricks.sliding_window_view(padded, 2 * _NEIGHBOURS + 1)
    candidates = np.flatnonzero((curve > threshold) & (curve >= spans.max(axis=1)))
    kept: list[int] = []
    for frame in candidates.tolist():
        if not kept or frame - kept[-1] > _CLOSEST_FRAMES:
            kept.append(frame)
    return np.array(kept, dtype=np.intp)


def refined_times(curve: NDArray[np.float32], frames: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return times in seconds: the vertex of the parabola through a maximum and its neighbours."""
    padded = np.pad(curve.astype(np.float64), 1, mode="edge")
    before, here, after = (padded[frames + shift] for shift in range(3))
    bend = before - 2.0 * here + after
    offset = np.where(bend < -1e-9, 0.5 * (before - after) / np.minimum(bend, -1e-9), 0.0)
    return np.asarray(np.maximum(0.0, (frames + np.clip(offset, -0.5, 0.5)) * HOP_SECONDS))


def articulation_evidence(probabilities: NDArray[np.float32], frame: int) -> NDArray[np.float32]:
    """Return the largest probability of each articulation around a hit, (N_ARTICULATIONS,)."""
    begin = max(0, frame - _ARTICULATION_REACH)
    around = probabilities[begin : frame + _ARTICULATION_REACH + 1]
    return np.asarray(around[:, N_DRUMS : N_DRUMS + N_ARTICULATIONS].max(axis=0))


def _articulation(drum: str, evidence: NDArray[np.float32]) -> str:
    """Return the articulation with the most evidence; a side stick needs more than 0.5."""
    names = ARTICULATIONS.get(drum, ())
    if not names:
        return drum
    values = [float(evidence[OUTPUTS.index(name) - N_DRUMS]) for name in names]
    best = int(np.argmax(values))
    return names[best] if len(names) > 1 or values[best] > 0.5 else drum


def decode(
    probabilities: NDArray[np.float32],
    thresholds: NDArray[np.float32],
    *,
    sensitivity: float | Mapping[str, float] = 0.5,
    articulation_factors: NDArray[np.float32] | None = None,
) -> list[Hit]:
    """Find the hits.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (n_frames, N_OUTPUTS)
        As `network.Network.probabilities` gives them.
    thresholds : ndarray, shape (N_DRUMS,)
        In (0, 1).
    sensitivity : float or mapping of float by drum
        See `shifted_thresholds`.
    articulation_factors : ndarray, shape (N_ARTICULATIONS,), optional
        Weigh rare articulations against frequent ones; `Network.articulation_factors`.

    Returns
    -------
    list of Hit
        In the order of time, then of `DRUMS`.
    """
    hits: list[Hit] = []
    limits = shifted_thresholds(thresholds, sensitivity)
    factors = np.ones(N_ARTICULATIONS) if articulation_factors is None else articulation_factors
    for output, drum in enumerate(DRUMS):
        curve = probabilities[:, output]
        frames = peak_frames(curve, float(limits[output]))
        if not len(frames):
            continue
        for frame, time in zip(frames.tolist(), refined_times(curve, frames), strict=True):
            evidence = articulation_evidence(probabilities, frame) * factors
            name = _articulation(drum, np.asarray(evidence, dtype=np.float32))
            hits.append(Hit(float(time), drum, name, float(curve[frame])))
    return sorted(hits, key=lambda hit: (hit.time, DRUMS.index(hit.drum)))
