"""Labels and markers of other programs, and drum maps: what is written is read."""

from pathlib import Path

import numpy as np
import pytest

from nmfd_cli.core.articulations import PARENTS, class_of
from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.errors import InputFileError
from nmfd_cli.io.midi.reader import parse_midi
from nmfd_cli.io.midi.writer import midi_bytes
from nmfd_cli.io.score.drum_map import load_drum_map, shipped_drum_maps
from nmfd_cli.io.score.notes import Reading
from nmfd_cli.io.score.reader import parse_score
from nmfd_cli.io.score.writer import audacity_text, reaper_text

SCORE = parse_score("onset,drum\n0.25,kick\n61.5,open hihat\n59.9999999,ride\n")


def test_labels_of_audacity() -> None:
    text = audacity_text(SCORE)
    assert text.splitlines()[0] == "0.250000\t0.250000\tkick"
    back = parse_score(text)
    assert back.articulations == SCORE.articulations == (None, "ride", "open hihat")
    assert back.onsets == (0.25, 60.0, 61.5)


def test_markers_of_reaper() -> None:
    text = reaper_text(SCORE)
    assert text.splitlines()[:2] == ["#,Name,Start,End,Length,Color", "M1,kick,0:00.250000,,,"]
    back = parse_score(text)
    assert (back.onsets, back.drums) == ((0.25, 60.0, 61.5), ("kick", "cymbal", "hihat"))


@pytest.mark.parametrize("name", shipped_drum_maps())
def test_shipped_maps_read_what_they_write(name: str) -> None:
    pytest.importorskip("mido")
    drum_map = load_drum_map(name)
    assert set(drum_map.written) >= {*PARENTS, *DRUM_CLASSES} - {"clap"}
    assert all(0 <= note <= 127 for note in (*drum_map.read, *drum_map.written.values()))
    drums = list(drum_map.written)
    hits = {drum: np.array([[n + 1.0, 64.0]]) for n, drum in enumerate(drums)}
    data = midi_bytes(hits, 120.0, notes=drum_map.written)
    score = parse_midi(data, reading=Reading(drum_notes=drum_map.read))
    for drum, found, struck in zip(drums, score.drums, score.articulations, strict=True):
        assert found == class_of(drum)
        assert struck == drum or drum in DRUM_CLASSES


def test_the_readme_names_all_that_ship() -> None:
    readme = Path(__file__).parents[3] / "README.md"
    assert [f"`{name}`" in readme.read_text() for name in shipped_drum_maps()] == 4 * [True]


def test_notes_of_no_drum_are_left_out(tmp_path: Path) -> None:
    pytest.importorskip("mido")
    path = tmp_path / "map.toml"
    path.write_text("[notes]\nkick = 40\nnone = [47, 63]\n")
    drum_map, told = load_drum_map(str(path)), list[str]()
    data = midi_bytes({"kick": np.array([[1.0, 64]]), "mid tom": np.array([[2.0, 64]])}, 60.0)
    notes = Reading(drum_notes=drum_map.read)
    assert parse_midi(data, "a.mid", reading=notes, warn=told.append).drums == ("kick",)
    assert told == ["a.mid: 1 hit without a drum class left out: 1 note 47"]
    assert drum_map.written == {"kick": 40}


def test_a_drum_that_a_map_lacks_is_told_where_its_note_is_anothers() -> None:
    found = load_drum_map("addictive-drums").misread(["clap", "open hihat"])
    assert list(found) == [("clap", 39, "snare")]
    assert not list(load_drum_map("roland-td").misread(["clap", "kick"]))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kick = 36\n", "expected a table notes with drums and their notes, found 'kick'"),
        ("[notes]\nkick = 200\n", "expected MIDI notes from 0 to 127 for kick, found 200"),
        ("[notes]\nbagpipe = 3\n", "notes: expected a drum class"),
        ("[notes]\nride = 3\ncrash = 3\n", "expected one drum for the note 3, found ride and"),
        ("{", "expected TOML in UTF-8; "),
    ],
)
def test_maps_that_are_none(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text)
    with pytest.raises(InputFileError) as caught:
        load_drum_map(str(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    with pytest.raises(InputFileError, match="no such file or folder, expected a drum map"):
        load_drum_map("none")
