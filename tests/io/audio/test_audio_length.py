"""Recordings that were cut off, or whose head does not know how long they are."""

import struct
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from batches import TINY, run
from numpy.typing import NDArray

from nmfd_cli.batch.plan import plan_jobs
from nmfd_cli.errors import InputFileError, NmfdWarning
from nmfd_cli.io.audio.recording import Recording, estimated_seconds, open_recording
from nmfd_cli.settings.output import OutputSettings

RATE = 8000
N = 20000
SUBTYPES = {"MP3": "MPEG_LAYER_III", "OGG": "VORBIS"}

needs_mp3 = pytest.mark.skipif("MP3" not in sf.available_formats(), reason="needs libsndfile 1.1")


def written(folder: Path, kind: str, subtype: str = "PCM_16", channels: int = 2) -> Path:
    """Write two and a half seconds of noise."""
    path = folder / f"whole.{kind.lower()}"
    samples = np.random.default_rng(5).uniform(-0.5, 0.5, (N, channels))
    sf.write(path, samples, RATE, SUBTYPES.get(kind, subtype), format=kind)
    return path


def cut(path: Path, share: float = 0.6) -> Path:
    """Write the beginning of a file beside it."""
    data = path.read_bytes()
    short = path.with_name(f"cut{path.suffix}")
    short.write_bytes(data[: int(len(data) * share)])
    return short


def samples_of(recording: Recording) -> NDArray[np.float64]:
    return np.concatenate(list(recording.blocks(1000)), axis=1)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
@pytest.mark.parametrize("kind", ["WAV", "AIFF", "RF64"])
def test_plain_recording_that_was_cut_off(tmp_path: Path, kind: str, subtype: str) -> None:
    whole = written(tmp_path, kind, subtype)
    short = cut(whole)

    with pytest.warns(NmfdWarning) as caught:
        recording = open_recording(short)

    there = recording.n_samples
    assert 0.5 * N < there < 0.7 * N
    assert [str(one.message) for one in caught] == [
        f"{short}: cut off: its head promises {N} samples (2.500 s), "
        f"{there} samples ({there / RATE:.3f} s) are there"
    ]
    np.testing.assert_array_equal(samples_of(recording), sf.read(whole)[0][:there].T)


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "RF64", "FLAC", "OGG", "W64", "AU", "CAF"])
def test_whole_recordings_are_not_warned_of(tmp_path: Path, kind: str) -> None:
    recording = open_recording(written(tmp_path, kind))
    assert samples_of(recording).shape == (2, N)


def test_compressed_samples_in_a_plain_file_are_left_to_the_decoder(tmp_path: Path) -> None:
    path = written(tmp_path, "WAV", "IMA_ADPCM")
    assert open_recording(cut(path)).n_samples < N


@pytest.mark.slow
def test_flac_that_was_cut_off(tmp_path: Path) -> None:
    whole = written(tmp_path, "FLAC")
    with pytest.warns(NmfdWarning, match=f"its head promises {N} samples"):
        recording = open_recording(cut(whole))
    assert 0.3 * N < recording.n_samples < 0.7 * N
    expected = sf.read(whole)[0][: recording.n_samples].T
    np.testing.assert_array_equal(samples_of(recording), expected)


def test_flac_without_a_sample_left(tmp_path: Path) -> None:
    short = cut(written(tmp_path, "FLAC"), 0.1)
    with pytest.raises(InputFileError) as caught:
        open_recording(short)
    assert str(caught.value) == (
        f"{short}: expected sound, found 0 samples; it was cut off: "
        f"its head promises {N} samples (2.500 s)"
    )


def test_flac_that_was_written_to_a_pipe(tmp_path: Path) -> None:
    path = written(tmp_path, "FLAC")
    data = bytearray(path.read_bytes())
    assert data[:4] == b"fLaC"
    data[21] &= 0xF0  # the number of samples: 36 bits from here
    data[22:26] = bytes(4)
    path.write_bytes(data)

    recording = open_recording(path)

    assert abs(recording.n_samples - N) <= 1
    assert estimated_seconds(path) is None
    assert samples_of(recording).shape == (2, recording.n_samples)


def test_flac_that_is_broken_in_the_middle_fails_where_it_breaks(tmp_path: Path) -> None:
    path = written(tmp_path, "FLAC")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = bytes(2000)
    path.write_bytes(data)
    recording = open_recording(path)
    assert recording.n_samples == N
    with pytest.raises(InputFileError, match=f"expected {N} samples, could read [1-9]"):
        samples_of(recording)


@needs_mp3
def test_mp3_that_was_cut_off(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    short = cut(written(tmp_path, "MP3"))
    with pytest.warns(NmfdWarning, match=f"its head promises {N} samples"):
        recording = open_recording(short)
    assert samples_of(recording).shape == (2, recording.n_samples)
    assert capfd.readouterr().err == ""  # the decoder has an opinion of its own


@needs_mp3
def test_mp3_without_a_length_is_counted(tmp_path: Path) -> None:
    whole = written(tmp_path, "MP3")
    data = whole.read_bytes()
    for tag in (b"Xing", b"Info"):
        data = data.replace(tag, b"none", 1)
    whole.write_bytes(data)
    recording = open_recording(whole)
    assert recording.n_samples >= N
    assert samples_of(recording).shape == (2, recording.n_samples)
    assert open_recording(cut(whole)).n_samples < recording.n_samples


@pytest.mark.parametrize("share", [0.9, 0.999])
def test_ogg_without_all_of_its_last_page(tmp_path: Path, share: float) -> None:
    with pytest.warns(NmfdWarning, match="cut off: its last page is missing, "):
        open_recording(cut(written(tmp_path, "OGG"), share))


@pytest.mark.parametrize("length", [0xFFFFFFFF, 0x7FFFF000, 0x7FFFFFFF])
def test_a_length_that_means_unknown_is_none(tmp_path: Path, length: int) -> None:
    path = written(tmp_path, "WAV")
    data = path.read_bytes()
    place = data.index(b"data") + 4
    path.write_bytes(data[:place] + struct.pack("<I", length) + data[place + 4 :])
    assert open_recording(path).n_samples == N


def test_a_batch_tells_of_it_once(tmp_path: Path) -> None:
    short = cut(written(tmp_path, "WAV"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plan_jobs([str(short)], TINY, OutputSettings(out=str(tmp_path / "out")))
    summary = run([short], tmp_path / "out")
    assert [warning.partition(": its")[0] for warning in summary.done[0].warnings] == [
        f"{short}: cut off"
    ]


@pytest.mark.parametrize("is_cut", [True, False])
def test_standard_input_is_told_of_by_its_name(tmp_path: Path, is_cut: bool) -> None:
    whole = written(tmp_path, "WAV")
    path = cut(whole) if is_cut else whole
    told = subprocess.run(
        [sys.executable, "-m", "nmfd_cli", "separate", "-", "--init", "random",
         "--iterations", "1"],
        input=path.read_bytes(), capture_output=True, check=True, cwd=tmp_path,
    ).stderr.decode()  # fmt: skip
    assert told.startswith("nmfd: warning: standard input: cut off: ") == is_cut
    assert "/stdin" not in told.replace("separated/stdin", "")


@pytest.mark.parametrize("value", [2e12, -1e30])
def test_samples_beyond_all_measure_are_refused(tmp_path: Path, value: float) -> None:
    samples = np.zeros(100)
    samples[40] = value
    sf.write(tmp_path / "a.wav", samples, RATE, "FLOAT")
    with pytest.raises(InputFileError) as caught:
        samples_of(open_recording(tmp_path / "a.wav"))
    assert str(caught.value) == (
        f"{tmp_path}/a.wav: expected samples of up to 1e+12, 1 is full scale, "
        f"found {abs(value):g} at sample 40 (0.005 s)"
    )
