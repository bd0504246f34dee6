"""The transcriber's features: local level, sample rates, odd lengths."""

import numpy as np
import pytest

from nmfd_cli.transcription.features import (
    N_BANDS,
    N_CHANNELS,
    N_WINDOWS,
    band_levels,
    local_reference,
    n_frames_of,
    network_input,
)

SAMPLE_RATE = 44_100


def noise_bursts(seconds: float, *, seed: int = 0, sample_rate: int = SAMPLE_RATE) -> np.ndarray:
    """Return decaying bursts of noise below 5 kHz, twice a second."""
    n_samples = int(seconds * sample_rate)
    time = np.arange(n_samples) / sample_rate
    rng = np.random.default_rng(seed)
    pitches = rng.uniform(60.0, 5000.0, 40)
    tones = np.sum([np.sin(2.0 * np.pi * p * time + p) for p in pitches], axis=0)
    return np.asarray(0.02 * tones * np.exp(-(time % 0.5) / 0.05), dtype=np.float32)


@pytest.mark.parametrize("n_samples", [1, 2, 440, 441, 442, 5000])
def test_a_recording_of_any_length_has_finite_features(n_samples: int) -> None:
    levels = band_levels(np.ones(n_samples, dtype=np.float32), SAMPLE_RATE)
    assert levels.shape == (n_frames_of(n_samples, SAMPLE_RATE), N_WINDOWS, N_BANDS)
    inputs = network_input(levels)
    assert inputs.shape == (len(levels), N_CHANNELS, N_BANDS)
    assert np.isfinite(inputs).all()


def test_a_sine_of_full_scale_is_at_0_db() -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    levels = band_levels(np.sin(2.0 * np.pi * 86.13 * time).astype(np.float32), SAMPLE_RATE)
    assert abs(levels[50, 0].max()) < 1.0


def test_silence_stays_silent() -> None:
    inputs = network_input(band_levels(np.zeros(SAMPLE_RATE, dtype=np.float32), SAMPLE_RATE))
    assert inputs[:, 1:].max() == 0.0


@pytest.mark.parametrize("gain", [-40.0, -20.0, 20.0])
def test_level_makes_no_difference(gain: float) -> None:
    samples = noise_bursts(3.0)
    expected = network_input(band_levels(samples, SAMPLE_RATE))
    found = network_input(band_levels(samples * np.float32(10.0 ** (gain / 20.0)), SAMPLE_RATE))
    assert np.abs(found - expected).max() < 0.05


def test_a_quiet_part_is_seen_as_if_it_were_alone() -> None:
    quiet, loud = 10.0**-1.5 * noise_bursts(6.0), noise_bursts(6.0, seed=1)
    both = np.concatenate([quiet, loud]).astype(np.float32)
    alone = network_input(band_levels(quiet.astype(np.float32), SAMPLE_RATE))
    together = network_input(band_levels(both, SAMPLE_RATE))
    assert np.abs(together[:590, 0] - alone[:590, 0]).max() < 0.3


def test_a_click_does_not_move_the_reference() -> None:
    samples = noise_bursts(6.0) * np.float32(0.05)
    clicked = samples.copy()
    clicked[3 * SAMPLE_RATE] = 1.0
    expected = local_reference(band_levels(samples, SAMPLE_RATE))
    found = local_reference(band_levels(clicked, SAMPLE_RATE))
    assert np.abs(found - expected).max() < 4.0


@pytest.mark.parametrize("sample_rate", [22_050, 24_000, 32_000, 48_000, 88_200, 96_000])
def test_sample_rates_give_comparable_features(sample_rate: int) -> None:
    expected = network_input(band_levels(noise_bursts(3.0), SAMPLE_RATE))
    samples = noise_bursts(3.0, sample_rate=sample_rate)
    found = network_input(band_levels(samples, sample_rate))
    assert found.shape == expected.shape
    below = slice(0, 50)  # what the lowest rate has, too
    assert np.abs(found[:, 0, below] - expected[:, 0, below]).mean() < 0.06
