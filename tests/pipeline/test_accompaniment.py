"""Whole songs: what sounds beside drums gets a stem, and drums alone are divided as ever."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nmfd_cli import Separation
from nmfd_cli import separate as separate_samples

RATE = 22050
SCORE = {
    "kick": np.arange(0.1, 3, 0.5),
    "snare": np.arange(0.35, 3, 0.5),
}


def drums() -> NDArray[np.float32]:
    """A thump and a click in turn, 3 s."""
    t = np.arange(3 * RATE) / RATE
    rng = np.random.default_rng(3)
    thump, click = ((t - first) % 0.5 for first in (0.1, 0.35))
    kick = np.sin(2 * np.pi * 60 * thump) * np.exp(-25 * thump)
    snare = rng.standard_normal(t.size) * np.exp(-40 * click) * 0.4
    return (0.5 * (kick * (t > 0.1) + snare * (t > 0.35))).astype(np.float32)


def chords() -> NDArray[np.float32]:
    """Two chords of several partials each."""
    t = np.arange(3 * RATE) / RATE
    partials = [np.sin(2 * np.pi * f * h * t) / h for f in (262, 330, 392) for h in (1, 2, 3, 4)]
    both = 0.04 * np.sum(partials, axis=0) * np.where(t < 1.5, 1, 0.7)
    return np.asarray(both, dtype=np.float32)


def separate(samples: NDArray[np.float32], **settings: Any) -> Separation:
    quick: dict[str, Any] = {"iterations": 8, "n_fft": 1024, "hop_length": 256, "score": SCORE}
    return separate_samples(samples, RATE, **(quick | settings))


def test_a_song_has_a_stem_of_what_else_sounds_and_nulls() -> None:
    beat, tones = drums(), chords()
    song = separate(beat + tones)
    assert song.stem_names == ("kick", "snare", "other")
    total = np.sum(list(song.stems.values()), axis=0)
    np.testing.assert_allclose(total, song.mixture, atol=1e-6)
    error = song.stems["other"][0] - tones
    assert np.square(error).sum() < 0.6 * np.square(tones).sum()  # the drums have 2.3 times as much


def test_drums_alone_are_divided_to_the_bit_as_without_it() -> None:
    found, without = separate(drums()), separate(drums(), residual="none")
    assert found.stem_names == without.stem_names == ("kick", "snare")
    for name, stem in without.stems.items():
        np.testing.assert_array_equal(found.stems[name], stem)


@pytest.mark.parametrize(("residual", "last"), [("none", "snare"), ("band", "band")])
def test_who_asks_gets_it_whatever_sounds(residual: str, last: str) -> None:
    assert separate(drums() + chords(), residual=residual).stem_names[-1] == last


def test_a_long_song_is_worked_on_in_pieces_without_a_seam() -> None:
    song = drums() + chords()
    whole, pieces = separate(song), separate(song, block_seconds=0.5)
    for name, stem in whole.stems.items():
        assert np.abs(stem - pieces.stems[name]).max() < 2e-3, name


def test_notes_have_no_accompaniment() -> None:
    found = separate(chords(), score=None, init="random", components=2)
    assert found.stem_names == ("component_1", "component_2")
