"""``nmfd transcribe``: tables, JSON and MIDI, on standard output and in files."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from transcriptions import transcribed

from nmfd_cli.cli.main import cli
from nmfd_cli.io.resources import shipped
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.score.reader import parse_score, read_score, read_transcription
from nmfd_cli.io.score.writer import score_notes, score_text
from nmfd_cli.output.transcription_writer import transcription_places
from nmfd_cli.settings.definitions import SeparationSettings

RATE = 8000
FAST = ("--n-fft", "256", "--hop-length", "64", "--stems", "kick,snare")
HEADER = "onset,drum,articulation,velocity,confidence\n"
SETTINGS = SeparationSettings(n_fft=256, hop_length=64, stems=("kick", "snare"))


@pytest.fixture(autouse=True)
def work_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def loop(work_folder: Path) -> Path:
    """The first two seconds of the demo."""
    samples, rate = sf.read(shipped("data", "demo", "drums.wav"), frames=2 * 44_100)
    sf.write("loop.wav", samples, rate)
    return Path("loop.wav")


def nmfd(*arguments: str, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(cli, ["transcribe", *arguments, *FAST], input=stdin)


def failed(*arguments: str) -> tuple[int, str]:
    """Return the exit code and what is told, in one line, of a command that did nothing."""
    result = nmfd(*arguments)
    assert result.stdout == ""
    assert result.stderr.startswith("nmfd: error: ")
    return result.exit_code, result.stderr.removeprefix("nmfd: error: ")


# --- tables --------------------------------------------------------------------------------------


def test_a_table_goes_to_standard_output(loop: Path) -> None:
    found = transcribed(loop, SETTINGS)
    result = nmfd("loop.wav")
    assert (result.exit_code, result.stdout) == (0, score_text(found.score))
    counts = ", ".join(f"{count} {drum}" for drum, count in found.counts.items())
    assert result.stderr == f"loop.wav: {counts}\n"
    assert nmfd("loop.wav", "-o", "-").stdout == result.stdout
    assert nmfd("loop.wav", "-q").stderr == ""


def test_a_table_goes_to_a_file_and_comes_back_as_a_score(loop: Path) -> None:
    result = nmfd("loop.wav", "-o", "new/drums.csv")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("loop.wav: new/drums.csv: ")
    text = Path("new/drums.csv").read_text(encoding="utf-8")
    assert text == nmfd("loop.wav").stdout
    without_confidence = re.sub(r",[^,]*$", ",", text, flags=re.MULTILINE)
    assert (
        score_text(read_score("new/drums.csv")).splitlines()[1:]
        == (without_confidence.splitlines()[1:])
    )
    separated = ["separate", "loop.wav", "--score", "new/drums.csv", "--iterations", "1"]
    assert CliRunner().invoke(cli, separated).exit_code == 0
    assert {path.name for path in Path("separated/loop").glob("*.wav")} <= {"kick.wav", "snare.wav"}


@given(
    st.lists(
        st.tuples(
            st.floats(0, 36_000), st.sampled_from(["kick", "snare", "clap"]), st.integers(1, 127)
        ),
        min_size=1,
        unique=True,
    )
)
def test_what_is_written_is_read_back_to_the_microsecond(
    notes: list[tuple[float, str, int]],
) -> None:
    notes = sorted((round(onset, 6), drum, velocity) for onset, drum, velocity in set(notes))
    notes = sorted(dict.fromkeys(notes))
    onsets, drums, velocities = zip(*notes, strict=True)
    nothing = (None,) * len(notes)
    back = parse_score(score_text(Score(onsets, nothing, nothing, drums, velocities)))
    assert back.onsets == onsets
    assert (back.drums, back.velocities) == (drums, velocities)


def test_a_table_is_these_characters() -> None:
    score = Score((0.1, 1e-7), (None,) * 2, (None,) * 2, ("kick", "a,b"), (96.5, None))
    rows = '0.100000,kick,,96.5,\n0.000000,"a,b",,,\n'
    assert score_text(score) == HEADER + rows
    known = {"onset": 0.1, "drum": "kick", "velocity": 96.5}
    assert score_notes(score)[0] == known | {"articulation": None, "confidence": None}


def test_silence_is_the_header_and_a_warning(work_folder: Path) -> None:
    sf.write("silence.wav", np.zeros(RATE), RATE)
    result = nmfd("silence.wav")
    assert (result.exit_code, result.stdout) == (0, HEADER)
    assert result.stderr == ("nmfd: warning: silence.wav: no onsets found\nsilence.wav: no hits\n")
    assert nmfd("silence.wav", "-o", "silence.csv").exit_code == 0
    assert len(read_transcription("silence.csv")) == 0
    assert json.loads(nmfd("silence.wav", "--json").stdout)["notes"] == []


def test_presets_of_other_strategies_transcribe_all_the_same(loop: Path) -> None:
    found = parse_score(nmfd("loop.wav", "--preset", "melody").stdout)
    assert found.drums == parse_score(nmfd("loop.wav").stdout).drums


# --- JSON ----------------------------------------------------------------------------------------


def test_json_has_file_duration_and_notes(loop: Path) -> None:
    result = nmfd("loop.wav", "--json")
    assert result.stdout.count("\n") == 1
    found = json.loads(result.stdout)
    assert (found["file"], found["duration"]) == ("loop.wav", 2.0)
    assert found["notes"] == score_notes(transcribed(loop, SETTINGS).score)
    assert list(found["notes"][0]) == HEADER.strip().split(",")


def test_several_recordings_are_a_line_each(loop: Path) -> None:
    sf.write("other.wav", np.hanning(RATE // 2), RATE)
    lines = nmfd("loop.wav", "other.wav", "--json").stdout.splitlines()
    assert [json.loads(line)["file"] for line in lines] == ["loop.wav", "other.wav"]


def test_the_ending_says_that_it_is_json(loop: Path) -> None:
    nmfd("loop.wav", "-o", "drums.json")
    assert Path("drums.json").read_text(encoding="utf-8") == nmfd("loop.wav", "--json").stdout


def test_standard_input(loop: Path) -> None:
    result = nmfd("-", "--json", stdin=loop.read_bytes())
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found == json.loads(nmfd("loop.wav", "--json").stdout) | {"file": "-"}
    assert nmfd("-", "-o", "{track}.csv", stdin=loop.read_bytes()).exit_code == 0
    assert Path("stdin.csv").exists()


# --- places --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inputs", "out", "is_json", "expected"),
    [
        (["a.wav"], "b.csv", False, ["b.csv"]),
        (["a.wav"], "b", False, ["b"]),
        (["a.wav"], "b/", False, ["b/a.csv"]),
        (["a.wav"], "there", True, ["there/a.json"]),
        (["a.wav", "x/b.wav"], "new", False, ["new/a.csv", "new/b.csv"]),
        (["x/a.wav", "y/a.wav"], "{parent}-{track}.txt", False, ["x-a.txt", "y-a.txt"]),
        (["a.wav", "b.wav"], None, True, []),
        (["a.wav"], None, False, []),
        (["a.wav"], "-", False, []),
    ],
)
def test_places(inputs: list[str], out: str | None, is_json: bool, expected: list[str]) -> None:
    Path("there").mkdir()
    places = transcription_places(inputs, out, is_json=is_json, overwrite=False)
    assert [place.as_posix() for place in places.values()] == expected


def test_a_folder_gets_a_file_a_recording(loop: Path) -> None:
    sf.write("other.wav", np.zeros(RATE // 2), RATE)
    result = nmfd("loop.wav", "other.wav", "-o", "out", "-q")
    assert (result.exit_code, result.output) == (0, "")
    assert sorted(path.name for path in Path("out").iterdir()) == ["loop.csv", "other.csv"]


def test_an_existing_file_is_replaced_only_if_asked(loop: Path) -> None:
    Path("drums.csv").write_text("mine")
    told = failed("loop.wav", "-o", "drums.csv")
    assert told == (1, "drums.csv: exists; --overwrite replaces it\n")
    assert Path("drums.csv").read_text() == "mine"
    assert nmfd("loop.wav", "-o", "drums.csv", "--overwrite").exit_code == 0
    assert Path("drums.csv").read_text().startswith(HEADER)
    assert sorted(path.name for path in Path().iterdir()) == ["drums.csv", "loop.wav"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["no.wav"], 1, "no.wav: no such file or folder"),
        (["a.wav", "b.wav"], 2, "--out: standard output takes the table of one recording, found 2; "
         "expected a folder, or --json for a line each"),
        (["a.wav", "b.wav", "-o", "c.csv"], 2, "--out: expected a folder or a path with {track} "
         "for 2 recordings, found c.csv"),
        (["a.wav", "x/a.wav", "-o", "out"], 2, "--out: a.wav and x/a.wav would both write "
         "out/a.csv; '{parent}-{track}.csv' in it can tell them apart"),
        (["a.wav", "-o", "a.mid", "--json"], 2, "--out: expected a file for JSON, found the MIDI "
         "file a.mid"),
        (["a.wav", "--stems", "cowbel"], 2, "--stems: expected drums (kick, snare, hihat, tom, "
         "cymbal, clap) or articulations (side stick, closed hihat, pedal hihat, open hihat, low "
         "tom, mid tom, high tom, ride, ride bell, crash), found 'cowbel'"),
    ],
)  # fmt: skip
def test_errors_are_one_line(arguments: list[str], code: int, message: str) -> None:
    Path("x").mkdir()
    for name in ("a.wav", "b.wav", "x/a.wav"):
        sf.write(name, np.hanning(800), RATE)
    result = CliRunner().invoke(cli, ["transcribe", *arguments])
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr == f"nmfd: error: {message}\n"


def test_of_several_recordings_one_may_fail(loop: Path) -> None:
    Path("text.wav").write_text("hello")
    result = nmfd("text.wav", "loop.wav", "-o", "out")
    assert result.exit_code == 1
    told = result.stderr.splitlines()
    assert told[0] == (
        "nmfd: error: text.wav: expected audio (WAV, FLAC, OGG, MP3, AIFF ...), found none"
    )
    assert told[1].startswith("loop.wav: out/loop.csv: ")
    assert [path.name for path in Path("out").iterdir()] == ["loop.csv"]


# --- MIDI ----------------------------------------------------------------------------------------


def test_midi_says_the_same(loop: Path) -> None:
    pytest.importorskip("mido")
    assert nmfd("loop.wav", "-o", "drums.mid").exit_code == 0
    found, table = read_transcription("drums.mid"), transcribed(loop, SETTINGS).score
    np.testing.assert_allclose(found.onsets, table.onsets, atol=0.0005)
    assert sorted(zip(found.drums, found.velocities, strict=True), key=str) == sorted(
        zip(table.drums, table.velocities, strict=True), key=str
    )


@pytest.mark.parametrize("tempo", [None, 10, 57.3, 120, 131.7, 1000])
def test_any_tempo_says_the_same(loop: Path, tempo: float | None) -> None:
    mido = pytest.importorskip("mido")
    result = nmfd("loop.wav", "-o", "drums.mid", *(["--tempo", str(tempo)] if tempo else []))
    assert result.exit_code == 0
    told = re.search(r", ([\d.]+) beats a minute\n", result.stderr)
    assert told is not None
    if tempo:
        assert told[1] == f"{tempo:.1f}"
    (beat,) = [m.tempo for m in mido.MidiFile("drums.mid").tracks[0] if m.type == "set_tempo"]
    assert 60e6 / beat == pytest.approx(tempo or float(told[1]), abs=0.05, rel=1e-5)
    found, table = read_score("drums.mid"), transcribed(loop, SETTINGS).score
    assert len(found) == len(table) > 2
    by_class = [sorted(zip(score.drums, score.onsets, strict=True)) for score in (found, table)]
    for (drum, onset), (expected_drum, expected) in zip(*by_class, strict=True):
        assert drum == expected_drum
        assert abs(onset - expected) < 0.001


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--tempo", "5", "-o", "a.mid"], "expected 10 to 1000 beats a minute, found 5"),
        (["--tempo", "nan", "-o", "a.mid"], "expected 10 to 1000 beats a minute, found nan"),
        (["--tempo", "90"], "expected a MIDI file (--out drums.mid), found standard output"),
        (["--tempo", "90", "-o", "a.csv"], "expected a MIDI file (--out drums.mid), found a.csv"),
    ],
)
def test_a_tempo_with_no_place_is_refused(loop: Path, arguments: list[str], message: str) -> None:
    assert failed("loop.wav", *arguments) == (2, f"--tempo: {message}\n")


@pytest.mark.slow
def test_midi_is_a_score_wherever_one_is(loop: Path) -> None:
    pytest.importorskip("mido")
    nmfd("loop.wav", "-o", "drums.mid", "-q")
    nmfd("loop.wav", "-o", "drums.csv", "-q")
    shutil.copy("drums.mid", "loop.mid")
    options = ("--iterations", "1", "--n-fft", "256", "--hop-length", "64", "--json", "-q")
    shown = [
        CliRunner().invoke(cli, ["separate", "loop.wav", "-o", out, *score, *options])
        for out, score in (
            ("csv", ["--score", "drums.csv"]),
            ("mid", ["--score", "drums.mid"]),
            ("beside", ["--score-pattern", "{track}.mid"]),
        )
    ]
    stems = [json.loads(result.stdout)["recordings"][0]["stems"] for result in shown]
    counts = [[(stem["stem"], stem["onsets"]) for stem in found] for found in stems]
    assert counts[0] == counts[1] == counts[2]
    assert sum(onsets for _, onsets in counts[0]) == len(read_score("drums.csv"))
    evaluated = CliRunner().invoke(
        cli, ["evaluate", "drums.csv", "drums.mid", "--tolerance", "0.001"]
    )
    assert evaluated.output.splitlines()[-1].split()[-1] == "1.000"
    for page in (["report", "-o", "a.html", "--report-audio", "none"], ["plot", "-o", "a.svg"]):
        arguments = [page[0], "loop.wav", *page[1:], "--score", "drums.mid", *options[:-2]]
        assert CliRunner().invoke(cli, arguments).exit_code == 0


def test_of_drums_and_pitches_each_strategy_takes_its_own(loop: Path) -> None:
    mido = pytest.importorskip("mido")
    notes = [
        mido.Message("note_on", channel=9, note=36, time=0),
        mido.Message("note_on", channel=0, note=60, time=100),
        mido.Message("note_off", channel=0, note=60, time=200),
    ]
    mido.MidiFile(type=0, tracks=[mido.MidiTrack(notes)]).save("both.mid")
    options = ("--iterations", "1", "--n-fft", "256", "--hop-length", "64", "--score", "both.mid")
    drums = CliRunner().invoke(cli, ["separate", "loop.wav", "-o", "drums", *options])
    assert drums.stderr.startswith(
        "nmfd: warning: both.mid: no tempo, 120 beats a minute are taken; --score-tempo says "
        "otherwise\nnmfd: warning: both.mid: its pitched notes are left out; --residual gives what "
        "they play a stem\nloop.wav: drums/loop/kick.wav ("
    )
    pitched = [*options, "--init", "pitched", "-o", "pitches"]
    notes_alone = CliRunner().invoke(cli, ["separate", "loop.wav", *pitched])
    assert "both.mid: its drums are left out; --init drums takes those\n" in notes_alone.stderr
    assert [path.name for path in Path("pitches/loop").glob("*.wav")] == ["pitch_60_C4.wav"]


def test_midi_without_mido_names_the_extra(loop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mido", None)
    assert failed("loop.wav", "-o", "drums.mid") == (
        1,
        "MIDI needs an optional package: pip install 'nmfd-cli[midi]'\n",
    )
