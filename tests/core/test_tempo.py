"""The tempo of onsets."""

from collections.abc import Iterable

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


#: Steps a beat, beats a bar, and the steps of each drum in a bar.
GROOVES: dict[str, tuple[int, int, dict[str, Iterable[int]]]] = {
    "sixteenths on double kick": (
        4, 4, {"kick": range(16), "snare": (4, 12), "hihat": range(0, 16, 4)}
    ),
    "rock": (4, 4, {"kick": (0, 6, 8), "snare": (4, 12), "hihat": range(0, 16, 2)}),
    "triplets": (3, 4, {"kick": (0, 6), "snare": (3, 9), "hihat": range(12)}),
    "12/8": (3, 4, {"kick": (0, 5, 6), "snare": (3, 9), "hihat": range(12)}),
    "6/8": (3, 2, {"kick": (0,), "snare": (3,), "hihat": range(6)}),
    "waltz": (2, 3, {"kick": (0,), "snare": (2, 4), "hihat": range(6)}),
    "shuffle": (3, 4, {"kick": (0, 6, 8), "snare": (3, 9), "hihat": (0, 2, 3, 5, 6, 8, 9, 11)}),
    "bossa nova": (
        4, 4,
        {
            "kick": (0, 3, 4, 7, 8, 11, 12, 15),
            "side stick": (0, 3, 6, 10, 13),
            "hihat": range(0, 16, 2),
        },
    ),
    "four snares a bar": (
        4, 4, {"kick": (0, 6, 8, 14), "snare": (0, 4, 8, 12), "hihat": range(0, 16, 2)}
    ),
    "punk": (2, 4, {"kick": (0, 3, 4), "snare": (2, 6), "hihat": range(8)}),
}  # fmt: skip
PLAYED = [
    *(("sixteenths on double kick", bpm) for bpm in (180.0, 200.0, 220.0)),
    *(("triplets", bpm) for bpm in (100.0, 110.0, 120.0)),
    ("rock", 84.0), ("rock", 165.0), ("12/8", 80.0), ("6/8", 90.0), ("waltz", 120.0),
    ("shuffle", 130.0), ("punk", 190.0), ("bossa nova", 110.0),
    ("four snares a bar", 115.0),
]  # fmt: skip


def performance(
    name: str, bpm: float, *, drift: float, seed: int
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64], int]:
    """Play 20 bars with some imprecision; return the hits, the beats, and how many a bar has."""
    generator = np.random.default_rng(seed)
    n_steps, n_beats, pattern = GROOVES[name]
    place = np.linspace(0, 1, 20 * n_beats + 1)
    rates = 1 + drift * np.sin(2 * np.pi * place)
    beats = 0.4 + np.concatenate([[0], np.cumsum(60 / bpm / rates)])
    hits = {}
    for drum, steps in pattern.items():
        at = np.array([bar * n_beats + step / n_steps for bar in range(20) for step in steps])
        at = at[generator.random(len(at)) > 0.04]
        times = np.interp(at, np.arange(len(beats)), beats) + generator.normal(0, 0.006, len(at))
        hits[drum] = np.column_stack([times, generator.integers(80, 110, len(at))])
    return hits, beats[: 20 * n_beats], n_beats


@pytest.mark.parametrize("drift", [0.0, 0.03])
@pytest.mark.parametrize(("name", "bpm"), PLAYED)
def test_beats_and_bars_of_many_metres(name: str, bpm: float, drift: float) -> None:
    hits, beats, n_beats = performance(name, bpm, drift=drift, seed=int(bpm))
    tempo = estimate_tempo(hits)
    assert tempo is not None
    assert tempo.bpm == pytest.approx(60 * (len(beats) - 1) / (beats[-1] - beats[0]), rel=0.01)
    assert tempo.is_steady == (drift == 0)
    numbers = np.array([tempo.number_at(beat) for beat in beats])
    assert np.abs(numbers - np.rint(numbers)).max() * tempo.seconds_per_beat < 0.05
    bars = np.rint(numbers[::n_beats]).astype(int) % tempo.beats_per_bar
    assert set(bars) <= ({0, 2} if n_beats == 2 else {0})


def test_beats_of_a_drifting_performance_reach_from_its_start_to_its_end() -> None:
    hits, beats, _ = performance("rock", 100.0, drift=0.03, seed=3)
    tempo = estimate_tempo(hits)
    assert tempo is not None
    found = tempo.beats(60.0)
    assert found[0] < tempo.seconds_per_beat
    assert 60.0 - found[-1] < 1.2 * tempo.seconds_per_beat
    assert np.abs(found[:, None] - beats[None, :]).min(axis=0).max() < 0.04
    assert [tempo.is_downbeat(float(beat)) for beat in beats[:8]] == 2 * [True, False, False, False]
