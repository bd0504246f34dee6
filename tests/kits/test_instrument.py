"""Sounds on the keys of a sampler."""

import numpy as np
import pytest

from nmfd_cli.core.articulations import MIDI_NOTES, class_of, drum_or_articulation
from nmfd_cli.core.one_shots.cutting import OneShot, Sound
from nmfd_cli.kits.instrument import (
    Named,
    file_prefix,
    midi_onsets,
    notes_on,
    played,
    sfz_text,
    zones_of,
)

RATE = 1000


def sound(
    *levels: float, first: int = 0, step: int = 100, n_takes: int = 1, repeats: bool = True
) -> Sound:
    samples = np.zeros((1, 50))
    samples[0, 0] = 1.0  # of level 1
    takes = tuple(OneShot(samples, 1.0, np.array([n]), 0.9) for n in range(n_takes))
    starts = np.tile(first + step * np.arange(len(levels)), (n_takes, 1))
    return Sound(np.arange(len(levels)), starts, np.array(levels), 1, repeats, takes, 1.0)


@pytest.mark.parametrize("name", MIDI_NOTES)
def test_the_class_and_articulation_are_read_from_the_name_of_a_file(name: str) -> None:
    read = drum_or_articulation(f"{file_prefix(name)}_12")
    assert class_of(read) == class_of(name)
    assert read == name


def test_sounds_of_different_levels_are_layers_of_one_key_the_softest_first() -> None:
    loud, soft = sound(1.0, 0.9), sound(0.3, 0.25, 0.2, first=1000)
    zones = zones_of([Named("snare", "snare", loud), Named("snare", "snare", soft)])
    assert [zone.key for zone in zones] == [38, 38]
    assert [zone.sound for zone in zones] == [soft, loud]
    assert zones[0].low == 1
    assert zones[0].high + 1 == zones[1].low
    assert zones[1].high == 127
    assert [zone.files for zone in zones] == [("snare_1.wav",), ("snare_2.wav",)]


def test_sounds_of_one_level_lie_on_the_keys_of_their_drum_and_then_above() -> None:
    names = [Named("snare", "snare", sound(1.0, 0.9, first=1000 * n)) for n in range(3)]
    assert [zone.key for zone in zones_of(names)] == [38, 40, 60]
    assert [z.key for z in zones_of([Named("cajon", "cajon", sound(1.0))])] == [60]


def test_a_hit_is_as_loud_as_it_was() -> None:
    levels = [1.0, 0.5, 0.25, 0.1]
    notes = notes_on(zones_of([Named("kick", "kick", sound(*levels))]), RATE)
    assert [note.gain for note in notes] == pytest.approx(levels, rel=0.03)
    assert notes[0].velocity == 127


def test_takes_are_played_in_turn_and_faint_hits_left_out() -> None:
    zones = zones_of([Named("tom", "low tom", sound(1.0, 1.0, 0.0001, 1.0, n_takes=2))])
    notes = notes_on(zones, RATE)
    assert [(note.start, note.take) for note in notes] == [(0, 0), (100, 1), (300, 0)]
    assert zones[0].files == ("tom_low_1.wav", "tom_low_2.wav")
    assert "seq_length=2" in sfz_text(zones, "x")
    assert "seq_position=2" in sfz_text(zones, "x")


def test_hits_of_the_hihat_choke_each_other_and_no_other_drum() -> None:
    sounds = [
        Named("hihat", "open hihat", sound(1.0, 1.0)),
        Named("hihat", "closed hihat", sound(1.0, first=50)),
        Named("cymbal", "crash", sound(1.0, 1.0)),
    ]
    zones = zones_of(sounds)
    notes = played(notes_on(zones, RATE))
    assert sorted((one.start, one.choked or 0) for one in notes) == [
        (0, 0), (0, 50), (50, 100), (100, 0), (100, 0)
    ]  # fmt: skip
    text = sfz_text(zones, "x")
    assert text.count("group=1 off_by=1") == 2
    assert "key=46" in text
    assert "key=49" in text


def test_the_sfz_file_and_the_midi_notes_name_the_same_keys() -> None:
    zones = zones_of([Named("kick", "kick", sound(1.0, 0.5)), Named("cajon", "cajon", sound(0.7))])
    onsets, keys = midi_onsets(notes_on(zones, RATE), RATE)
    assert keys == {"key 36": 36, "key 60": 60}
    assert onsets["key 36"][:, 0].tolist() == [0.001, 0.101]  # where the attacks are
    assert "sample=cajon/cajon_1.wav" in sfz_text(zones, "x")
