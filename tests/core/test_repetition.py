"""Waveforms that repeat are found and taken out; what varies is left to the masks."""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.division import StemModel, divide
from nmfd_cli.core.hit_alignment import cluster_hits
from nmfd_cli.core.masking import wiener_masks
from nmfd_cli.core.repetition import repeated_means
from nmfd_cli.core.sections import divide_sections, learn_sections, recut, section_frames
from nmfd_cli.core.stft import Stft

STFT = Stft(1024, 256)
RATE = 44_100
N = 120_000
#: Where two drums play: together, alone and in each other's tails.
LOW = np.array([3000, 23000, 43000, 63000, 83000, 103000], dtype=np.intp)
HIGH = np.array([3000, 13000, 27000, 43000, 53000, 66000, 83000, 93000, 105000], dtype=np.intp)


def burst(rng: np.random.Generator, pole: float, length: int = 6000) -> FloatArray:
    """Return coloured noise that dies away: low for a positive pole, high for a negative one."""
    noise = rng.standard_normal(length) * np.exp(-np.arange(length) / 1200)
    response = pole ** np.arange(60)
    return np.convolve(noise, response)[:length]


def played(sounds: list[FloatArray], onsets: NDArray[np.intp]) -> FloatArray:
    """Return a stem (1, N) of sounds in turn."""
    stem = np.zeros((1, N))
    for index, onset in enumerate(onsets):
        sound = sounds[index % len(sounds)]
        stem[0, onset : onset + len(sound)] += sound
    return stem


def machine() -> FloatArray:
    """Return stems (2, 1, N) that each repeat one waveform."""
    rng = np.random.default_rng(0)
    return np.stack([played([burst(rng, 0.9)], LOW), played([burst(rng, -0.9)], HIGH)])


def acoustic() -> FloatArray:
    """Return stems (2, 1, N) of which no two hits have one waveform."""
    rng = np.random.default_rng(1)
    low = [burst(rng, 0.9) for _ in LOW]
    return np.stack([played(low, LOW), played([burst(rng, -0.9) for _ in HIGH], HIGH)])


def masks_of(stems: FloatArray) -> FloatArray:
    """Return masks (S, K, M) of smoothed spectra, as a model of magnitudes has them."""
    magnitude = np.stack([np.abs(STFT.transform(STFT.padded(stem[0]))) for stem in stems])
    smooth = np.apply_along_axis(np.convolve, 1, magnitude, np.ones(25) / 25, "same")
    return wiener_masks(smooth.astype(np.float32), 1.0)


def sdr(truth: FloatArray, found: FloatArray) -> float:
    return float(10 * np.log10(np.square(truth).sum() / np.square(truth - found).sum()))


def by_masks(x: FloatArray, masks: FloatArray) -> FloatArray:
    spectrum = STFT.transform(STFT.padded(x))
    return STFT.inverse(masks[:, None] * spectrum, x.shape[1])


def test_a_machine_is_recovered_beyond_the_masks() -> None:
    stems = machine()
    x, masks = stems.sum(axis=0), masks_of(stems)
    before = x.copy(), masks.copy()
    means = repeated_means(x, [LOW, HIGH], masks, STFT, sample_rate=RATE)
    assert means is not None
    means = means[..., :N]
    found = means + by_masks(x - means.sum(axis=0), masks)
    np.testing.assert_allclose(found.sum(axis=0), x, atol=1e-4)
    for stem, with_means, without in zip(stems, found, by_masks(x, masks), strict=True):
        assert sdr(stem, with_means) > sdr(stem, without) + 6
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(masks, before[1])


def test_onsets_that_are_all_late_lose_no_attack() -> None:
    stems = machine()
    x, masks = stems.sum(axis=0), masks_of(stems)
    means = repeated_means(x, [LOW + 250, HIGH + 250], masks, STFT, sample_rate=RATE)
    assert means is not None
    for stem, of_stem, onsets in zip(stems, means, (LOW, HIGH), strict=True):
        attacks = onsets[:, None] + np.arange(120)
        assert sdr(stem[0, attacks], of_stem[0, attacks]) > 6


def test_hits_that_differ_have_no_means() -> None:
    stems = acoustic()
    masks = masks_of(stems)
    assert repeated_means(stems.sum(axis=0), [LOW, HIGH], masks, STFT, sample_rate=RATE) is None


@pytest.mark.parametrize("onsets", [[], [3000], [3000, 23000], [3000, 3001, 3002]])
def test_too_few_hits_have_no_means(onsets: list[int]) -> None:
    stems = machine()
    few = [np.array(onsets, dtype=np.intp), np.array([], dtype=np.intp)]
    x, masks = stems.sum(axis=0), masks_of(stems)
    assert repeated_means(x, few, masks, STFT, sample_rate=RATE) is None


def test_silence_has_no_means() -> None:
    masks = np.full((2, STFT.n_bins, STFT.n_frames(N)), 0.5, np.float32)
    x = np.zeros((1, N))
    assert repeated_means(x, [LOW, HIGH], masks, STFT, sample_rate=RATE) is None


@pytest.mark.parametrize(("rate", "farthest"), [(RATE, 500), (2 * RATE, 1100)])
def test_onsets_that_are_not_exact_are_aligned(rate: int, farthest: int) -> None:
    stems = machine()[:1]
    ones = np.ones((STFT.n_frames(N), STFT.n_bins), np.float32)
    moved = LOW + np.array([0, 40, -75, 130, 12, -farthest])
    (hits,) = cluster_hits(stems[0], moved, ones, hop_length=STFT.hop_length, sample_rate=rate)
    assert len(hits) == len(LOW)
    errors = np.array([hit.onset + hit.fraction for hit in hits]) - LOW
    assert np.ptp(errors) < 0.5


def test_two_sounds_of_a_stem_are_two_clusters() -> None:
    rng = np.random.default_rng(2)
    stem = played([burst(rng, 0.9), burst(rng, 0.5)], LOW)
    ones = np.ones((STFT.n_frames(N), STFT.n_bins), np.float32)
    clusters = cluster_hits(stem, LOW, ones, hop_length=STFT.hop_length, sample_rate=RATE)
    assert [[hit.onset for hit in hits] for hits in clusters] == [list(LOW[::2]), list(LOW[1::2])]


# ---------------------------------------------------------------- recordings


def blocks(x: FloatArray, length: int) -> Iterator[NDArray[np.float64]]:
    for start in range(0, x.shape[1], length):
        yield x[:, start : start + length].astype(np.float64)


def model_of(stems: FloatArray) -> StemModel:
    """Return a model with a spectrum a stem, played where the stem sounds."""
    magnitude = np.stack([np.abs(STFT.transform(STFT.padded(stem[0]))) for stem in stems])
    W = magnitude.mean(axis=2).T[:, :, None].astype(np.float32)
    return StemModel(W, magnitude.sum(axis=1).astype(np.float32), 1.0, (0, 1), 2)


def divided(
    x: FloatArray, model: StemModel, n_frames: int, length: int
) -> tuple[FloatArray, FloatArray]:
    sections = learn_sections(
        STFT, blocks(x, length), model, 2.0, onsets=[LOW, HIGH], n_frames=n_frames, sample_rate=RATE
    )
    parts = list(divide_sections(STFT, sections, model, 2.0))
    return (
        np.concatenate([mixture for mixture, _ in parts], axis=-1),
        np.concatenate([stems for _, stems in parts], axis=-1),
    )


@pytest.mark.parametrize("n_frames", [200, 1000])
def test_sections_add_up_and_do_not_depend_on_the_blocks(n_frames: int) -> None:
    stems = machine()
    x, model = stems.sum(axis=0), model_of(stems)
    mixture, found = divided(x, model, n_frames, 7001)
    np.testing.assert_array_equal(mixture, x)
    np.testing.assert_allclose(found.sum(axis=0), x, atol=1e-4)
    again = divided(x, model, n_frames, N)
    np.testing.assert_array_equal(again[1], found)


def test_what_does_not_repeat_is_divided_as_before() -> None:
    stems = acoustic()
    x, model = stems.sum(axis=0), model_of(stems)
    _, found = divided(x, model, 1000, 65536)
    before = [part for _, part in divide(STFT, blocks(x, 65536), model, 2.0)]
    np.testing.assert_array_equal(found, np.concatenate(before, axis=-1))


def test_recut_keeps_every_sample() -> None:
    x = np.arange(1000.0)[None]
    pieces = list(recut(blocks(x, 33), 64))
    assert [piece.shape[1] for piece in pieces] == [64] * 15 + [40]
    np.testing.assert_array_equal(np.concatenate(pieces, axis=1), x)


@pytest.mark.parametrize(("seconds", "expected"), [(30, 1), (10, 2), (1, 12)])
def test_sections_are_equal_and_no_longer_than_asked(seconds: float, expected: int) -> None:
    n_frames = section_frames(120_000, 10_000, 256, seconds=seconds)
    assert -(-120_000 // (n_frames * 256)) == expected
