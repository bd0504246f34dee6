"""The shipped weights on the shipped demo: figures that must not fall."""

import csv
from functools import cache

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from nmfd_cli.io.resources import shipped
from nmfd_cli.transcription.decoding import Hit, decode
from nmfd_cli.transcription.network import shipped_network

Samples = NDArray[np.float32]
DRUMS = ("kick", "snare", "hihat")
TOLERANCE = 0.05


@cache
def demo() -> tuple[Samples, int, dict[str, list[float]]]:
    """Return the demo in mono, its sample rate, and the true onsets of its drums in seconds."""
    samples, sample_rate = soundfile.read(shipped("data", "demo", "drums.wav"), dtype="float32")
    onsets: dict[str, list[float]] = {drum: [] for drum in DRUMS}
    with shipped("data", "demo", "drums.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            onsets[row["drum"]].append(float(row["onset"]))
    return samples.mean(axis=1), sample_rate, onsets


def transcribed(samples: Samples, sample_rate: int) -> list[Hit]:
    network = shipped_network()
    return decode(network.probabilities(samples, sample_rate), network.thresholds)


def n_found(true: list[float], hits: list[Hit], drum: str, *, shift: float = 0.0) -> int:
    """Return how many true onsets have a hit within the tolerance; each hit counts once."""
    left = [hit.time for hit in hits if hit.drum == drum]
    matched = 0
    for onset in true:
        near = [time for time in left if abs(time - onset - shift) <= TOLERANCE]
        if near:
            left.remove(near[0])
            matched += 1
    return matched


def f_measure(hits: list[Hit], onsets: dict[str, list[float]]) -> float:
    matched = sum(n_found(onsets[drum], hits, drum) for drum in DRUMS)
    return 2.0 * matched / (sum(map(len, onsets.values())) + len(hits))


def test_the_demo_is_transcribed() -> None:
    samples, sample_rate, onsets = demo()
    assert f_measure(transcribed(samples, sample_rate), onsets) >= 0.9


def test_times_are_near_the_truth() -> None:
    samples, sample_rate, onsets = demo()
    hits = transcribed(samples, sample_rate)
    errors = [
        min(abs(hit.time - onset) for hit in hits if hit.drum == drum)
        for drum in DRUMS
        for onset in onsets[drum]
    ]
    assert np.median(errors) < 0.006


@pytest.mark.parametrize("gain", [-50.0, -20.0])
def test_level_makes_no_difference(gain: float) -> None:
    samples, sample_rate, onsets = demo()
    softer = (samples * 10.0 ** (gain / 20.0)).astype(np.float32)
    expected = f_measure(transcribed(samples, sample_rate), onsets)
    assert abs(f_measure(transcribed(softer, sample_rate), onsets) - expected) < 0.02


def test_a_quiet_verse_is_transcribed_like_a_loud_one() -> None:
    samples, sample_rate, onsets = demo()
    gap = np.zeros(sample_rate // 2, dtype=np.float32)
    both = np.concatenate([samples * np.float32(10.0**-1.5), gap, samples])
    hits = transcribed(both, sample_rate)
    shift = (len(samples) + len(gap)) / sample_rate
    quiet = sum(n_found(onsets[drum], hits, drum) for drum in DRUMS)
    loud = sum(n_found(onsets[drum], hits, drum, shift=shift) for drum in DRUMS)
    assert quiet >= 0.95 * loud


def test_a_click_of_full_level_costs_one_hit_at_most() -> None:
    samples, sample_rate, onsets = demo()
    softer = (samples * 10.0 ** (-24.0 / 20.0)).astype(np.float32)
    clicked = softer.copy()
    clicked[len(clicked) // 2] = 1.0
    expected, found = (transcribed(one, sample_rate) for one in (softer, clicked))
    for drum in DRUMS:
        lost = n_found(onsets[drum], expected, drum) - n_found(onsets[drum], found, drum)
        assert lost <= 1


@pytest.mark.parametrize("sample_rate", [22_050, 48_000, 96_000])
def test_sample_rates_give_the_same_hits(sample_rate: int) -> None:
    samples, its_rate, onsets = demo()
    times = np.arange(int(len(samples) * sample_rate / its_rate)) / sample_rate
    if sample_rate < its_rate:
        samples = np.convolve(samples, np.full(2, 0.5), mode="same").astype(np.float32)
    resampled = np.interp(times * its_rate, np.arange(len(samples)), samples).astype(np.float32)
    expected = f_measure(transcribed(demo()[0], its_rate), onsets)
    assert f_measure(transcribed(resampled, sample_rate), onsets) > expected - 0.06
