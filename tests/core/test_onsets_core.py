"""Strokes and peaks: the parts that listening is made of."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.bands import Bands
from nmfd_cli.core.drum_sounds.bank_templates import BankTemplates, ringing_grid
from nmfd_cli.core.drums.listening import clear_strokes, present_classes
from nmfd_cli.core.drums.onsets import (
    Peaks,
    attack_rises,
    attack_weights,
    fine_roots,
    fine_stft,
    pick_peaks,
)
from nmfd_cli.core.drums.shadows import out_of_shadows
from nmfd_cli.core.drums.strokes import STROKE_FRAMES, stroke_activations
from nmfd_cli.core.stft import Stft

RATE = 44_100
STFT = Stft(2048, 512)
FINE = fine_stft(RATE)


def bank_of(drums: Sequence[str], n_bands: int = 10, n_boxes: int = 8) -> BankTemplates:
    W = np.random.default_rng(0).random((n_bands, len(drums), n_boxes)) + 0.01
    return BankTemplates(W, tuple(drums), ringing_grid(n_boxes, 0, 0.01))


# --- strokes -------------------------------------------------------------------------------------


def test_strokes_stand_where_onsets_are_and_nowhere_else() -> None:
    H = stroke_activations([[0, 5], [], [9, -1, 10]], 10, 0.5)
    is_on = H == 0.5
    assert H.shape == (3, 10)
    assert [list(np.flatnonzero(row)) for row in is_on] == [[0, 1, 5, 6], [], [9]]
    assert (H[~is_on] == EPS * 0.5).all()
    assert STROKE_FRAMES == 2


# --- peaks ---------------------------------------------------------------------------------------


def clicks(*samples: int, n_samples: int = RATE) -> FloatArray:
    """Bursts of noise that begin at some samples, shape (1, n_samples)."""
    rng = np.random.default_rng(2)
    x = np.zeros(n_samples + 4000)
    for sample in samples:
        x[sample : sample + 4000] += rng.standard_normal(4000) * np.exp(-np.arange(4000) / 600)
    return x[None, :n_samples]


def rises_of(x: FloatArray) -> FloatArray:
    (rises,) = attack_rises(fine_roots(FINE, [x]), np.ones((1, FINE.n_bins)))
    return np.asarray(rises)


def activation_of(*samples: int, n_samples: int = RATE, level: float = 1.0) -> FloatArray:
    H = np.zeros(STFT.n_frames(n_samples))
    for sample in samples:
        H[STFT.frame_of(sample)] += level
    return H


def found_in(x: FloatArray, H: FloatArray) -> Peaks:
    return pick_peaks(H, rises_of(x), STFT, FINE, RATE)


@pytest.mark.parametrize("sample", [0, 1, 511, 512, 10_000, RATE // 2 + 300, RATE - 2000])
def test_a_stroke_is_placed_to_a_few_milliseconds(sample: int) -> None:
    peaks = found_in(clicks(sample), activation_of(sample))
    assert peaks.strength == pytest.approx([1])
    assert abs(peaks.samples[0] - sample) < 0.006 * RATE


def test_strokes_at_both_borders_are_found() -> None:
    samples = (0, RATE - 600)
    peaks = found_in(clicks(*samples), activation_of(*samples))
    np.testing.assert_allclose(peaks.samples, samples, atol=0.01 * RATE)
    assert peaks.samples.min() >= 0


def test_strength_is_relative_to_the_strongest_and_its_scale_does_not_matter() -> None:
    samples = (5000, 15_000, 30_000)
    H = activation_of(5000) + activation_of(15_000, level=0.25) + activation_of(30_000, level=0.5)
    for scale in (1.0, 1e-8, 1e8):
        peaks = found_in(clicks(*samples), scale * H)
        np.testing.assert_allclose(peaks.strength, [1, 0.25, 0.5])
    assert len(peaks.above(0.3).samples) == 2
    assert len(peaks.above(0).samples) == 3


def test_silence_has_no_strokes() -> None:
    n_frames = STFT.n_frames(RATE)
    peaks = found_in(np.zeros((1, RATE)), np.zeros(n_frames))
    assert peaks.samples.size == peaks.strength.size == 0
    assert peaks.above(0.1).samples.size == 0
    assert not rises_of(np.zeros((1, RATE))).any()


@pytest.mark.parametrize("n_frames", [1, 2, 3])
def test_a_few_frames_are_enough(n_frames: int) -> None:
    H = np.zeros(n_frames)
    H[0] = 1
    peaks = pick_peaks(H, rises_of(clicks(0, n_samples=600)), STFT, FINE, RATE)
    assert len(peaks.samples) == 1
    assert 0 <= peaks.samples[0] < 600


@given(st.lists(st.integers(0, RATE - 1), max_size=12), st.integers(0, 9))
def test_strokes_rise_in_time_and_keep_their_distance(samples: list[int], seed: int) -> None:
    H = activation_of(*samples) + 0.01 * np.random.default_rng(seed).random(STFT.n_frames(RATE))
    rises = np.random.default_rng(seed).random(FINE.n_frames(RATE))
    peaks = pick_peaks(H, rises, STFT, FINE, RATE)
    assert (np.diff(peaks.samples) >= round(0.03 * RATE)).all()
    assert (peaks.samples >= 0).all()
    assert ((peaks.strength > 0) & (peaks.strength <= 1)).all()


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000, 192_000])
def test_the_fine_stft_lasts_about_12_ms(rate: int) -> None:
    fine = fine_stft(rate)
    assert 0.008 < fine.n_fft / rate < 0.017
    assert fine.hop_length == fine.n_fft // 4


def test_attack_weights_are_shares() -> None:
    bands = Bands(2048, RATE)
    bank = bank_of(["kick", "snare", "kick", "hihat"], n_bands=len(bands.centres))
    weights = attack_weights(bank, ["kick", "snare", "hihat"], bands, FINE, RATE)
    assert weights.shape == (3, FINE.n_bins)
    np.testing.assert_allclose(weights.sum(axis=0), 1, rtol=1e-5)


# --- presence ------------------------------------------------------------------------------------


def strokes_of(row: FloatArray) -> Peaks:
    frames = np.flatnonzero(row > 0.1 * row.max())
    return Peaks(frames * 512, row[frames] / row.max())


def played(*frames: int, level: float = 1.0) -> FloatArray:
    row = np.full(200, 1e-6)
    row[list(frames)] = level
    return row


def present(**rows: FloatArray) -> list[str]:
    return present_classes(rows, {drum: strokes_of(row) for drum, row in rows.items()}, 512)


def test_a_class_that_is_heard_by_itself_is_present() -> None:
    rows = {"kick": played(10, 60, 110), "snare": played(35, 85), "tom": played(140, 160, 180)}
    assert present(**rows) == ["kick", "snare", "tom"]


def test_the_shadow_of_another_class_is_absent() -> None:
    rows = {"kick": played(10, 60, 110), "tom": played(10, 60, 110, level=0.3)}
    assert present(**rows) == ["kick"]


def test_a_class_that_is_faint_all_along_is_absent() -> None:
    rows = {"kick": played(10, 60, 110), "cymbal": played(35, 85, level=0.1)}
    assert present(**rows) == ["kick"]


def test_something_is_always_present() -> None:
    rows = {"clap": played(10), "tom": played(10, level=0.9), "cymbal": played(10, level=0.9)}
    assert present(**rows) == ["clap"]


# --- shadows -------------------------------------------------------------------------------------

SNARES = range(10, 190, 20)


def standing_out(**rows: FloatArray) -> dict[int, float]:
    """Return by frame how far each tom stands out."""
    strokes = {drum: strokes_of(row) for drum, row in rows.items()}
    clear = out_of_shadows("tom", rows, strokes, 512)
    frames = strokes["tom"].frames(512, 200)
    return dict(zip(frames.tolist(), clear.tolist(), strict=True))


def test_what_is_regular_at_the_strokes_of_another_class_is_its_shadow() -> None:
    tom = played(*SNARES, level=0.5)
    tom[[35, 55]] = 1.0
    clear = standing_out(snare=played(*SNARES), tom=tom)
    assert [frame for frame, value in clear.items() if value > 0.9] == [35, 55]
    assert all(clear[frame] == 0 for frame in SNARES)


def test_a_stroke_together_with_another_stands_out_of_what_is_usual() -> None:
    tom = played(*SNARES, level=0.2)
    tom[50] = 1.0
    clear = standing_out(snare=played(*SNARES), tom=tom)
    assert clear[50] == pytest.approx(0.7 * np.sqrt(0.5), rel=1e-3)
    assert clear[30] == 0


def test_shadows_are_as_long_as_what_throws_them_is_loud() -> None:
    snare, tom = played(*SNARES, level=0.5), played(*SNARES, level=0.2)
    snare[90] = 1.0
    tom[[90, 110, 130]] = 0.4, 0.4, 1.0
    clear = standing_out(snare=snare, tom=tom)
    assert clear[90] == 0
    assert 0 < clear[110] < clear[130]


def test_two_strokes_do_not_tell_how_long_a_shadow_is() -> None:
    clear = standing_out(snare=played(10, 60), tom=played(10, 60, 110))
    assert clear[10] == clear[60] > 0.5


def test_nothing_is_in_the_shadow_of_silence() -> None:
    assert standing_out(snare=np.zeros(200), tom=np.zeros(200)) == {}


def test_toms_alone_have_to_stand_out() -> None:
    rows = {"snare": played(*SNARES), "tom": played(*SNARES, level=0.5), "kick": played(*SNARES)}
    rows["tom"][35] = 1.0
    strokes = {drum: strokes_of(row) for drum, row in rows.items()}
    clear = clear_strokes(rows, strokes, 512)
    assert clear["tom"].frames(512, 200).tolist() == [35]
    assert len(clear["kick"].samples) == len(clear["snare"].samples) == len(SNARES)


def test_toms_of_which_one_stroke_stands_out_are_absent() -> None:
    tom = played(*SNARES, level=0.5)
    tom[35] = 1.0
    rows = {"snare": played(*SNARES), "tom": tom}
    assert present(**rows) == ["snare"]
    tom[[55, 75, 95, 115, 135, 155, 175]] = 1.0
    assert present(**rows) == ["snare", "tom"]
