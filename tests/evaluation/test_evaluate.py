"""``nmfd evaluate``: folders of stems and files of onsets against the truth."""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from nmfd_cli.cli.main import cli
from nmfd_cli.core.onset_matching import OnsetCounts
from nmfd_cli.errors import InputFileError
from nmfd_cli.evaluation.evaluate import evaluate
from nmfd_cli.evaluation.onsets import evaluate_onsets
from nmfd_cli.evaluation.stems import StemEvaluation
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.score.reader import parse_score

RATE = 8000
SECONDS = 6  # more than a block
Samples = NDArray[np.float64]

TRUE = "onset,drum\n0.5,kick\n1.0,snare\n1.5,kick\n2.0,snare\n"
FOUND = "onset,drum,velocity\n0.52,BD,100\n1.2,snare,80\n1.46,kick,99\n2.0,hihat,5\n"


@pytest.fixture(autouse=True)
def work_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def sound(seed: int, begin: float = 0.0, end: float = SECONDS) -> Samples:
    """Noise in two channels, silent but from begin to end."""
    x = 0.1 * np.random.default_rng(seed).standard_normal((SECONDS * RATE, 2))
    x[: int(begin * RATE)] = x[int(end * RATE) :] = 0
    return x


def write(path: str, x: Samples, rate: int = RATE) -> None:
    Path(path).parent.mkdir(exist_ok=True)
    sf.write(path, x, rate, "DOUBLE" if path.endswith("wav") else "PCM_24")


@pytest.fixture
def stems() -> tuple[Samples, Samples]:
    """Kick and snare in ``true``; in ``found`` a tenth and a hundredth of the other is in each."""
    kick, snare = sound(1, end=4), sound(2, begin=2)
    write("true/kick.wav", kick)
    write("true/snare.wav", snare)
    write("true/mixture.wav", kick + snare)
    write("found/kick.wav", kick + 0.1 * snare)
    write("found/snare.wav", snare + 0.01 * kick)
    return kick, snare


def nmfd(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["evaluate", *arguments])


def error(*arguments: str, code: int = 1) -> str:
    """Return the one line that a command fails with."""
    result = nmfd(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("nmfd: error: ").rstrip("\n")


# --- stems ---------------------------------------------------------------------------------------


def test_stems_are_shown_in_a_table(stems: tuple[Samples, Samples]) -> None:
    result = nmfd("true", "found")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "stem     SDR  SI-SDR  at silence\n"
        "kick   19.97   19.97      -20.00\n"
        "snare  40.03   40.03      -40.00\n"
        "mean   30.00   30.00      -30.00\n"
    )


def test_blocks_give_what_the_whole_gives(stems: tuple[Samples, Samples]) -> None:
    kick, snare = stems
    found = evaluate("true", "found")
    assert isinstance(found, StemEvaluation)
    expected = 10 * np.log10(((kick**2).sum() + 1e-7) / ((0.01 * snare**2).sum() + 1e-7))
    assert found.stems[0].energies.sdr == pytest.approx(expected)


def test_stems_as_json(stems: tuple[Samples, Samples]) -> None:
    result = json.loads(nmfd("true", "found", "--json").stdout)
    assert set(result) == {"kind", "stems", "mean", "extra"}
    assert (result["kind"], result["extra"]) == ("stems", {})
    kick = result["stems"][0]
    assert [kick.pop(name) for name in ("stem", "reference", "estimate")] == [
        "kick", "true/kick.wav", "found/kick.wav"
    ]  # fmt: skip
    assert set(kick) == {"sdr", "si_sdr", "silence", "bss_sdr", "bss_sir", "bss_sar"}
    assert kick["bss_sdr"] is None


def test_names_of_a_drum_belong_together(stems: tuple[Samples, Samples]) -> None:
    kick, snare = stems
    write("other/BD.flac", kick)
    write("other/Snare Drum.flac", snare)
    result = nmfd("true", "other")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()[1:]] == ["kick", "snare", "mean"]


def test_other_names_belong_together_if_they_are_equal() -> None:
    for folder in ("true", "found"):
        write(f"{folder}/ride.wav", sound(1))
        write(f"{folder}/crash.wav", sound(2))
        write(f"{folder}/pitch_60_C4.wav", sound(3))
    lines = nmfd("true", "found").stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["crash", "ride", "pitch_60_C4", "mean"]


def test_an_estimate_too_many_is_reported(stems: tuple[Samples, Samples]) -> None:
    write("found/clap.wav", 0.1 * (stems[0] + stems[1]))
    result = nmfd("true", "found")
    assert result.stderr == "no true stem: clap, at -20.0 dB beside the mixture\n"
    assert json.loads(nmfd("true", "found", "--json").stdout)["extra"] == {
        "clap": pytest.approx(-20)
    }


def test_a_missing_stem_is_an_error_or_silence(stems: tuple[Samples, Samples]) -> None:
    Path("found/snare.wav").unlink()
    assert error("true", "found") == (
        "found: expected a stem for snare, found none; --allow-missing takes silence instead"
    )
    result = nmfd("true", "found", "--allow-missing")
    assert (result.exit_code, result.stderr) == (0, "taken for silence: snare\n")
    snare = next(line for line in result.stdout.splitlines() if line.startswith("snare"))
    assert snare.split()[1:] in (["0.00", "-100.00", "-100.00"], ["-0.00", "-100.00", "-100.00"])


def test_a_silent_true_stem_has_no_sdr(stems: tuple[Samples, Samples]) -> None:
    write("true/tom.wav", np.zeros_like(stems[0]))
    write("found/tom.wav", 0.1 * (stems[0] + stems[1]))
    lines = nmfd("true", "found").stdout.splitlines()
    assert lines[3].split() == ["tom", "-", "-", "-20.00"]
    assert lines[4].split()[:2] == ["mean", "30.00"]


@pytest.mark.slow
def test_bss_eval_has_its_columns(stems: tuple[Samples, Samples]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("mir_eval.separation")
    write("true/tom.wav", np.zeros_like(stems[0]))
    write("found/tom.wav", np.zeros_like(stems[0]))
    lines = nmfd("true", "found", "--bss").stdout.splitlines()
    assert lines[0] == "stem     SDR  SI-SDR  at silence  BSS SDR  BSS SIR  BSS SAR"
    assert 18 < float(lines[1].split()[4]) < 23
    assert 38 < float(lines[2].split()[5]) < 43
    assert lines[3].split()[4:] == ["-", "-", "-"]


def test_bss_eval_without_mir_eval_names_the_extra(
    stems: tuple[Samples, Samples], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mir_eval.separation", None)
    assert error("true", "found", "--bss") == (
        "BSS Eval needs an optional package: pip install 'nmfd-cli[eval]'"
    )


@pytest.mark.parametrize(
    ("rate", "cut", "message"),
    [
        (16_000, slice(None), "found/snare.wav: expected 8000 Hz as in true/kick.wav, found 16000"),
        (
            RATE,
            slice(7),
            "found/snare.wav: expected 48000 samples as in true/kick.wav, found 7; "
            "--allow-length 47993 leaves out what is longer",
        ),
    ],
)
def test_stems_have_one_rate_and_length(
    stems: tuple[Samples, Samples], rate: int, cut: slice, message: str
) -> None:
    write("found/snare.wav", stems[1][cut], rate)
    assert error("true", "found") == message


def test_stems_have_as_many_channels(stems: tuple[Samples, Samples]) -> None:
    write("found/kick.wav", stems[0][:, :1])
    assert error("true", "found") == (
        "found/kick.wav: expected 2 channels as in true/kick.wav, found 1"
    )


def test_one_class_has_one_stem(stems: tuple[Samples, Samples]) -> None:
    write("other/BD.wav", stems[0])
    write("other/bass drum.wav", stems[0])
    assert error("true", "other", "--allow-missing") == (
        "other: expected one stem of the class kick, found BD, bass drum for kick"
    )
    write("found/kick.flac", stems[0])
    assert error("true", "found") == "found: expected one file a stem, found kick.flac and kick.wav"


def test_a_folder_without_stems(stems: tuple[Samples, Samples]) -> None:
    Path("empty").mkdir()
    assert error("empty", "found") == "empty: expected a folder of stems, found no audio in it"


# --- onsets --------------------------------------------------------------------------------------


@pytest.fixture
def tables() -> None:
    Path("true.csv").write_text(TRUE)
    Path("found.csv").write_text(FOUND)


@pytest.mark.usefixtures("tables")
def test_onsets_are_shown_in_a_table() -> None:
    result = nmfd("true.csv", "found.csv")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "drum   true  found  matched  precision  recall      F\n"
        "kick      2      2        2      1.000   1.000  1.000\n"
        "snare     2      1        0      0.000   0.000  0.000\n"
        "hihat     0      1        0      0.000   0.000  0.000\n"
        "all       4      4        2      0.500   0.500  0.500\n"
    )


@pytest.mark.usefixtures("tables")
def test_onsets_as_json_at_a_tolerance() -> None:
    result = json.loads(nmfd("true.csv", "found.csv", "--json", "--tolerance", "0.03").stdout)
    assert (result["kind"], result["tolerance"]) == ("onsets", 0.03)
    assert list(result["classes"]) == ["kick", "snare", "hihat"]
    assert result["classes"]["kick"] == {
        "reference": 2, "estimate": 2, "matched": 1, "precision": 0.5, "recall": 0.5,
        "f_measure": 0.5,
    }  # fmt: skip
    assert result["overall"]["matched"] == 1


@pytest.mark.usefixtures("tables")
def test_an_empty_transcription_finds_nothing() -> None:
    Path("empty.csv").write_text("onset,drum,velocity\n")
    assert nmfd("true.csv", "empty.csv").stdout.splitlines()[-1].split() == [
        "all", "4", "0", "0", "0.000", "0.000", "0.000"
    ]  # fmt: skip


def test_notes_are_matched_by_pitch() -> None:
    score = parse_score("onset,pitch\n1,60\n2,61\n")
    assert evaluate_onsets(score, score, 0.05).classes == {
        "pitch 60": OnsetCounts(1, 1, 1), "pitch 61": OnsetCounts(1, 1, 1)
    }  # fmt: skip


def test_nothing_against_nothing_is_right() -> None:
    nothing = Score((), (), (), (), ())
    assert evaluate_onsets(nothing, nothing, 0.05).overall.f_measure == 1


@pytest.mark.usefixtures("tables")
def test_midi_is_read_by_its_ending() -> None:
    pytest.importorskip("mido")
    from nmfd_cli.io.midi.writer import midi_bytes

    onsets = {"kick": np.array([[0.5, 100], [1.5, 90]]), "snare": np.array([[1, 9], [2.0, 9]])}
    Path("found.mid").write_bytes(midi_bytes(onsets, 120.0))
    assert nmfd("true.csv", "found.mid").stdout.splitlines()[-1].split()[-1] == "1.000"


# --- what does not fit together ------------------------------------------------------------------


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["true.csv", "folder"], 1, "folder: expected a file of onsets as true.csv is, "
         "found a folder"),
        (["folder", "true.csv"], 1, "true.csv: expected a folder of stems as folder is, "
         "found a file"),
        (["folder", "no"], 1, "no: no such file or folder"),
        (["no.csv", "true.csv"], 1, "no.csv: no such file or folder"),
        (["true.csv", "found.csv", "--bss"], 2, "--bss: expected folders of stems, found files "
         "of onsets"),
        (["true.csv", "found.csv", "--allow-missing"], 2, "--allow-missing: expected folders of "
         "stems, found files of onsets"),
        (["true.csv", "bad.csv"], 1, "bad.csv:1: expected a header with an onset column (onset, "
         "time, start), or rows of onset and class or of onset, pitch and duration, found 'hello'"),
        (["true.csv", "found.csv", "--tolerance", "-1"], 2, "--tolerance: expected 0 s or more, "
         "found -1"),
        (["true.csv", "found.csv", "--tolerance", "nan"], 2, "--tolerance: expected seconds, or a "
         "time such as 1:23.5 or 0:01:23.5, found 'nan'; try nmfd evaluate --help"),
    ],
)  # fmt: skip
def test_errors_are_one_line(arguments: list[str], code: int, message: str) -> None:
    Path("folder").mkdir()
    Path("bad.csv").write_text("hello\n")
    assert error(*arguments, code=code) == message


def test_the_library_raises_what_the_command_says(stems: tuple[Samples, Samples]) -> None:
    Path("found/kick.wav").unlink()
    with pytest.raises(InputFileError, match=r"^found: expected a stem for kick, found none"):
        evaluate("true", "found")


def test_stems_that_are_a_little_longer(stems: tuple[Samples, Samples]) -> None:
    kick, snare = stems
    before = evaluate("true", "found").as_dict()
    more = np.full((5, 2), 0.5)
    write("found/kick.wav", np.concatenate([kick + 0.1 * snare, more]))
    with pytest.raises(InputFileError, match="--allow-length 5 leaves out"):
        evaluate("true", "found", allow_length=4)
    told: list[str] = []
    assert evaluate("true", "found", allow_length=5, warn=told.append).as_dict() == before
    assert told == ["1 of 4 stems: up to 5 samples at the end left out"]


@pytest.mark.slow
def test_bss_eval_of_stems_in_opposite_phase(stems: tuple[Samples, Samples]) -> None:
    pytest.importorskip("mir_eval")
    kick, _ = stems
    write("true/kick.wav", kick[:, :1] * [1, -1])
    found = evaluate("true", "found", bss=True).as_dict()
    assert found["stems"][0]["bss_sdr"] is None
    assert found["stems"][1]["bss_sdr"] is not None
    write("true/kick.wav", kick)
    write("found/kick.wav", kick[:, :1] * [1, -1 - 1e-9])
    assert evaluate("true", "found", bss=True).as_dict()["stems"][0]["bss_sar"] is None


def test_a_rounding_error_is_no_sound(stems: tuple[Samples, Samples]) -> None:
    tiny = 1e-12 * sound(7)
    write("true/tom.wav", tiny)
    write("found/tom.wav", tiny)
    assert evaluate("true", "found").as_dict()["stems"][-1]["si_sdr"] is None


def test_a_part_is_measured(stems: tuple[Samples, Samples]) -> None:
    kick, snare = stems
    found = evaluate("true", "found", start=4.0).as_dict()
    assert found["stems"][0]["si_sdr"] is None  # the kick ends there
    for folder, (one, two) in {
        "t": (kick, snare), "f": (kick + 0.1 * snare, snare + 0.01 * kick)
    }.items():  # fmt: skip
        write(f"{folder}/kick.wav", one[RATE : 3 * RATE])
        write(f"{folder}/snare.wav", two[RATE : 3 * RATE])
    part = evaluate("true", "found", start=1.0, end=3.0)
    whole = evaluate("t", "f")
    assert isinstance(part, StemEvaluation)
    assert isinstance(whole, StemEvaluation)
    assert part.mean == pytest.approx(whole.mean)
    with pytest.raises(InputFileError, match="expected sound from 6 s to the end"):
        evaluate("true", "found", start=6.0)
