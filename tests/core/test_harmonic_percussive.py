"""Medians that tell what sustains from what is struck, and the tones they find."""

import numpy as np
import pytest
from numpy.typing import NDArray

from nmfd_cli.core.harmonic_percussive import MedianKernels, tonal_energies
from nmfd_cli.core.stft import Stft

STFT = Stft(1024, 256)
RATE = 22050


def lines_and_hits() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return spectrograms (K, M) of four steady partials and of three broad hits."""
    tones = np.full((STFT.n_bins, 120), 1e-6, dtype=np.float32)
    hits = tones.copy()
    tones[[12, 24, 60, 90]] = 1
    hits[:, [20, 60, 100]] = 1
    return tones, hits


def test_hits_are_percussive_and_partials_are_not() -> None:
    tones, hits = lines_and_hits()
    percussive = MedianKernels.of(STFT, RATE).percussive(tones + hits)
    assert np.square(percussive[:, 60] - hits[:, 60]).sum() < 0.05 * np.square(hits[:, 60]).sum()
    assert percussive[[12, 24, 60, 90], 40].max() < 0.01


def test_accompaniment_is_what_drums_leave_over_and_lasts() -> None:
    tones, hits = lines_and_hits()
    model = MedianKernels.of(STFT, RATE).accompaniment(tones + hits, hits)
    assert np.abs(model[[12, 24, 60, 90]] - 1).max() < 0.3
    assert np.delete(model, [12, 24, 60, 90], axis=0).max() < 0.01


@pytest.mark.parametrize("rate", [22050, 44100, 96000])
def test_kernels_are_as_long_and_as_broad_at_any_rate(rate: int) -> None:
    kernels = MedianKernels.of(STFT, rate)
    assert kernels.n_frames % 2 == kernels.n_bins % 2 == 1
    assert kernels.n_frames * 256 / rate == pytest.approx(0.3, abs=1.5 * 256 / rate)
    assert kernels.n_bins >= 3


def test_clear_tones_have_their_energy_and_noise_has_none() -> None:
    tones, _ = lines_and_hits()
    *ranges, whole = tonal_energies(tones, STFT, RATE)
    assert min(ranges) > 0.2 * whole
    noise = np.abs(np.random.default_rng(1).standard_normal(tones.shape)).astype(np.float32)
    *ranges, whole = tonal_energies(noise, STFT, RATE)
    assert max(ranges) < 0.003 * whole


@pytest.mark.parametrize("shape", [(513, 1), (3, 2), (1, 1)])
def test_tones_of_tiny_spectrograms(shape: tuple[int, int]) -> None:
    assert np.isfinite(tonal_energies(np.ones(shape, np.float32), STFT, 300)).all()
