"""Presets: read, refused, extended, merged, saved; and those that ship."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from nmfd_cli.cli.main import cli
from nmfd_cli.errors import InputFileError, OutputError, ParameterError
from nmfd_cli.io.preset_file import line_of, read_preset_file
from nmfd_cli.io.resources import shipped
from nmfd_cli.settings import presets
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.settings.output import OutputSettings
from nmfd_cli.settings.presets import setting_checks

CHECKS = setting_checks()
SHIPPED = sorted(path.stem for path in shipped("presets").glob("*.toml"))

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's presets lie in a folder of the test."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config" / "nmfd" / "presets"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a preset and return its path."""

    def write(text: str | bytes, name: str = "my.toml") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return write


def nmfd(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


# --- the file ------------------------------------------------------------------------------------


def test_values_of_every_type_are_read(write: Write) -> None:
    path = write(
        '# comment\ndescription = "All types"\nstems = [\n  "kick",\n  "tom",\n]\niterations = 20\n'
        'alpha = 1\nfix_templates = true\nresidual = "rest"\nout = "stems"\n'
    )
    file = read_preset_file(path, CHECKS)
    assert file.description == "All types"
    assert file.extends is None
    assert file.values == {
        "stems": ("kick", "tom"),
        "iterations": 20,
        "alpha": 1.0,
        "fix_templates": True,
        "residual": "rest",
        "out": "stems",
    }
    assert isinstance(file.values["alpha"], float)


def test_byte_order_mark_and_windows_lines_are_read(write: Write) -> None:
    path = write(b'\xef\xbb\xbfdescription = "d"\r\niterations = 3\r\n')
    assert read_preset_file(path, CHECKS).values == {"iterations": 3}


D = 'description = "d"\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("iterations = 3\n", ': expected description = "...", found none'),
        ("description = 3\n", ":1: description: expected a line of text, found 3"),
        ('description = "a\\nb"\n', ":1: description: expected a line of text, found 'a\\nb'"),
        (D + "extends = []\n", ":2: extends: expected a line of text, found []"),
        (D + "\niteratons = 3\n", ":3: expected a setting, found 'iteratons'; "
         "did you mean iterations?"),
        (D + "hop-length = 3\n", ":2: expected a setting, found 'hop-length'; "
         "did you mean hop_length?"),
        (D + "zzz = 3\n", ":2: expected a setting, found 'zzz'"),
        (D + 'preset = "x"\n', ":2: expected a setting, found 'preset'"),
        (D + "[solver]\niterations = 3\n", ":2: expected a setting, found 'solver'"),
        (D + "[iterations]\nx = 3\n", ":2: iterations: expected a whole number, found a table"),
        (D + "iterations.x = 3\n", ":2: iterations: expected a whole number, found a table"),
        (D + '"iterations" = "3"\n', ":2: iterations: expected a whole number, found '3'"),
        (D + "iterations = 3.0\n", ":2: iterations: expected a whole number, found 3.0"),
        (D + "iterations = true\n", ":2: iterations: expected a whole number, found true"),
        (D + "iterations = -1\n", ":2: iterations: expected 0 or more, found -1"),
        (D + f"seed = 1{'0' * 70}\n", f":2: seed: expected a whole number, found 1{'0' * 56}..."),
        (D + "alpha = 9\n", ":2: alpha: expected 8 or less, found 9"),
        (D + "alpha = 0\n", ":2: alpha: expected more than 0, found 0"),
        (D + "alpha = nan\n", ":2: alpha: expected a finite number, found nan"),
        (D + "beta = -inf\n", ":2: beta: expected a finite number, found -inf"),
        (D + f"beta = 1{'0' * 400}\n", f":2: beta: expected a number, found 1{'0' * 56}..."),
        (D + 'alpha = "2"\n', ":2: alpha: expected a number, found '2'"),
        (D + 'update = "jont"\n', ":2: update: expected one of joint, accelerated, mean, "
         "found 'jont'"),
        (D + "update = 3\n", ":2: update: expected a line of text, found 3"),
        (D + 'kit = "a\\u0000b"\n', ":2: kit: expected a line of text, found 'a\\x00b'"),
        (D + 'stems = "kick"\n', ":2: stems: expected a list such as [\"kick\"], found 'kick'"),
        (D + "stems = []\n", ':2: stems: expected a list such as ["kick"], found []'),
        (D + "stems = [1]\n", ":2: stems: expected a line of text, found 1"),
        (D + "overwrite = 1\n", ":2: overwrite: expected true or false, found 1"),
        (D + "seed = 2026-01-01\n", ":2: seed: expected a whole number, "
         "found datetime.date(2026, 1, 1)"),
        (D + "alpha = \n", ":2: expected TOML; invalid value in column 9"),
        (D + "alpha = 1\nalpha = 2\n", ":3: expected TOML; cannot overwrite a value "
         "in column 10"),
        (D + "alpha", ":2: expected TOML; expected '=' after a key in a key/value pair"),
        (D + f"alpha = 1{'0' * 5000}\n", ": expected TOML, found values beyond all measure"),
        (D + f"stems = {'[' * 5000}\n", ": expected TOML, found values beyond all measure"),
        (b'description = "d"\n\n# caf\xe9\n', ":3: expected text in UTF-8, found byte 0xE9"),
        (b"#" * (1 << 20) + b"\n", ": expected a preset of at most 1 MB, found more"),
    ],
)  # fmt: skip
def test_wrong_files_are_refused_with_their_line(
    write: Write, text: str | bytes, message: str
) -> None:
    path = write(text)
    with pytest.raises(InputFileError) as caught:
        read_preset_file(path, CHECKS)
    assert str(caught.value) == f"{path}{message}"


def test_a_key_within_a_text_of_several_lines_is_not_its_line() -> None:
    text = 'description = """\niterations = 1\n"""\niterations = 2\n'
    assert line_of(text, "iterations") == 4
    assert line_of(text, "alpha") is None


def test_folders_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError) as caught:
        read_preset_file(tmp_path, CHECKS)
    assert str(caught.value) == f"{tmp_path}: expected a preset (a TOML file), found a folder"
    with pytest.raises(InputFileError) as caught:
        read_preset_file(tmp_path / "no.toml", CHECKS)
    assert str(caught.value) == f"{tmp_path / 'no.toml'}: no such file or folder"


_KEYS = st.sampled_from([*CHECKS, "description", "extends", "nothing"])
_VALUES = st.one_of(
    st.integers().map(str),
    st.floats().map(str),
    st.text(max_size=8).map(lambda text: f'"{text}"'),
    st.sampled_from(["true", "[]", '["kick"]', "{}", "[[]]", "1e999", "1979-05-27", '"""', "'"]),
)
_LINES = st.tuples(_KEYS, _VALUES).map(" = ".join)


_CONTENTS = st.one_of(
    st.binary(max_size=200),
    st.lists(_LINES).map(lambda lines: "\n".join(lines).encode(errors="surrogatepass")),
    # one that is right but for a line or two
    st.lists(_LINES, max_size=2).map(
        lambda lines: "\n".join(['description = "x"', *lines]).encode(errors="surrogatepass")
    ),
)
_WHOLE = re.compile("expected (description|TOML, found values|a preset of at most)")


@examples(max_examples=400)
@given(_CONTENTS, _CONTENTS)
@pytest.mark.slow
def test_any_content_is_read_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, first: bytes, second: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp() / "fuzzed"
    folder.mkdir(exist_ok=True)
    (folder / "second.toml").write_bytes(second)
    for content in (first, b'extends = "second.toml"\n' + first):
        (folder / "first.toml").write_bytes(content)
        refusal = None
        try:
            assert set(presets.load_preset(str(folder / "first.toml")).values) <= set(CHECKS)
        except InputFileError as error:
            refusal = str(error)
        if refusal is not None:
            assert refusal.isprintable()
            place = rf"{re.escape(str(folder))}/(first|second)\.toml(:\d+)?: "
            found = re.match(place, refusal)
            assert found is not None, refusal
            assert found[2] or _WHOLE.search(refusal), refusal


_TEXTS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1)


@given(
    description=_TEXTS,
    stems=st.lists(_TEXTS, min_size=1).map(tuple),
    iterations=st.integers(0, 1000),
    alpha=st.floats(0.001, 8),
    fix_templates=st.booleans(),
    filename=_TEXTS,
)
def test_what_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, description: str, **values: object
) -> None:
    path = tmp_path_factory.getbasetemp() / "written.toml"
    path.write_text(presets.preset_text(description, values), encoding="utf-8")
    file = read_preset_file(path, CHECKS)
    assert file.description == description
    assert file.values == values


# --- names, extension, order ---------------------------------------------------------------------


def test_extends_by_path_and_by_shipped_name(write: Write) -> None:
    write('description = "base"\nextends = "libnmfd"\niterations = 7\nalpha = 3\n', "base.toml")
    path = write('description = "mine"\nextends = "base.toml"\nalpha = 4\n')
    preset = presets.load_preset(str(path))
    assert (preset.name, preset.description) == ("my", "mine")
    assert preset.values["alpha"] == 4
    assert preset.values["iterations"] == 7
    assert preset.values["precision"] == "float64"


@pytest.mark.parametrize("length", [1, 2, 3])
def test_circles_are_refused(write: Write, length: int) -> None:
    for number in range(length):
        after = (number + 1) % length
        write(f'description = "d"\nextends = "p{after}.toml"\n', f"p{number}.toml")
    with pytest.raises(InputFileError) as caught:
        presets.load_preset("p0.toml")
    message = "extends: expected no circle, found one over 'p0.toml'"
    last = Path(f"p{length - 1}.toml")
    assert str(caught.value) == f"{last}:2: {message}"


@pytest.mark.parametrize("name", ["nowhere.toml", "drafft", "x" * 300, "../"])
def test_extending_nothing_is_refused(write: Write, name: str) -> None:
    path = write(f'description = "d"\nextends = "{name}"\n')
    with pytest.raises(InputFileError) as caught:
        presets.load_preset(str(path))
    found = repr(name) if len(name) < 50 else repr(name)[:57] + "..."
    expected = f"one of {', '.join(SHIPPED)} or the path of a file"
    assert str(caught.value) == f"{path}:2: extends: expected {expected}, found {found}"


def test_unknown_names_are_refused_with_the_known_ones() -> None:
    with pytest.raises(ParameterError) as caught:
        presets.load_preset("drafft")
    assert str(caught.value) == (
        f"preset: expected one of {', '.join(SHIPPED)} or a file, found 'drafft'; "
        "did you mean draft?"
    )


def test_own_presets_stand_before_shipped_ones(own_folder: Path) -> None:
    own_folder.mkdir(parents=True)
    own = own_folder / "draft.toml"
    own.write_text('description = "Mine"\nextends = "draft"\niterations = 1\n')
    preset = presets.load_preset("draft")
    assert preset.path == own
    assert preset.values["iterations"] == 1


def test_options_win_over_the_preset_and_it_over_the_defaults(write: Write) -> None:
    path = write('description = "d"\niterations = 1\nalpha = 3\nsubtype = "pcm_16"\n')
    result = nmfd("presets", "save", "both", "--preset", str(path), "--alpha", "4")
    assert (result.exit_code, result.stdout) == (0, "")
    preset = presets.load_preset("both")
    settings = SeparationSettings(**preset.values_for(SeparationSettings))
    assert (settings.iterations, settings.alpha) == (1, 4)
    assert settings.template_frames == SeparationSettings().template_frames
    output = OutputSettings(**preset.values_for(OutputSettings))
    assert (output.subtype, output.preset) == ("pcm_16", "both")


def test_defaults_written_as_a_preset_are_the_defaults(tmp_path: Path) -> None:
    for settings in (SeparationSettings(), OutputSettings()):
        values = {
            name: value
            for name in settings.names()
            if name in CHECKS and (value := getattr(settings, name)) not in (None, ())
        }
        path = tmp_path / "defaults.toml"
        path.write_text(presets.preset_text("Defaults", values))
        assert presets.load_preset(str(path)).values == values


# --- those that ship -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_presets_are_whole(name: str) -> None:
    preset = presets.load_preset(name)
    SeparationSettings(**preset.values_for(SeparationSettings))
    output = OutputSettings(**preset.values_for(OutputSettings))
    assert output == OutputSettings(preset=name), "where files go is the user's to say"


def test_the_promised_presets_ship() -> None:
    assert SHIPPED == [
        "acoustic",
        "best",
        "demo",
        "draft",
        "drum-machine",
        "libnmfd",
        "melody",
    ]


def test_best_spells_the_defaults_out() -> None:
    best = presets.load_preset("best").values_for(SeparationSettings)
    defaults = SeparationSettings()
    assert {name: getattr(defaults, name) for name in best} == best


def test_libnmfd_is_research_parity() -> None:
    values = presets.load_preset("libnmfd").values_for(SeparationSettings)
    settings = SeparationSettings(**values)
    assert (settings.template_frames, settings.iterations, settings.alpha) == (8, 30, 1)
    assert (settings.update, settings.precision) == ("mean", "float64")


# --- the command ---------------------------------------------------------------------------------


def test_list_names_all_and_marks_own(own_folder: Path) -> None:
    own_folder.mkdir(parents=True)
    (own_folder / "mine.toml").write_text('description = "For my band"\n')
    (own_folder / "broken.toml").write_text('description = "d"\nfoo = 1\n')
    result = nmfd("presets", "list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == sorted([*SHIPPED, "mine", "broken"])
    assert "mine          For my band (yours)" in lines
    fault = f"{own_folder / 'broken.toml'}:2: expected a setting, found 'foo'"
    assert f"broken        cannot be used: {fault} (yours)" in lines


def test_show_prints_toml_with_what_is_extended(write: Write) -> None:
    path = write('description = "d"\nextends = "libnmfd"\nalpha = 3\n')
    result = nmfd("presets", "show", str(path))
    assert result.exit_code == 0
    assert result.stdout.startswith(f"# {path}\n")
    shown = tomllib.loads(result.stdout)
    assert (shown["description"], shown["alpha"], shown["iterations"]) == ("d", 3, 30)
    assert "extends" not in shown


def test_path_prints_folder_or_file(own_folder: Path) -> None:
    assert nmfd("presets", "path").stdout == f"{own_folder}\n"
    draft = shipped("presets") / "draft.toml"
    assert nmfd("presets", "path", "draft").stdout == f"{draft}\n"


def test_save_writes_once_and_replaces_only_when_asked(own_folder: Path) -> None:
    first = nmfd("presets", "save", "mine", "--from-options", "--stems", "bd,sd", "--alpha", "1.5")
    path = own_folder / "mine.toml"
    assert (first.exit_code, first.stderr) == (0, f"{path} written\n")
    assert path.read_text() == ('description = "My settings"\nstems = ["bd", "sd"]\nalpha = 1.5\n')
    again = nmfd("presets", "save", "mine", "--alpha", "2")
    assert again.exit_code == 1
    assert again.stderr == f"nmfd: error: {path}: exists; --overwrite replaces it\n"
    replaced = nmfd(
        "presets", "save", "mine", "--alpha", "2", "--overwrite", "--description", "Two"
    )
    assert replaced.exit_code == 0
    assert path.read_text() == 'description = "Two"\nalpha = 2.0\n'
    assert list(own_folder.iterdir()) == [path]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["mine"], 2, "expected options to save, found none; try nmfd presets save --help"),
        (["mine", "--alpha", "9"], 2, "--alpha: expected 8 or less, found 9; "
         "try nmfd presets save --help"),
        (["../mine", "--alpha", "1"], 2, "expected the name of a preset, of letters and digits, "
         "found '../mine'"),
        ([".mine", "--alpha", "1"], 2, "expected the name of a preset, of letters and digits, "
         "found '.mine'"),
        (["", "--alpha", "1"], 2, "NAME: expected a text, found an empty one; "
         "try nmfd presets save --help"),
    ],
)  # fmt: skip
def test_save_refuses(own_folder: Path, arguments: list[str], code: int, message: str) -> None:
    result = nmfd("presets", "save", *arguments)
    assert (result.exit_code, result.stderr) == (code, f"nmfd: error: {message}\n")
    assert not own_folder.exists()


def test_save_hides_a_shipped_preset_only_when_asked(own_folder: Path) -> None:
    refused = nmfd("presets", "save", "demo", "--alpha", "1")
    assert (refused.exit_code, refused.stderr) == (
        1,
        "nmfd: error: demo is a preset that ships; --overwrite puts yours before it\n",
    )
    assert not own_folder.exists() or not list(own_folder.rglob("*.toml"))
    assert nmfd("presets", "save", "demo", "--alpha", "1", "--overwrite").exit_code == 0


def test_save_leaves_nothing_where_it_cannot_write(own_folder: Path) -> None:
    own_folder.parent.mkdir(parents=True)
    own_folder.write_text("a file where the folder should be")
    with pytest.raises(OutputError, match=re.escape(f"{own_folder}: expected a folder")):
        presets.save_preset("mine", "d", {"alpha": 1.0})
    assert list(own_folder.parent.iterdir()) == [own_folder]


def test_wrong_presets_stop_a_separation_before_it_begins(write: Write) -> None:
    path = write('description = "d"\nalpha = 9\n')
    result = nmfd("separate", "no.wav", "--preset", str(path))
    assert result.exit_code == 1
    assert result.stderr == f"nmfd: error: {path}:2: alpha: expected 8 or less, found 9\n"
    result = nmfd("separate", "no.wav", "--preset", "nothing-like-it")
    assert result.exit_code == 2
    assert result.stderr.startswith("nmfd: error: --preset: expected one of acoustic, best, ")


def test_a_user_without_a_home_has_the_shipped_presets(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.delenv("XDG_CONFIG_HOME")
    result = nmfd("presets", "list")
    assert result.exit_code == 0
    assert "draft" in result.stdout
