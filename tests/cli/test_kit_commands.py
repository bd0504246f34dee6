"""``nmfd kit``: learn, list, show; and how a kit is found by what the user calls it."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from nmfd_cli.cli import main
from nmfd_cli.cli.kit import command
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import InputFileError, NmfdWarning, ParameterError
from nmfd_cli.io.kit_file import read_kit
from nmfd_cli.io.resources import shipped
from nmfd_cli.kits.find import load_kit, user_kits_folder
from nmfd_cli.kits.learn import learn_kit
from nmfd_cli.kits.templates import kit_templates

Samples = NDArray[np.float64]

RATE = 44_100


def tone(frequency: float, rate: int = RATE, seconds: float = 0.5) -> Samples:
    time = np.arange(int(seconds * rate)) / rate
    sound: Samples = 0.5 * np.cos(2 * np.pi * frequency * time) * np.exp(-time / 0.06)
    return sound


def burst(seed: int = 0) -> Samples:
    fall = np.exp(-np.arange(RATE // 2) / (0.05 * RATE))
    noise: Samples = 0.2 * np.random.default_rng(seed).standard_normal(RATE // 2) * fall
    return noise


def write(path: Path, samples: Samples, rate: int = RATE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, samples, rate)
    return path


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "config"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    return folder


@pytest.fixture
def drums(tmp_path: Path) -> Path:
    """One-shots of three classes in as many formats, sample rates and numbers of channels."""
    folder = tmp_path / "drums"
    write(folder / "BD" / "a.wav", tone(60.0))
    write(folder / "BD" / "b.flac", tone(90.0, 22_050), 22_050)
    write(folder / "snare" / "one.aiff", np.stack([burst(), -burst()], axis=1))
    write(folder / "Hi-Hat" / "open" / "x.ogg", np.diff(burst(1), prepend=0.0))
    return folder


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def error_of(
    arguments: Sequence[str | Path],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Run the whole command line, expect exit code 1 and return the one line it says."""
    monkeypatch.setitem(main.COMMANDS, "kit", ("nmfd_cli.cli.kit", ""))
    assert main.run(["kit", *map(str, arguments)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err.removesuffix("\n")


def test_learn_takes_a_part_of_each_recording(tmp_path: Path) -> None:
    hits = np.concatenate([tone(60.0), tone(90.0), burst()])
    write(tmp_path / "drums" / "kick.wav", hits)
    found = {}
    for part in (("--start", "0"), ("--start", "0.5"), ("--end", "0.5")):
        done = run("learn", tmp_path / "drums", "-o", tmp_path / "my.kit", "--overwrite", *part)
        assert done.exit_code == 0, done.output
        found[part] = read_kit(tmp_path / "my.kit").sounds
    assert [len(sounds) for sounds in found.values()] == [3, 2, 1]
    for options in (("--start", "2"), ("--start", "1", "--end", "0:00.5")):
        result = run("learn", tmp_path / "drums", "-o", tmp_path / "no.kit", *options)
        assert isinstance(result.exception, InputFileError)
        assert "expected sound from " in str(result.exception)
    assert not (tmp_path / "no.kit").exists()


def test_learn_writes_a_kit_and_says_what_is_in_it(drums: Path, tmp_path: Path) -> None:
    out = tmp_path / "my.kit"
    result = run("learn", drums, "-o", out, "--licence", "CC0-1.0")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{out}: 4 sounds (2 kick, 1 snare, 1 hihat)\n"
    kit = read_kit(out)
    assert kit.name == "my"
    assert [(sound.name, sound.drum, sound.articulation) for sound in kit.sounds] == [
        ("BD/a.wav", "kick", "BD"),
        ("BD/b.flac", "kick", "BD"),
        ("Hi-Hat/open/x.ogg", "hihat", "open"),
        ("snare/one.aiff", "snare", ""),
    ]
    assert [(source.title, source.licence) for source in kit.sources] == [("drums", "CC0-1.0")]


def test_quiet_says_nothing(drums: Path, tmp_path: Path) -> None:
    write(drums / "cajon" / "a.wav", tone(100.0))
    result = run("learn", drums, "-o", tmp_path / "my.kit", "-q")
    assert (result.exit_code, result.output) == (0, "")


def test_a_recording_of_many_hits_is_taken_apart_and_its_hits_averaged(tmp_path: Path) -> None:
    recording = np.zeros(6 * RATE)
    for begin, sound in ((0.3, tone(60.0)), (1.5, tone(60.0)), (3.0, tone(200.0)), (4.0, burst())):
        first = int(begin * RATE)
        recording[first : first + len(sound)] += sound
    write(tmp_path / "takes" / "Kick 2.wav", recording)
    kit = load_kit(tmp_path / "takes")
    assert [sound.name for sound in kit.sounds] == [
        "Kick 2.wav hit 1", "Kick 2.wav hit 3", "Kick 2.wav hit 4"
    ]  # fmt: skip
    assert kit.drums == ("kick",)


def test_one_shots_that_look_alike_are_averaged(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / "kit" / "snare" / f"{number}.wav", burst(number))
    kit = load_kit(tmp_path / "kit")
    assert [sound.name for sound in kit.sounds] == ["snare/0.wav"]


def test_an_unknown_folder_makes_a_class_and_no_audio_is_left_out(
    drums: Path, tmp_path: Path
) -> None:
    write(drums / "cajon" / "a.wav", tone(100.0))
    (drums / "snare" / "readme.txt").write_text("mine")
    (drums / ".hidden").mkdir()
    out = tmp_path / "my.kit"
    result = run("learn", drums, "-o", out)
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        f"nmfd: warning: {drums / 'cajon'}: no drum class is called so; its sounds make a class of"
        " their own",
        f"nmfd: warning: {drums / 'snare' / 'readme.txt'}: left out, no audio file",
        f"{out}: 5 sounds (2 kick, 1 snare, 1 hihat, 1 cajon)",
    ]


def test_several_files_that_are_no_audio_are_reported_in_one_line(drums: Path) -> None:
    for name in ("a.txt", "b.asd"):
        (drums / "BD" / name).write_text("x")
    with pytest.warns(NmfdWarning) as caught:
        load_kit(drums)
    assert [str(warning.message) for warning in caught] == [
        f"{drums / 'BD' / 'a.txt'} and 1 more: left out, no audio files"
    ]


def spoil_empty_class(drums: Path) -> str:
    (drums / "tom").mkdir()
    return f"{drums / 'tom'}: expected at least one tom sample, found no audio file"


def spoil_with_text(drums: Path) -> str:
    (drums / "BD" / "c.wav").write_text("no sound")
    return f"{drums / 'BD' / 'c.wav'}: expected audio (WAV, FLAC, OGG, MP3, AIFF ...), found none"


def spoil_with_silence(drums: Path) -> str:
    path = write(drums / "BD" / "c.wav", np.zeros(1000))
    return f"{path}: expected a drum sound, found silence"


def spoil_with_low_rate(drums: Path) -> str:
    path = write(drums / "BD" / "c.wav", tone(60.0, 4000), 4000)
    return f"{path}: expected a sample rate of at least 8000 Hz, found 4000"


def spoil_with_unknown_file(drums: Path) -> str:
    path = write(drums / "loop.wav", tone(60.0))
    return (
        f"{path}: as the file's name, expected a drum class (kick, snare, hihat, tom, cymbal,"
        " clap), found 'loop'"
    )


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_empty_class,
        spoil_with_text,
        spoil_with_silence,
        spoil_with_low_rate,
        spoil_with_unknown_file,
    ],
)
def test_what_cannot_be_learned_is_reported_in_one_line(
    spoil: Callable[[Path], str],
    drums: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    message = spoil(drums)
    out = tmp_path / "my.kit"
    arguments: list[str | Path] = ["learn", drums, "-o", out]
    assert error_of(arguments, capsys, monkeypatch) == f"nmfd: error: {message}"
    assert not out.exists()


def test_no_folder_an_empty_one_and_a_taken_name_are_reported(
    drums: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "my.kit"
    out.write_text("precious")
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder, target, message in (
        (drums, out, f"{out}: exists; --overwrite replaces it"),
        (out, "x.kit", f"{out}: expected a folder of drum sounds, found a file"),
        (tmp_path / "no", "x.kit", f"{tmp_path}/no: no such file or folder"),
        (empty, "x.kit", f"{empty}: expected one folder of samples a drum class, found none"),
    ):
        arguments: list[str | Path] = ["learn", folder, "-o", target]
        line = error_of(arguments, capsys, monkeypatch)
        assert line == f"nmfd: error: {message}"
    assert out.read_text() == "precious"
    assert run("learn", drums, "-o", out, "--overwrite").exit_code == 0


def test_learn_without_a_target_is_a_usage_error(drums: Path) -> None:
    result = run("learn", drums)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == "Error: Missing option '-o' / '--out'."


def test_a_kit_is_found_by_path_and_by_name(drums: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    learn_kit(drums, user_kits_folder() / "mine.kit")
    bank = read_kit(shipped("data", "bank.kit"))
    assert load_kit().sounds == load_kit("bank").sounds == bank.sounds
    for called in ("mine", "mine.kit", user_kits_folder() / "mine.kit"):
        assert load_kit(called).name == "mine"
    assert load_kit(drums).sounds == learn_kit(drums, drums.parent / "drums.kit").sounds
    monkeypatch.chdir(drums.parent)
    learn_kit(drums, "mine.kit", name="nearer")
    assert load_kit("mine.kit").name == "nearer"


def test_a_kit_knows_what_it_was_read_from_and_its_classes(drums: Path) -> None:
    write(drums / "cajon" / "a.wav", tone(100.0))
    said: list[str] = []
    kit = load_kit(drums, warn=said.append)
    assert said == [
        f"{drums / 'cajon'}: no drum class is called so; its sounds make a class of their own"
    ]
    assert (kit.path, set(kit.files)) == (drums, {p for p in drums.rglob("*") if p.is_file()})
    assert (kit.drums, kit.extra_drums) == (("kick", "snare", "hihat", "cajon"), ("cajon",))
    bank = load_kit()
    assert bank.files == (bank.path,) == (shipped("data", "bank.kit"),)
    assert bank.extra_drums == ()


def test_templates_of_a_class_that_a_kit_lacks_are_refused(drums: Path) -> None:
    with pytest.raises(ParameterError) as caught:
        kit_templates(
            load_kit(drums),
            ["kick", "tom"],
            stft=Stft(2048, 512),
            sample_rate=RATE,
            template_frames=8,
            tail=0.5,
        )
    assert str(caught.value) == "stems: the kit drums has no sound of the class tom"


def test_a_kit_that_is_not_there_is_reported(drums: Path) -> None:
    learn_kit(drums, user_kits_folder() / "mine.kit")
    for called in ("theirs", "elsewhere/mine"):
        with pytest.raises(InputFileError) as caught:
            load_kit(called)
        assert str(caught.value) == (
            f"{called}: no such file or folder, nor a kit of that name in {user_kits_folder()}"
        )


def test_show_reports_a_damaged_kit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "text.kit"
    path.write_text("kick")
    assert error_of(["show", path], capsys, monkeypatch) == (
        f"nmfd: error: {path}: expected a whole kit file as `nmfd kit learn` writes it, found none"
    )


def test_list_names_the_shipped_and_the_own_kits(drums: Path, config: Path) -> None:
    folder = config / "nmfd" / "kits"
    learn_kit(drums, folder / "mine.kit")
    (folder / "broken.kit").write_text("x")
    result = run("list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["kit", "sounds", "file"]
    assert lines[1].startswith("bank  ")
    assert lines[1].endswith(str(shipped("data", "bank.kit")))
    assert lines[2].split("  ", 1)[0] == "mine"
    assert "4 sounds (2 kick, 1 snare, 1 hihat)" in lines[2]
    assert lines[3:] == [
        f"cannot be used: {folder / 'broken.kit'}: expected a whole kit file as `nmfd kit learn`"
        " writes it, found none",
        f"folder of your kits: {folder}",
    ]


def test_show_prints_classes_and_sources(drums: Path, tmp_path: Path) -> None:
    learn_kit(drums, tmp_path / "my.kit", licence="CC0-1.0")
    result = run("show", tmp_path / "my.kit")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "my: 4 sounds",
        "",
        "class  sounds  articulations",
        "kick   2       BD",
        "snare  1",
        "hihat  1       open",
        "",
        "source  sounds  licence  title",
        "own     4       CC0-1.0  drums",
    ]


def test_show_prints_json(drums: Path, tmp_path: Path) -> None:
    learn_kit(drums, tmp_path / "my.kit")
    result = run("show", tmp_path / "my.kit", "--json")
    shown = json.loads(result.stdout)
    assert shown["classes"] == {"kick": 2, "snare": 1, "hihat": 1}
    assert [source["sounds"] for source in shown["sources"]] == [4]
    assert shown["sounds"][0] == {
        "name": "BD/a.wav", "drum": "kick", "articulation": "BD", "source": "own", "kits": ["my"]
    }  # fmt: skip


def test_show_names_the_holders_of_the_shipped_bank() -> None:
    result = run("show", "bank")
    assert result.exit_code == 0
    assert "Frank Wen" in result.stdout
    assert "S. Christian Collins" in result.stdout


def test_commands_import_no_numerics_for_their_help() -> None:
    code = "import sys, nmfd_cli.cli.kit; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
