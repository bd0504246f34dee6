"""Onsets of hits are moved to where they begin, and their level is read off the samples."""

import numpy as np
import pytest
from numpy.typing import NDArray

from nmfd_cli.core.bands import Bands
from nmfd_cli.core.stft import Stft
from nmfd_cli.io.audio.samples import recording_from
from nmfd_cli.kits.find import load_kit
from nmfd_cli.kits.templates import kit_templates
from nmfd_cli.transcription.onsets import Onsets, attack_weights, refine_onsets

RATE = 44_100
N_BINS = 257
#: All bins tell the same.
ALIKE = np.ones((1, N_BINS))


def bursts(
    seconds: list[float], levels: list[float] | None = None, *, length: float = 2.0
) -> NDArray[np.float64]:
    """Return decaying noise from each of some times on."""
    rng = np.random.default_rng(0)
    samples = np.zeros(round(length * RATE))
    for time, level in zip(seconds, levels or [1.0] * len(seconds), strict=True):
        begin = round(time * RATE)
        n = min(RATE // 4, len(samples) - begin)
        decay = np.exp(-np.arange(n) / (0.05 * RATE))
        samples[begin : begin + n] += level * rng.standard_normal(n) * decay
    return samples


def refined(samples: NDArray[np.float64], about: list[float]) -> Onsets:
    return refine_onsets(recording_from(samples, RATE), about, [0] * len(about), ALIKE)


@pytest.mark.parametrize("error", [-0.015, -0.005, 0.0, 0.005, 0.015])
def test_an_onset_is_found_to_a_few_milliseconds(error: float) -> None:
    times = [0.1, 0.5, 0.9, 1.3, 1.7]
    found = refined(bursts(times), [time + error for time in times])
    assert np.abs(found.samples / RATE - times).max() < 0.004


def test_the_level_is_the_amplitude() -> None:
    level = refined(bursts([0.2, 0.9], [0.8, 0.2]), [0.2, 0.9]).level
    assert level[1] / level[0] == pytest.approx(0.25, rel=0.2)


def test_where_nothing_rises_an_onset_stays() -> None:
    found = refined(np.zeros(RATE), [0.25, 0.5])
    assert found.samples.tolist() == [RATE // 4, RATE // 2]
    assert found.level.tolist() == [0, 0]


@pytest.mark.parametrize("n_samples", [1, 2, 700, RATE])
def test_onsets_stay_inside_of_the_recording(n_samples: int) -> None:
    found = refined(np.full(n_samples, 0.5), [0.0, n_samples / RATE, n_samples / RATE])
    assert (found.samples >= 0).all()
    assert (found.samples < n_samples).all()
    assert np.isfinite(found.level).all()


def test_it_does_not_matter_where_blocks_end() -> None:
    times = [0.3, 1.4, 1.49, 2.97, 3.5]  # 2 ** 16 samples are 1.486 s
    samples = bursts(times, length=4.0)
    together = refined(samples, times)
    for time, place, level in zip(times, together.samples, together.level, strict=True):
        begin = max(0, round(time * RATE) - 8000)
        alone = refined(samples[begin : begin + 16_000], [time - begin / RATE])
        assert abs(int(alone.samples[0]) + begin - place) <= 1
        assert alone.level[0] == pytest.approx(level, rel=1e-2)


def test_channels_that_cancel_out_are_both_seen() -> None:
    samples = bursts([0.4])
    assert refined(np.stack([samples, -samples]), [0.41]).samples == pytest.approx(
        refined(samples, [0.41]).samples
    )


def test_no_hits_no_onsets() -> None:
    found = refine_onsets(recording_from(np.zeros(100), RATE), [], [], ALIKE)
    assert len(found.samples) == len(found.level) == 0


def test_a_drum_is_told_by_the_bins_that_it_has_for_itself() -> None:
    stft, drums = Stft(2048, 512), ("kick", "hihat")
    bank = kit_templates(
        load_kit(None), drums, stft=stft, sample_rate=RATE, template_frames=8, tail=0.0
    )
    weights = attack_weights(bank, drums, Bands(2048, RATE), RATE)
    assert weights.shape == (2, N_BINS)
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=0)[1:200], 1, atol=1e-3)
    hz = np.arange(N_BINS) * RATE / 512
    assert weights[0, hz < 200].mean() > 0.9
    assert weights[1, (hz > 5000) & (hz < 15_000)].mean() > 0.8
