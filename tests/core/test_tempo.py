"""The tempo of onsets."""

import numpy as np
import pytest
from numpy.typing import NDArray
from separations import strokes

from nmfd_cli.core.tempo import estimate_tempo


@pytest.mark.parametrize("bpm", [84.0, 97.3, 120.0, 132.0, 150.0])
def test_tempo_of_a_played_groove(bpm: float) -> None:
    generator = np.random.default_rng(5)
    step = 60 / bpm / 4

    def played(steps: list[int], velocity: float) -> NDArray[np.float64]:
        times = np.array([(16 * bar + s) * step for bar in range(8) for s in steps])
        return strokes(*((0.3 + t + generator.normal(0, 0.004), velocity) for t in times))

    groove = {
        "kick": played([0, 6, 8], 110),
        "snare": played([4, 12], 100),
        "hihat": played(list(range(0, 16, 2)), 70),
    }
    tempo = estimate_tempo(groove)
    assert tempo is not None
    assert tempo.bpm == pytest.approx(bpm, rel=0.005)
    bar = 16 * step
    assert (tempo.downbeat - 0.3 + bar / 2) % bar == pytest.approx(bar / 2, abs=0.02)


def test_no_tempo_where_there_is_none() -> None:
    generator = np.random.default_rng(2)
    times = np.sort(generator.uniform(0, 20, 60))
    assert estimate_tempo({"kick": strokes(*((t, 90) for t in times))}) is None
    assert estimate_tempo({"kick": strokes((0, 90), (0.5, 90))}) is None
    assert estimate_tempo({}) is None
