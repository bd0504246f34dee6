"""Articulations: what belongs to what, and what names and notes say."""

import pytest

from nmfd_cli.core.articulations import (
    MIDI_NOTES,
    PARENTS,
    articulation,
    class_of,
    drum_or_articulation,
    owner,
)
from nmfd_cli.core.drum_classes import DRUM_CLASSES, drum_class
from nmfd_cli.errors import ParameterError


def test_every_articulation_is_one_of_a_drum_class() -> None:
    assert {class_of(name) for name in PARENTS} == {"snare", "hihat", "tom", "cymbal"}
    assert all(class_of(drum) == drum for drum in DRUM_CLASSES)


@pytest.mark.parametrize("name", PARENTS)
def test_its_own_name_and_its_note_are_read_back(name: str) -> None:
    assert drum_or_articulation(name) == name
    assert drum_class(MIDI_NOTES[name]) == class_of(name)
    assert articulation(MIDI_NOTES[name], class_of(name)) == name


def test_every_name_has_a_note_of_its_own() -> None:
    assert MIDI_NOTES.keys() == {*DRUM_CLASSES, *PARENTS}
    assert len({MIDI_NOTES[name] for name in PARENTS}) == len(PARENTS)


def test_names_of_samples_and_of_drum_tables() -> None:
    expected: dict[str | int | float, str] = {
        "BD": "kick", "snare": "snare", "Side Stick": "side stick", "rimclick": "side stick",
        "hh": "hihat", "CHH": "closed hihat", "OHH": "open hihat", "hihat_pedal": "pedal hihat",
        "hi-hat open 3": "open hihat", "tom": "tom", "Floor Tom": "low tom", "HT": "high tom",
        "mid tom 2": "mid tom", "Ride Bell": "ride bell", "RD": "ride", "Crash 1": "crash",
        "china": "crash", "cymbal": "cymbal", 26: "open hihat", 59.0: "ride", "35": "kick",
    }  # fmt: skip
    assert {name: drum_or_articulation(name) for name in expected} == expected


def test_a_name_of_no_class_is_refused_unless_a_kit_has_it() -> None:
    with pytest.raises(ParameterError, match=r"expected a drum class .* found 'cowbel'"):
        drum_or_articulation("cowbel")
    assert drum_or_articulation("cowbel", extra=("cowbel",)) == "cowbel"


def test_a_hit_belongs_to_the_finest_name_that_is_asked_for() -> None:
    assert owner("cymbal", "ride bell", ("cymbal", "ride", "ride bell")) == "ride bell"
    assert owner("cymbal", "ride bell", ("cymbal", "ride")) == "ride"
    assert owner("cymbal", "crash", ("cymbal", "ride")) == "cymbal"
    assert owner("hihat", "pedal hihat", ("open hihat", "closed hihat")) == "closed hihat"
    assert owner("hihat", None, ("open hihat", "hihat")) == "hihat"
    assert owner("hihat", None, ("open hihat",)) is None
    assert owner(None, None, ("kick",)) is None
