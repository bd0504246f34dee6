"""The STFT loses nothing on its way back, and an onset falls where it should."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import ParameterError

SETTINGS = [
    Stft(2048, 512),
    Stft(64, 16),
    Stft(64, 32),  # hop_length = n_fft // 2
    Stft(64, 48),
    Stft(64, 24),  # does not divide n_fft
    Stft(64, 19),
    Stft(64, 1),
    Stft(63, 16),  # odd
    Stft(63, 31),
    Stft(5, 2),
    Stft(4, 1),
    Stft(4, 2),
]
IDS = [f"{stft.n_fft}-{stft.hop_length}" for stft in SETTINGS]
all_settings = pytest.mark.parametrize("stft", SETTINGS, ids=IDS)


def noise(*shape: int) -> NDArray[np.float64]:
    return np.random.default_rng(0).uniform(-1, 1, shape)


def lengths(stft: Stft) -> list[int]:
    hop, n_fft = stft.hop_length, stft.n_fft
    around = {n + d for n in (hop, n_fft, n_fft + 3 * hop) for d in (-1, 0, 1)}
    return sorted({1, 2, 3, 10 * n_fft // 3, *around} - {0})


@all_settings
def test_perfect_reconstruction(stft: Stft) -> None:
    for n_samples in lengths(stft):
        x = noise(2, n_samples)
        for samples, tolerance in ((x, 1e-12), (x.astype(np.float32), 1e-6)):
            spectrum = stft.transform(stft.padded(samples))
            assert spectrum.shape == (2, stft.n_bins, stft.n_frames(n_samples))
            restored = stft.inverse(spectrum, n_samples)
            assert restored.shape == samples.shape
            assert restored.dtype == samples.dtype
            assert np.abs(restored - samples).max() < tolerance


def test_every_short_length() -> None:
    for stft in (Stft(16, 4), Stft(15, 7), Stft(16, 11)):
        for n_samples in range(1, 60):
            x = noise(n_samples)
            restored = stft.inverse(stft.transform(stft.padded(x)), n_samples)
            np.testing.assert_allclose(restored, x, rtol=0, atol=1e-12)


def test_largest_hop_that_is_let_through() -> None:
    """Whatever hop the settings allow, nothing is lost by it."""
    for n_fft in (4, 5, 16, 63, 64, 1000):
        allowed = []
        for hop_length in range(1, n_fft + 1):
            try:
                allowed.append(Stft(n_fft, hop_length))
            except ParameterError:
                continue
        assert [stft.hop_length for stft in allowed] == list(range(1, len(allowed) + 1))
        largest = allowed[-1]
        assert largest.hop_length >= n_fft // 2
        x = noise(5 * n_fft)
        restored = largest.inverse(largest.transform(largest.padded(x)), x.size)
        assert np.abs(restored - x).max() < 1e-11


@all_settings
def test_onset_begins_in_its_frame(stft: Stft) -> None:
    n_samples = 3 * stft.n_fft
    for onset in {0, 1, stft.hop_length - 1, stft.hop_length, stft.n_fft, n_samples - 1}:
        x = np.zeros(n_samples)
        x[onset] = 1
        sounding = np.flatnonzero(stft.magnitude(x).max(axis=0) > 1e-12)
        assert sounding[0] == stft.frame_of(onset) == onset // stft.hop_length
        # and the last window that reaches it is there
        assert (sounding[-1] + 2) * stft.hop_length - stft.n_fft >= onset


@all_settings
def test_frames_are_windowed_spectra(stft: Stft) -> None:
    """Frame m is the spectrum of the samples up to (m + 1) hop_length, under the Hann window."""
    x = noise(2 * stft.n_fft)
    spectrum = stft.transform(stft.padded(x))
    window = np.sin(np.pi * np.arange(stft.n_fft) / stft.n_fft) ** 2
    around = np.concatenate([np.zeros(stft.n_fft), x, np.zeros(2 * stft.n_fft)])
    for m in (0, 1, spectrum.shape[1] - 1):
        stop = (m + 1) * stft.hop_length + stft.n_fft
        frame = window * around[stop - stft.n_fft : stop]
        np.testing.assert_allclose(spectrum[:, m], np.fft.rfft(frame), rtol=0, atol=1e-12)


def in_blocks(x: FloatArray, size: int) -> Iterator[FloatArray]:
    for start in range(0, x.shape[-1], size):
        yield x[..., start : start + size]


@all_settings
def test_block_wise_transform(stft: Stft) -> None:
    for n_samples in (1, stft.n_fft, 3 * stft.n_fft + 1):
        x = noise(2, n_samples)
        whole = stft.transform(stft.padded(x))
        for size in (3, stft.hop_length, stft.n_fft + 1, n_samples):
            blocks = np.concatenate(list(stft.blocks(in_blocks(x, size))), axis=-1)
            np.testing.assert_allclose(blocks, whole, rtol=0, atol=1e-12)


@all_settings
def test_block_wise_overlap_add(stft: Stft) -> None:
    """What waits for later frames is added to the first `reach` samples of the next block."""
    x = noise(2, 4 * stft.n_fft)
    spectrum = stft.transform(stft.padded(x))
    whole = stft.overlap_add(spectrum)
    n_frames = spectrum.shape[-1]
    assert whole.shape == (2, stft.overlap + n_frames * stft.hop_length)
    for size in (1, 3, n_frames - 1):
        total = np.zeros_like(whole)
        for start in range(0, n_frames, size):
            block = stft.overlap_add(spectrum[..., start : start + size])
            first = start * stft.hop_length
            total[:, first : first + block.shape[-1]] += block
        np.testing.assert_allclose(total, whole, rtol=0, atol=1e-12)


def test_types() -> None:
    stft = Stft(64, 16)
    x = noise(200)
    assert stft.transform(stft.padded(x)).dtype == np.complex128
    single = stft.transform(stft.padded(x.astype(np.float32)))
    assert single.dtype == np.complex64
    assert stft.magnitude(x.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(stft.magnitude(x), np.abs(stft.transform(stft.padded(x))))


def test_integers() -> None:
    stft = Stft(64, 16)
    x: Any = (1000 * noise(200)).astype(np.int16)
    wanted = stft.transform(stft.padded(x.astype(np.float64)))
    np.testing.assert_allclose(stft.transform(stft.padded(x)), wanted)


def test_samples_are_not_changed() -> None:
    stft = Stft(64, 16)
    x = noise(200)
    spectrum = stft.transform(stft.padded(x))
    copies = x.copy(), spectrum.copy()
    stft.inverse(spectrum, 200)
    np.testing.assert_array_equal(x, copies[0])
    np.testing.assert_array_equal(spectrum, copies[1])


def test_silence_and_nothing() -> None:
    stft = Stft(64, 16)
    assert not stft.inverse(stft.transform(stft.padded(np.zeros(100))), 100).any()
    assert stft.n_frames(0) == 0
    assert stft.n_frames(1) == 4


@pytest.mark.parametrize(
    ("n_fft", "hop_length", "text"),
    [
        (3, 1, "n_fft: expected at least 4 samples, found 3"),
        (0, 0, "n_fft: expected at least 4 samples, found 0"),
        (64, 0, "hop_length: expected 1 to 64 samples (n_fft), found 0"),
        (64, -16, "hop_length: expected 1 to 64 samples (n_fft), found -16"),
        (64, 65, "hop_length: expected 1 to 64 samples (n_fft), found 65"),
        (
            64,
            64,
            "hop_length: windows of 64 samples do not overlap enough at a hop of 64; "
            "expected at most about 48",
        ),
    ],
)
def test_bad_numbers(n_fft: int, hop_length: int, text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Stft(n_fft, hop_length)
    assert str(caught.value) == text
