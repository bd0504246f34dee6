"""Recordings that are cut off, lie about themselves, or hold what no microphone gives."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile as sf
from hostile_case import CHEAP, FOUND_NO_AUDIO, LISTENING, RATE, Case, good, hits, write
from numpy.typing import NDArray

CUT = "warning: in.wav: cut off: its head promises 16000 samples (2.000 s)"


def cut(kind: str, tenths: int) -> Callable[[Path], object]:
    """Cut a recording off at a tenth of its bytes."""

    def make(folder: Path) -> None:
        subtypes = {"FLAC": "PCM_16", "OGG": "VORBIS", "MP3": "MPEG_LAYER_III"}
        path = write(folder / f"in.{kind.lower()}", hits(), format=kind, subtype=subtypes[kind])
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * tenths // 10])

    return make


def wav(
    data: bytes = np.int16(hits() * 32767).tobytes(),
    *,
    channels: int = 2,
    rate: int = RATE,
    bits: int = 16,
    data_length: int | None = None,
    riff_length: int | None = None,
    before: bytes = b"",
    kind: int = 1,
    frame: int = 0,
) -> Callable[[Path], object]:
    """Write a WAV file by hand, so that its head may lie."""
    frame = frame or channels * bits // 8
    head = struct.pack("<HHIIHH", kind, channels, rate, (rate * frame) % 2**32, frame % 2**16, bits)
    length = len(data) if data_length is None else data_length
    body = b"WAVEfmt " + struct.pack("<I", 16) + head + before
    body += b"data" + struct.pack("<I", length) + data
    whole = b"RIFF" + struct.pack("<I", len(body) if riff_length is None else riff_length) + body
    return lambda folder: (folder / "in.wav").write_bytes(whole)


def samples() -> bytes:
    return np.int16(hits() * 32767).tobytes()


def floats(samples: NDArray[np.floating]) -> Callable[[Path], object]:
    """Write samples as they are."""
    return lambda folder: write(folder / "in.wav", samples, subtype="FLOAT")


def damaged(value: float) -> NDArray[np.float64]:
    samples = hits(0.5)
    samples[1000, 1] = value
    return samples


def cases_of_audio() -> Iterator[Case]:
    for tenths in range(1, 10):
        data = np.int16(hits() * 32767).tobytes()
        yield Case(
            f"WAV cut at {tenths}/10", wav(data[: len(data) * tenths // 10], data_length=len(data)),
            CUT, (0,),
        )  # fmt: skip
    for kind in (kind for kind in ("FLAC", "OGG", "MP3") if kind in sf.available_formats()):
        for tenths in range(1, 10):
            # how much of it can be decoded is the decoder's to say
            yield Case(
                f"{kind} cut at {tenths}/10", cut(kind, tenths), codes=(0, 1),
                recording=f"in.{kind.lower()}",
            )  # fmt: skip
    yield Case(
        "empty file", lambda f: (f / "in.wav").touch(), "expected an audio file, found an empty one"
    )
    yield Case(
        "head of WAV cut",
        lambda f: (f / "in.wav").write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt "),
        FOUND_NO_AUDIO,
    )
    yield Case("text for audio", lambda f: (f / "in.wav").write_text("no audio"), FOUND_NO_AUDIO)
    yield Case("zeros for audio", lambda f: (f / "in.wav").write_bytes(bytes(5000)), FOUND_NO_AUDIO)
    yield Case("length too long", wav(data_length=10**6), "its head promises 250000 samples", (0,))
    misread: list[tuple[str, Callable[[Path], object], str]] = [
        ("length too short", wav(data_length=8000), "its head promises 2000 samples"),
        ("PEAK of a wrong size", wav(before=b"PEAK\x14\0\0\0" + bytes(20)), ""),
        ("chunk without its padding", wav(before=b"JUNK\3\0\0\0abc"), ""),
        ("length no multiple of a sample", wav(data_length=8001), "promises 2000 samples"),
        ("length 0", wav(data_length=0), "its head promises 0 samples"),
    ]
    sound = (hits() * 32767).astype(np.int16) / 2.0**15
    for name, make, says in misread:
        yield Case(name, make, says, (0,), sound=sound)
    yield Case("cut, of 3 GB", wav(data_length=3 * 10**9), "head promises 750000000 samples", (0,))
    yield Case("padded with zeros", wav(samples() + bytes(65536), data_length=64000), codes=(0,))
    yield Case(
        "24 bits in 32, at the low end",
        wav(np.int32(hits() * 2**22).tobytes(), bits=24, frame=8),
        codes=(0,),
        sound=(hits() * 2**22).astype(np.int32) / 2.0**23,
    )
    yield Case("MP3 inside WAV that is none", wav(bytes(5000), kind=0x55), FOUND_NO_AUDIO)
    yield Case(
        "a list for audio", lambda f: (f / "in.wav").write_text("#EXTM3U\n/a\n"), FOUND_NO_AUDIO
    )
    yield Case(
        "length 0xFFFFFFFF, of a pipe",
        wav(data_length=0xFFFFFFFF, riff_length=0xFFFFFFFF),
        codes=(0,),
    )
    yield Case(
        "length 0x7FFFFFFF, of a pipe",
        wav(data_length=0x7FFFF000, riff_length=0x7FFFF024),
        codes=(0,),
    )
    yield Case("length of the whole 0", wav(riff_length=0), codes=(0,))
    yield Case(
        "part of a length beyond the file",
        wav(before=b"junk\xf0\xff\xff\x7f"),
        codes=(1,),
        says="in.wav: ",
    )
    yield Case("no channel", wav(channels=0), FOUND_NO_AUDIO)
    yield Case(
        "7 channels", wav(np.zeros(7 * 4000, np.int16).tobytes(), channels=7), "silence", (0,)
    )
    yield Case(
        "64 channels",
        wav(np.int16(np.repeat(hits(0.5), 32, axis=1) * 9999).tobytes(), channels=64),
        codes=(0,),
    )
    yield Case(
        "7 channels to FLAC",
        wav(np.int16(np.repeat(hits(0.5)[:, :1], 7, axis=1) * 9999).tobytes(), channels=7),
        codes=(0,),
        arguments=(*CHEAP, "--format", "flac"),
    )
    yield Case(
        "64 channels to FLAC",
        wav(np.zeros(64 * 400, np.int16).tobytes(), channels=64),
        "flac holds up to 8 channels",
        arguments=(*CHEAP, "--format", "flac"),
    )
    yield Case("65535 channels", wav(channels=65535), FOUND_NO_AUDIO)
    yield Case("17 bits", wav(bits=17), codes=(0, 1))
    yield Case("unknown coding", wav(kind=0x1234), FOUND_NO_AUDIO)
    yield Case("rate 0 Hz", wav(rate=0), FOUND_NO_AUDIO)
    yield Case(
        "rate 1 Hz",
        wav(np.int16(hits(0.05) * 9999).tobytes(), rate=1),
        codes=(0, 1),
        says="",
        arguments=LISTENING,
    )
    yield Case("rate 8 kHz", good, codes=(0,), arguments=LISTENING)
    yield Case(
        "rate 192 kHz",
        lambda f: write(f / "in.wav", hits(0.5, 192000), 192000),
        codes=(0,),
        arguments=LISTENING,
    )
    yield Case("rate 4294967295 Hz", wav(rate=0xFFFFFFFF), codes=(0, 1))
    yield Case("NaN", floats(damaged(np.nan)), "found NaN or infinity at sample 1000 (0.125 s)")
    yield Case(
        "infinity", floats(damaged(-np.inf)), "found NaN or infinity at sample 1000 (0.125 s)"
    )
    yield Case("denormals", floats(hits(0.5) * 1e-40), codes=(0,), arguments=LISTENING)
    yield Case("samples of 1e11", floats(hits(0.5) * 1e11), codes=(0,), arguments=LISTENING)
    yield Case("samples of 1e-30", floats(hits(0.5) * 1e-30), codes=(0,), arguments=LISTENING)
    yield Case(
        "samples of 1e30",
        floats(hits(0.5) * 1e30),
        "expected samples of up to 1e+12, 1 is full scale",
    )
    yield Case("DC", floats(np.full((4000, 1), 0.7)), codes=(0,), arguments=LISTENING)
    yield Case(
        "full-scale square",
        wav(np.int16(np.tile(np.repeat([32767, -32768], 40), 50)).tobytes(), channels=1),
        codes=(0,),
        arguments=(*LISTENING, "--subtype", "double"),
    )
    yield Case(
        "silence",
        floats(np.zeros((4000, 2))),
        "silence; its stems are silent too",
        (0,),
        arguments=LISTENING,
    )
    yield Case("0 samples", wav(b""), "expected sound, found 0 samples")
    yield Case("1 sample", floats(np.array([[0.5]])), codes=(0,), arguments=LISTENING)
    yield Case("shorter than a window", floats(hits(0.02)), codes=(0,), arguments=LISTENING)
    yield Case(
        "another kind's ending",
        lambda f: write(f / "in.mp3", hits(0.5)),
        codes=(0,),
        recording="in.mp3",
    )
