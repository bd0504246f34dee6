"""The command line: help, messages, exit codes, signals, completion, and that README has it all."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click
import numpy as np
import pytest
import soundfile as sf
from batches import tree
from click.testing import CliRunner, Result

from nmfd_cli import __version__
from nmfd_cli.cli import messages
from nmfd_cli.cli.main import COMMANDS, LazyGroup, cli
from nmfd_cli.cli.options import SECTIONS, settings_from, settings_options
from nmfd_cli.cli.values import TIME
from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.errors import ParameterError
from nmfd_cli.kits.find import shipped_bank, user_kits_folder
from nmfd_cli.settings.definitions import SeparationSettings

#: A process ends long before that, also on a machine with other work.
PATIENCE = 120

RATE = 8000
FAST = ("--stems", "kick,snare", "--iterations", "3", "--n-fft", "256", "--hop-length", "128")
PROGRAM = (sys.executable, "-m", "nmfd_cli")
README = Path(__file__).parents[2] / "README.md"

needs_posix_signals = pytest.mark.skipif(
    sys.platform == "win32", reason="Windows has no such signals"
)


@pytest.fixture(autouse=True)
def work_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test, with folders for temporary files and presets in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


@pytest.fixture
def loop(work_folder: Path) -> Path:
    """A second of clicks."""
    path = work_folder / "loop.wav"
    rng = np.random.default_rng(1)
    decay = np.exp(-30 * (np.arange(RATE) / RATE % 0.25))
    sf.write(path, 0.2 * rng.standard_normal(RATE) * decay, RATE)
    return path


def nmfd(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def commands(
    group: click.Group = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield every command with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


# --- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_exists(name: str) -> None:
    command = LazyGroup(name="nmfd").get_command(click.Context(cli), name)
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.get_short_help_str(limit=200) == COMMANDS[name][1]


def test_version() -> None:
    result = nmfd("--version")
    assert (result.exit_code, result.stdout) == (0, f"nmfd, version {__version__}\n")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["separate", "--help"], ["presets", "list"]]
)
def test_help_does_not_wait_for_the_numerics(arguments: list[str]) -> None:
    code = (
        "import sys; from nmfd_cli.cli.main import run; run(sys.argv[1:]);"
        "heavy = {'numpy', 'scipy', 'soundfile', 'tqdm'};"
        "sys.exit(', '.join(heavy & {name.partition('.')[0] for name in sys.modules}) or 0)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("name", ["", *COMMANDS, "kit learn", "kit show", "presets save"])
def test_help_fits_a_terminal(name: str) -> None:
    result = CliRunner().invoke(cli, [*name.split(), "--help"], terminal_width=80)
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80


def test_help_of_separate_stands_in_sections() -> None:
    shown = nmfd("separate", "--help").stdout
    found = [line[:-1] for line in shown.splitlines() if re.fullmatch(r"[A-Z][\w ]*:", line)]
    assert found == [name for name in SECTIONS if name in found]
    assert {"Output", "Many files", "What to look for", "Initialisation", "Solver"} <= set(found)
    assert "Other" not in found, "give these settings a group"


def test_each_default_is_shown_once() -> None:
    for path, command in commands():
        for option in command.params:
            text = getattr(option, "help", None) or ""
            assert text.lower().count("default") <= 1, (*path, option.name)


def test_every_command_and_option_is_explained() -> None:
    for path, command in commands():
        assert command.help, path
        for option in command.params:
            assert isinstance(option, click.Argument) or getattr(option, "help", None), option


def test_readme_names_every_command_and_option() -> None:
    readme = README.read_text(encoding="utf-8")
    missing: dict[str, list[str]] = {}
    for path, command in commands():
        call = " ".join(("nmfd", *path))
        if not re.search(rf"{re.escape(call)}\b", readme):
            missing[call] = ["the command itself"]
        for option in command.params:
            flags = [flag for flag in option.opts if flag.startswith("--")]
            either = "|".join([*flags[:1], *option.secondary_opts])
            if flags and not re.search(rf"({either})(?![\w-])", readme):
                missing.setdefault(flags[0], []).append(call)
    lines = [f"{name} ({', '.join(calls)})" for name, calls in missing.items()]
    assert not lines, "README.md does not name:\n" + "\n".join(lines)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [([], "auto"), (["--residual", "band"], "band"), (["--no-residual"], "none")],
)
def test_the_residual_is_named_or_switched_off(arguments: list[str], expected: str) -> None:
    @click.command()
    @settings_options(SeparationSettings)
    def show(**options: Any) -> None:
        click.echo(settings_from(SeparationSettings, options).residual)

    assert CliRunner().invoke(show, arguments).output == f"{expected}\n"


# --- errors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["zzz"], "no such command 'zzz'; try nmfd --help"),
        (["seperate", "a.wav"], "no such command 'seperate'; did you mean nmfd separate?"),
        (["."], "no such command '.'; did you mean nmfd separate .?"),
        (["separate", "a.wav", "--iteration", "3"], "no such option '--iteration'; did you mean "
         "--iterations?"),
        (["--zzz"], "no such option '--zzz'; try nmfd --help"),
        (["separate"], "missing argument 'INPUT...'; try nmfd separate --help"),
        (["separate", "a.wav", "--alpha", "x"], "--alpha: expected a number, found 'x'; "
         "try nmfd separate --help"),
        (["separate", "a.wav", "-j", "1.5"], "--jobs: expected a whole number, found '1.5'; "
         "try nmfd separate --help"),
        (["separate", "a.wav", "--start", "1:75"], "--start: expected seconds, or a time such as "
         "1:23.5 or 0:01:23.5, found '1:75'; try nmfd separate --help"),
        (["separate", "a.wav", "--format", "x"], "--format: expected one of wav, flac, ogg, mp3, "
         "found 'x'; try nmfd separate --help"),
        (["separate", "a.wav", "--alpha", "9"], "--alpha: expected 8 or less, found 9; "
         "try nmfd separate --help"),
        (["separate", "a.wav", "--n-fft", "1"], "--n-fft: expected 4 or more, found 1; "
         "try nmfd separate --help"),
        (["separate", "a.wav", "-j", "0"], "--jobs: expected 1 or more, found 0; "
         "try nmfd separate --help"),
        (["separate", "a.wav", "--scheduler", "host"], "--scheduler: expected an address such as "
         "tcp://host:8786, found 'host'; try nmfd separate --help"),
        (["separate", "a.wav", "-q", "-v"], "--quiet and --verbose exclude each other; "
         "try nmfd separate --help"),
        (["separate", "a.wav", "--stems", "kick,,"], "--stems: expected names separated by "
         "commas, found 'kick,,'; try nmfd separate --help"),
    ],
)  # fmt: skip
def test_wrong_options_end_with_2_and_one_line(arguments: list[str], message: str) -> None:
    result = nmfd(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"nmfd: error: {message}\n"


EXPECTED = (
    f"expected drums ({', '.join(DRUM_CLASSES)}) or articulations (side stick, closed hihat, pedal "
    "hihat, open hihat, low tom, mid tom, high tom, ride, ride bell, crash)"
)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hop-length", "4096"], "--hop-length: expected 1 to 2048 samples (n_fft), found 4096"),
        (["--stems", "bagpipe,kick,snrae,crsh"], f"--stems: {EXPECTED}, found 'bagpipe', 'snrae', "
         "'crsh'; did you mean snare, crash?"),
        (["--sensitivity", "snrae=0.3"], f"--sensitivity: {EXPECTED}, found 'snrae'; did you mean "
         "snare?"),
        (["--residual", "kick"], "--residual: expected a name that no other stem has, found "
         "'kick'"),
        (["--residual", "../kick"], "--residual: expected the name of a stem, found '../kick'"),
        (["--score-pattern", "{stem}.csv"], "--score-pattern: expected fields {track}, {parent}, "
         "found {stem}"),
        (["--out", ""], "--out: expected a text, found an empty one; try nmfd separate --help"),
    ],
)  # fmt: skip
def test_wrong_settings_end_with_2_before_any_work(
    loop: Path, work_folder: Path, arguments: list[str], message: str
) -> None:
    stem = work_folder / "separated" / "loop" / "kick.wav"
    stem.parent.mkdir(parents=True)
    stem.touch()  # that it stands there is not what is said first
    result = nmfd("separate", str(loop), *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"nmfd: error: {message}\n"
    assert list(stem.parent.iterdir()) == [stem]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("83.5", 83.5), ("1:23.5", 83.5), ("0:01:23.5", 83.5), ("90:00", 5400), ("-1:30", -90)],
)
def test_times_may_be_written_as_a_clock_shows_them(text: str, seconds: float) -> None:
    assert TIME.convert(text, None, None) == seconds
    dated = {
        (*path, option.name): option.type is TIME
        for path, command in commands()
        for option in command.params
        if option.name in ("start", "end", "score_offset", "block_seconds", "tolerance", "tail")
    }
    assert len(dated) > 20
    assert all(dated.values())


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        ("score_pattern", "--score-pattern: expected x, found y; z"),
        ("stems", "--stems: expected x, found y; z"),
        ("score['kick'][3]", "score['kick'][3]: expected x, found y; z"),
        (None, "expected x, found y; z"),
    ],
)
def test_errors_call_a_setting_as_its_option(
    monkeypatch: pytest.MonkeyPatch, setting: str | None, shown: str
) -> None:
    error = ParameterError(expected="x", found="y", hint="z", setting=setting)
    monkeypatch.setattr("nmfd_cli.settings.presets.preset_paths", raiser(error))
    result = nmfd("presets", "list")
    assert (result.exit_code, result.stderr) == (2, f"nmfd: error: {shown}\n")


def test_a_warning_is_shown_once_and_not_if_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    for verbosity in (0, -1):
        reporter = messages.Reporter(verbosity)
        for message in ("a", "b", "a"):
            reporter.warn(message)
    assert capsys.readouterr().err == "nmfd: warning: a\nnmfd: warning: b\n"


def test_a_failed_list_that_cannot_be_written_stops_the_run(loop: Path, work_folder: Path) -> None:
    result = nmfd("separate", str(loop), "--failed-list", str(work_folder))
    assert result.exit_code == 1
    assert "expected to write a file, found a folder of that name" in result.stderr
    assert not (work_folder / "separated").exists()


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("loop.wav", "loop.wav: expected to write a file, found a file that is to be read"),
        ("link.wav", "link.wav: expected to write a file, found a file that is to be read"),
        ("n.csv", "n.csv: expected to write a file, found a file that is to be read"),
        ("my.kit", "my.kit: expected to write a file, found a file that is to be read"),
        ("separated/loop/kick.wav",
         "separated/loop/kick.wav: expected a place for the list, found the place of a result"),
    ],
)  # fmt: skip
def test_a_failed_list_replaces_nothing_that_is_read_or_written(
    loop: Path, work_folder: Path, place: str, message: str
) -> None:
    (work_folder / "link.wav").symlink_to(loop)
    (work_folder / "n.csv").write_text("onset\tdrum\n0\tkick\n0.5\tsnare\n")
    shutil.copy(shipped_bank(), work_folder / "my.kit")
    before = tree(work_folder)

    options = ("--score", "n.csv", "--kit", "my.kit", "--overwrite", *FAST)
    result = nmfd("separate", "loop.wav", *options, "--failed-list", place)

    assert (result.exit_code, result.stderr) == (1, f"nmfd: error: {message}\n")
    assert tree(work_folder) == before


@pytest.mark.parametrize("mine", ["mine\n", "a\tb\nmine\n", "onset\tdrum\tvelocity\n", "\n"])
def test_a_failed_list_replaces_other_files_only_if_asked(
    loop: Path, work_folder: Path, mine: str
) -> None:
    (work_folder / "list.txt").write_text(mine)

    refused = nmfd("separate", "loop.wav", *FAST, "--failed-list", "list.txt")

    expected = "nmfd: error: list.txt: exists; --overwrite replaces it\n"
    assert (refused.exit_code, refused.stderr) == (1, expected)
    assert not (work_folder / "separated").exists()
    assert (work_folder / "list.txt").read_text() == mine
    replaced = nmfd("separate", "loop.wav", *FAST, "--failed-list", "list.txt", "--overwrite")
    assert replaced.exit_code == 0
    assert (work_folder / "list.txt").read_text() == ""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize(
    "arguments",
    [
        ("separate", "loop.wav", *FAST, "--failed-list", "pipe"),
        ("transcribe", "loop.wav", "-o", "pipe"),
        ("report", "loop.wav", "-o", "pipe"),
    ],
)
def test_no_pipe_or_device_is_replaced(
    loop: Path, work_folder: Path, arguments: tuple[str, ...]
) -> None:
    os.mkfifo(work_folder / "pipe")
    result = nmfd(*arguments, "--overwrite")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "nmfd: error: pipe: expected to write a file, found a pipe or a device\n"
    )
    assert (work_folder / "pipe").is_fifo()


@pytest.mark.parametrize("former", ["", "old.wav\told.wav: no such file\n"])
def test_a_former_failed_list_is_replaced_unasked(
    loop: Path, work_folder: Path, former: str
) -> None:
    (work_folder / "list.txt").write_text(former)
    assert nmfd("separate", "loop.wav", *FAST, "--failed-list", "list.txt").exit_code == 0
    assert (work_folder / "list.txt").read_text() == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "loop.wav", "-o", "loop.wav"),
        ("report", "loop.wav", "-o", "below/../loop.wav"),
        ("report", "loop.wav", "-o", "link.png"),
        ("report", "loop.wav", "--score", "n.csv", "-o", "n.csv"),
        ("report", "loop.wav", "--kit", "kit", "-o", "kit/kick/1.wav"),
        ("transcribe", "loop.wav", "-o", "loop.wav"),
        ("transcribe", "loop.wav", "other.wav", "-o", "{track}.wav"),
        ("transcribe", "loop.wav", "--kit", "kit", "-o", "kit/kick/1.wav"),
        ("plot", "loop.wav", "-o", "link.png"),
        ("plot", "other.wav", "--score", "n.csv", "-o", "score.svg"),
        ("plot", "other.wav", "--kit", "kit", "-o", "kit.png"),
        ("kit", "learn", "kit", "-o", "kit/kick/1.wav"),
        ("kit", "learn", "kit", "-o", "clap.wav"),
    ],
)
def test_nothing_that_is_read_is_replaced(
    loop: Path, work_folder: Path, arguments: tuple[str, ...]
) -> None:
    (work_folder / "kit" / "kick").mkdir(parents=True)
    (work_folder / "below").mkdir()
    shutil.copy(loop, work_folder / "kit" / "kick" / "1.wav")
    shutil.copy(loop, work_folder / "other.wav")
    (work_folder / "n.csv").write_text("onset,drum\n0,kick\n")
    (work_folder / "link.png").symlink_to("loop.wav")
    (work_folder / "score.svg").symlink_to("n.csv")
    (work_folder / "kit.png").symlink_to("kit/kick/1.wav")
    (work_folder / "clap.wav").symlink_to("kit/kick/1.wav")
    if arguments[0] == "plot":
        pytest.importorskip("matplotlib", reason="needs the extra [plot]")
    before = tree(work_folder)

    result = nmfd(*arguments, "--overwrite")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("nmfd: error: ")
    assert result.stderr.endswith(": expected to write a file, found a file that is to be read\n")
    assert tree(work_folder) == before


@pytest.mark.parametrize(
    ("arguments", "place", "extra"),
    [
        (("transcribe", "loop.wav", *FAST[:2], "-o", "t.csv"), "t.csv", None),
        (("transcribe", "loop.wav", *FAST[:2], "-o", "t.json"), "t.json", None),
        (("transcribe", "loop.wav", *FAST[:2], "-o", "t.mid"), "t.mid", "mido"),
        (("plot", "loop.wav", *FAST, "-o", "t.png"), "t.png", "matplotlib"),
        (("report", "loop.wav", *FAST, "-o", "t.html"), "t.html", None),
        (("presets", "save", "mine", *FAST), "config/nmfd/presets/mine.toml", None),
        (("kit", "learn", "kit", "-o", "my.kit"), "my.kit", None),
        (("separate", "loop.wav", *FAST, "--failed-list", "t.txt"), "t.txt", None),
    ],
)
@pytest.mark.slow
def test_a_full_disk_is_reported_with_the_name_of_the_place(
    loop: Path,
    work_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    place: str,
    extra: str | None,
) -> None:
    if extra is not None:
        pytest.importorskip(extra, reason="needs an extra")
    (work_folder / "kit").mkdir()
    shutil.copy(loop, work_folder / "kit" / "kick.wav")
    full = OSError(28, "No space left on device")
    for name in ("write_bytes", "write_text"):
        monkeypatch.setattr(Path, name, raiser(full))

    result = nmfd(*arguments)

    assert (result.exit_code, result.stdout) == (1, "")
    last = result.stderr.splitlines()[-1].replace(f"{work_folder}/", "")
    assert last == f"nmfd: error: {place}: cannot write: No space left on device"
    assert not list(work_folder.rglob("*.part"))
    assert not (work_folder / place).exists()


def test_a_kit_that_is_nowhere(loop: Path) -> None:
    result = nmfd("separate", str(loop), "--kit", "no.kit")
    message = f"no.kit: no such file or folder, nor a kit of that name in {user_kits_folder()}"
    assert (result.exit_code, result.stderr) == (1, f"nmfd: error: {message}\n")


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("separate", "a.wav", "--score", ""), "--score"),
        (("separate", "a.wav", "--failed-list", ""), "--failed-list"),
        (("transcribe", "a.wav", "-o", ""), "--out"),
        (("report", "", "-o", "a.html"), "INPUT"),
    ],
)
def test_an_empty_text_does_not_stand_for_the_working_folder(
    arguments: tuple[str, ...], option: str
) -> None:
    result = nmfd(*arguments)
    message = f"{option}: expected a text, found an empty one; try nmfd {arguments[0]} --help"
    assert (result.exit_code, result.stderr) == (2, f"nmfd: error: {message}\n")


def test_no_command_shows_what_there_is() -> None:
    result = nmfd()
    assert "Commands:\n  separate" in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no.wav", "no.wav: no such file or folder"),
        ("", "'': no such file or folder"),
        ("text.wav", "text.wav: expected audio (WAV, FLAC, OGG, MP3, AIFF ...), found none"),
        ("empty.wav", "empty.wav: expected an audio file, found an empty one"),
        ("folder", "folder: expected audio files in this folder, found none"),
    ],
)  # fmt: skip
def test_bad_inputs_end_with_1_and_one_line(work_folder: Path, name: str, message: str) -> None:
    (work_folder / "text.wav").write_text("hello")
    (work_folder / "empty.wav").touch()
    (work_folder / "folder").mkdir()
    result = nmfd("separate", name)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"nmfd: error: {message}\n"
    assert not (work_folder / "separated").exists()


def raiser(error: BaseException) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ZeroDivisionError("a\nb"), 1, "unexpected ZeroDivisionError: a b; this is a fault of "
         "nmfd, NMFD_DEBUG=1 shows where it happened"),
        (MemoryError(), 1, "out of memory; a smaller --block-seconds works from temporary disk"),
        (OSError(28, "No space left on device", "a.wav"), 1, "a.wav: No space left on device"),
        (KeyboardInterrupt(), 130, "interrupted; nothing was left half-written"),
    ],
)  # fmt: skip
def test_whatever_happens_is_one_line(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, message: str
) -> None:
    monkeypatch.setattr("nmfd_cli.settings.presets.preset_paths", raiser(error))
    monkeypatch.delenv("NMFD_DEBUG", raising=False)
    result = nmfd("presets", "list")
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr == f"nmfd: error: {message}\n"


def test_debugging_shows_where_it_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nmfd_cli.settings.presets.preset_paths", raiser(ZeroDivisionError("x")))
    monkeypatch.setenv("NMFD_DEBUG", "1")
    result = nmfd("presets", "list")
    assert result.exit_code == 1
    assert result.stderr.startswith("Traceback (most recent call last):\n")
    assert "in list_presets" in result.stderr
    assert "\nnmfd: error: unexpected ZeroDivisionError: x; " in result.stderr


@pytest.mark.parametrize("is_asked", [True, False])
def test_debugging_shows_where_a_separation_failed(
    loop: Path, monkeypatch: pytest.MonkeyPatch, is_asked: bool
) -> None:
    monkeypatch.setattr("soundfile.SoundFile.write", raiser(ZeroDivisionError("x")))
    monkeypatch.setenv("NMFD_DEBUG", "1" if is_asked else "")
    result = nmfd("separate", str(loop))
    assert (result.exit_code, result.stdout) == (1, "")
    *lines, last = result.stderr.splitlines()
    assert last == (
        "nmfd: error: unexpected ZeroDivisionError: x; this is a fault of nmfd, "
        "NMFD_DEBUG=1 shows where it happened"
    )
    assert lines[:1] == (["Traceback (most recent call last):"] if is_asked else [])
    assert any("in do_job" in line for line in lines) is is_asked


# --- signals -------------------------------------------------------------------------------------


@contextmanager
def started(*arguments: str) -> "Iterator[subprocess.Popen[bytes]]":
    """Hand out the program, running; it does not outlive the test."""
    pipe = subprocess.PIPE
    command = [*PROGRAM, *arguments]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(stream: IO[bytes] | None, word: str) -> None:
    """Wait until the program says on stderr that it is there."""
    assert stream is not None
    seen = ""
    while word not in seen:
        line = stream.readline().decode()
        assert line, f"ended before {word!r}, said {seen!r}"
        seen += line


@pytest.mark.slow
@needs_posix_signals
@pytest.mark.usefixtures("usual_signals")
@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143), (1, 129)])
def test_signals_stop_the_work_and_leave_nothing(
    loop: Path, work_folder: Path, number: int, code: int
) -> None:
    endless = ("--stems", "kick", "--iterations", "1000000", "--block-seconds", "0.5")
    with started("separate", str(loop), "-v", *endless) as process:
        read_until(process.stderr, "factorising")
        process.send_signal(number)
        _, shown = process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert shown.decode() == (
        "nmfd: error: interrupted; nothing was left half-written\n" if number == 2 else ""
    )
    assert sorted(path.name for path in work_folder.iterdir()) == ["loop.wav", "tmp"]
    assert list((work_folder / "tmp").iterdir()) == []


@pytest.mark.slow
@needs_posix_signals
@pytest.mark.usefixtures("usual_signals")
def test_a_signal_while_it_waits_for_standard_input_leaves_nothing(work_folder: Path) -> None:
    temporary = work_folder / "tmp"
    with started("separate", "-") as process:
        deadline = time.monotonic() + PATIENCE
        while not any(temporary.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 143
    assert list(temporary.iterdir()) == []
    assert list(work_folder.iterdir()) == [temporary]


#: Programs that are interrupted where no ``try`` of the command's own would see it.
STRUCK = {
    # Python lets go of what the first signal raises: the next must be heeded, not ignored
    "in a destructor": """
class Last:
    def __del__(self):
        os.kill(os.getpid(), number)
        time.sleep(0.1)

def work():
    Last()
    os.kill(os.getpid(), number)
    time.sleep(patience)
""",
    "before the work": """
def work():
    os.kill(os.getpid(), number)
    time.sleep(patience)
""",
}


@pytest.mark.slow
@needs_posix_signals
@pytest.mark.usefixtures("usual_signals")
@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143)])
@pytest.mark.parametrize("where", STRUCK)
def test_a_signal_stops_the_work_wherever_it_strikes(where: str, number: int, code: int) -> None:
    head = f"import os, time; from nmfd_cli.cli import main; number={number}; patience={PATIENCE}"
    tail = "main.cli.main = work; from nmfd_cli.__main__ import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", f"{head}{STRUCK[where]}{tail}"],
        capture_output=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (code, b"")


STRUCK_AT_ONCE = """
import sys
before = set(sys.modules)
from nmfd_cli.__main__ import main
print(*set(sys.modules) - before)

class Struck:
    def find_spec(self, *_):
        raise KeyboardInterrupt

sys.meta_path.insert(0, Struck())
main()
"""


def test_an_interrupt_of_the_first_imports_ends_quietly() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STRUCK_AT_ONCE], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "")
    assert set(done.stdout.split()) == {"nmfd_cli", "nmfd_cli.__main__"}


# --- what is shown -------------------------------------------------------------------------------


def test_a_log_gets_a_line_a_recording(loop: Path) -> None:
    result = nmfd("separate", str(loop), *FAST)
    assert (result.exit_code, result.stdout) == (0, "")
    files = "separated/loop/kick.wav, separated/loop/snare.wav"
    assert re.fullmatch(rf"{re.escape(str(loop))}: {files} \(1\.0 s in [\d.]+ s\)\n", result.stderr)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (os.fsdecode(b"dr\xffms"), r"dr\xffms"),
        ("a\nb\tc\x07", r"a\nb\tc\x07"),
        ("\u202egnp.wav", r"\u202egnp.wav"),
        ("\x1b[2Jgone", r"\x1b[2Jgone"),
        ("\x1b[31mred\x1b[0m größer", "\x1b[31mred\x1b[0m größer"),
    ],
)
def test_names_do_not_act_on_the_terminal(text: str, shown: str) -> None:
    assert messages.visible(text) == shown


def test_quiet_says_nothing_and_verbose_more(loop: Path) -> None:
    quiet = nmfd("separate", str(loop), "-q", *FAST)
    assert (quiet.exit_code, quiet.output) == (0, "")
    verbose = nmfd("separate", str(loop), "-v", "--overwrite", *FAST)
    for stage in ("reading", "factorising", "writing"):
        assert f"{loop}: {stage}\n" in verbose.stderr


def test_a_terminal_gets_a_table(loop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "is_watched", lambda: True)
    monkeypatch.setenv("NO_COLOR", "1")
    result = nmfd("separate", str(loop), *FAST)
    assert result.exit_code == 0
    lines = [line for line in re.split("[\r\n]", result.stderr) if line.strip()]
    table = [line.split() for line in lines[-3:]]
    assert table[0] == ["stem", "energy", "peak", "onsets", "file"]
    assert [(row[0], row[-1]) for row in table[1:]] == [
        ("kick", "separated/loop/kick.wav"),
        ("snare", "separated/loop/snare.wav"),
    ]
    expected = r"[\d.]+ % [-+][\d.]+ dBFS \d+"
    assert all(re.fullmatch(expected, " ".join(row[1:-1])) for row in table[1:])
    assert "\x1b" not in "".join(lines[-3:])


@pytest.mark.parametrize(
    ("is_watched", "no_color", "shown"),
    [(True, "", "\x1b[31mx\x1b[0m"), (True, "1", "x"), (False, "", "x")],
)
def test_colour_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch, is_watched: bool, no_color: str, shown: str
) -> None:
    monkeypatch.setattr(messages, "is_watched", lambda: is_watched)
    monkeypatch.setenv("NO_COLOR", no_color)
    assert messages.painted("x", fg="red") == shown


def test_json_names_every_file(loop: Path) -> None:
    result = nmfd("separate", str(loop), "--json", "-q", "--preset", "draft", *FAST)
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["failed"] == []
    assert (found["settings"]["preset"], found["settings"]["hop_length"]) == ("draft", 128)
    (recording,) = found["recordings"]
    assert (recording["status"], recording["input"], recording["samples"]) == (
        "done",
        str(loop),
        RATE,
    )
    for stem in recording["stems"]:
        assert Path(stem["path"]).is_file()
        assert stem["peak"] >= 0
        assert stem["energy_share"] >= 0
        assert stem["onsets"] >= 0
    assert recording["report"] is None


def test_json_lines_report_every_recording(loop: Path, work_folder: Path) -> None:
    (work_folder / "text.wav").write_text("hello")
    result = nmfd("separate", str(loop), "text.wav", "--json-lines", *FAST)
    assert result.exit_code == 1
    found = {item["input"]: item for item in map(json.loads, result.stdout.splitlines())}
    assert found[str(loop)]["status"] == "done"
    assert found["text.wav"] == {
        "status": "failed",
        "input": "text.wav",
        "error": "text.wav: expected audio (WAV, FLAC, OGG, MP3, AIFF ...), found none",
    }


def test_a_batch_ends_with_a_summary_and_a_list_of_failures(loop: Path, work_folder: Path) -> None:
    (work_folder / "text.wav").write_text("hello")
    options = ("--skip-existing", "--failed-list", "failed.txt", *FAST)
    first = nmfd("separate", ".", *options)
    assert first.exit_code == 1
    assert re.search(r"^1 done, 0 skipped, 1 failed: 1\.0 s of audio in ", first.stderr, re.M)
    again = nmfd("separate", ".", *options)
    assert again.exit_code == 1
    assert "loop.wav: finished already\n" in again.stderr
    reason = "expected audio (WAV, FLAC, OGG, MP3, AIFF ...), found none"
    assert again.stderr.endswith(
        f"nmfd: error: text.wav: {reason}\n0 done, 1 skipped, 1 failed\n  failed: text.wav\n"
    )
    assert (work_folder / "failed.txt").read_text() == f"text.wav\t{reason}\n"
    (work_folder / "text.wav").unlink()
    sf.write(work_folder / "other.wav", np.ones(RATE) / 4, RATE)
    assert nmfd("separate", ".", *options).exit_code == 0
    assert (work_folder / "failed.txt").read_text() == ""
    assert loop.exists()


def test_the_file_name_may_hold_the_preset(loop: Path, work_folder: Path) -> None:
    options = ("--filename", "{preset}/{parent}_{stem}.{ext}", *FAST)
    assert nmfd("separate", str(loop), "--preset", "draft", *options).exit_code == 0
    assert nmfd("separate", "loop.wav", *options).exit_code == 0
    for preset in ("draft", "default"):
        assert (work_folder / "separated" / preset / f"{work_folder.name}_kick.wav").is_file()


# --- completion ----------------------------------------------------------------------------------


def completed(shell: str, *words: str) -> list[str]:
    """Return what a shell is offered for the last of the words."""
    environment = {
        **os.environ,
        "_NMFD_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(("nmfd", *words)),
        "COMP_CWORD": words[-1] if shell == "fish" else str(len(words)),
    }
    result = subprocess.run(
        PROGRAM, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert result.stderr == ""
    return result.stdout.split()


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_offered(shell: str) -> None:
    result = subprocess.run(
        PROGRAM, env={**os.environ, "_NMFD_COMPLETE": f"{shell}_source"},
        capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    if shell == "bash" and "4.4" in result.stderr:
        pytest.skip("this bash is too old for completion by click")
    assert "_NMFD_COMPLETE" in result.stdout
    assert "nmfd" in result.stdout


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["sep"], ["plain,separate"]),
        (["presets", "sh"], ["plain,show"]),
        (["separate", "--init-t"], ["plain,--init-templates"]),
        (["separate", "--update", "m"], ["plain,mean"]),
        (["separate", "--preset", "li"], ["plain,libnmfd"]),
        (["separate", "--preset", "./"], ["file,./"]),
        (["presets", "show", "li"], ["plain,libnmfd"]),
        (["separate", "--stem", "s"], ["plain,snare"]),
        (["separate", "--stems", "kick,s"], ["plain,kick,snare"]),
        (["separate", "--out", "se"], ["dir,se"]),
        (["separate", "--score", "so"], ["file,so"]),
        (["separate", "lo"], ["file,lo"]),
    ],
)
def test_bash_completes(words: list[str], offered: list[str]) -> None:
    assert completed("bash", *words) == offered


@pytest.mark.slow
def test_other_shells_complete() -> None:
    assert completed("zsh", "separate", "--preset", "libn")[:2] == ["plain", "libnmfd"]
    assert completed("fish", "separate", "--preset", "libn") == ["plain,libnmfd"]
