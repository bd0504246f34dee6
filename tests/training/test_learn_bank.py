"""The command that learns the shipped bank: SoundFonts, synthesised voices, no copies."""

import struct
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.errors import InputFileError
from nmfd_cli.io.kit_file import read_kit
from nmfd_cli.training import bank as learn_bank
from nmfd_cli.training import bank_soundfonts, soundfont
from nmfd_cli.training.bank_soundfonts import program_keys
from nmfd_cli.training.bank_synthesis import kit_sounds
from nmfd_cli.training.soundfont import drum_programs, render_notes

Samples = NDArray[np.float64]

RATE = 44_100


def write_font(path: Path, presets: Sequence[tuple[str, int, int]]) -> Path:
    """Write the parts of a SoundFont that name its presets: name, program, bank."""
    headers = b"".join(
        struct.pack("<20sHH14x", name.encode(), program, bank) for name, program, bank in presets
    )
    info = b"LIST" + struct.pack("<I", 7) + b"INFOabc" + b"\0"
    pdta = b"pdtaphdr" + struct.pack("<I", len(headers)) + headers
    body = b"sfbk" + info + b"LIST" + struct.pack("<I", len(pdta)) + pdta
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


@pytest.fixture
def font(tmp_path: Path) -> Path:
    presets = [("Piano", 0, 0), ("Room", 8, 128), ("Standard", 0, 128), ("March", 56, 128)]
    return write_font(tmp_path / "small.sf2", presets)


def struck(keys: Sequence[int]) -> Samples:
    """What fluidsynth gives for keys struck one by one: a tone each, its pitch the key's."""
    samples = np.zeros((int((0.5 + 2.6 * len(keys)) * RATE), 2))
    time = np.arange(RATE) / RATE
    for place, key in enumerate(keys):
        begin = int((0.5 + 2.6 * place) * RATE) + 100
        tone = np.cos(2 * np.pi * 10.0 * key * time) * np.exp(-time / 0.1)
        samples[begin : begin + RATE] = 0.1 * tone[:, None]
    return samples


def test_drum_programs_are_read(font: Path) -> None:
    assert drum_programs(font) == {0: "Standard", 8: "Room", 56: "March"}


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no soundfont", b"RIFF\0\0\0\0sfbkLIST"])
def test_what_is_no_soundfont_is_reported(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.sf2"
    path.write_bytes(content)
    with pytest.raises(InputFileError) as caught:
        drum_programs(path)
    assert str(caught.value) == f"{path}: expected a SoundFont (SF2 or SF3), found none"


def test_notes_are_cut_apart(font: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = struck([36, 38, 40])
    samples[int(3.0 * RATE) : int(5.5 * RATE)] = 0.0
    monkeypatch.setattr(soundfont, "render", lambda *_: samples)
    sounds = render_notes(font, 0, [(36, 90), (38, 90), (40, 90)])
    assert [sound is not None for sound in sounds] == [True, False, True]
    assert sounds[0] is not None
    assert sounds[0].shape == (round(0.02 * RATE) + round(2.1 * RATE), 2)
    samples[: int(0.5 * RATE)] = 0.1
    with pytest.raises(InputFileError) as caught:
        render_notes(font, 0, [(36, 90)])
    assert str(caught.value) == (
        f"{font}: expected silence before key 36 at velocity 90, found sound"
    )


def test_keys_that_roland_gs_gives_to_other_sounds_are_left_out() -> None:
    standard = program_keys(0)
    assert standard[37] == ("snare", "side stick")
    assert standard[56] == ("other", "cowbell")
    assert {drum for drum, _ in standard.values()} == {*DRUM_CLASSES, "other"}
    assert 52 in standard
    assert 52 not in program_keys(24)
    assert program_keys(40)[39] == ("snare", "brush slap")
    assert 40 not in program_keys(40)
    orchestra = program_keys(48)
    assert not {39, *range(41, 54)} & orchestra.keys()
    assert orchestra[29] == ("hihat", "open")


def test_a_bank_is_learned_without_copies(
    font: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def rendered(*arguments: object, **_: object) -> list[Samples | None]:
        notes = arguments[2]
        assert isinstance(notes, list)
        first = struck([notes[0][0]])[int(0.48 * RATE) :]
        return [first, *[None] * (len(notes) - 1)]

    voices = list(islice(kit_sounds(), 2))
    monkeypatch.setattr(learn_bank, "require_fluidsynth", lambda: "fluidsynth")
    monkeypatch.setattr(bank_soundfonts, "render_notes", rendered)
    monkeypatch.setattr(learn_bank, "kit_sounds", lambda: iter(voices))
    monkeypatch.setattr(learn_bank, "variant_sounds", lambda: iter(voices[:1]))
    first, second = tmp_path / "first.kit", tmp_path / "second.kit"
    for out in (first, second):
        assert learn_bank.main([str(out), "--soundfont", str(font)]) == 0
    assert first.read_bytes() == second.read_bytes()
    assert capsys.readouterr().out == "".join(
        f"{out}: 3 sounds (1 kick, 2 cymbal)\n" for out in (first, second)
    )
    bank = read_kit(first)
    assert bank.sounds[0].name == "small 0 35 v90"
    assert bank.sounds[0].kits == ("small 0 Standard", "small 8 Room")
    assert [source.key for source in bank.sources] == ["small", "synthesis"]


def test_what_is_missing_is_reported_in_one_line(
    font: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, missing = tmp_path / "bank.kit", tmp_path / "FluidR3_GM.sf2"
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert learn_bank.main([str(out), "--soundfont", str(font)]) == 1
    monkeypatch.setattr("shutil.which", lambda _: "fluidsynth")
    assert learn_bank.main([str(out), "--soundfont", str(missing)]) == 1
    write_font(font, [("Piano", 0, 0)])
    assert learn_bank.main([str(out), "--soundfont", str(font)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "bank: error: fluidsynth: expected this program to render SoundFonts, found none on"
        " the PATH",
        f"bank: error: {missing}: expected the SoundFont Fluid (R3) GM SoundFont (Debian"
        " fluid-soundfont-gm 3.1-5.3), found no such file",
        f"bank: error: {font}: expected a SoundFont with drum programs, found none",
    ]
    assert not out.exists()
