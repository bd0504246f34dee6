"""From probabilities to hits."""

import numpy as np
import pytest
from numpy.typing import NDArray

from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.transcription.decoding import decode, shifted_thresholds
from nmfd_cli.transcription.vocabulary import (
    ARTICULATIONS,
    N_ARTICULATIONS,
    N_DRUMS,
    N_OUTPUTS,
    OUTPUTS,
)

THRESHOLDS = np.full(N_DRUMS, 0.5, dtype=np.float32)


def curves(n_frames: int = 100) -> NDArray[np.float32]:
    return np.full((n_frames, N_OUTPUTS), 0.01, dtype=np.float32)


def with_peak(probabilities: NDArray[np.float32], name: str, frame: int, height: float) -> None:
    """Put a symmetrical peak on a frame."""
    output = OUTPUTS.index(name)
    probabilities[frame, output] = height
    for neighbour in (frame - 1, frame + 1):
        probabilities[neighbour, output] = max(probabilities[neighbour, output], 0.4 * height)


def test_outputs_have_the_drums_first() -> None:
    assert OUTPUTS[:N_DRUMS] == DRUM_CLASSES
    assert len(set(OUTPUTS)) == N_OUTPUTS


@pytest.mark.parametrize("n_frames", [0, 1, 2])
def test_short_recordings_are_decoded(n_frames: int) -> None:
    assert decode(curves(n_frames), THRESHOLDS) == []
    certain = np.ones((n_frames, N_OUTPUTS), dtype=np.float32)
    assert len(decode(certain, THRESHOLDS)) == N_DRUMS * (n_frames > 0)


def test_a_peak_is_a_hit_between_frames() -> None:
    probabilities = curves()
    probabilities[49:52, 0] = [0.5, 0.9, 0.7]
    (hit,) = decode(probabilities, THRESHOLDS)
    assert (hit.drum, hit.articulation) == ("kick", "kick")
    assert 0.500 < hit.time < 0.505
    assert hit.confidence == pytest.approx(0.9)


def test_hits_40_ms_apart_are_two() -> None:
    probabilities = curves()
    for frame in (20, 24, 28):
        with_peak(probabilities, "snare", frame, 0.9)
    assert [hit.time for hit in decode(probabilities, THRESHOLDS)] == pytest.approx(
        [0.2, 0.24, 0.28]
    )


@pytest.mark.parametrize(
    ("drum", "articulation"),
    [(drum, name) for drum, names in ARTICULATIONS.items() for name in names],
)
def test_articulations_are_told(drum: str, articulation: str) -> None:
    probabilities = curves()
    with_peak(probabilities, drum, 50, 0.9)
    with_peak(probabilities, articulation, 51, 0.8)
    (hit,) = decode(probabilities, THRESHOLDS)
    assert (hit.drum, hit.articulation) == (drum, articulation)


def test_a_snare_is_no_side_stick_without_reason() -> None:
    probabilities = curves()
    with_peak(probabilities, "snare", 50, 0.9)
    assert decode(probabilities, THRESHOLDS)[0].articulation == "snare"


def test_sensitivity_moves_thresholds() -> None:
    assert shifted_thresholds(THRESHOLDS) == pytest.approx(THRESHOLDS)
    for drum_only in ({"snare": 0.9}, {"snare": 0.1}):
        moved = shifted_thresholds(THRESHOLDS, drum_only)
        assert np.flatnonzero(moved != 0.5).tolist() == [1]
    probabilities = curves()
    with_peak(probabilities, "snare", 50, 0.3)
    assert decode(probabilities, THRESHOLDS) == []
    assert len(decode(probabilities, THRESHOLDS, sensitivity=0.8)) == 1
    assert len(decode(probabilities, THRESHOLDS, sensitivity={"snare": 0.8})) == 1
    assert decode(probabilities, THRESHOLDS, sensitivity={"tom": 0.8}) == []


def test_more_sensitivity_never_loses_a_hit() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.random((2000, N_OUTPUTS)).astype(np.float32) ** 4
    counts = [
        len(decode(probabilities, THRESHOLDS, sensitivity=s)) for s in (0, 0.25, 0.5, 0.75, 1)
    ]
    assert counts == sorted(counts)


def test_factors_weigh_articulations() -> None:
    probabilities = curves()
    with_peak(probabilities, "cymbal", 50, 0.9)
    with_peak(probabilities, "ride", 50, 0.6)
    with_peak(probabilities, "crash", 50, 0.4)
    factors = np.ones(N_ARTICULATIONS, dtype=np.float32)
    assert decode(probabilities, THRESHOLDS)[0].articulation == "ride"
    factors[OUTPUTS.index("crash") - N_DRUMS] = 2.0
    (hit,) = decode(probabilities, THRESHOLDS, articulation_factors=factors)
    assert hit.articulation == "crash"
