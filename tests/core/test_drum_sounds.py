"""Descriptions of drum sounds, the templates rebuilt from them, likeness, hits."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nmfd_cli.core.drum_sounds.description import (
    BAND_EDGES,
    FREQUENCY_EDGES,
    TIME_EDGES,
    Description,
)
from nmfd_cli.core.drum_sounds.hits import find_hits
from nmfd_cli.core.drum_sounds.learning import average, describe, from_onset, ring_on
from nmfd_cli.core.drum_sounds.likeness import representatives
from nmfd_cli.core.drum_sounds.rebuilding import templates
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import ParameterError

Samples = NDArray[np.float64]

RATE = 44_100


def noise_burst(rate: int = RATE, decay: float = 0.06, seed: int = 0) -> Samples:
    noise = np.random.default_rng(seed).standard_normal(rate)
    return 0.3 * noise * np.exp(-np.arange(rate) / (decay * rate))


def ringing(rate: int = RATE, frequency: float = 110.0, decay: float = 0.2) -> Samples:
    time = np.arange(rate) / rate
    sound: Samples = np.sin(2 * np.pi * frequency * time) * np.exp(-time / decay)
    return sound


def measured(sound: Samples, stft: Stft, n_frames: int, n_places: int = 16) -> Samples:
    """Average the magnitudes that a sound has in an STFT over the place of its onset."""
    total = np.zeros((stft.n_bins, n_frames))
    for place in range(n_places):
        before = int(stft.hop_length * (place + 0.5) / n_places)
        padded = np.concatenate([np.zeros(before), sound, np.zeros(n_frames * stft.hop_length)])
        total += stft.magnitude(padded)[:, :n_frames]
    return total / n_places


def rebuilt(sound: Samples, rate: int, stft: Stft, n_frames: int) -> Samples:
    W = templates(
        describe(sound, rate),
        n_fft=stft.n_fft,
        hop_length=stft.hop_length,
        sample_rate=rate,
        n_frames=n_frames,
    )
    return W[:, 0].astype(np.float64)


def cosine(a: Samples, b: Samples) -> float:
    return float(np.vdot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.mark.parametrize(("n_fft", "hop_length"), [(1024, 256), (2048, 512), (4096, 1024)])
@pytest.mark.parametrize(
    "rate",
    [44_100, *(pytest.param(rate, marks=pytest.mark.slow) for rate in (22_050, 96_000))],
)
@pytest.mark.parametrize(("sound", "least"), [(ringing, 0.94), (noise_burst, 0.88)])
def test_templates_look_like_the_sound_in_any_stft(
    sound: Callable[[int], Samples], least: float, rate: int, n_fft: int, hop_length: int
) -> None:
    # A noise's own bin-to-bin speckle is not kept: 0.89 is what a Rayleigh spread leaves of 1.
    stft = Stft(n_fft, hop_length)
    expected = measured(sound(rate), stft, 8)
    found = rebuilt(sound(rate), rate, stft, 8)
    assert cosine(found, expected) > least
    level = 10 * np.log10(np.square(found).sum() / np.square(expected).sum())
    assert abs(level) < 1.0


@pytest.mark.parametrize("rate", [32_000, 48_000, 96_000])
def test_a_description_does_not_depend_on_the_sample_rate(rate: int) -> None:
    reference = describe(ringing(), RATE)
    found = describe(ringing(rate), rate)
    assert abs(found.level_db[0] - reference.level_db[0]) < 0.1
    low = FREQUENCY_EDGES[1:] < 1000
    assert np.abs(found.spectrum[:, low].astype(int) - reference.spectrum[:, low]).mean() < 0.5


def test_frame_zero_is_the_first_that_reaches_the_onset() -> None:
    click = np.concatenate([[1.0], np.zeros(RATE // 10)])
    energy = np.square(rebuilt(click, RATE, Stft(2048, 512), 8)).sum(axis=0)
    assert energy.argmax() in (1, 2)  # the window's middle passes the onset between them
    assert energy[0] < 0.05 * energy.max()
    assert energy[5:].max() < 1e-3 * energy.max()


def test_templates_are_positive_finite_and_of_their_shape() -> None:
    both = Description.stack([describe(ringing(), RATE), describe(noise_burst(), RATE)])
    W = templates(both, n_fft=1024, hop_length=256, sample_rate=192_000, n_frames=12)
    assert W.shape == (513, 2, 12)
    assert W.dtype == np.float32
    assert np.isfinite(W).all()
    assert (W > 0).all()
    alone = templates(both.take([1]), n_fft=1024, hop_length=256, sample_rate=192_000, n_frames=12)
    np.testing.assert_allclose(W[:, 1], alone[:, 0], rtol=1e-5)
    none = templates(both.take([]), n_fft=1024, hop_length=256, sample_rate=RATE, n_frames=3)
    assert none.shape == (513, 0, 3)


def test_the_level_follows_the_sound() -> None:
    loud, soft = (rebuilt(gain * ringing(), RATE, Stft(2048, 512), 4) for gain in (1.0, 0.1))
    np.testing.assert_allclose(soft, 0.1 * loud, rtol=1e-4)


def test_channels_in_opposite_phase_do_not_cancel() -> None:
    mono, sound = describe(ringing(), RATE), ringing()
    stereo = describe(np.stack([sound, -sound], axis=1), RATE)
    np.testing.assert_array_equal(stereo.spectrum, mono.spectrum)
    np.testing.assert_array_equal(stereo.profile, mono.profile)


def test_above_what_was_measured_a_spectrum_goes_on() -> None:
    low = describe(noise_burst(22_050), 22_050)
    W = templates(low, n_fft=2048, hop_length=512, sample_rate=RATE, n_frames=4)[:, 0]
    frequency = np.arange(1025) * RATE / 2048
    below = W[(frequency > 8e3) & (frequency < 1e4)].mean()
    above = W[frequency > 1.8e4].mean()
    assert 0.001 * below < above < 0.5 * below


def test_inputs_stay_as_they_were() -> None:
    sound = noise_burst()
    before = sound.copy()
    description = describe(sound, RATE)
    codes = description.profile.copy()
    from_onset(sound)
    find_hits(sound, RATE)
    ring_on(description, 0.3)
    np.testing.assert_array_equal(sound, before)
    np.testing.assert_array_equal(description.profile, codes)


def test_from_onset_drops_what_is_quieter_than_the_threshold() -> None:
    sound = np.concatenate([np.full(100, 0.001), ringing()[20:]])
    assert 100 <= len(sound) - len(from_onset(sound)) <= 101
    assert len(from_onset(sound, threshold_db=-80.0)) == len(sound)


@pytest.mark.parametrize(
    ("sound", "message"),
    [
        (np.zeros(1000), "expected a sound, found silence"),
        (
            np.zeros(0),
            "expected a sound of shape (n_samples,) or (n_samples, n_channels), found (0,)",
        ),
        (np.array([1.0, np.nan]), "expected a sound of finite samples, found NaN or infinity"),
    ],
)
def test_what_is_no_sound_is_refused(sound: Samples, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        describe(sound, RATE)
    assert str(caught.value) == message


def test_a_low_sample_rate_is_refused() -> None:
    with pytest.raises(ParameterError) as caught:
        describe([1.0], 4000)
    assert str(caught.value) == "expected a sample rate of at least 8000 Hz, found 4000"


def test_one_sample_is_a_sound() -> None:
    assert len(describe([0.5], RATE)) == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"n_fft": 1}, "n_fft: expected at least 2, found 1"),
        ({"hop_length": 0}, "hop_length: expected at least 1, found 0"),
        ({"hop_length": 2048}, "hop_length: expected at most n_fft = 1024, found 2048"),
        ({"n_frames": 0}, "n_frames: expected at least 1, found 0"),
        ({"sample_rate": 0.0}, "expected a positive sample rate, found 0.0"),
    ],
)
def test_what_is_no_stft_is_refused(changed: dict[str, Any], message: str) -> None:
    options: dict[str, Any] = {
        "n_fft": 1024, "hop_length": 256, "sample_rate": RATE, "n_frames": 6
    }  # fmt: skip
    with pytest.raises(ParameterError) as caught:
        templates(describe(ringing(), RATE), **(options | changed))
    assert str(caught.value) == message


def test_the_average_of_one_sound_is_that_sound() -> None:
    one = describe(ringing(), RATE)
    mean = average(one)
    np.testing.assert_array_equal(mean.spectrum, one.spectrum)
    np.testing.assert_array_equal(mean.profile, one.profile)
    np.testing.assert_allclose(mean.level_db, one.level_db, atol=1e-4)


def test_an_average_is_nearer_to_a_further_hit_than_one_hit_is() -> None:
    hits = Description.stack([describe(noise_burst(seed=seed), RATE) for seed in range(9)])

    def level(description: Description) -> Samples:
        levels: Samples = 1.5 * description.spectrum[0] + description.level_db[0]
        return levels[100:]

    further = level(hits.take([8]))
    one = np.square(level(hits.take([0])) - further).mean()
    mean = np.square(level(average(hits.take(range(8)))) - further).mean()
    assert mean < 0.8 * one


def test_a_sound_that_was_cut_rings_on_as_it_decayed() -> None:
    whole = ringing(decay=0.25)
    cut = describe(whole[: int(0.4 * RATE)], RATE)
    stft = Stft(2048, 512)
    options: dict[str, Any] = {
        "n_fft": stft.n_fft, "hop_length": 512, "sample_rate": RATE, "n_frames": 80
    }  # fmt: skip
    expected = np.square(measured(whole, stft, 80)).sum(axis=0)
    found = np.square(templates(ring_on(cut, 0.4), **options)[:, 0]).sum(axis=0)
    silent = np.square(templates(cut, **options)[:, 0]).sum(axis=0)
    error = 10 * np.log10(found / expected)
    assert np.abs(error[2:70]).max() < 3.0
    assert (10 * np.log10(silent / expected))[60] < -20.0


def test_a_cut_too_early_is_refused() -> None:
    with pytest.raises(ParameterError) as caught:
        ring_on(describe(ringing(), RATE), 0.001)
    assert str(caught.value) == "expected two cells of time before a cut, found it at 0.001 s"


def test_sounds_that_look_alike_are_represented_by_the_first() -> None:
    sounds = [
        ringing(),
        noise_burst(),
        0.2 * ringing(),
        noise_burst(seed=1),
        ringing(frequency=300.0),
    ]
    description = Description.stack([describe(sound, RATE) for sound in sounds])
    assert representatives(description, ["a"] * 5).tolist() == [0, 1, 0, 1, 4]
    assert representatives(description, list("abbba")).tolist() == [0, 1, 2, 1, 4]
    assert representatives(description.take([]), []).tolist() == []
    with pytest.raises(ParameterError) as caught:
        representatives(description, ["a"])
    assert str(caught.value) == "expected one group for each of 5 sounds, found 1"


@pytest.mark.parametrize("rate", [8_000, 44_100, 96_000])
@pytest.mark.parametrize("sound", [ringing, noise_burst])
def test_hits_are_found_where_they_begin(sound: Callable[[int], Samples], rate: int) -> None:
    begins = [int(second * rate) for second in (0.1, 0.7, 1.4, 2.4)]
    recording = 1e-4 * np.random.default_rng(0).standard_normal(4 * rate)
    for begin, gain in zip(begins, (0.5, 1.0, 0.3, 0.8), strict=True):
        recording[begin : begin + rate] += gain * sound(rate)
    found = find_hits(recording, rate)
    assert len(found) == 4
    assert np.abs(np.subtract(found, begins)).max() <= 0.004 * rate


def test_a_one_shot_is_one_hit_and_silence_none() -> None:
    hands = sum(np.roll(noise_burst(decay=0.005), int(0.012 * RATE * n)) for n in range(4))
    assert find_hits(hands, RATE) == [0]
    assert find_hits(np.stack([ringing()] * 2, axis=1), RATE) == [0]
    assert find_hits(np.zeros(RATE), RATE) == []
    assert find_hits(np.zeros(0), RATE) == []
    with pytest.raises(ParameterError) as caught:
        find_hits(np.zeros((2, 2, 2)), RATE)
    assert str(caught.value) == (
        "expected a recording of shape (n_samples,) or (n_samples, n_channels), found (2, 2, 2)"
    )


def test_the_cells_are_those_of_version_1() -> None:
    assert (len(FREQUENCY_EDGES), len(BAND_EDGES), len(TIME_EDGES)) == (758, 40, 31)
    for edges in (FREQUENCY_EDGES, BAND_EDGES, TIME_EDGES):
        assert edges[0] == 0
        assert (np.diff(edges) > 0).all()
