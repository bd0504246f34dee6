"""The figure for papers: the same bytes for the same recording, and only what was asked for."""

import struct
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner
from separations import drawn_up

from nmfd_cli.cli.plot import command
from nmfd_cli.errors import MissingExtraError, OutputError, ParameterError
from nmfd_cli.report.figure import PANELS, check_figure, draw

pytestmark = pytest.mark.slow

matplotlib = pytest.importorskip("matplotlib", reason="needs the extra [plot]")


@pytest.fixture(autouse=True)
def untouched_settings() -> Iterator[None]:
    """Drawing must leave matplotlib's own settings as they were."""
    before = dict(matplotlib.rcParams)
    yield
    assert dict(matplotlib.rcParams) == before


def words(path: Path) -> set[str]:
    """All texts of an SVG."""
    return {"".join(element.itertext()).strip() for element in ElementTree.parse(path).iter()}


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_two_runs_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    one, other = tmp_path / f"one{suffix}", tmp_path / f"other{suffix}"
    draw(drawn_up(), one)
    draw(drawn_up(), other)
    assert one.read_bytes() == other.read_bytes()
    assert not any(mark in one.read_bytes() for mark in (b"CreationDate", b"dc:date", b"Software"))


def test_four_panels_with_units(tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    draw(drawn_up(), path)
    expected = {
        "Templates",
        "Spectrogram",
        "Divergence",
        "Activations (each relative to its largest)",
    }
    expected |= {"Time (s)", "Frequency (Hz)", "Level (dB)", "Iteration", "kick", "snare"}
    assert expected <= words(path)
    assert any(word.startswith("Component (") for word in words(path))


@pytest.mark.parametrize("panel", PANELS)
def test_one_panel_alone(tmp_path: Path, panel: str) -> None:
    path = tmp_path / "figure.svg"
    draw(drawn_up(), path, panels=[panel])
    titles = {word.split(" (")[0].lower() for word in words(path)} & set(PANELS)
    assert titles == {panel}


@pytest.mark.parametrize("left_out", PANELS)
def test_three_panels(tmp_path: Path, left_out: str) -> None:
    path = tmp_path / "figure.svg"
    draw(drawn_up(), path, panels=[panel for panel in PANELS if panel != left_out])
    titles = {word.split(" (")[0].lower() for word in words(path)} & set(PANELS)
    assert titles == set(PANELS) - {left_out}


def test_many_components_are_numbered(tmp_path: Path) -> None:
    stems = ("kick", "snare", "hihat", "tom", "cymbal", "clap", "residual")
    path = tmp_path / "figure.svg"
    draw(drawn_up(stems=stems), path, panels=["templates", "activations"])
    assert {"7", "7  residual"} <= words(path)


@pytest.mark.parametrize("panels", [["templates"], ["templates", "spectrogram"]])
def test_templates_alone_have_their_names(tmp_path: Path, panels: list[str]) -> None:
    stems = ("kick", "snare", "hihat", "tom", "cymbal", "clap", "residual")
    path = tmp_path / "figure.svg"
    draw(drawn_up(stems=stems), path, panels=panels)
    assert set(stems) <= words(path)


def test_numbers_that_would_touch_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    draw(drawn_up(stems=tuple(f"part {n}" for n in "abcdefghijklmn")), path)
    numbers = {word for word in words(path) if word.isdigit()}
    assert "14  part n" in words(path)
    assert {"11", "13"} <= numbers
    assert not {"12", "14"} & numbers


def test_silence_and_no_iteration(tmp_path: Path) -> None:
    silence = replace(drawn_up(level=0.0), divergence=np.zeros(0))
    path = tmp_path / "figure.png"
    draw(replace(silence, activations=0 * silence.activations), path)
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    assert (width, height) > (1000, 500)


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"ending in \.png, \.svg, \.pdf, found figure\.bmp"):
        check_figure("figure.bmp")
    with pytest.raises(
        ParameterError, match=r"panels: expected one of templates, .*, found 'masks'"
    ):
        draw(drawn_up(), tmp_path / "figure.png", panels=["masks"])
    assert list(tmp_path.iterdir()) == []


def test_an_existing_figure_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "figure.png"
    path.write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"figure\.png: exists; --overwrite replaces it"):
        draw(drawn_up(), path, panels=["divergence"])
    assert path.read_bytes() == b"mine"


def test_missing_matplotlib_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'nmfd-cli\[plot\]'"):
        check_figure("figure.png")


def test_the_command_draws(tmp_path: Path) -> None:
    source, target = tmp_path / "noise.wav", tmp_path / "figure.svg"
    sf.write(source, 0.1 * np.random.default_rng(0).standard_normal(8000), 16000)
    arguments = [str(source), "-o", str(target), "--init", "random", "--iterations", "2"]
    result = CliRunner().invoke(command, [*arguments, "--seed", "1", "--divergence"])
    assert result.exit_code == 0, result.output
    assert "Divergence" in words(target)
    assert "Spectrogram" not in words(target)
