"""Kits out of the folders of sample packs."""

from pathlib import Path

import numpy as np
import soundfile as sf

from nmfd_cli.core.stft import Stft
from nmfd_cli.kits.learn import kit_from_folder
from nmfd_cli.kits.templates import kit_templates

RATE = 22050


def pack(folder: Path, *names: str) -> Path:
    """Write a sample pack with one sound a folder."""
    generator = np.random.default_rng(1)
    for name in names:
        (folder / name).mkdir(parents=True)
        decay = np.exp(-np.arange(RATE // 2) / 2000)
        sf.write(folder / name / "a.wav", 0.5 * decay * generator.uniform(-1, 1, RATE // 2), RATE)
    return folder


def test_folders_of_a_pack_are_classes(tmp_path: Path) -> None:
    said: list[str] = []
    names = ("Kicks", "01 Kick", "Snares", "Closed Hats", "Rimshots", "Claps & Snaps", "OH")
    kit = kit_from_folder(pack(tmp_path, *names), warn=said.append)
    assert kit.drums == ("kick", "snare", "hihat", "clap")
    assert said == [f"{tmp_path / 'OH'}: left out, a recording of the whole kit"]


def test_rides_and_crashes_are_two_classes_where_both_are_there(tmp_path: Path) -> None:
    kit = kit_from_folder(pack(tmp_path / "two", "Kick", "Rides", "Crash 1"))
    assert kit.drums == ("kick", "crash", "ride")
    names = ("ride", "crash", "ride bell", "cymbal")
    bank = kit_templates(
        kit, names, stft=Stft(1024, 256), sample_rate=RATE, template_frames=4, tail=0.3
    )
    assert bank.drums == ("ride", "crash", "ride bell", "cymbal", "cymbal")
    assert kit_from_folder(pack(tmp_path / "one", "Kick", "Rides")).drums == ("kick", "cymbal")


def test_a_pack_in_one_folder_more_is_the_same_kit(tmp_path: Path) -> None:
    """As archives unpack: presets and what macOS adds beside the sounds are no class."""
    said: list[str] = []
    pack(tmp_path / "Big Pack" / "Drum Shots", "Kicks", "Snares", "FX")
    for name in ("__MACOSX/._a.wav", "Big Pack/Presets/a.fxp", "Big Pack/Drum Shots/MIDI/a.mid"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    kit = kit_from_folder(tmp_path, warn=said.append)
    assert kit.drums == ("kick", "snare", "FX")
    shots = tmp_path / "Big Pack" / "Drum Shots"
    assert said == [
        f"{shots / 'FX'}: no drum class is called so; its sounds make a class of their own",
        f"{shots / 'MIDI' / 'a.mid'}: left out, no audio file",
    ]
    own = pack(tmp_path / "own", "Boxes/1", "Boxes/2")
    assert kit_from_folder(own, warn=said.append).drums == ("Boxes",)
