"""Every name the field has for a drum leads to its class, and no other name does."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmfd_cli.core import drum_classes
from nmfd_cli.core.articulations import drum_or_articulation, kit_class
from nmfd_cli.core.drum_classes import DRUM_CLASSES, GM_NOTES, drum_class
from nmfd_cli.errors import ParameterError

NAMES = {
    "kick": "kick|Kick Drum|BD|bd|KD|bass drum|bassdrum|BASS-DRUM|bass_drum|kick1|Bass Drum 1"
    "|Acoustic Bass Drum|1|1.0|1.0000000e+00|35|36| 36.0 ",
    "snare": "snare|Snare Drum|SD|sd-|snare_drum|Acoustic Snare|Electric Snare|Side Stick|sidestick"
    "|cross-stick|rimshot|rim|Snare Rim|rs|cs|SST|SDB|SDD|SDF|SDG|SDNS|2|37|38|40",
    "hihat": "hihat|hi-hat|Hi Hat|HiHat|hat|hats|hh|HH|chh|OHH|phh|closed hi-hat|Open Hi Hat"
    "|Pedal Hi-Hat|hi-hat (open)|HH_closed|HH_open|HH_close|HH_CHH|HH_OHH|hhc|hho|CH|OHH 2"
    "|foot hihat"
    "|3|42|44|46|22|26",
    "tom": "tom|toms|tom-tom|TT|ht|MT|lt|FT|floor tom|Rack Tom|tom 2|tom_lo|hi_tom|Low Floor Tom"
    "|High Floor Tom|Low Tom|Low-Mid Tom|Hi-Mid Tom|Hi Mid Tom|High Tom|HIT|MHT|HFT|LFT|TT_HMT"
    "|TT_LMT|lft|lmt|ltr|mtr|41|43|45|47|48|50",
    "cymbal": "cymbal|Cymbals|cy|cym|CY|ride|Ride Cymbal 2|ride_bell|Ride Bell|crash|Crash Cymbal 1"
    "|crash2|china|Chinese Cymbal|splash|Splash Cymbal|bell|rd|RD|cr|cr5|rc|rc4|RDC|RDB|CRC|CHC|SPC"
    "|spl2|ch5|CY_CR|CY_RD|49|51|52|53|55|57|59",
    "clap": "clap|Claps|Hand Clap|hand_clap|handclap|CP|clp|39",
}
CASES = [(name, cls) for cls, names in NAMES.items() for name in names.split("|")]


@pytest.mark.parametrize(("name", "expected"), CASES)
def test_names(name: str, expected: str) -> None:
    assert drum_class(name) == expected


@pytest.mark.parametrize("cls", DRUM_CLASSES)
def test_classes_are_their_own_names(cls: str) -> None:
    assert drum_class(cls) == cls


@pytest.mark.parametrize("cls", DRUM_CLASSES)
def test_notes_written_are_read(cls: str) -> None:
    note = GM_NOTES[cls][0]
    assert {drum_class(note), drum_class(float(note)), drum_class(str(note))} == {cls}


def test_notes_written_name_every_class_once() -> None:
    assert tuple(GM_NOTES) == DRUM_CLASSES
    written = {name: notes[0] for name, notes in GM_NOTES.items()}
    assert written == {"kick": 36, "snare": 38, "hihat": 42, "tom": 45, "cymbal": 49, "clap": 39}


def test_numbers_of_libnmfd() -> None:
    assert [drum_class(number) for number in (1, 2, 3, 1.0, 2.0, 3.0)] == 2 * [*DRUM_CLASSES[:3]]


def test_no_name_belongs_to_two_classes() -> None:
    names = [drum_classes._names_of(entry) for entry in drum_classes._DRUMS.values()]
    assert len(set().union(*names)) == sum(map(len, names))


def test_every_synonym_is_folded() -> None:
    assert all(drum_classes._fold(name) == name for name in drum_classes._BY_NAME)
    assert all(drum_class(name) == cls for name, cls in drum_classes._BY_NAME.items())


KNOWN = "expected a drum class (kick, snare, hihat, tom, cymbal, clap), found "
NUMBERS = "; numbers are 1 kick, 2 snare, 3 hihat or General MIDI drum notes, 35 to 59"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("snar", KNOWN + "'snar'; did you mean snare?"),
        ("Hi-Hut", KNOWN + "'Hi-Hut'; did you mean hihat?"),
        ("crassh", KNOWN + "'crassh'; did you mean cymbal?"),
        ("cowbell", KNOWN + "'cowbell'"),
        ("OT", KNOWN + "'OT'"),
        ("C1", KNOWN + "'C1'"),
        ("c", KNOWN + "'c'"),
        ("OH", KNOWN + "'OH'; OH are overheads, an open hihat is OHH"),
        ("Kick & Snare", KNOWN + "'Kick & Snare'"),
        ("Claves 2", KNOWN + "'Claves 2'"),
        ("", KNOWN + "''"),
        ("--", KNOWN + "'--'"),
        ("a\nb", KNOWN + "'a\\nb'"),
        ("x" * 50, KNOWN + "'" + "x" * 39 + "…'"),
        ("54", KNOWN + "'54'" + NUMBERS),
        ("1.5", KNOWN + "'1.5'" + NUMBERS),
        ("0x1", KNOWN + "'0x1'"),
        ("1_0", KNOWN + "'1_0'"),
        (0, KNOWN + "0" + NUMBERS),
        (4, KNOWN + "4" + NUMBERS),
        (61, KNOWN + "61" + NUMBERS),
        (-1.0, KNOWN + "-1.0" + NUMBERS),
        (float("nan"), KNOWN + "nan" + NUMBERS),
        (True, KNOWN + "True" + NUMBERS),
        (None, KNOWN + "None" + NUMBERS),
    ],
)
def test_unknown(name: str, message: str) -> None:
    with pytest.raises(ParameterError, match=f"^{re.escape(message)}$"):
        drum_class(name)


def test_extra_names_come_before_synonyms_but_not_before_classes() -> None:
    extra = ["Cow Bell", "ride", "Kick", "56"]
    assert drum_class("cow-bell", extra=extra) == "Cow Bell"
    assert drum_class("RIDE", extra=extra) == "ride"
    assert drum_class("crash", extra=extra) == "cymbal"
    assert drum_class("kick", extra=extra) == "kick"
    assert drum_class("56", extra=extra) == "56"


def test_extra_names_are_reported() -> None:
    known = "kick, snare, hihat, tom, cymbal, clap, cowbell"
    message = f"expected a drum class ({known}), found 'cowbel'; did you mean cowbell?"
    with pytest.raises(ParameterError, match=f"^{re.escape(message)}$"):
        drum_class("cowbel", extra=["cowbell", "kick"])


@settings(max_examples=200)
@given(st.one_of(st.text(max_size=12), st.integers(), st.floats()))
@pytest.mark.slow
def test_any_name_has_a_class_or_one_line_of_error(name: str | int | float) -> None:
    try:
        assert drum_class(name) in DRUM_CLASSES
    except ParameterError as error:
        assert "\n" not in str(error)  # noqa: PT017


@settings(max_examples=100)
@given(st.sampled_from(CASES), st.sampled_from(["", " ", "-", "_", " - "]), st.booleans())
def test_case_and_separators_do_not_matter(
    case: tuple[str, str], separator: str, upper: bool
) -> None:
    name, expected = case
    written = re.sub(r"[ _-]+", separator, name) if not name.strip()[0].isdigit() else name
    assert drum_class(written.upper() if upper else written.lower()) == expected


#: How sample packs and sessions call their folders and files.
PACK_NAMES = {
    "Kicks": "kick", "01 Kick": "kick", "Kick_01": "kick", "808 Kicks": "kick", "Kick In": "kick",
    "KickDrumSamples": "kick", "Deep Kick 808": "kick", "Snares": "snare", "Rimshots": "snare",
    "Snare Btm": "snare", "02_Snare_Rim": "snare", "Side Sticks": "side stick",
    "Hats": "hihat", "Closed Hats": "closed hihat", "Open HiHats": "open hihat",
    "HH - Closed 2": "closed hihat", "hat_op": "open hihat", "OHHs": "open hihat",
    "03. Toms": "tom", "Floor Toms": "low tom", "TomLow": "low tom", "Rides": "ride",
    "Crash L": "crash", "Splashes": "crash", "Ride Bells": "ride bell", "Claps & Snaps": "clap",
    "Finger Snaps": "clap",
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), PACK_NAMES.items())
def test_names_of_sample_packs(name: str, expected: str) -> None:
    assert drum_or_articulation(name) == expected


@pytest.mark.parametrize(
    "name", ["Overheads", "OH L", "Room 2", "Cowbells", "Ride Cowbell", "Perc"]
)
def test_what_is_no_drum_of_its_own_has_no_class(name: str) -> None:
    with pytest.raises(ParameterError):
        drum_class(name)


def test_classes_of_a_kit_come_before_synonyms_in_number_and_plural() -> None:
    assert kit_class("01 Cowbells", extra=["Cowbell"]) == "Cowbell"
    assert kit_class("Ride Cymbal", extra=["ride", "crash"]) == "ride"
    assert kit_class("ride bell", extra=["ride", "crash"]) == "ride"
    assert kit_class("51", extra=["ride", "crash"]) == "ride"
    assert kit_class("china", extra=["ride"]) == "cymbal"
