"""Labels and markers of other programs, and drum maps: what is written is read."""

from pathlib import Path

import pytest

from nmfd_cli.errors import InputFileError
from nmfd_cli.io.score import parse_score
from nmfd_cli.io.score.drum_map import load_drum_map, shipped_drum_maps
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
    drum_map = load_drum_map(name)
    assert {"kick", "snare", "open hihat", "ride", "high tom"} <= set(drum_map.written)
    assert drum_map.read[38] == "snare"
    for drum in ("kick", "open hihat", "ride bell", "low tom", "side stick"):
        assert drum_map.read[drum_map.written[drum]] == drum


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
    with pytest.raises(
        InputFileError,
        match="no such file or folder, expected a drum map",
    ):
        load_drum_map("none")
