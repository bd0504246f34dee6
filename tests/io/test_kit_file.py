"""Kits and the file that keeps them."""

import json
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from nmfd_cli.core.drum_sounds.description import Description
from nmfd_cli.core.drum_sounds.kit import Kit, Sound, Source
from nmfd_cli.core.drum_sounds.learning import describe
from nmfd_cli.errors import InputFileError, OutputError, ParameterError
from nmfd_cli.io import kit_file
from nmfd_cli.io.kit_file import read_kit, write_kit
from nmfd_cli.io.resources import shipped

RATE = 44_100


@pytest.fixture
def kit() -> Kit:
    time = np.arange(RATE // 2) / RATE
    fall = np.exp(-time / 0.1)
    tone = describe(np.sin(2 * np.pi * 110.0 * time) * fall, RATE)
    noise = describe(np.random.default_rng(0).standard_normal(len(time)) * fall, RATE)
    sounds = (
        Sound("tom low", "tom", "low", "mine", ("one", "two")),
        Sound("snare", "snare", "", "", ("one",)),
    )
    source = Source("mine", "My drums ♪", "CC0-1.0", "me", "https://example.org")
    return Kit("test", sounds, Description.stack([tone, noise]), (source,))


@pytest.fixture
def path(kit: Kit, tmp_path: Path) -> Path:
    path = tmp_path / "my.kit"
    write_kit(path, kit)
    return path


def assert_same(one: Kit, other: Kit) -> None:
    assert (one.name, one.sounds, one.sources) == (other.name, other.sounds, other.sources)
    for name in ("spectrum", "profile", "level_db"):
        a, b = getattr(one.description, name), getattr(other.description, name)
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)


def test_what_is_written_is_read(kit: Kit, path: Path) -> None:
    assert_same(read_kit(path), kit)
    assert [item.name for item in path.parent.iterdir()] == ["my.kit"]


def test_equal_kits_give_equal_bytes(kit: Kit, path: Path, tmp_path: Path) -> None:
    write_kit(tmp_path / "again.kit", kit)
    assert path.read_bytes() == (tmp_path / "again.kit").read_bytes()


def test_a_file_that_exists_is_kept_unless_told_otherwise(kit: Kit, path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        write_kit(path, kit)
    assert str(caught.value) == f"{path}: exists; --overwrite replaces it"
    write_kit(path, replace(kit, name="other"), overwrite=True)
    assert read_kit(path).name == "other"


def test_a_folder_in_the_way_is_reported(kit: Kit, tmp_path: Path) -> None:
    with pytest.raises(OutputError) as caught:
        write_kit(tmp_path, kit, overwrite=True)
    assert str(caught.value) == (
        f"{tmp_path}: expected to write a file, found a folder of that name"
    )


def test_parts_of_a_kit_are_selected(kit: Kit) -> None:
    assert [sound.name for sound in kit.where(lambda sound: not sound.source).sounds] == ["snare"]
    assert len(kit.where(lambda sound: sound.drum == "clap")) == 0
    assert_same(kit.where(lambda sound: True), kit)
    assert kit.drums == ("snare", "tom")
    assert kit.rows("tom") == [0]


def test_classes_are_in_the_order_of_the_field(kit: Kit) -> None:
    names = ["other", "gong", "clap", "kick", "cajon"]
    sounds = tuple(Sound(name, name) for name in names)
    description = kit.description.take([0] * 5)
    kit = Kit("x", sounds, description)
    assert kit.classes == ("kick", "clap", "cajon", "gong", "other")
    assert kit.drums == kit.classes[:-1]
    assert kit.extra_drums == ("cajon", "gong")


def test_a_kit_that_does_not_fit_together_is_refused(kit: Kit) -> None:
    with pytest.raises(ParameterError) as caught:
        replace(kit, sounds=kit.sounds[:1])
    assert str(caught.value) == (
        "expected spectrum of uint8 and shape (1, 757) for 1 sounds, found uint8 and (2, 757)"
    )
    with pytest.raises(ParameterError) as caught:
        replace(kit, sounds=(Sound("x", " "), kit.sounds[1]))
    assert str(caught.value) == "expected a drum class for the sound 'x', found none"
    with pytest.raises(ParameterError) as caught:
        replace(kit, sounds=(Sound("x", "tom", source="theirs"), kit.sounds[1]))
    assert str(caught.value) == "expected a source listed in sources for 'x', found 'theirs'"


def test_numbers_out_of_range_are_refused(kit: Kit) -> None:
    spectrum = kit.description.spectrum.copy()
    spectrum[0, 0] = 200
    with pytest.raises(ParameterError) as caught:
        replace(kit, description=replace(kit.description, spectrum=spectrum))
    assert str(caught.value) == "expected codes from 0 to 56 in spectrum and profile, found 200"
    level = np.array([0.0, np.nan], dtype=np.float32)
    with pytest.raises(ParameterError) as caught:
        replace(kit, description=replace(kit.description, level_db=level))
    assert str(caught.value) == "expected finite values in level_db, found NaN or infinity"


def rewritten(path: Path, member: str, content: bytes) -> Path:
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, old in members.items():
            archive.writestr(name, content if name == member else old)
    return path


def fault_of(path: Path) -> str:
    with pytest.raises(InputFileError) as caught:
        read_kit(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def header_of(path: Path, **changed: object) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return json.dumps(json.loads(archive.read("kit.json")) | changed).encode()


NO_KIT = "expected a whole kit file as `nmfd kit learn` writes it, found "


def test_no_file_and_no_kit_differ(tmp_path: Path) -> None:
    assert fault_of(tmp_path / "none.kit") == "no such file or folder"
    assert fault_of(tmp_path) == "expected a kit file, found a folder"
    (tmp_path / "text.kit").write_text("kick snare")
    assert fault_of(tmp_path / "text.kit") == f"{NO_KIT}none"
    with zipfile.ZipFile(tmp_path / "other.kit", "w") as archive:
        archive.writestr("readme.txt", "")
    assert fault_of(tmp_path / "other.kit") == (
        "expected a kit file, found an archive without kit.json"
    )


def test_a_truncated_or_damaged_kit_is_reported(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert fault_of(path) == f"{NO_KIT}none"
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes(64) + whole[middle + 64 :])
    assert fault_of(path).startswith(f"{NO_KIT}a damaged one: ")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"version": 2}, "expected version 1 of the kit format, found 2; a newer nmfd reads it"),
        ({"version": None}, "expected version 1 of the kit format, found None"),
        ({"format": "zip"}, 'expected "format": "nmfd kit" in kit.json, found none'),
        ({"sounds": "x"}, 'expected a list of objects as "sounds" in kit.json'),
        ({"name": 3}, 'expected a text as "name" in kit.json, found 3'),
        (
            {"sounds": [{"name": "a", "drum": "kick", "kits": "b"}]},
            "expected a list of texts as \"kits\" in kit.json, found 'b'",
        ),
        (
            {"sounds": []},
            "expected spectrum of uint8 and shape (0, 757) for 0 sounds, found uint8 and (2, 757)",
        ),
    ],
)
def test_a_wrong_header_is_reported(path: Path, changed: dict[str, object], message: str) -> None:
    assert fault_of(rewritten(path, "kit.json", header_of(path, **changed))) == message


@pytest.mark.parametrize("content", [b"{", b"\xff", b"[" * 100_000])
def test_a_header_that_is_no_json_is_reported(path: Path, content: bytes) -> None:
    message = fault_of(rewritten(path, "kit.json", content))
    assert message.startswith("expected JSON in kit.json, found none: ")


def test_arrays_of_objects_are_refused(path: Path) -> None:
    buffer = BytesIO()
    np.save(buffer, np.array([{}, {}], dtype=object), allow_pickle=True)
    assert fault_of(rewritten(path, "level_db.npy", buffer.getvalue())) == (
        "expected an array in level_db.npy, found none: Object arrays cannot be loaded when"
        " allow_pickle=False"
    )


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00"])
def test_an_array_that_is_none_is_reported(path: Path, content: bytes) -> None:
    message = fault_of(rewritten(path, "profile.npy", content))
    assert message.startswith("expected an array in profile.npy, found none: ")


def test_an_archive_too_large_is_not_unpacked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit_file, "LARGEST_SIZE", 1000)
    with zipfile.ZipFile(path) as archive:
        size = sum(info.file_size for info in archive.infolist())
    assert fault_of(path) == f"expected at most 1000 bytes when unpacked, found {size}"


def test_the_shipped_bank_knows_every_class_and_names_its_sources() -> None:
    bank = read_kit(shipped("data", "bank.kit"))
    assert bank.drums == ("kick", "snare", "hihat", "tom", "cymbal", "clap")
    assert bank.classes == (*bank.drums, "other")
    assert min(len(bank.rows(drum)) for drum in bank.drums) >= 2
    assert {sound.source for sound in bank.sounds} == {source.key for source in bank.sources}
    assert all(source.licence and source.copyright for source in bank.sources)
    assert all(sound.kits for sound in bank.sounds)
    assert len({sound.name for sound in bank.sounds}) == len(bank)
    assert shipped("data", "bank.kit").stat().st_size <= 300_000
