"""Parts of recordings, sums of stems, lossy stems, hits as cue points."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner, Result
from hostile_case import hits
from numpy.typing import NDArray

from nmfd_cli import separate
from nmfd_cli.cli.main import cli
from nmfd_cli.io.audio.recording import open_recording

RATE = 8000
FAST = ("--iterations", "2", "--n-fft", "256", "--hop-length", "128")
SCORE = "onset,drum\n0.1,kick\n0.5,snare\n0.9,kick\n1.2,hihat\n1.7,snare\n"


@pytest.fixture(autouse=True)
def work_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    sf.write("in.wav", hits(), RATE, "PCM_16")
    Path("in.csv").write_text(SCORE)
    return tmp_path


def nmfd(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["separate", "in.wav", "--score", "in.csv", *arguments, *FAST])


def samples(name: str) -> NDArray[np.float64]:
    x: NDArray[np.float64] = sf.read(name, always_2d=True)[0]
    return x


def test_a_part_is_divided_as_a_file_of_its_own(work_folder: Path) -> None:
    done = nmfd("--start", "0.4", "--end", "1.5", "--subtype", "input", "--json")
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)["recordings"]
    counts = {stem["stem"]: stem["onsets"] for stem in found["stems"]}
    assert counts == {"kick": 1, "snare": 1, "hihat": 1}
    stems = [samples(stem["path"]) for stem in found["stems"]]
    np.testing.assert_array_equal(sum(stems), samples("in.wav")[3200:12000])


def test_the_library_takes_parts(work_folder: Path) -> None:
    found = separate("in.wav", score="in.csv", start=0.4, end=1.5, n_fft=256, hop_length=128)
    assert found.mixture.shape == (2, 8800)
    assert found.onsets["kick"][:, 0].tolist() == pytest.approx([0.5])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--start", "1", "--end", "0.5"), "--end: expected more than --start (1), found 0.5"),
        (("--start", "1.8"), "in.csv: expected notes from 1.8 s to the end, found none"),
        (("--format", "mp3", "--subtype", "float"), "--subtype: expected one that mp3 holds"),
        (("--bit-rate", "128"), "--bit-rate: expected --format ogg or mp3, found wav"),
        (("--format", "flac", "--cue-points"), "--cue-points: expected --format wav, found flac"),
    ],
)
def test_what_does_not_fit(arguments: tuple[str, ...], says: str) -> None:
    done = nmfd(*arguments)
    assert says in done.stderr
    assert done.exit_code in (1, 2)


@pytest.mark.parametrize("subtype", ["input", "float"])
def test_the_sum_of_stems_and_the_rest_add_up(subtype: str) -> None:
    assert nmfd("--subtype", subtype).exit_code == 0
    for flag in ("--stem", "--minus"):
        assert nmfd(flag, "hihat, kick", "--subtype", subtype).exit_code == 0
    kick, snare, hihat = (samples(f"separated/in/{n}.wav") for n in ("kick", "snare", "hihat"))
    both = samples("separated/in/kick+hihat.wav")
    rest = samples("separated/in/minus_kick+hihat.wav")
    atol = 1e-6 if subtype == "float" else 0
    np.testing.assert_allclose(both, kick + hihat, atol=atol)
    np.testing.assert_allclose(rest, snare, atol=atol)
    np.testing.assert_allclose(both + rest, samples("in.wav"), atol=atol)


@pytest.mark.parametrize("kind", ["ogg", "mp3"])
def test_lossy_stems_are_told_and_the_same_each_time(kind: str) -> None:
    if kind.upper() not in sf.available_formats():
        pytest.skip(f"libsndfile without {kind}")
    contents = []
    for out in ("a", "b"):
        done = nmfd("--format", kind, "--bit-rate", "64", "-o", out)
        assert done.exit_code == 0, done.output
        assert f"--format {kind}: lossy, stems do not add up to the recording" in done.stderr
        contents.append(Path(out, "in", f"kick.{kind}").read_bytes())
    assert contents[0] == contents[1]
    assert abs(len(open_recording(f"a/in/kick.{kind}", warn=pytest.fail).tags.titles)) == 0
    nmfd("--subtype", "float")
    lossy, exact = samples(f"a/in/kick.{kind}"), samples("separated/in/kick.wav")
    n = min(len(lossy), len(exact))
    assert np.corrcoef(lossy[:n, 0], exact[:n, 0])[0, 1] > 0.95


@pytest.mark.skipif("MP3" not in sf.available_formats(), reason="needs libsndfile 1.1")
@pytest.mark.slow
def test_the_bit_rate_is_that_of_mp3() -> None:
    for rate in (64, 160):
        sf.write("in.wav", np.tile(hits(2, 44100), (4, 1)), 44100)
        assert nmfd("--format", "mp3", "--bit-rate", str(rate), "-o", f"{rate}").exit_code == 0
        size = Path(f"{rate}/in/kick.mp3").stat().st_size
        assert size * 8 / 8 / 1000 == pytest.approx(rate, rel=0.05)


def test_hits_are_cue_points() -> None:
    assert nmfd("--cue-points", "--start", "0.4").exit_code == 0
    (cue,) = [d for n, d in open_recording("separated/in/snare.wav").tags.chunks if n == b"cue "]
    places = [struct.unpack("<I", cue[n + 20 : n + 24])[0] for n in range(4, len(cue), 24)]
    assert places == pytest.approx([800, 10400], abs=1)


def test_a_transcription_of_a_part_keeps_the_time_of_the_recording() -> None:
    def onsets(*arguments: str) -> list[float]:
        done = CliRunner().invoke(cli, ["transcribe", "in.wav", *arguments])
        assert done.exit_code == 0, done.output
        return [float(line.partition(",")[0]) for line in done.stdout.splitlines()[1:]]

    assert all(0.9 <= onset < 2 for onset in onsets("--start", "0.9"))
    done = CliRunner().invoke(cli, ["transcribe", "in.wav", "--start", "3"])
    expected = "in.wav: expected sound from 3 s to the end, found 2.000 s in all"
    assert (done.exit_code, done.stderr) == (1, f"nmfd: error: {expected}\n")
