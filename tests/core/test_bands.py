"""Bands: from bins and back, in memory and in panels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.bands import Bands, in_bands
from nmfd_cli.core.nmfconv.target import ArrayTarget, panels_of

RATE = 44_100

N_FFTS = st.integers(2, 4096).map(lambda half: 2 * half)
RATES = st.sampled_from([4000, 8000, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000])


@given(N_FFTS, RATES)
def test_bands_add_up_to_one_in_every_bin(n_fft: int, rate: int) -> None:
    matrix = Bands(n_fft, rate).matrix
    assert matrix.shape[1] == n_fft // 2 + 1
    assert matrix.min() >= 0
    np.testing.assert_allclose(matrix.sum(axis=0), 1, rtol=1e-5)


@given(N_FFTS, RATES)
def test_every_band_has_a_bin(n_fft: int, rate: int) -> None:
    assert Bands(n_fft, rate).matrix.sum(axis=1).min() > 0


@given(N_FFTS, RATES, st.integers(0, 99))
def test_the_way_to_bands_and_back_keeps_the_sum_and_a_flat_spectrum(
    n_fft: int, rate: int, seed: int
) -> None:
    bands = Bands(n_fft, rate)
    V = np.random.default_rng(seed).random((bands.n_bins, 3))
    back = bands.spread(bands.add_up(V))
    assert back.min() >= 0
    np.testing.assert_allclose(back.sum(axis=0), V.sum(axis=0), rtol=1e-5)
    np.testing.assert_allclose(bands.spread(bands.add_up(np.ones_like(V))), 1, rtol=1e-5)


def test_low_bins_are_bands_of_their_own() -> None:
    bands = Bands(2048, RATE)
    low = slice(2, 14)  # 43 to 280 Hz; the first band holds the mean, too
    V = np.zeros((bands.n_bins, 1))
    V[low, 0] = np.arange(1, 13)
    np.testing.assert_allclose(bands.spread(bands.add_up(V))[low], V[low], rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_target_in_bands_is_the_same_in_memory_and_in_panels(dtype: type) -> None:
    bands = Bands(64, 8000)
    V: FloatArray = (np.random.default_rng(1).random((33, 20)) + 0.1).astype(dtype)
    target = ArrayTarget(V, V.dtype)
    whole = in_bands(target, bands)

    class Elsewhere:
        """The same target, read in panels of seven frames."""

        shape, dtype, total, panel_frames, in_memory = V.shape, V.dtype, target.total, 7, False

        def panel(self, index: int, scratch: FloatArray | None = None) -> FloatArray:
            return np.ascontiguousarray(V[:, 7 * index : 7 * index + 7])

    read = in_bands(Elsewhere(), bands)
    assert read.shape == whole.shape == (len(bands.centres), 20)
    assert read.total == pytest.approx(whole.total, rel=1e-5)
    assert whole.in_memory
    assert not read.in_memory
    wanted = np.concatenate([whole.panel(panel.index) for panel in panels_of(whole)], axis=1)
    for panel in panels_of(read):
        found = read.panel(panel.index)
        np.testing.assert_allclose(found, wanted[:, panel.start : panel.stop], rtol=1e-5)
