"""The multichannel filter: what it leaves alone, and what it takes apart that masks cannot."""

from collections.abc import Iterator

import numpy as np
import pytest

from nmfd_cli.core.arrays import ComplexArray, FloatArray
from nmfd_cli.core.covariance import diffuse_part, sharpened
from nmfd_cli.core.division import StemModel, divide, measure_space
from nmfd_cli.core.spatial import (
    SpatialModel,
    SpatialStatistics,
    band_slices,
    multichannel_wiener,
)
from nmfd_cli.core.stft import Stft
from nmfd_cli.core.threads import WorkerPool

K, M = 129, 120
POOL = WorkerPool(2)
POSITIONS = {"left": (1.4, 0.2), "right": (0.3, 1.3), "centre": (1.0, 1.0)}


def noise(rng: np.random.Generator, *shape: int) -> ComplexArray:
    real, imaginary = rng.standard_normal((2, *shape))
    return np.asarray(real + 1j * imaginary, dtype=np.complex64)


def powers(rng: np.random.Generator, n_stems: int) -> FloatArray:
    """Return powers (S, K, M) that leave each stem alone in some bins."""
    return np.asarray(10 ** rng.uniform(-4, 1, (n_stems, K, M)), dtype=np.float32)


def shares(power: FloatArray) -> FloatArray:
    masks: FloatArray = power / power.sum(axis=0)
    return masks


def panned(rng: np.random.Generator) -> tuple[ComplexArray, FloatArray]:
    """Return three stems (3, 2, K, M), each a point, and the true masks (3, K, M)."""
    power = powers(rng, len(POSITIONS))
    gains = np.array(list(POSITIONS.values()), dtype=np.float32)
    stems = np.sqrt(power)[:, None] * noise(rng, 3, 1, K, M) * gains[:, :, None, None]
    return stems, shares(power * np.square(gains).sum(axis=1)[:, None, None])


def measured(spectrum: ComplexArray, masks: FloatArray) -> SpatialModel | None:
    statistics = SpatialStatistics(len(masks), spectrum.shape[1])
    statistics.add(spectrum, masks, POOL)
    return statistics.model()


def error(truth: ComplexArray, found: ComplexArray) -> float:
    """Return the energy of the errors beside that of the stems, in dB."""
    energy = np.square(np.abs(truth - found)).sum() / np.square(np.abs(truth)).sum()
    return float(10 * np.log10(energy))


def test_stems_add_up_to_the_mixture_and_the_arguments_stay() -> None:
    rng = np.random.default_rng(0)
    stems, masks = panned(rng)
    mixture = stems.sum(axis=0)
    before = mixture.copy(), masks.copy()
    model = measured(mixture, masks)
    assert model is not None
    divided = multichannel_wiener(mixture, masks, model)
    assert divided.dtype == np.complex64
    np.testing.assert_allclose(divided.sum(axis=0), mixture, rtol=0, atol=1e-5)
    np.testing.assert_array_equal(mixture, before[0])
    np.testing.assert_array_equal(masks, before[1])


def test_points_are_told_apart_where_masks_cannot() -> None:
    rng = np.random.default_rng(1)
    stems, masks = panned(rng)
    mixture = stems.sum(axis=0)
    model = measured(mixture, masks)
    assert model is not None
    by_space = error(stems, multichannel_wiener(mixture, masks, model))
    by_masks = error(stems, masks[:, None] * mixture)
    assert by_space < by_masks - 8
    for R, (left, right) in zip(np.moveaxis(model.R, 1, 0), POSITIONS.values(), strict=True):
        energy = (left**2 + right**2) / 2
        expected = np.array([left**2, right**2, left * right]) / energy
        np.testing.assert_allclose(R, np.repeat(expected[:, None], K, axis=1), atol=0.05)


def test_what_comes_from_everywhere_is_divided_as_by_masks() -> None:
    rng = np.random.default_rng(2)
    power = powers(rng, 3)
    stems = np.sqrt(power)[:, None] * noise(rng, 3, 2, K, M)
    mixture, masks = stems.sum(axis=0), shares(power)
    model = measured(mixture, masks)
    assert model is not None
    by_space = error(stems, multichannel_wiener(mixture, masks, model))
    assert by_space < error(stems, masks[:, None] * mixture) + 0.1


def test_equal_covariances_are_the_masks() -> None:
    rng = np.random.default_rng(3)
    mixture, masks = noise(rng, 2, K, M), shares(powers(rng, 4))
    R = np.broadcast_to(np.array([1.2, 0.8, 0.3], np.float32)[:, None, None], (3, 4, K))
    divided = multichannel_wiener(mixture, masks, SpatialModel(R))
    np.testing.assert_allclose(divided, masks[:, None] * mixture, atol=1e-5)


@pytest.mark.parametrize("gain", [1.0, -1.0, 0.0, 0.5])
def test_one_channel_at_two_gains_has_no_picture(gain: float) -> None:
    rng = np.random.default_rng(4)
    one = noise(rng, K, M)
    masks = shares(powers(rng, 3))
    assert measured(np.stack([one, np.complex64(gain) * one]), masks) is None
    assert measured(np.stack([np.complex64(gain) * one, one]), masks) is None
    assert measured(np.zeros((2, K, M), np.complex64), masks) is None


def test_silent_stems_and_silent_frames_stay_finite() -> None:
    rng = np.random.default_rng(5)
    stems, masks = panned(rng)
    stems[..., 30:60] = 0
    masks = np.concatenate([masks, np.zeros((1, K, M), np.float32)])
    mixture = stems.sum(axis=0)
    model = measured(mixture, masks)
    assert model is not None
    assert np.isfinite(model.R).all()
    divided = multichannel_wiener(mixture, masks, model)
    assert np.isfinite(divided).all()
    assert not divided[-1].any()
    assert not divided[..., 30:60].any()


def test_statistics_do_not_depend_on_the_blocks() -> None:
    rng = np.random.default_rng(6)
    stems, masks = panned(rng)
    mixture = stems.sum(axis=0)
    whole = measured(mixture, masks)
    pieces = SpatialStatistics(len(masks), K)
    for start, stop in [(0, 1), (1, 50), (50, 57), (57, M)]:
        pieces.add(mixture[..., start:stop], masks[..., start:stop], POOL)
    in_pieces = pieces.model()
    assert whole is not None
    assert in_pieces is not None
    np.testing.assert_array_equal(in_pieces.R, whole.R)


@pytest.mark.parametrize("n_bins", [3, 5, 129, 1025, 32769])
def test_bands_cover_all_bins_once(n_bins: int) -> None:
    covered = np.concatenate([np.arange(n_bins)[band] for band in band_slices(n_bins)])
    np.testing.assert_array_equal(covered, np.arange(n_bins))


def test_sharpened_covariances_can_be_inverted() -> None:
    some = np.array([[1, 1, 1], [1, 0, 0], [0, 0, 0], [2, 2, 0], [1e-30, 1e-30, 0], [3, 1, -1.0]])
    R = sharpened(some)
    np.testing.assert_allclose(R[:, 0] + R[:, 1], 2)
    assert (R[:, 0] * R[:, 1] - R[:, 2] ** 2 > 1e-5).all()
    np.testing.assert_allclose(diffuse_part(some)[:4], [0, 0, 1, 1], atol=1e-12)


# ---------------------------------------------------------------- recordings

STFT = Stft(256, 64)


def blocks(
    x: FloatArray, length: int
) -> Iterator[np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    for start in range(0, x.shape[1], length):
        yield x[:, start : start + length].astype(np.float64)


def two_stems(n_frames: int) -> StemModel:
    """Return a model of low and high tones."""
    W = np.zeros((STFT.n_bins, 2, 1), np.float32)
    W[:20, 0], W[15:, 1] = 1, 1
    H = np.ones((2, n_frames), np.float32)
    return StemModel(W, H, 1.0, (0, 1), 2)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_other_numbers_of_channels_are_left_to_the_masks(n_channels: int) -> None:
    x = np.random.default_rng(7).standard_normal((n_channels, 3000))
    assert measure_space(STFT, blocks(x, 1000), two_stems(STFT.n_frames(3000)), 2.0) is None


def test_a_recording_adds_up_for_any_length_of_blocks() -> None:
    x = np.random.default_rng(8).standard_normal((2, 5000)).astype(np.float32).astype(np.float64)
    model = two_stems(STFT.n_frames(5000))
    found = []
    for length in (5000, 640):
        space = measure_space(STFT, blocks(x, length), model, 2.0)
        assert space is not None
        parts = list(divide(STFT, blocks(x, length), model, 2.0, space=space))
        mixture = np.concatenate([block for block, _ in parts], axis=-1)
        stems = np.concatenate([block for _, block in parts], axis=-1)
        np.testing.assert_array_equal(mixture, x)
        np.testing.assert_allclose(stems.sum(axis=0), x, atol=1e-5)
        found.append(stems)
    np.testing.assert_allclose(found[0], found[1], atol=1e-5)
