"""The report in a real browser: it plays, solos, mutes, seeks, and loads nothing.

What it needs: see `browsing`.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browsing import NARROW, WIDE, Visit
from separations import made_up

from nmfd_cli import separate
from nmfd_cli.core.tempo import Tempo
from nmfd_cli.io.resources import shipped
from nmfd_cli.report.html import write_report

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of the demo, with the onsets of its score."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    score = shipped("data", "demo", "drums.csv")
    demo = shipped("data", "demo", "drums.wav")
    separate(demo, score=score, iterations=10).report(path)
    return path


@pytest.fixture(scope="module")
def five_classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of five stereo stems with four components each, most of whose names are long."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    stems = ("kick", "snare", "hihat", "tom", "cymbal")
    write_report(made_up(stems=stems, n_templates=4, tempo=Tempo(120.0)), path, audio="auto")
    return path


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a melody."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    write_report(
        made_up(stems=("pitch_61_C#4", "pitch_100_E7", "residual"), n_channels=1),
        path,
        audio="auto",
    )
    return path


@pytest.fixture
def visit(browser: Any, report: Path) -> Iterator[Visit]:
    visit = Visit(browser, report, viewport=WIDE)
    yield visit
    visit.context.close()
    assert visit.said == []
    assert [url for url in visit.requests if not url.startswith(("file:", "data:", "blob:"))] == []
    assert [url for url in visit.requests if url.startswith("file:")] == [report.as_uri()]


def test_plays_all_stems_in_step(visit: Visit) -> None:
    visit.page.click("#loop")  # so that it has not come to its end when it is stopped
    visit.page.click("#play")
    visit.until("s.playing && s.position > 0.2")
    state = visit.state()
    assert state["gains"] == [0, 1, 1, 1]  # the stems; the mixture beside them would be heard twice
    assert len(set(state["lengths"])) == 1
    assert min(state["peaks"]) > 0.1
    assert visit.page.inner_text("#play-label") == "Pause"
    visit.page.click("#play")
    at = visit.state()["position"]
    assert not visit.state()["playing"]
    visit.page.wait_for_timeout(60)
    assert visit.state()["position"] == at


def test_plays_to_its_end_and_starts_again(visit: Visit) -> None:
    visit.page.click("#play")
    visit.page.wait_for_function(
        "() => { if (!nmfdReport.state().playing) return false;"
        " const s = document.getElementById('seek'); s.value = s.max - 0.2;"
        " s.dispatchEvent(new Event('input')); return true; }"
    )
    visit.until("!s.playing && s.position === 0")
    assert visit.page.inner_text("#play-label") == "Play"


def test_solo_and_mute_as_in_a_mixer(visit: Visit) -> None:
    visit.page.click("[data-solo='2']")
    assert visit.gains() == [0, 0, 1, 0]
    assert visit.pressed("[data-solo='2']")
    visit.page.click("[data-solo='3']")
    assert visit.gains() == [0, 0, 1, 1]
    visit.page.click("[data-solo='0']")  # the mixture alone
    assert visit.gains() == [1, 0, 0, 0]
    assert not visit.pressed("[data-solo='2']")
    visit.page.click("[data-solo='0']")
    visit.page.click("[data-mute='1']")
    assert visit.gains() == [0, 0, 1, 1]
    assert visit.pressed("[data-mute='1']")


def test_what_the_desk_says_is_what_sounds(visit: Visit) -> None:
    visit.page.click("#loop")  # so that it goes on sounding
    visit.page.click("#play")
    visit.until_heard("p[0] < 1e-5 && p[1] > 0.02 && p[3] > 0.005")
    visit.page.click("[data-solo='2']")
    visit.until_heard("p[0] < 1e-5 && p[1] < 1e-5 && p[2] > 0.02 && p[3] < 1e-5")
    visit.page.click("[data-solo='2']")
    visit.page.click("[data-mute='1']")
    visit.until_heard("p[1] < 1e-5 && p[2] > 0.02")
    visit.until_heard("p[1] < 1e-5 && p[3] > 0.005")
    visit.page.click("[data-solo='0']")
    visit.until_heard("p[0] > 0.02 && p[1] < 1e-5 && p[2] < 1e-5 && p[3] < 1e-5")
    visit.page.locator("[data-level='0']").fill("-40")
    visit.until_heard("p.every((peak) => peak < 1e-5)")


def test_level_of_a_stem(visit: Visit) -> None:
    slider = visit.page.locator("[data-level='1']")
    slider.fill("-20")
    assert visit.gains()[1] == pytest.approx(0.1)
    assert slider.get_attribute("aria-valuetext") == "−20 dB"
    slider.fill("-40")
    assert visit.gains()[1] == 0


@pytest.mark.parametrize("picture", [".row.mixture .lane", ".row.grid .lane", ".middle"])
def test_click_on_a_picture_goes_there(visit: Visit, picture: str) -> None:
    area = visit.page.locator(picture)
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    area.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    seconds = float(visit.page.get_attribute("#seek", "max"))
    assert visit.state()["position"] == pytest.approx(seconds / 2, rel=0.01)
    place = visit.page.evaluate("document.querySelector('.overlay .cursor').style.left")
    assert float(place.rstrip("%")) == pytest.approx(50, abs=0.5)


def test_drag_loops_a_region(visit: Visit) -> None:
    box = visit.page.locator(".row.mixture .lane").bounding_box()
    assert box is not None
    y = box["y"] + 20
    visit.page.mouse.move(box["x"] + 0.25 * box["width"], y)
    visit.page.mouse.down()
    visit.page.mouse.move(box["x"] + 0.3 * box["width"], y, steps=4)
    visit.page.mouse.up()
    seconds = float(visit.page.get_attribute("#seek", "max"))
    a, b = visit.state()["loop"]
    assert (a, b) == pytest.approx((0.25 * seconds, 0.3 * seconds), abs=0.02)
    visit.page.click("#play")
    visit.until("s.playing")
    for _ in range(8):  # it takes less than that to come around
        visit.page.wait_for_timeout(100)
        assert a - 1e-6 <= visit.state()["position"] <= b
    visit.page.click("#loop-clear")
    visit.page.click("#loop")
    assert visit.state()["loop"] is None


def test_keyboard(visit: Visit) -> None:
    press = visit.page.keyboard.press
    press("ArrowRight")
    press("ArrowRight")
    assert visit.state()["position"] == pytest.approx(1.0)
    press("ArrowLeft")
    assert visit.state()["position"] == pytest.approx(0.5)
    press("a")
    press("Shift+ArrowRight")
    press("b")
    press("l")
    assert visit.state()["loop"] == pytest.approx([0.5, 5.5])
    press("Escape")
    press("l")
    press("Home")
    press("1")
    assert visit.gains() == [0, 1, 0, 0]
    press("1")
    press("Shift+Digit3")
    assert visit.gains() == [0, 1, 1, 0]
    press("Space")
    visit.until("s.playing")
    press("Space")
    visit.until("!s.playing")


def test_space_plays_after_a_click_and_presses_after_a_tab(visit: Visit) -> None:
    visit.page.click("[data-solo='1']")
    visit.page.keyboard.press("Space")
    visit.until("s.playing")
    assert visit.pressed("[data-solo='1']")
    visit.page.keyboard.press("Space")
    visit.until("!s.playing")
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.dataset.mute") == "1"
    visit.page.keyboard.press("Space")
    assert visit.pressed("[data-mute='1']")
    assert not visit.state()["playing"]


def test_single_keys_can_be_turned_off(visit: Visit) -> None:
    visit.page.click(".keys summary")
    visit.page.uncheck("#keys")
    visit.page.locator("h1").click()
    visit.page.keyboard.press("1")
    assert visit.gains() == [0, 1, 1, 1]


def test_everything_is_reached_by_tab(visit: Visit) -> None:
    reached = set()
    for _ in range(40):
        visit.page.keyboard.press("Tab")
        reached.add(visit.page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
    for mark in ('id="play"', 'id="seek"', 'id="loop-a"', 'data-solo="3"', 'data-mute="3"'):
        assert any(mark in element for element in reached), mark


def test_zoom_widens_the_time_axis(visit: Visit) -> None:
    before = visit.page.locator(".row.mixture .lane").bounding_box()
    visit.page.click("#zoom-in")
    after = visit.page.locator(".row.mixture .lane").bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] == pytest.approx(2 * before["width"], rel=0.01)
    assert visit.page.inner_text("#zoom-text") == "2×"


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_fits_the_window_in_both_themes(
    browser: Any, report: Path, viewport: dict[str, int], scheme: str
) -> None:
    visit = Visit(browser, report, viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    root = "document.documentElement"
    assert visit.page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
    background = "getComputedStyle(document.body).backgroundColor"
    expected = {"light": "rgb(244, 245, 247)", "dark": "rgb(22, 24, 29)"}
    assert visit.page.evaluate(background) == expected[scheme]
    other = "light" if scheme == "dark" else "dark"
    visit.page.select_option("#theme", other)
    assert visit.page.evaluate(background) == expected[other]
    visit.context.close()
    assert visit.said == []


#: Of every text that shows: what it says, its contrast to what is behind it, and what WCAG asks.
CONTRASTS = """() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) =>
    0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = channels(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const texts = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].filter((n) => n.nodeType === 3 && n.data.trim());
    if (!own.length || !element.checkVisibility() || element.closest("script,style")) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const pair = [luminance(channels(style.color)), luminance(behind(element))].sort();
    const [low, high] = pair[0] < pair[1] ? pair : pair.reverse();
    texts.push([own[0].data.trim(), (high + 0.05) / (low + 0.05), isLarge ? 3 : 4.5, size]);
  }
  return texts;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out(browser: Any, report: Path, scheme: str) -> None:
    visit = Visit(browser, report, viewport=WIDE, color_scheme=scheme, reduced_motion="reduce")
    visit.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    visit.page.click("#loop")
    visit.page.click("[data-solo='1']")
    visit.page.click("[data-mute='2']")
    texts = visit.page.evaluate(CONTRASTS)
    assert len(texts) > 100
    assert [text for text in texts if text[1] < text[2]] == []
    assert min(size for *_, size in texts) >= 11
    visit.context.close()


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_controls_are_large_enough_to_hit(
    browser: Any, report: Path, viewport: dict[str, int]
) -> None:
    visit = Visit(browser, report, viewport=viewport)
    controls = visit.page.locator("button, select, input[type=range]")
    boxes = [box for box in (c.bounding_box() for c in controls.all()) if box is not None]
    assert len(boxes) > 15
    assert min(box["height"] for box in boxes) >= 24
    assert min(box["width"] for box in boxes) >= 24
    visit.context.close()


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", ["report", "five_classes", "notes"])
def test_no_name_is_cut_off(
    browser: Any, request: pytest.FixtureRequest, name: str, viewport: dict[str, int]
) -> None:
    visit = Visit(browser, request.getfixturevalue(name), viewport=viewport)
    root = "document.documentElement"
    assert visit.page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth")
    cut = visit.page.evaluate(
        "[...document.querySelectorAll('.name,.number')].filter((e) => e.checkVisibility() &&"
        " e.scrollWidth > e.clientWidth + 1 && e.clientWidth).map((e) => e.textContent)"
    )
    assert cut == []
    visit.context.close()


def test_the_focus_is_seen(visit: Visit) -> None:
    visit.page.keyboard.press("Tab")
    for _ in range(12):
        visit.page.keyboard.press("Tab")
        shown = visit.page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement);"
            " return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; })()"
        )
        assert shown, visit.page.evaluate("document.activeElement.outerHTML.slice(0, 80)")


def test_pictures_alone_can_be_zoomed(browser: Any, tmp_path: Path) -> None:
    write_report(made_up(), tmp_path / "report.html", audio="none")
    visit = Visit(browser, tmp_path / "report.html", viewport=WIDE)
    lane = visit.page.locator(".row.mixture .lane")
    before = lane.bounding_box()
    visit.page.click("#zoom-in")
    after = lane.bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] == pytest.approx(2 * before["width"], rel=0.01)
    assert not visit.page.locator("#play").count()
    visit.context.close()
    assert visit.said == []


def test_sound_that_cannot_be_decoded_is_told(browser: Any, report: Path, tmp_path: Path) -> None:
    broken = tmp_path / "report.html"
    page = report.read_text(encoding="utf-8")
    broken.write_text(re.sub(r'(id="sound-1">).{2000}', r"\1", page), encoding="utf-8")
    visit = Visit(browser, broken, viewport=WIDE)
    visit.page.click("#play")
    visit.page.wait_for_function("() => document.getElementById('status').textContent")
    assert visit.page.inner_text("#clock") == "this browser cannot decode the sound"
    assert visit.page.inner_text("#play-label") == "Play"
    visit.context.close()


def test_pictures_need_no_script(browser: Any, report: Path) -> None:
    visit = Visit(browser, report, java_script_enabled=False, viewport=WIDE)
    assert visit.page.is_visible("noscript")
    assert not visit.page.is_visible("#play")
    assert visit.page.is_visible(".row.stem .spectrogram >> nth=0")
    visit.context.close()
