"""One-shots: like hits together, cut without clicks, and played again."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from nmfd_cli.core.one_shots.cutting import FADE_IN, cut, finished
from nmfd_cli.core.one_shots.excerpts import Hits, find_hits, shares_of
from nmfd_cli.core.one_shots.likeness import group_alike
from nmfd_cli.core.one_shots.playing import Played, add_at, fit_gains, render, sounding
from nmfd_cli.core.one_shots.refining import Repeated, refine

RATE = 22050
LEAD = round(FADE_IN * RATE)


def tone(frequency: float, seconds: float = 0.4, decay: float = 0.05) -> NDArray[np.float64]:
    time = np.arange(round(seconds * RATE)) / RATE
    samples: NDArray[np.float64] = np.exp(-time / decay) * np.sin(2 * np.pi * frequency * time)
    return samples[None]


def burst(seed: int, seconds: float = 0.4, decay: float = 0.03) -> NDArray[np.float64]:
    noise = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    samples: NDArray[np.float64] = 0.3 * noise * np.exp(-np.arange(len(noise)) / (decay * RATE))
    return samples[None]


def track(
    *hits: tuple[float, NDArray[np.float64], float], seconds: float = 4.0
) -> NDArray[np.float64]:
    samples = np.zeros((hits[0][1].shape[0], round(seconds * RATE)))
    for onset, sound, gain in hits:
        add_at(samples, round(onset * RATE), gain * sound)
    return samples


def hits_of(stem: NDArray[np.float64], onsets: ArrayLike) -> Hits:
    return find_hits(stem, np.asarray(onsets, dtype=float), shares_of([stem], RATE)[0], RATE)


def groups_of(stem: NDArray[np.float64], onsets: list[float]) -> list[set[int]]:
    hits = hits_of(stem, onsets)
    return [set(map(int, group.members)) for group in group_alike(stem, hits, RATE)]


def test_waveforms_that_repeat_are_told_apart() -> None:
    high, low = tone(300.0), tone(180.0)
    onsets = [0.1, 0.6, 1.1, 1.6, 2.1, 2.6]
    kinds = [high, low, high, low, high, high]
    stem = track(
        *((t, kind, 0.5 + 0.1 * n) for n, (t, kind) in enumerate(zip(onsets, kinds, strict=True)))
    )
    assert groups_of(stem, onsets) == [{0, 2, 4, 5}, {1, 3}]


def test_noises_of_one_colour_are_alike_though_no_waveform_repeats() -> None:
    onsets = [0.1, 0.6, 1.1, 1.6]
    stem = track(*((t, burst(n), 1.0) for n, t in enumerate(onsets)))
    hits = hits_of(stem, onsets)
    (group,) = group_alike(stem, hits, RATE)
    assert not group.repeats
    takes = cut(stem, hits, group, RATE).takes
    assert [len(take.made_of) for take in takes] == [1, 1, 1]


def test_hits_are_aligned_to_the_sample_whatever_the_transcription_says() -> None:
    onsets = np.array([0.1, 0.6, 1.1])
    stem = track(*((t, tone(200.0), 1.0) for t in onsets))
    late = onsets + np.array([0.003, -0.004, 0.0])
    hits = hits_of(stem, late)
    (group,) = group_alike(stem, hits, RATE)
    starts = group.starts - np.rint(onsets[group.members] * RATE)
    assert group.repeats
    assert np.ptp(starts) == 0


def test_a_mean_of_repeated_hits_is_cleaner_than_each() -> None:
    onsets = np.arange(8) * 0.45 + 0.1
    clean = track(*((t, tone(200.0), 1.0) for t in onsets))
    stem = clean + 0.02 * np.random.default_rng(1).standard_normal(clean.shape)
    hits = hits_of(stem, onsets)
    (group,) = group_alike(stem, hits, RATE)
    sound = cut(stem, hits, group, RATE)
    samples = sound.takes[0].samples[:, LEAD : LEAD + 4000]
    first = int(sound.starts[0, 0]) + LEAD
    error = samples - clean[:, first : first + 4000]
    noise = (stem - clean)[:, first : first + 4000]
    assert np.square(error).sum() < 0.3 * np.square(noise).sum()


@pytest.mark.parametrize("sounds", [[tone(200.0)] * 3, [burst(n) for n in range(3)]])
def test_one_shots_begin_and_end_in_silence(sounds: list[NDArray[np.float64]]) -> None:
    onsets = np.array([0.0, 0.15, 0.3])  # cut off by the next; the first begins the recording
    stem = track(*((t, sound, 1.0) for t, sound in zip(onsets, sounds, strict=True)), seconds=0.45)
    hits = hits_of(stem, onsets)
    for group in group_alike(stem, hits, RATE):
        sound = finished(cut(stem, hits, group, RATE), RATE)
        assert sound.starts.min() >= -LEAD
        for take in sound.takes:
            steps = np.abs(np.diff(take.samples, axis=1))
            assert abs(take.samples[0, 0]) < 1e-9
            assert abs(take.samples[0, -1]) < 1e-9
            assert steps[0, -20:].max() < 0.02 * np.abs(take.samples).max()


def test_a_one_shot_ends_where_it_has_died_away() -> None:
    stem = track((0.5, tone(200.0, seconds=1.0, decay=0.02), 1.0))
    hits = hits_of(stem, [0.5])
    sound = finished(cut(stem, hits, group_alike(stem, hits, RATE)[0], RATE), RATE)
    seconds = sound.takes[0].samples.shape[1] / RATE
    assert 0.1 < seconds < 0.2  # 60 dB are 6.9 times the decay of 20 ms


def test_gains_are_found_where_sounds_overlap() -> None:
    gains = [0.9, 0.4, 0.7]
    sounds = [tone(100.0), burst(1), burst(2)]
    notes = [Played(2000 + 50 * n, sound, 1.0) for n, sound in enumerate(sounds)]
    loud = [Played(one.start, one.samples, g) for one, g in zip(notes, gains, strict=True)]
    mixture = render(loud, 20000, RATE)
    found = [one.gain for one in fit_gains(mixture, notes, RATE)]
    assert found == pytest.approx(gains, abs=0.02)


def test_sounds_that_ring_into_each_other_are_taken_apart() -> None:
    sound = tone(61.0, seconds=0.8, decay=0.15)
    starts = np.array([1000, 10000, 17000, 27000, 37000, 46000])
    gains = np.array([1.0, 0.8, 0.9, 1.0, 0.7, 1.0])
    target = track(*((s / RATE, sound, g) for s, g in zip(starts, gains, strict=True)))
    heard = target[:, 1000 : 1000 + sound.shape[1]].copy()
    heard[:, 6000:] = 0.0  # until the next hit
    begun = Repeated(heard, starts, 1.1 * gains)

    def error_of(one: Repeated) -> float:
        notes = [Played(int(start), one.samples, 1.0) for start in one.starts]
        again = render(fit_gains(target, notes, RATE), target.shape[1], RATE)
        return float(np.square(target - again).sum())

    (found,) = refine(target, [begun], RATE)
    assert error_of(found) < 0.25 * error_of(begun)


def test_a_choked_sound_fades_and_one_before_the_recording_is_cut() -> None:
    sound = np.ones((1, 1000))
    choked = sounding(Played(100, sound, 1.0, choked=400), RATE)
    assert choked.shape[1] < 500
    assert choked[0, 299] == 1
    assert choked[0, -1] < 0.02
    np.testing.assert_array_equal(
        render([Played(-990, sound, 2.0)], 20, RATE)[0], [2.0] * 10 + [0.0] * 10
    )


def test_silence_and_no_hits_stay_what_they_are() -> None:
    silent = np.zeros((2, 1000))
    hits = hits_of(silent, [])
    assert group_alike(silent, hits, RATE) == []
    assert not render([], 10, RATE).any()
    hits = hits_of(silent, [0.01])
    (group,) = group_alike(silent, hits, RATE)
    assert np.isfinite(finished(cut(silent, hits, group, RATE), RATE).takes[0].samples).all()


def test_attacks_are_found_beside_late_onsets_and_in_what_rings_on() -> None:
    ringing = burst(1, seconds=1.5, decay=0.6)
    stem = track((0.1, ringing, 0.25), (0.6, burst(2), 1.0), seconds=2.0)
    hits = hits_of(stem, [0.115, 0.61])
    assert hits.starts / RATE == pytest.approx([0.1, 0.6], abs=0.001)


def test_one_shots_are_made_of_hits_that_no_other_drum_overlaps() -> None:
    onsets = np.arange(6) * 0.5 + 0.1
    hat = track(*((t, burst(n, decay=0.02), 0.2) for n, t in enumerate(onsets)))
    others = track(*((t, burst(20 + n, decay=0.02), 0.1) for n, t in enumerate(onsets[:4])))
    shares, _ = shares_of([hat, others], RATE)
    hits = find_hits(hat, onsets, shares, RATE)
    made_of = {
        int(take.made_of[0])
        for group in group_alike(hat, hits, RATE)
        for take in cut(hat, hits, group, RATE).takes
    }
    assert made_of == {4, 5}


def test_the_only_sound_of_an_articulation_stays_though_others_overlap() -> None:
    onsets = np.arange(6) * 0.5 + 0.1
    sounds = [tone(3000.0) if n > 3 else tone(1000.0) for n in range(6)]
    hat = track(*((t, sound, 0.3) for t, sound in zip(onsets, sounds, strict=True)))
    others = track(*((t, tone(3000.0), 0.1) for t in onsets[4:]))
    hits = find_hits(hat, onsets, shares_of([hat, others], RATE)[0], RATE)
    assert len(group_alike(hat, hits, RATE)) == 1
    struck = [*["closed hihat"] * 4, *["open hihat"] * 2]
    groups = group_alike(hat, hits, RATE, struck=struck)
    assert [set(group.members.tolist()) for group in groups] == [{0, 1, 2, 3}, {4, 5}]


def test_a_one_shot_ends_before_others_dirty_it() -> None:
    stem = track((0.1, burst(1, decay=0.2), 0.2), seconds=1.5)
    other = track((0.4, burst(2), 1.0), seconds=1.5)
    stem += 0.1 * other  # what the masks leave of it
    (hit,) = find_hits(stem, np.array([0.1]), shares_of([stem, other], RATE)[0], RATE).clean
    assert hit / RATE == pytest.approx(0.3, abs=0.025)
    assert int(hits_of(stem, [0.1]).clean[0]) == int(hits_of(stem, [0.1]).gaps[0])


def test_a_hit_played_on_the_take_of_another_begins_where_their_waveforms_agree() -> None:
    onsets = [0.1, 0.6, 1.1, 1.6]
    low = tone(60.0, decay=0.1)
    stem = track(*((t, low + 0.5 * burst(n, decay=0.1), 1.0) for n, t in enumerate(onsets)))
    hits = hits_of(stem, onsets)
    late = hits.starts + np.array([0, 60, -50, 40])  # attacks are not found to the sample
    hits = replace(hits, starts=late)
    (group,) = group_alike(stem, hits, RATE)
    sound = cut(stem, hits, group, RATE)
    assert not group.repeats
    for starts in sound.starts:
        errors = starts - np.rint(np.array(onsets) * RATE)[sound.members]
        assert np.ptp(errors) <= 4
