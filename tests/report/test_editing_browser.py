"""Hits corrected by hand in a real browser, saved, and separated again with; see `browsing`."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browsing import NARROW, WIDE, Visit
from click.testing import CliRunner
from separations import made_up

from nmfd_cli import separate
from nmfd_cli.cli.main import cli
from nmfd_cli.core.tempo import Tempo
from nmfd_cli.io.resources import shipped
from nmfd_cli.io.score.reader import read_score
from nmfd_cli.report.html import write_report

pytestmark = pytest.mark.slow

DEMO, SCORE = shipped("data", "demo", "drums.wav"), shipped("data", "demo", "drums.csv")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the demo, with the onsets of its score."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    separate(DEMO, score=SCORE, iterations=2).report(path, audio="ogg")
    return path


class Editing(Visit):
    """A page whose hits are being edited."""

    def __init__(self, browser: Any, report: Path, **options: Any) -> None:
        super().__init__(browser, report, **options)
        self.page.click("#edit")
        self.seconds = float(self.page.get_attribute("#hit-onset", "max"))
        self.page.locator("#hits").scroll_into_view_if_needed()

    def onsets(self, drum: str) -> list[float]:
        """What the page lists as the onsets of a drum, from the names of its hits."""
        names = self.page.locator(f'#hits [role=option][aria-label^="{drum},"]').evaluate_all(
            "(hits) => hits.map((hit) => hit.getAttribute('aria-label'))"
        )
        return sorted(float(name.split(", ")[1].split(" ")[0]) for name in names)

    def at(self, time: float, drum: str) -> tuple[float, float]:
        """Where a time stands on the line of a drum."""
        box = self.page.locator(f'#hits [aria-label="{drum}"]').bounding_box()
        assert box is not None
        return box["x"] + time / self.seconds * box["width"], box["y"] + box["height"] / 2

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=4)
        self.page.mouse.up()

    def told(self) -> str:
        return str(self.page.inner_text("#edit-status"))

    def command(self) -> str:
        return str(self.page.inner_text("#again"))

    def save(self, folder: Path, kind: str) -> Path:
        with self.page.expect_download() as download:
            self.page.click(f"#save-{kind}")
        path = folder / str(download.value.suggested_filename)
        download.value.save_as(path)
        return path


@pytest.fixture
def editing(browser: Any, report: Path) -> Iterator[Editing]:
    editing = Editing(browser, report, viewport=WIDE)
    yield editing
    editing.context.close()
    assert editing.said == []
    urls = [url for url in editing.requests if not url.startswith(("data:", "blob:"))]
    assert urls == [report.as_uri()]


def test_nothing_is_edited_unasked(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, viewport=WIDE)
    assert not visit.page.is_visible("#editor")
    before = visit.page.locator("#hits").inner_html()
    visit.page.locator("#hits").dblclick(position={"x": 20, "y": 20})
    assert visit.page.locator("#hits").inner_html() == before
    assert not visit.page.evaluate("document.getElementById('hits').hasAttribute('tabindex')")
    visit.page.click("#edit")
    assert visit.page.is_visible("#editor")
    visit.page.click("#edit")
    assert not visit.page.is_visible("#editor")
    visit.context.close()
    assert visit.said == []


def test_unchanged_hits_are_saved_as_they_were(editing: Editing, tmp_path: Path) -> None:
    original = read_score(SCORE)
    assert read_score(editing.save(tmp_path, "csv")) == original
    pytest.importorskip("mido")
    midi = read_score(editing.save(tmp_path, "midi"))
    assert midi.drums == original.drums
    np.testing.assert_allclose(midi.onsets, original.onsets, atol=0.00026)
    assert midi.velocities == original.velocities


def test_corrected_by_pointer_and_separated_again(
    editing: Editing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = read_score(SCORE)
    kick, snare = editing.onsets("kick"), editing.onsets("snare")
    assert len(kick) + len(snare) + len(editing.onsets("hihat")) == len(original)
    # add
    gap = max(range(len(snare) - 1), key=lambda i: snare[i + 1] - snare[i])
    new = (snare[gap] + snare[gap + 1]) / 2
    editing.page.mouse.dblclick(*editing.at(new, "snare"))
    assert editing.told().startswith("Added snare")
    (added,) = set(editing.onsets("snare")) - set(snare)
    assert added == pytest.approx(new, abs=0.01)
    # move
    editing.drag(editing.at(kick[0], "kick"), editing.at(kick[0] + 0.1, "kick"))
    (moved,) = set(editing.onsets("kick")) - set(kick)
    assert moved == pytest.approx(kick[0] + 0.1, abs=0.01)
    # another drum: by dragging, and by the list
    editing.drag(editing.at(kick[3], "kick"), editing.at(kick[3], "snare"))
    assert kick[3] in editing.onsets("snare")
    editing.page.mouse.click(*editing.at(kick[4], "kick"))
    editing.page.select_option("#hit-drum", label="tom")
    assert editing.onsets("tom") == [kick[4]]
    # remove, and undo
    editing.page.mouse.click(*editing.at(kick[5], "kick"))
    editing.page.click("#hit-remove")
    assert kick[5] not in editing.onsets("kick")
    editing.page.click("#hit-undo")
    assert kick[5] in editing.onsets("kick")
    editing.page.keyboard.press("Control+Shift+Z")
    assert kick[5] not in editing.onsets("kick")
    assert len(editing.onsets("kick")) == len(kick) - 3

    drums = ("kick", "snare", "hihat", "tom")
    shown = {drum: editing.onsets(drum) for drum in drums}
    saved = editing.save(tmp_path, "csv")
    assert saved.name == "score.csv"
    table = read_score(saved)
    for drum in drums:
        onsets = [at for at, name in zip(table.onsets, table.drums, strict=True) if name == drum]
        np.testing.assert_allclose(onsets, shown[drum], atol=0.00051)
    monkeypatch.chdir(tmp_path)  # where the command is to be run
    result = CliRunner().invoke(cli, shlex.split(editing.command())[1:])
    assert result.exit_code == 0, result.output
    corrected = tmp_path / "corrected" / "drums"
    assert {path.stem for path in corrected.glob("*.wav")} == set(drums)
    assert (corrected / "report.html").exists()
    pytest.importorskip("mido")
    midi = read_score(editing.save(tmp_path, "midi"))
    assert sorted(zip(midi.drums, midi.velocities, strict=True), key=str) == sorted(
        zip(table.drums, table.velocities, strict=True), key=str
    )
    np.testing.assert_allclose(midi.onsets, table.onsets, atol=0.00026)
    assert "--score score.mid" in editing.command()

    second = separate(DEMO, score=saved, iterations=1)
    for drum in drums:
        found = second.onsets[drum][:, 0]
        np.testing.assert_allclose(found, shown[drum], atol=0.00051)


def test_the_command_separates_again(editing: Editing) -> None:
    assert editing.command() == (
        f"nmfd separate {DEMO} --score score.csv --out corrected --report --iterations 2"
    )


def test_corrected_by_keyboard(editing: Editing) -> None:
    press = editing.page.keyboard.press
    kick = editing.onsets("kick")
    editing.page.focus("#hits")
    press("ArrowRight")
    press("ArrowRight")
    selected = "document.getElementById('hits').getAttribute('aria-activedescendant')"
    label = f"document.getElementById({selected}).getAttribute('aria-label')"
    first = editing.page.evaluate(label)
    assert first.startswith(("kick, 0.", "kick, 1."))
    at = float(first.split(", ")[1].split(" ")[0])
    assert editing.state()["position"] == pytest.approx(at, abs=0.001)  # the player came along
    press("Shift+ArrowRight")
    press(".")
    assert round(at + 0.011, 3) in editing.onsets("kick")
    press("Shift+ArrowDown")
    assert round(at + 0.011, 3) in editing.onsets("snare")
    press("Delete")
    assert round(at + 0.011, 3) not in editing.onsets("snare")
    for _ in range(4):
        press("Control+z")
    assert editing.onsets("kick") == kick
    assert editing.page.is_disabled("#hit-undo")
    press("ArrowUp")
    n_kicks = len(kick)
    editing.page.locator("#seek").fill("0.05")
    editing.page.focus("#hits")
    press("Enter")
    assert len(editing.onsets("kick")) == n_kicks + 1
    assert not editing.state()["playing"]
    press("Space")  # is the player's still
    editing.until("s.playing")
    press("Space")


def test_fields_change_the_hit(editing: Editing) -> None:
    kick = editing.onsets("kick")
    editing.page.mouse.click(*editing.at(kick[1], "kick"))
    editing.page.fill("#hit-onset", "0.111")
    editing.page.keyboard.press("Tab")
    assert 0.111 in editing.onsets("kick")
    editing.page.fill("#hit-velocity", "300")
    editing.page.keyboard.press("Tab")
    assert editing.page.input_value("#hit-velocity") == "127"


def test_escape_gives_a_drag_up(editing: Editing) -> None:
    kick = editing.onsets("kick")
    editing.page.mouse.move(*editing.at(kick[2], "kick"))
    editing.page.mouse.down()
    editing.page.mouse.move(*editing.at(kick[2] + 0.3, "snare"), steps=3)
    editing.page.keyboard.press("Escape")
    editing.page.mouse.up()
    assert editing.onsets("kick") == kick


def test_hits_snap_to_the_grid_when_asked(browser: Any, tmp_path: Path) -> None:
    write_report(made_up(tempo=Tempo(120.0, 0.1)), tmp_path / "report.html", audio="none")
    editing = Editing(browser, tmp_path / "report.html", viewport=WIDE)
    editing.page.mouse.dblclick(*editing.at(0.49, "kick"))
    free = (set(editing.onsets("kick")) - {0.1, 0.7}).pop()
    assert free == pytest.approx(0.49, abs=0.003)
    editing.page.select_option("#hit-snap", "4")
    editing.page.mouse.dblclick(*editing.at(0.97, "kick"))
    assert 0.975 in editing.onsets("kick")
    editing.page.focus("#hits")
    editing.page.keyboard.press("Shift+ArrowLeft")
    assert 0.85 in editing.onsets("kick")
    editing.context.close()
    assert editing.said == []


def test_fingers_drag_hits_and_add_them(browser: Any, report: Path) -> None:
    editing = Editing(browser, report, viewport=NARROW, has_touch=True, is_mobile=True)
    kick = editing.onsets("kick")
    editing.page.touchscreen.tap(*editing.at(kick[1], "kick"))
    assert editing.page.input_value("#hit-onset") == f"{kick[1]:.3f}"
    fingers = editing.context.new_cdp_session(editing.page)
    scrolled = editing.page.evaluate("scrollY")
    (x, y), (_, below) = (editing.at(kick[1], drum) for drum in ("kick", "hihat"))
    for kind, points in (
        ("touchStart", [{"x": x, "y": y}]),
        ("touchMove", [{"x": x + 10, "y": (y + below) / 2}]),
        ("touchMove", [{"x": x + 20, "y": below}]),
        ("touchEnd", []),
    ):
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    editing.page.wait_for_function("() => document.getElementById('edit-status').textContent")
    assert kick[1] not in editing.onsets("kick")
    assert float(editing.page.input_value("#hit-onset")) > kick[1] + 0.1
    assert editing.page.locator("#hit-drum option:checked").inner_text() == "hihat"
    assert editing.page.evaluate("scrollY") == scrolled
    n_snares = len(editing.onsets("snare"))
    editing.page.touchscreen.tap(*editing.at(0.98 * editing.seconds, "snare"))
    editing.page.tap("#hit-add")
    assert len(editing.onsets("snare")) == n_snares + 1
    snares = np.array(editing.onsets("snare"))
    place = int(np.argmin(np.abs(np.diff(snares) - 0.56)))  # nearer than a finger is exact
    x, y = editing.at(float(snares[place : place + 2].mean()), "snare")
    editing.page.touchscreen.tap(x - 2, y)
    editing.page.touchscreen.tap(x + 2, y)
    assert len(editing.onsets("snare")) == n_snares + 2
    editing.page.touchscreen.tap(*editing.at(float(snares[place]), "snare"))
    editing.page.touchscreen.tap(*editing.at(float(snares[place]), "snare"))
    assert len(editing.onsets("snare")) == n_snares + 2
    editing.context.close()
    assert editing.said == []


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_editor_fits_and_its_controls_are_named(
    browser: Any, report: Path, viewport: dict[str, int]
) -> None:
    editing = Editing(browser, report, viewport=viewport)
    root = "document.documentElement"
    assert editing.page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
    controls = editing.page.locator("#editor button, #editor select, #editor input")
    boxes = [box for box in (c.bounding_box() for c in controls.all()) if box is not None]
    assert len(boxes) >= 10
    assert min(min(box["height"], box["width"]) for box in boxes) >= 24
    editing.page.focus("#hits")
    editing.page.keyboard.press("ArrowRight")
    outline = "getComputedStyle(document.getElementById('hits')).outlineStyle"
    assert editing.page.evaluate(outline) != "none"
    editing.context.close()
