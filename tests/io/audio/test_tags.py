"""What else a file tells, from recordings to stems."""

import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from nmfd_cli.io.audio.formats import FORMATS
from nmfd_cli.io.audio.recording import AudioFacts, open_recording
from nmfd_cli.io.audio.riff import chunks
from nmfd_cli.io.audio.titles import bext_chunk, id3_tag, later
from nmfd_cli.io.audio.writer import AudioWriter, SampleFormat

RATE = 8000
NOISE = np.random.default_rng(2).integers(-(2**15), 2**15, (3001, 2)).astype("<i2")


def bext(time: int) -> bytes:
    return bytes(range(256)) + bytes(82) + struct.pack("<Q", time) + bytes(256) + b"history"


def cue(*at: int) -> bytes:
    points = [struct.pack("<II4sIII", n, p, b"data", 0, 0, p) for n, p in enumerate(at)]
    return struct.pack("<I", len(at)) + b"".join(points)


def smpl(*loops: tuple[int, int]) -> bytes:
    entries = [struct.pack("<6I", n, 0, a, b, 0, 0) for n, (a, b) in enumerate(loops)]
    return bytes(28) + struct.pack("<II", len(loops), 0) + b"".join(entries)


BEFORE = ((b"bext", bext(1000)), (b"acid", bytes(range(24))))
AFTER = (
    (b"LIST", b"INFOINAM\x05\0\0\0loop\0\0"), (b"cue ", cue(100, 2000)), (b"smpl", smpl((0, 2999))),
)  # fmt: skip


def chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2)


def tagged(path: Path, *, mask: int = 0) -> Path:
    align, data = 4, NOISE.tobytes()
    fmt = struct.pack("<HHIIHH", 1, 2, RATE, RATE * align, align, 16)
    if mask:
        guid = struct.pack("<HHIH", 22, 16, mask, 1) + bytes.fromhex("000000001000800000aa00389b71")
        fmt = struct.pack("<H", 0xFFFE) + fmt[2:] + guid
    body = b"WAVE" + b"".join(chunk(*one) for one in BEFORE) + chunk(b"fmt ", fmt)
    body += chunk(b"data", data) + b"".join(chunk(*one) for one in AFTER)
    path.write_bytes(chunk(b"RIFF", body))
    return path


def stem_of(path: Path, stem: Path, part: tuple[int, int] | None = None, size: int = 0) -> Path:
    """Write a recording as a stem is written."""
    recording = open_recording(path, warn=pytest.fail)
    if part is not None:
        recording = recording.part(*part)
    container = stem.suffix[1:]
    subtype = {"wav": "FLOAT", "flac": "PCM_16"}.get(container, FORMATS[container].usual)
    form = SampleFormat(container, subtype)
    facts = AudioFacts(recording.sample_rate, recording.n_channels, size or recording.n_samples, "")
    file = AudioWriter(stem, facts, form, place=stem, tags=recording.tags)
    for block in recording.blocks(1000):
        file.write(form.quantise(block))
    file.close()
    return stem


def chunks_of(path: Path) -> dict[bytes, bytes]:
    found = {}
    with path.open("rb") as file:
        for name, begin, size in chunks(file, 12):
            file.seek(begin)
            found[name] = file.read(size)
    return found


@pytest.mark.parametrize("size", [0, 2**30])
def test_chunks_are_kept_byte_for_byte(tmp_path: Path, size: int) -> None:
    stem = stem_of(tagged(tmp_path / "a.wav"), tmp_path / "b.wav", size=size)
    assert open_recording(stem).tags.chunks == (*BEFORE, *AFTER)
    samples, rate = sf.read(stem, always_2d=True)
    np.testing.assert_array_equal(samples, NOISE / 2**15)
    assert rate == RATE
    if not size:
        assert int.from_bytes(stem.read_bytes()[4:8], "little") == stem.stat().st_size - 8


def test_a_part_has_its_own_times(tmp_path: Path) -> None:
    found = chunks_of(stem_of(tagged(tmp_path / "a.wav"), tmp_path / "b.wav", (500, 2500)))
    assert found[b"bext"] == bext(1500)
    assert found[b"cue "] == struct.pack("<III4sIII", 1, 1, 1500, b"data", 0, 0, 1500)
    assert found[b"smpl"] == smpl()
    assert b"acid" not in found
    assert found[b"LIST"] == AFTER[0][1]


@pytest.mark.parametrize("mask", [0x30, 0x600])
def test_speakers_stay(tmp_path: Path, mask: int) -> None:
    stem = stem_of(tagged(tmp_path / "a.wav", mask=mask), tmp_path / "b.wav")
    assert chunks_of(stem)[b"fmt "][20:24] == struct.pack("<I", mask)
    np.testing.assert_array_equal(sf.read(stem)[0], NOISE / 2**15)


@pytest.mark.parametrize("last", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("first", ["wav", "flac", "ogg", "mp3"])
def test_titles_go_from_format_to_format(tmp_path: Path, first: str, last: str) -> None:
    path = tmp_path / f"a.{first}"
    with sf.SoundFile(path, "w", RATE, 2) as file:
        file.title, file.artist = "Schäfer", "me"
        file.write(NOISE)
    stem = stem_of(path, tmp_path / f"b.{last}")
    with sf.SoundFile(stem) as file:
        assert (file.title, file.artist) == ("Schäfer", "me")
        assert len(file.read()) == file.frames >= len(NOISE)


def test_comments_of_flac_are_kept_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    sf.write(path, NOISE, RATE)
    comments = bytes(4) + struct.pack("<II", 1, 9) + b"MOOD=calm"
    data = path.read_bytes()
    blocks = b"\x04" + len(comments).to_bytes(3, "big") + comments + b"\x02\0\0\x08riffabcd"
    path.write_bytes(data[:42] + blocks + data[42:])
    content = stem_of(path, tmp_path / "b.flac").read_bytes()
    assert comments in content
    assert b"\0\0\x08riffabcd" in content
    np.testing.assert_array_equal(sf.read(tmp_path / "b.flac")[0], NOISE / 2**15)


def test_time_stamp_and_tempo_go_through_flac(tmp_path: Path) -> None:
    """A part keeps the time at which it was recorded, from WAV to FLAC and back."""
    whole = tagged(tmp_path / "a.wav")
    data = whole.read_bytes()
    stamp = b"kick mic".ljust(256, b"\0") + bext(1000)[256:]
    acid = bytes(20) + struct.pack("<f", 97.5)
    whole.write_bytes(data.replace(bext(1000), stamp).replace(BEFORE[1][1], acid))
    flac = stem_of(whole, tmp_path / "b.flac")
    for text in (b"TIME_REFERENCE=1000", b"DESCRIPTION=kick mic", b"BPM=97.5", b"TITLE=loop"):
        assert len(text).to_bytes(4, "little") + text in flac.read_bytes()
    part = stem_of(flac, tmp_path / "c.flac", (500, 2500))
    assert b"TIME_REFERENCE=1500" in part.read_bytes()
    back = chunks_of(stem_of(part, tmp_path / "d.wav"))[b"bext"]
    assert (back[:9], len(back)) == (b"kick mic\0", 602)
    assert back[338:346] == struct.pack("<Q", 1500)


@pytest.mark.parametrize(
    "block", [b"", b"\xff", bytes(8), bytes(4) + b"\1\0\0\0\xff\0\0\0TIME_REF"]
)
def test_comments_that_break_off_are_taken_as_far_as_they_go(block: bytes) -> None:
    assert later(block, 5) == block
    assert bext_chunk(block) == b""


def test_titles_are_read_behind_a_corrected_head(tmp_path: Path) -> None:
    whole = tagged(tmp_path / "a.wav")
    data = whole.read_bytes().replace(b"INAM\x05\0\0\0loop\0", b"IPRT\x05\0\0\0\x33\0\0\0\0")
    whole.write_bytes(data.replace(b"bext", b"PEAK"))  # which libsndfile refuses
    assert open_recording(whole).tags.titles == {"tracknumber": "3"}


def test_titles_of_aiff_are_those_of_mp3(tmp_path: Path) -> None:
    path, tag = tmp_path / "a.aiff", id3_tag({"title": "Schäfer"})
    sf.write(path, NOISE, RATE)
    data = path.read_bytes() + b"ID3 " + len(tag).to_bytes(4, "big") + tag + bytes(len(tag) % 2)
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "big") + data[8:])
    assert chunks_of(stem_of(path, tmp_path / "b.wav"))[b"id3 "] == tag
    assert stem_of(path, tmp_path / "b.mp3").read_bytes().startswith(tag)
