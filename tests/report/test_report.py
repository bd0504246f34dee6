"""The report without a browser: its structure, its size, what it escapes."""

import io
import json
import re
from base64 import b64decode, b64encode
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from shlex import quote

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner
from separations import HOP_LENGTH, SAMPLE_RATE, made_up

from nmfd_cli.cli import report as report_command
from nmfd_cli.core.tempo import Tempo
from nmfd_cli.errors import OutputError
from nmfd_cli.report.html import render, write_report
from nmfd_cli.report.page.markup import nice_ticks, text, tick_labels

VOID = {"meta", "link", "input", "br", "img", "hr"}
NASTY = "</script><img src=x onerror=alert(1)>\"'&\x07\udcff.wav"
LOADING = {"src", "href", "srcset", "action", "data", "poster", "xlink:href"}


class Page(HTMLParser):
    """Reads a page as strictly as a test needs: every element closed where it was opened."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.faults: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if len(dict(attrs)) < len(attrs):
            self.faults.append(f"{tag}: an attribute twice: {attrs}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")

    def values(self, name: str) -> list[str]:
        return [attributes[name] for _, attributes in self.elements if name in attributes]


@pytest.fixture(scope="module")
def html() -> str:
    return render(made_up(tempo=Tempo(120.0, 0.1)), audio="auto")


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def test_every_element_is_closed_where_it_was_opened(page: Page) -> None:
    assert page.faults == []
    assert page.open == []


def test_ids_are_unique_and_references_lead_to_them(page: Page) -> None:
    ids = page.values("id")
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    references = page.values("aria-labelledby") + page.values("for")
    references += [href[1:] for href in page.values("href") if href.startswith("#")]
    assert set(references) <= set(ids)


def test_script_finds_every_id_it_asks_for(html: str, page: Page) -> None:
    asked = set(re.findall(r'byId\("([a-z-]+)"\)', html))
    assert asked
    assert asked <= set(page.values("id"))


def test_every_control_has_a_name(html: str) -> None:
    for button in re.findall(r"<button[^>]*>(.*?)</button>", html, re.DOTALL):
        assert re.sub(r"<[^>]*>", "", button).strip()
    for field in re.findall(r"<(?:input|select)[^>]*>", html):
        before = html[: html.index(field)]
        assert before.rfind("<label") > before.rfind("</label>"), field


def test_headings_descend_step_by_step(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def _without_data(html: str) -> str:
    """A page without its base64."""
    return re.sub(r"[A-Za-z0-9+/]{200,}=*", "", html)


def test_nothing_is_loaded_from_anywhere(html: str, page: Page) -> None:
    assert re.findall(r"(?:https?:|[\"'(=])//\S{9}", _without_data(html)) == []
    for tag, attributes in page.elements:
        for name in LOADING & attributes.keys():
            assert attributes[name].startswith(("#", "data:")), (tag, name)
    assert set(re.findall(r"url\((.{11})", html)) == {"data:image/"}
    assert not re.search(r"@import|fetch\(|XMLHttpRequest|WebSocket|sendBeacon|import\(", html)


def test_policy_allows_the_one_script_and_no_load(html: str, page: Page) -> None:
    (policy,) = [a["content"] for _, a in page.elements if "Policy" in a.get("http-equiv", "")]
    (script,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_a_name_is_nothing_but_text() -> None:
    recording = made_up(NASTY, stems=("kick", NASTY), command=f"nmfd report '{NASTY}'")
    html = render(replace(recording, settings={NASTY: NASTY}, version=NASTY), audio="none")
    html.encode("utf-8")
    page = Page(html)
    assert page.faults == []
    assert not any("onerror" in attributes for _, attributes in page.elements)
    assert [tag for tag, _ in page.elements].count("script") == 2
    assert not [tag for tag, _ in page.elements if tag == "img"]
    (data,) = re.findall(r'id="recording">(.*?)</script>', html, re.DOTALL)
    assert json.loads(data)["names"][2] == NASTY


def test_text_keeps_what_can_be_shown() -> None:
    assert text("a<b> & \"c\" 'd' ü") == "a&lt;b&gt; &amp; &quot;c&quot; &#x27;d&#x27; ü"
    assert text("bell\x07, stray \udcff") == "bell\ufffd, stray \ufffd\ufffd\ufffd"


def test_the_page_says_what_there_is(html: str) -> None:
    assert "1.5 s, stereo, 22.05 kHz, 2 stems" in html
    assert "<code><span>nmfd</span> <span>report</span> <span>loop.wav</span></code>" in html
    assert "nmfd 1.2.3" in html
    assert "<code>--iterations</code></th><td>12</td><td>Iterations of the solver.</td>" in html
    assert "<code>--kit</code></th><td>not given</td>" in html
    assert re.search(r"snare</th><td>−\d+\.\d</td><td>\d+\.\d %</td><td>2</td>", html)
    assert html.count('title="0.700 s, velocity 40"') == 2


def test_bars_stand_where_the_tempo_is_known(html: str) -> None:
    assert html.count('<b class="bar"') == 1
    assert html.count('<b class="beat"') == 2
    assert '<b class="bar"' not in render(made_up(), audio="none")


def test_bars_of_a_long_recording_stay_a_grid() -> None:
    minutes = replace(made_up(tempo=Tempo(200.0)), sample_rate=100)
    page = render(minutes, audio="none")
    assert 50 < page.count('<b class="bar"') <= 100
    assert page.count('<b class="beat"') == 0
    numbers = re.findall(r'<b class="bar"[^>]*><span>(\d+)</span>', page)
    assert len(numbers) <= 25
    assert numbers[:2] == ["1", "17"]


def test_without_onsets_there_is_no_grid() -> None:
    page = render(replace(made_up(), onsets={}), audio="none")
    assert 'class="row grid"' not in page
    assert "Onsets as text" not in page


def test_pictures_only_has_nothing_to_play() -> None:
    page = render(made_up(), audio="none")
    elements = Page(page)
    assert not {"play", "sound-0"} & set(elements.values("id"))
    assert "2 stems, pictures only</p>" in page
    assert not elements.values("data-solo")
    assert "--picture-2:url(data:image/png;base64," in page


@pytest.mark.parametrize("seconds", [1 / SAMPLE_RATE, 0.01])
def test_shortest_recordings(seconds: float) -> None:
    assert Page(render(made_up(seconds=seconds), audio="auto")).faults == []


def test_silence_one_channel_and_no_iteration() -> None:
    silence = replace(made_up(n_channels=1, level=0.0), divergence=np.zeros(0), onsets={})
    page = render(silence, audio="auto")
    assert Page(page).faults == []
    assert "<td>−∞</td><td>–</td><td>–</td>" in page
    assert not re.search(r"\bnan\b", _without_data(page), re.IGNORECASE)


def test_several_components_of_a_stem_share_its_colour() -> None:
    recording = replace(made_up(), stem_of=(1, 1))
    assert recording.component_names == ("snare 1", "snare 2")
    page = render(recording, audio="none")
    assert page.count("var(--template-") == 2
    assert "Template of snare 2" in page


def test_boxes_of_templates_are_as_wide_as_their_frames() -> None:
    recording = replace(made_up(), template_edges=(0, 1, 2, 4, 8))
    assert recording.framewise_templates.shape[2] == 8
    assert recording.template_seconds == pytest.approx(8 * HOP_LENGTH / SAMPLE_RATE)
    np.testing.assert_array_equal(
        recording.framewise_templates[:, :, 4], recording.templates[:, :, 3]
    )


@pytest.mark.parametrize(("low", "high"), [(0, 7.8), (0, 0.0003), (-3, 12), (0, 3600)])
def test_ticks_are_few_and_inside(low: float, high: float) -> None:
    ticks = nice_ticks(low, high, 10)
    assert 2 <= len(ticks) <= 11
    assert low - 1e-9 <= ticks[0]
    assert ticks[-1] <= high * (1 + 1e-9)
    assert len(set(tick_labels(ticks))) == len(ticks)


def test_a_report_replaces_nothing_unasked(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"report\.html: exists; --overwrite replaces it"):
        write_report(made_up(), target, audio="none")
    assert target.read_text(encoding="utf-8") == "mine"
    write_report(made_up(), target, audio="none", overwrite=True)
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_the_command_writes_what_it_says(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    source, target = tmp_path / "a b.wav", tmp_path / "out.html"
    sf.write(source, 0.1 * rng.standard_normal(8000), 16000)
    arguments = [str(source), "--init", "random", "--iterations", "2", "--seed", "1"]
    arguments += ["--template-frames", "4", "-o", str(target)]
    result = CliRunner().invoke(report_command.command, arguments)
    assert result.exit_code == 0, result.output
    page = target.read_text(encoding="utf-8")
    assert "<title>a b.wav – separated</title>" in page
    command = unescape(re.sub("<[^>]*>", "", re.findall(r"<pre>(.*?)</pre>", page)[0]))
    assert command == (
        f"report {quote(str(source))} --out {quote(str(target))} --init random --template-frames 4 "
        "--iterations 2 --seed 1"
    )
    (sound,) = re.findall(r'id="sound-0">(.*?)</script>', page)
    assert sf.info(io.BytesIO(b64decode(sound))).frames == 8000


def test_a_preset_counts_for_the_command(tmp_path: Path) -> None:
    source, target, preset = (tmp_path / name for name in ("a.wav", "out.html", "mine.toml"))
    sf.write(source, 0.1 * np.random.default_rng(0).standard_normal(1000), 16000)
    preset.write_text(
        'description = "x"\nreport_audio = "none"\noverwrite = true\ninit = "random"\n'
        "iterations = 1\ntemplate_frames = 2\n",
        encoding="utf-8",
    )
    target.write_text("mine", encoding="utf-8")
    arguments = [str(source), "--preset", str(preset), "-o", str(target)]
    for given, has_sound in (([], False), (["--report-audio", "flac"], True)):
        result = CliRunner().invoke(report_command.command, [*arguments, *given])
        assert result.exit_code == 0, result.output
        assert ('id="sound-0"' in target.read_text(encoding="utf-8")) == has_sound
    result = CliRunner().invoke(report_command.command, [*arguments, "--no-overwrite"])
    assert isinstance(result.exception, OutputError)
