"""Standard input and output: headers of unknown length, one stem, everything but one."""

import io
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from nmfd_cli.cli.main import cli, run

RATE = 8000

#: A process ends long before that, also on a machine with other work.
PATIENCE = 120

#: Two runs may round differently: the numeric library's sums depend on where arrays lie in memory.
ROUNDING = 1e-6
STEP = 2.0**-15 + ROUNDING  # of 16 bits

FAST = ("--iterations", "3", "--n-fft", "256", "--hop-length", "128", "--stems", "kick,snare,hihat")


@pytest.fixture(autouse=True)
def work_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test, with a folder for temporary files in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


@pytest.fixture
def loop(work_folder: Path) -> Path:
    """A second of two drums, 16 bits."""
    rng = np.random.default_rng(1)
    t = np.arange(RATE) / RATE
    low = 0.4 * np.sin(2 * np.pi * 60 * t) * np.exp(-20 * (t % 0.5))
    noise = 0.2 * rng.standard_normal(RATE) * np.exp(-40 * ((t + 0.25) % 0.5))
    path = work_folder / "loop.wav"
    sf.write(path, low + noise, RATE, "PCM_16")
    return path


def nmfd(*arguments: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(cli, ["separate", *arguments, *FAST], input=stdin)


def real_nmfd(*arguments: str, stdin: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "nmfd_cli", "separate", *arguments, *FAST]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=PATIENCE)


def samples(source: Path | bytes) -> NDArray[np.float64]:
    file = io.BytesIO(source) if isinstance(source, bytes) else source
    x: NDArray[np.float64] = sf.read(file, dtype="float64", always_2d=True)[0]
    return x


def with_lengths(content: bytes, riff: int, data: int) -> bytes:
    """Return a WAV file with other lengths in its head."""
    place = content.index(b"data") + 4
    mended = bytearray(content)
    mended[4:8] = struct.pack("<I", riff)
    mended[place : place + 4] = struct.pack("<I", data)
    return bytes(mended)


UNKNOWN = {
    "ffmpeg": (0xFFFFFFFF, 0xFFFFFFFF),
    "sox": (0x7FFFF024, 0x7FFFF000),
    "signed": (0x7FFFFFFF, 0x7FFFFFFF),
    "gstreamer": (0, 0),
}


# --- in ------------------------------------------------------------------------------------------


def test_a_recording_comes_in_by_standard_input(loop: Path, work_folder: Path) -> None:
    piped = nmfd("-", stdin=loop.read_bytes())
    assert (piped.exit_code, piped.stdout) == (0, "")
    assert nmfd(str(loop)).exit_code == 0
    for stem in ("kick", "snare", "hihat"):
        written = samples(work_folder / "separated" / "stdin" / f"{stem}.wav")
        read = samples(work_folder / "separated" / "loop" / f"{stem}.wav")
        np.testing.assert_allclose(written, read, rtol=0, atol=ROUNDING)
    assert list((work_folder / "tmp").iterdir()) == []


@pytest.mark.parametrize("writer", UNKNOWN)
def test_heads_of_unknown_length_are_read_from_a_pipe(
    loop: Path, work_folder: Path, writer: str
) -> None:
    content = with_lengths(loop.read_bytes(), *UNKNOWN[writer])
    result = nmfd("-", "--subtype", "input", stdin=content)
    assert result.exit_code == 0
    stems = [samples(path) for path in (work_folder / "separated" / "stdin").glob("*.wav")]
    assert len(stems) == 3
    assert np.array_equal(np.sum(stems, axis=0), samples(loop))


@pytest.mark.parametrize("writer", UNKNOWN)
def test_heads_of_unknown_length_are_read_from_disk_and_left_alone(
    loop: Path, work_folder: Path, writer: str
) -> None:
    content = with_lengths(loop.read_bytes(), *UNKNOWN[writer])
    recorded = work_folder / "recorded.wav"
    recorded.write_bytes(content)
    assert nmfd(str(recorded)).exit_code == 0
    assert samples(work_folder / "separated" / "recorded" / "kick.wav").shape == (RATE, 1)
    assert recorded.read_bytes() == content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "standard input: expected an audio file, found an empty one"),
        (b"hello", "standard input: expected audio (WAV, FLAC, OGG, MP3, AIFF "
         "...), found none"),
    ],
)  # fmt: skip
def test_no_audio_is_refused_by_the_name_of_the_stream(
    work_folder: Path, content: bytes, message: str
) -> None:
    result = nmfd("-", stdin=content)
    assert (result.exit_code, result.stderr) == (1, f"nmfd: error: {message}\n")
    assert not (work_folder / "separated").exists()
    assert list((work_folder / "tmp").iterdir()) == []


# --- out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["kick", "snare", "hihat", "BD", "36"])
@pytest.mark.slow
def test_one_stem_has_the_samples_it_has_among_all(
    loop: Path, work_folder: Path, name: str
) -> None:
    assert nmfd(str(loop), "--subtype", "input").exit_code == 0
    stem = {"BD": "kick", "36": "kick"}.get(name, name)
    whole = samples(work_folder / "separated" / "loop" / f"{stem}.wav")
    alone = nmfd(str(loop), "--stem", name, "-o", "alone", "--subtype", "input")
    assert alone.exit_code == 0
    files = list((work_folder / "alone" / "loop").glob("*.wav"))
    assert files == [work_folder / "alone" / "loop" / f"{stem}.wav"]
    np.testing.assert_allclose(samples(files[0]), whole, rtol=0, atol=STEP)


@pytest.mark.parametrize("stem", ["kick", "hihat"])
@pytest.mark.slow
def test_everything_but_a_stem_adds_up_with_it(loop: Path, work_folder: Path, stem: str) -> None:
    assert nmfd(str(loop), "--stem", stem, "--subtype", "input").exit_code == 0
    assert nmfd(str(loop), "--minus", stem, "--subtype", "input").exit_code == 0
    folder = work_folder / "separated" / "loop"
    both = samples(folder / f"{stem}.wav") + samples(folder / f"minus_{stem}.wav")
    np.testing.assert_allclose(both, samples(loop), rtol=0, atol=STEP)


@pytest.mark.slow
def test_standard_output_holds_the_stem_and_nothing_else(loop: Path, work_folder: Path) -> None:
    assert nmfd(str(loop), "--stem", "snare").exit_code == 0
    result = real_nmfd("-", "--stem", "snare", "-o", "-", "-v", stdin=loop.read_bytes())
    assert result.returncode == 0
    written = samples(work_folder / "separated" / "loop" / "snare.wav")
    np.testing.assert_allclose(samples(result.stdout), written, rtol=0, atol=ROUNDING)
    assert len(result.stdout) == struct.unpack("<I", result.stdout[4:8])[0] + 8
    assert b"standard input: writing\nstandard input: standard output (1.0 s in" in result.stderr
    assert list((work_folder / "tmp").iterdir()) == []


def test_standard_output_takes_flac_and_everything_but_a_stem(loop: Path) -> None:
    result = nmfd(str(loop), "--minus", "kick", "-o", "-", "--format", "flac", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout_bytes.startswith(b"fLaC")
    assert samples(result.stdout_bytes).shape == (RATE, 1)


@pytest.fixture
def nobody_reads() -> Iterator[TextIO]:
    """The writing end of a pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        yield stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), writing)


def test_a_reader_that_goes_away_ends_it_quietly(
    loop: Path,
    work_folder: Path,
    nobody_reads: TextIO,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sys.stdout", nobody_reads)
    assert run(["separate", str(loop), "--stem", "kick", "-o", "-", "-q", *FAST]) == 0
    assert capsys.readouterr().err == ""
    assert list((work_folder / "tmp").iterdir()) == []


def test_a_log_that_goes_away_does_not_stop_the_work(
    loop: Path, work_folder: Path, nobody_reads: TextIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", nobody_reads)
    assert run(["separate", str(loop), "-v", *FAST]) == 0
    assert (work_folder / "separated" / "loop" / "kick.wav").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_behind_standard_output_is_reported(
    loop: Path,
    work_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stdout", full)
        assert run(["separate", str(loop), "--stem", "kick", "-o", "-", *FAST]) == 1
    message = "nmfd: error: standard output: cannot write: No space left on device\n"
    assert capsys.readouterr().err == message
    assert list((work_folder / "tmp").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("stream", "arguments", "message"),
    [
        ("stdout", ["no.wav", "--stem", "kick", "-o", "-"],
         "--out: expected a pipe or a file to take audio, found a terminal"),
        ("stdin", ["-"], "standard input: expected audio from a pipe or a file, found a terminal"),
    ],
)  # fmt: skip
def test_terminals_are_neither_written_to_nor_read_from(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stream: str,
    arguments: list[str],
    message: str,
) -> None:
    import pty

    master, descriptor = pty.openpty()
    with os.fdopen(master, "rb"), os.fdopen(descriptor, "w") as terminal:
        monkeypatch.setattr(f"sys.{stream}", terminal)
        assert run(["separate", *arguments]) == 2
    assert capsys.readouterr().err == f"nmfd: error: {message}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-", "-o", "-"], "--out: standard output (-) takes one file, expected --stem or --minus "
         "to name it; try nmfd separate --help"),
        (["-", "--stem", "a", "--minus", "b"], "--stem: expected either --stem or --minus, found "
         "both; try nmfd separate --help"),
        (["-", "loop.wav"], "standard input (-) is one recording, expected no other input"),
        (["-", "--stem", "kick", "-o", "-", "--json"], "--out: standard output (-) holds audio, "
         "expected no JSON there; try nmfd separate --help"),
        (["loop.wav", "--json", "--json-lines"], "--json and --json-lines exclude each other; "
         "try nmfd separate --help"),
        (["loop.wav", "--stem", "clap"], "--stem: expected one of kick, snare, hihat, other, "
         "found 'clap'"),
        (["loop.wav", "--minus", "foo"], "--minus: expected one of kick, snare, hihat, other, "
         "found 'foo'"),
        (["loop.wav", "other.wav", "--stem", "kick", "-o", "-"], "--out: standard output (-) takes "
         "one file, found 2 recordings"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("loop")
def test_what_does_not_go_together_is_refused(
    work_folder: Path, arguments: list[str], message: str
) -> None:
    sf.write(work_folder / "other.wav", np.zeros(100), RATE)
    result = nmfd(*arguments)
    assert (result.exit_code, result.stderr) == (2, f"nmfd: error: {message}\n")
    assert not (work_folder / "separated").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--stem", "tom"], "no tom was found, only kick, snare, hihat; "
         "--stems kick,snare,hihat,tom gives it a stem in any case"),
        (["--minus", "other"], "nothing but drums was found; --residual other gives it a "
         "stem in any case"),
    ],
)  # fmt: skip
def test_a_stem_that_was_not_found_is_told_with_the_way_out(
    work_folder: Path, arguments: list[str], message: str
) -> None:
    sf.write(work_folder / "in.wav", np.zeros(RATE), RATE)
    result = CliRunner().invoke(cli, ["separate", "in.wav", "-q", *arguments])
    assert (result.exit_code, result.stderr) == (1, f"nmfd: error: in.wav: {message}\n")
    assert not (work_folder / "separated").exists()
