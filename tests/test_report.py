"""The report without a browser: its structure, its colours, its size, what it escapes."""

import io
import json
import re
import struct
import zlib
from base64 import b64decode, b64encode
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner
from numpy.typing import NDArray
from separations import HOP_LENGTH, N_FFT, SAMPLE_RATE, made_up, strokes

from nmfd_cli.app.page.markup import nice_ticks, text, tick_labels
from nmfd_cli.app.page.palette import SHAPES, STEM_COLOURS, SURFACES
from nmfd_cli.app.page.png import encode_png
from nmfd_cli.app.page.sound import AUDIO_CHOICES, encode_tracks
from nmfd_cli.app.report_page import render, write_report
from nmfd_cli.cli import report as report_command
from nmfd_cli.core.pictures import (
    colour_map,
    decibel_levels,
    envelope,
    frequency_range,
    largest_in_groups,
    log_frequency_rows,
    spectrogram_picture,
)
from nmfd_cli.core.stft import Stft
from nmfd_cli.core.tempo import Tempo, estimate_tempo
from nmfd_cli.errors import OutputError, ParameterError

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
    return render(made_up(tempo=Tempo(120.0, 0.1)))


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


# ---- structure ----


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
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:], strict=False))


def test_nothing_is_loaded_from_anywhere(html: str, page: Page) -> None:
    assert re.findall(r"(?:https?:)?//[a-z]", html.replace("// ", "")) == []
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
    assert "nmfd report loop.wav" in html
    assert "nmfd 1.2.3" in html
    assert "<th scope=row>iterations</th><td>12</td>" in html
    assert "<th scope=row>kit</th><td>not given</td>" in html
    assert re.search(r"snare</th><td>−\d+\.\d</td><td>\d+\.\d %</td><td>2</td>", html)
    assert html.count('title="0.700 s, velocity 40"') == 2


def test_bars_stand_where_the_tempo_is_known(html: str) -> None:
    assert html.count('<b class="bar"') == 1
    assert html.count('<b class="beat"') == 2
    assert '<b class="bar"' not in render(made_up(), audio="none")


def test_without_onsets_there_is_no_grid() -> None:
    page = render(replace(made_up(), onsets={}), audio="none")
    assert 'class="row grid"' not in page
    assert "Onsets as text" not in page


def test_pictures_only_has_nothing_to_play() -> None:
    page = render(made_up(), audio="none")
    assert 'id="play"' not in page
    assert "sound-0" not in page
    assert "data-solo" not in page
    assert "--picture-2:url(data:image/png;base64," in page


@pytest.mark.parametrize("seconds", [1 / SAMPLE_RATE, 0.01])
def test_shortest_recordings(seconds: float) -> None:
    assert Page(render(made_up(seconds=seconds))).faults == []


def test_silence_one_channel_and_no_iteration() -> None:
    silence = replace(made_up(n_channels=1, level=0.0), divergence=np.zeros(0), onsets={})
    page = render(silence)
    assert Page(page).faults == []
    assert "<td>−∞</td><td>–</td><td>–</td>" in page
    assert "nan" not in page.split("<script>")[0].lower().replace("nano", "")


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


# ---- size and sound ----


def test_ten_seconds_of_five_stereo_stems_stay_below_three_megabytes() -> None:
    stems = ("kick", "snare", "hihat", "tom", "cymbal")
    generator = np.random.default_rng(3)
    n_samples = 441_000
    # noise in bursts: harder to compress than any drum
    bursts = np.exp(-(np.arange(n_samples) % 22050) / 4000.0)
    sounds = generator.standard_normal((5, 2, n_samples)) * bursts * 0.05
    recording = replace(
        made_up(stems=stems),
        sample_rate=44100,
        mixture=sounds.sum(axis=0).astype(np.float32),
        stems=dict(zip(stems, sounds.astype(np.float32), strict=True)),
        activations=generator.random((5, 441_000 // HOP_LENGTH)),
    )
    assert len(render(recording).encode()) < 3_000_000


@pytest.mark.parametrize(("audio", "tolerance"), [("flac", 1 / 32768), ("ogg", 0.1)])
def test_sound_comes_back_in_step(audio: str, tolerance: float) -> None:
    recording = made_up()
    tracks = [recording.mixture, *recording.stems.values()]
    sound = encode_tracks(tracks, SAMPLE_RATE, audio)
    assert sound.format == audio
    for track, data in zip(tracks, sound.tracks, strict=True):
        decoded, rate = sf.read(io.BytesIO(data), always_2d=True)
        assert rate == SAMPLE_RATE
        assert decoded.T.shape == track.shape
        np.testing.assert_allclose(decoded.T * sound.gain, track, atol=tolerance)


def test_sound_above_full_scale_is_not_clipped() -> None:
    loud = made_up(level=2.5).mixture
    sound = encode_tracks([loud], SAMPLE_RATE, "flac")
    assert sound.gain > 2
    decoded, _ = sf.read(io.BytesIO(sound.tracks[0]), always_2d=True)
    np.testing.assert_allclose(decoded.T * sound.gain, loud, atol=1e-4)


def test_auto_takes_flac_while_it_is_small() -> None:
    short = np.zeros((2, 1000), dtype=np.float32)
    noise = np.random.default_rng(0).uniform(-1, 1, (2, 600_000)).astype(np.float32)
    assert encode_tracks([short], 44100).format == "flac"
    assert encode_tracks([noise], 44100).format == "ogg"
    assert encode_tracks([noise], 500).format == "flac"  # a rate that Vorbis does not know


def test_more_than_two_channels_are_heard_as_one() -> None:
    track = made_up(n_channels=5).mixture
    decoded, _ = sf.read(io.BytesIO(encode_tracks([track], SAMPLE_RATE, "flac").tracks[0]))
    np.testing.assert_allclose(decoded, track.mean(axis=0), atol=1e-4)


def test_unknown_audio_is_refused() -> None:
    with pytest.raises(ParameterError, match="audio: expected one of auto, flac, ogg, none"):
        render(made_up(), audio="mp3")


# ---- colours ----


def _linear(colour: str) -> NDArray[np.float64]:
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    low, high = sorted(float(_linear(colour) @ weights) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_on_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_stems_stand_out(theme: str) -> None:
    surfaces = SURFACES[theme]
    for ground in ("page", "panel"):
        for name in ("text", "muted", "accent"):
            assert contrast(surfaces[name], surfaces[ground]) >= 4.5, (name, ground)
        for colour in STEM_COLOURS[theme]:
            assert contrast(colour, surfaces[ground]) >= 4.5, (colour, ground)
    assert contrast(surfaces["on-accent"], surfaces["accent"]) >= 4.5
    # of controls and of the cursor WCAG asks for 3
    assert contrast(surfaces["line"], surfaces["panel"]) >= 3
    assert contrast(surfaces["cursor"], surfaces["panel"]) >= 3


# G. M. Machado et al., "A physiologically-based model for simulation of color vision deficiency",
# 2009: red-blind, green-blind
BLINDNESS = {
    "none": np.eye(3),
    "red": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "green": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}


def _oklab(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    opponents = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    lab: NDArray[np.float64] = opponents @ np.cbrt(cones @ linear)
    return lab


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_no_two_stems_look_alike(theme: str, blindness: str) -> None:
    seen = [
        _oklab(np.clip(BLINDNESS[blindness] @ _linear(colour), 0, 1))
        for colour in STEM_COLOURS[theme]
    ]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) > 0.08


def test_colour_and_shape_together_are_one_stem_s() -> None:
    n_colours = len(STEM_COLOURS["light"])
    pairs = {(s % n_colours, s % len(SHAPES)) for s in range(42)}
    assert len(pairs) == 42


def test_colour_map_rises_in_lightness() -> None:
    colours = ["#" + bytes(colour).hex() for colour in colour_map(64)]
    lightness = [float(_oklab(_linear(colour))[0]) for colour in colours]
    assert np.all(np.diff(lightness) > 0)
    assert colours[0] in ("#000000", "#000001")
    assert lightness[-1] > 0.95


# ---- pictures ----


def test_png_holds_what_was_given() -> None:
    levels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    png = encode_png(levels, colour_map(12), np.arange(12, dtype=np.uint8))
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks = {}
    position = 8
    while position < len(png):
        (length,) = struct.unpack(">I", png[position : position + 4])
        kind, data = png[position + 4 : position + 8], png[position + 8 : position + 8 + length]
        (check,) = struct.unpack(">I", png[position + 8 + length : position + 12 + length])
        assert check == zlib.crc32(kind + data)
        chunks[kind] = data
        position += 12 + length
    assert struct.unpack(">II", chunks[b"IHDR"][:8]) == (4, 3)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(3, 5)
    pixels = rows[:, 1:].copy()
    if rows[0, 0] == 1:
        pixels = np.cumsum(pixels, axis=1, dtype=np.uint8)
    if rows[0, 0] == 2:
        pixels = np.cumsum(pixels, axis=0, dtype=np.uint8)
    np.testing.assert_array_equal(pixels, levels[::-1])


def test_a_tone_shows_at_its_frequency_and_time() -> None:
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    tone = np.where(time >= 1, np.sin(2 * np.pi * 1000 * time), 0)[None].astype(np.float32)
    picture = spectrogram_picture(
        [tone[:, :9000], tone[:, 9000:]],
        Stft(N_FFT, HOP_LENGTH),
        SAMPLE_RATE,
        n_samples=len(time),
        n_rows=120,
        n_columns=1000,
    )
    assert picture.shape == (120, len(time) // HOP_LENGTH)
    low, high = frequency_range(SAMPLE_RATE)
    row = int(picture.sum(axis=1).argmax())
    assert low * (high / low) ** ((row + 0.5) / 120) == pytest.approx(1000, rel=0.06)
    # the windows' centres pass the beginning of the tone where half of it is seen
    begins = int(np.argmax(picture[row] > picture[row].max() / 2))
    assert begins * HOP_LENGTH / SAMPLE_RATE == pytest.approx(1.0, abs=2 * HOP_LENGTH / SAMPLE_RATE)


def test_log_rows_lose_no_partial() -> None:
    magnitude = np.zeros((513, 1))
    magnitude[400] = 1.0
    assert log_frequency_rows(magnitude, 44100, 64).max() == 1.0
    np.testing.assert_allclose(log_frequency_rows(np.ones((513, 2)), 44100, 64), 1)


@pytest.mark.parametrize("sample_rate", [100, 8000, 44100, 192000])
def test_every_rate_has_a_range(sample_rate: int) -> None:
    low, high = frequency_range(sample_rate)
    assert 0 < low < high <= sample_rate / 2
    assert np.isfinite(log_frequency_rows(np.ones((9, 1)), sample_rate, 30)).all()


def test_groups_keep_what_stands_out() -> None:
    values = np.zeros(1000)
    values[503] = 3.0
    assert largest_in_groups(values, 7).max() == 3.0
    assert largest_in_groups(values, 7).shape == (7,)
    assert largest_in_groups(values, 5000) is values


def test_envelope_encloses() -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, (2, 999))
    lower, upper = envelope(samples, 10)
    assert lower.min() == samples.min()
    assert upper.max() == samples.max()


def test_levels_of_silence_and_of_full_scale() -> None:
    np.testing.assert_array_equal(decibel_levels(np.zeros(3), 0.0), [0, 0, 0])
    levels = decibel_levels(np.array([1.0, 10 ** (-35 / 20), 1e-9]), 1.0, n_levels=101)
    np.testing.assert_array_equal(levels, [100, 50, 0])
    with pytest.raises(ParameterError, match="n_levels: expected 2 to 256, found 300"):
        decibel_levels(np.ones(1), 1.0, n_levels=300)


# ---- axes ----


@pytest.mark.parametrize(("low", "high"), [(0, 7.8), (0, 0.0003), (-3, 12), (0, 3600)])
def test_ticks_are_few_and_inside(low: float, high: float) -> None:
    ticks = nice_ticks(low, high, 10)
    assert 2 <= len(ticks) <= 11
    assert low - 1e-9 <= ticks[0]
    assert ticks[-1] <= high * (1 + 1e-9)
    assert len(set(tick_labels(ticks))) == len(ticks)


# ---- tempo ----


@pytest.mark.parametrize("bpm", [84.0, 97.3, 120.0, 132.0, 174.0])
def test_tempo_of_a_played_groove(bpm: float) -> None:
    generator = np.random.default_rng(5)
    step = 60 / bpm / 4

    def played(steps: list[int], velocity: float) -> NDArray[np.float64]:
        times = np.array([(16 * bar + s) * step for bar in range(8) for s in steps])
        return strokes(*((0.3 + t + generator.normal(0, 0.004), velocity) for t in times))

    groove = {
        "kick": played([0, 6, 8], 110),
        "snare": played([4, 12], 100),
        "hihat": played(list(range(0, 16, 2)), 70),
    }
    tempo = estimate_tempo(groove)
    assert tempo is not None
    assert tempo.bpm == pytest.approx(bpm, rel=0.005)
    bar = 16 * step
    assert (tempo.downbeat - 0.3 + bar / 2) % bar == pytest.approx(bar / 2, abs=0.02)


def test_no_tempo_where_there_is_none() -> None:
    generator = np.random.default_rng(2)
    times = np.sort(generator.uniform(0, 20, 60))
    assert estimate_tempo({"kick": strokes(*((t, 90) for t in times))}) is None
    assert estimate_tempo({"kick": strokes((0, 90), (0.5, 90))}) is None
    assert estimate_tempo({}) is None


# ---- the file and the command ----


def test_a_report_replaces_nothing_unasked(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    target.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"report\.html exists; --overwrite replaces it"):
        write_report(made_up(), target, audio="none")
    assert target.read_text(encoding="utf-8") == "mine"
    write_report(made_up(), target, audio="none", overwrite=True)
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_choices_of_the_command_are_those_of_the_encoder() -> None:
    assert report_command.AUDIO_CHOICES == AUDIO_CHOICES


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
    assert f"--out {target}" in page
    assert f"&#x27;{source}&#x27;" in page
    assert "--iterations 2" in page
    (sound,) = re.findall(r'id="sound-0">(.*?)</script>', page)
    assert sf.info(io.BytesIO(b64decode(sound))).frames == 8000
