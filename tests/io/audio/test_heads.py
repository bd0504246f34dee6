"""Heads with blemishes: sizes that are none, chunks of a wrong size, odd containers."""

import struct
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import soundfile as sf
from numpy.typing import NDArray

from nmfd_cli.errors import InputFileError
from nmfd_cli.io.audio.recording import Recording, open_recording

RATE = 8000
NOISE = np.random.default_rng(2).integers(-(2**15), 2**15, (3000, 2)).astype("<i2")
SAMPLES = NOISE.T / 2**15


def fmt(
    *, channels: int = 2, bits: int = 16, align: int = 4, tag: int = 1, more: bytes = b""
) -> bytes:
    return struct.pack("<HHIIHH", tag, channels, RATE, RATE * align, align, bits) + more


def extensible(bits: int, valid: int, align: int) -> bytes:
    guid = struct.pack("<HHIH", 22, valid, 3, 1) + bytes.fromhex("000000001000800000aa00389b71")
    return fmt(bits=bits, align=align, tag=0xFFFE, more=guid)


def written(
    path: Path, *, data: bytes = NOISE.tobytes(), format: bytes | None = None,
    size: int | None = None, riff: int | None = None, before: bytes = b"", after: bytes = b"",
    kind: bytes = b"RIFF",
) -> Path:  # fmt: skip
    """Write a WAV file by hand."""
    described = fmt() if format is None else format
    body = b"WAVE" + before + b"fmt " + struct.pack("<I", len(described)) + described
    body += (
        b"data" + struct.pack("<I", (len(data) if size is None else size) % 2**32) + data + after
    )
    whole = len(body) if riff is None else riff
    path.write_bytes(kind + struct.pack("<I", whole % 2**32) + body)
    return path


def opened(path: Path) -> tuple[Recording, list[str]]:
    told: list[str] = []
    return open_recording(path, warn=told.append), told


def samples_of(recording: Recording) -> NDArray[np.float64]:
    return np.concatenate(list(recording.blocks(1000)), axis=1)


LIST = b"LIST\x0c\x00\x00\x00INFOISFT\0\0\0\0"


@pytest.mark.parametrize(
    ("size", "riff"), [(0, 0), (0, 36), (4000, 4036), (400, None)], ids=str
)  # fmt: skip
def test_a_recording_that_was_never_finished_is_read_whole_and_told(
    tmp_path: Path, size: int, riff: int | None
) -> None:
    path = written(tmp_path / "a.wav", size=size, riff=riff)
    recording, told = opened(path)
    np.testing.assert_array_equal(samples_of(recording), SAMPLES)
    assert told == [
        f"{path}: cut off: its head promises {size // 4} samples ({size / 4 / RATE:.3f} s), "
        "3000 samples (0.375 s) are there"
    ]


def test_no_samples_before_other_chunks_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="expected sound, found 0 samples"):
        opened(written(tmp_path / "a.wav", data=b"", after=LIST))


@pytest.mark.parametrize(
    "tail", [LIST, b"TAG" + bytes(125), b"APETAGEX" + bytes(9000), bytes(65536), b"x"]
)
def test_what_follows_the_samples_is_no_sound(tmp_path: Path, tail: bytes) -> None:
    recording, told = opened(written(tmp_path / "a.wav", after=tail))
    assert (recording.n_samples, told) == (3000, [])


@pytest.mark.parametrize("kind", ["AIFF", "RF64", "W64", "AU"])
def test_other_kinds_that_were_never_finished(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a"
    sf.write(path, NOISE, RATE, "PCM_16", format=kind)
    data = bytearray(path.read_bytes())
    if kind == "AIFF":
        place = data.index(b"SSND") + 4
        data[place : place + 4] = bytes(4)
        data[4:8] = bytes(4)
        frames = data.index(b"COMM") + 10
        data[frames : frames + 4] = bytes(4)
    elif kind == "RF64":
        place = data.index(b"ds64") + 8
        data[place : place + 24] = bytes(24)
    elif kind == "AU":
        data[8:12] = bytes(4)
    else:
        place = data.index(b"data") + 16
        data[place : place + 8] = bytes(8)
    path.write_bytes(data)
    np.testing.assert_array_equal(samples_of(opened(path)[0]), SAMPLES)


LONG = 4_400_000_000


@pytest.mark.parametrize("size", [0xFFFFFFFF, LONG, 0x7FFFF000, 0], ids=hex)
@pytest.mark.parametrize("after", [b"", LIST])
def test_beyond_4_gib_all_is_there(tmp_path: Path, size: int, after: bytes) -> None:
    if after and size != LONG:
        pytest.skip("only a remainder of the size says where the samples end")
    path = written(tmp_path / "a.wav", data=b"", size=size, riff=size + 36)
    with path.open("r+b") as file:  # sparse: it takes no disk
        file.seek(44 + LONG - 4)
        file.write(b"\x00\x40\x00\xc0" + after)
    recording, told = opened(path)
    assert recording.n_samples == LONG // 4
    assert bool(told) == (size == 0)
    assert path.stat().st_blocks * 512 < 1 << 20


@pytest.mark.slow
def test_the_end_beyond_4_gib_can_be_read(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", data=b"", size=0xFFFFFFFF)
    with path.open("r+b") as file:
        file.seek(44 + LONG - 4)
        file.write(b"\x00\x40\x00\xc0")
    for block in opened(path)[0].blocks(1 << 22):
        last = block[:, -1]
    np.testing.assert_array_equal(last, [0.5, -0.5])


@pytest.mark.parametrize("promised", [100_000, 1_900_000_000, 3_000_000_000, 4_200_000_000])
def test_a_cut_is_told_whatever_was_promised(tmp_path: Path, promised: int) -> None:
    _, told = opened(written(tmp_path / "a.wav", size=promised))
    assert f"cut off: its head promises {promised // 4} samples" in told[0]


@pytest.mark.parametrize(
    "before",
    [
        b"PEAK\x14\0\0\0" + bytes(20),
        b"PEAK\0\0\0\0",
        b"cue \x02\0\0\0ab",
        b"bext\x03\0\0\0abc\0",
        b"LIST\x05\0\0\0INFOx",  # of odd size, and nothing behind it
        b"fact\x01\0\0\0x\0",
    ],
)
@pytest.mark.parametrize("kind", [b"RIFF", b"BW64"])
def test_chunks_with_blemishes_are_passed_over(tmp_path: Path, before: bytes, kind: bytes) -> None:
    path = written(tmp_path / "a.wav", before=before, kind=kind)
    np.testing.assert_array_equal(samples_of(opened(path)[0]), SAMPLES)


def test_a_format_without_its_bits_is_that_of_pcm(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", format=fmt()[:14])
    np.testing.assert_array_equal(samples_of(opened(path)[0]), SAMPLES)


def test_samples_behind_others_are_told(tmp_path: Path) -> None:
    path = written(tmp_path / "a.wav", after=LIST + b"data" + struct.pack("<I", 400) + bytes(400))
    recording, told = opened(path)
    np.testing.assert_array_equal(samples_of(recording), SAMPLES)
    assert "cut off: its head promises 3100 samples" in told[0]


@pytest.mark.parametrize("place", ["low", "high"])
@pytest.mark.parametrize("bits", [20, 24])
@pytest.mark.parametrize("is_extensible", [True, False])
def test_samples_in_wider_containers(
    tmp_path: Path, place: Literal["low", "high"], bits: int, is_extensible: bool
) -> None:
    whole = np.random.default_rng(1).integers(-(2 ** (bits - 1)), 2 ** (bits - 1), (500, 2))
    stored = (whole if place == "low" else whole << (32 - bits)).astype("<i4").tobytes()
    head = extensible(32, bits, 8) if is_extensible else fmt(bits=bits, align=8)
    recording, told = opened(written(tmp_path / "a.wav", data=stored, format=head))
    np.testing.assert_array_equal(samples_of(recording), whole.T / 2.0 ** (bits - 1))
    assert (told, recording.subtype) == ([], "PCM_24" if place == "low" else "PCM_32")


def test_quiet_samples_at_the_high_end_stay_there(tmp_path: Path) -> None:
    whole = np.random.default_rng(1).integers(-100, 100, (500, 2))
    stored = (whole << 8).astype("<i4").tobytes()
    head = extensible(32, 24, 8)
    recording, _ = opened(written(tmp_path / "a.wav", data=stored, format=head))
    np.testing.assert_array_equal(samples_of(recording), whole.T / 2.0**23)


@pytest.mark.skipif("MP3" not in sf.available_formats(), reason="needs libsndfile 1.1")
@pytest.mark.parametrize("junk", [b"", bytes(100)])
def test_mp3_inside_wav(tmp_path: Path, junk: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    sf.write(tmp_path / "a.mp3", SAMPLES.T, RATE, format="MP3")
    packed = (tmp_path / "a.mp3").read_bytes()
    more = struct.pack("<HHIHHH", 12, 1, 2, 417, 1, 0)
    head = struct.pack("<HHIIHH", 0x55, 2, RATE, 4000, 1, 0) + more
    path = written(tmp_path / "a.wav", data=junk + packed, format=head)
    expected = samples_of(opened(tmp_path / "a.mp3")[0])
    np.testing.assert_allclose(samples_of(opened(path)[0]), expected, atol=1e-6)
    assert capfd.readouterr().err == ""


def test_mp3_inside_wav_that_is_none(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    head = struct.pack("<HHIIHH", 0x55, 2, RATE, 4000, 1, 0)
    path = written(tmp_path / "a.wav", data=bytes(5000), format=head)
    with pytest.raises(InputFileError, match=r"expected audio \(WAV, "):
        opened(path)
    assert capfd.readouterr().err == ""
