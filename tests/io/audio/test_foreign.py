"""What libsndfile does not read, and ffmpeg does."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from nmfd_cli.batch.inputs import expand_inputs
from nmfd_cli.errors import InputFileError
from nmfd_cli.io.audio.decoder import ffmpeg
from nmfd_cli.io.audio.recording import open_recording

RATE = 32000
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg")


@pytest.fixture(autouse=True)
def fresh_search() -> None:
    ffmpeg.cache_clear()


def encoded(folder: Path, name: str, *arguments: str) -> Path:
    t = np.arange(RATE) / RATE
    tone = 0.4 * np.sin(2 * np.pi * 330 * t)
    sf.write(folder / "a.wav", np.stack([tone, 0.5 * tone], 1), RATE, "PCM_24")
    command = ["ffmpeg", "-v", "error", "-i", str(folder / "a.wav"), *arguments, str(folder / name)]
    subprocess.run(command, check=True)
    return folder / name


@needs_ffmpeg
@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [("a.m4a", ("-c:a", "alac"), 0), ("a b'ä.wma", (), 0.02), ("a.mp4", ("-c:a", "aac"), 0.02)],
)
def test_ffmpeg_decodes_with_rate_and_channels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, arguments: tuple[str, ...],
    error: float,
) -> None:  # fmt: skip
    path = encoded(tmp_path, name, *arguments)
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    recording = open_recording(path, warn=pytest.fail)
    assert (recording.sample_rate, recording.n_channels, recording.title) == (RATE, 2, name)
    found = np.concatenate(list(recording.blocks(1000)), axis=1)
    expected = sf.read(tmp_path / "a.wav")[0].T
    assert np.abs(found[:, 4000:28000]).max() == pytest.approx(0.4, abs=0.02)
    if not error:
        np.testing.assert_array_equal(found, expected)
    assert list(temporary.iterdir()) == []


@needs_ffmpeg
def test_what_ffmpeg_does_not_read_either(tmp_path: Path) -> None:
    path = tmp_path / "a.m4a"
    path.write_text("no audio")
    with pytest.raises(InputFileError, match="found none, nor does ffmpeg read any"):
        open_recording(path)


def test_without_ffmpeg_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    (tmp_path / "a.m4a").write_text("no audio")
    (tmp_path / "b.wma").write_text("no audio")
    (tmp_path / "c.wave").touch()
    (tmp_path / "d.BWF").touch()
    told: list[str] = []
    found = expand_inputs([tmp_path], warn=told.append)
    assert [Path(path).name for path in found] == ["c.wave", "d.BWF"]
    assert told == [
        f"2 files ({tmp_path / 'a.m4a'} ...) are passed over; ffmpeg on the PATH would read them"
    ]
    with pytest.raises(InputFileError, match="ffmpeg on the PATH would read more formats"):
        open_recording(tmp_path / "a.m4a")
    (tmp_path / "c.wave").unlink()
    (tmp_path / "d.BWF").unlink()
    with pytest.raises(InputFileError, match="found none; ffmpeg on the PATH would read 2 files"):
        expand_inputs([tmp_path])


@needs_ffmpeg
def test_a_folder_with_ffmpeg(tmp_path: Path) -> None:
    for name in ("a.m4a", "b.txt", "c.WMA", "d.mp4"):
        (tmp_path / name).touch()
    found = expand_inputs([tmp_path], warn=pytest.fail)
    assert [Path(path).name for path in found] == ["a.m4a", "c.WMA", "d.mp4"]
