"""The mixer: a row for the mixture, the transcription and each stem, over one time axis."""

from collections.abc import Iterator

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.pictures import frequency_range
from nmfd_cli.core.tempo import Tempo
from nmfd_cli.report.page.editing import is_editable
from nmfd_cli.report.page.markup import (
    frequency_axis,
    number,
    outline_path,
    percent,
    text,
    time_axis,
)
from nmfd_cli.report.page.palette import stem_style
from nmfd_cli.report.page.sketch import Sketch, SketchedResult

#: More beats, bars or numbers of bars than this are a grey veil rather than a grid.
_MOST_BEATS, _MOST_BARS, _MOST_NUMBERS = 128, 100, 25


def timeline(recording: SketchedResult, *, has_sound: bool, editor: str = "") -> str:
    """Return all rows.

    Parameters
    ----------
    has_sound : bool
        Whether there is something to solo, mute and level.
    editor : str
        What stands below the hits where they can be edited.
    """
    peak = max(sketch.peak for sketch in (recording.mixture, *recording.stems.values()))
    rows = [_ruler(recording.seconds), _mixture_row(recording, peak, has_sound=has_sound)]
    has_hits = any(len(onsets) for onsets in recording.onsets.values())
    if has_hits or is_editable(recording):
        rows.append(_drum_grid(recording, is_hidden=not has_hits))
    if is_editable(recording):
        rows.append(editor)
    for stem, sketch in enumerate(recording.stems.values()):
        rows.append(_stem_row(recording, stem, sketch, peak, has_sound=has_sound))
    return "\n".join(rows)


def onset_lists(recording: SketchedResult) -> str:
    """Return all onsets as text, for whoever cannot see the grid; empty if there are none."""
    found = {stem: onsets for stem, onsets in recording.onsets.items() if len(onsets)}
    if not found:
        return ""
    lists = "".join(
        f"<dt>{text(stem)}</dt><dd>{', '.join(f'{time:.3f}' for time in np.asarray(onsets)[:, 0])}"
        "</dd>"
        for stem, onsets in found.items()
    )
    return (
        "<details><summary>Onsets as text, in seconds</summary>"
        f'<dl class="onset-lists" id="onset-lists">{lists}</dl></details>'
    )


def _ruler(seconds: float) -> str:
    return (
        '<div class="row ruler"><div class="head" aria-hidden="true"></div>'
        '<div class="axis" aria-hidden="true"><b class="unit">s</b></div>'
        f'<div class="lane ticks" data-time-axis aria-hidden="true">{time_axis(seconds)}</div>'
        "</div>"
    )


def _mixture_row(recording: SketchedResult, peak: float, *, has_sound: bool) -> str:
    controls = _controls(0, "mixture", "0", has_sound=has_sound, mutes=False)
    head = f'<h3><span class="name">Mixture</span></h3>{controls}'
    pictures = waveform(recording.mixture, peak) + _spectrogram(recording, 0, "the mixture")
    return _row("mixture", "", "the mixture", head, _axes(recording, peak), pictures)


def _stem_row(
    recording: SketchedResult, stem: int, sketch: Sketch, peak: float, *, has_sound: bool
) -> str:
    name = recording.stem_names[stem]
    key = str(stem + 1) if stem < 9 else ""
    controls = _controls(stem + 1, name, key, has_sound=has_sound)
    head = f'<h3><span class="swatch"></span><span class="name">{text(name)}</span></h3>{controls}'
    pictures = waveform(sketch, peak) + _spectrogram(recording, stem + 1, name)
    return _row(
        "stem", stem_style(stem), name, head, _axes(recording, peak, decades=True), pictures
    )


def _row(kind: str, style: str, name: str, head: str, axis: str, pictures: str) -> str:
    return (
        f'<div class="row {kind}" style="{style}" role="group" aria-label="{text(name)}">'
        f'<div class="head">{head}</div><div class="axis">{axis}</div>'
        f'<div class="lane seekable">{pictures}</div></div>'
    )


def _controls(track: int, name: str, key: str, *, has_sound: bool, mutes: bool = True) -> str:
    """Return solo, mute and level of a track; 0 is the mixture, which is heard by solo alone."""
    if not has_sound:
        return ""
    label = text(name)
    hint = f" aria-keyshortcuts={key}" if key else ""
    solo_title = f"Solo (key {key})" if key else "Solo"
    mute_title = f"Mute (Shift and key {key})" if key else "Mute"
    buttons = (
        f'<button type="button" class="solo" data-solo="{track}" aria-pressed="false"{hint} '
        f'title="{solo_title}">Solo<span class="hidden"> {label}</span></button>'
    )
    if mutes:
        buttons += (
            f'<button type="button" class="mute" data-mute="{track}" aria-pressed="false" '
            f'title="{mute_title}">Mute<span class="hidden"> {label}</span></button>'
        )
    return (
        f'<div class="buttons">{buttons}</div>'
        f'<label class="level"><span class="hidden">Level of {label}</span>'
        f'<input type="range" min="-40" max="6" step="0.5" value="0" data-level="{track}" '
        'aria-valuetext="0 dB"><output aria-hidden="true">0 dB</output></label>'
    )


def _axes(recording: SketchedResult, peak: float, *, decades: bool = False) -> str:
    shown = number(peak) if peak > 0 else "1"
    amplitude = (
        '<div class="axis-labels wave-axis" aria-hidden="true">'
        f'<span class="tick" style="bottom:88%">{shown}</span>'
        '<span class="tick" style="bottom:50%">0</span>'
        f'<span class="tick" style="bottom:12%">−{shown}</span></div>'
    )
    return amplitude + frequency_axis(recording.sample_rate, decades=decades)


def waveform(sketch: Sketch, peak: float, *, style: str = "") -> str:
    """Return the outline of a track as SVG; `peak` fills its height."""
    lower, upper = 0.5 + 0.5 * sketch.outline / (peak or 1.0)
    # a hair's breadth at least, so that silence is a line
    lower, upper = np.minimum(lower, 0.495), np.maximum(upper, 0.505)
    styled = f' style="{style}"' if style else ""
    return (
        f'<svg class="wave"{styled} viewBox="0 0 {max(1, len(upper) - 1)} 200" '
        'preserveAspectRatio="none" '
        f'aria-hidden="true" focusable="false"><path d="{outline_path(lower, upper)}"/></svg>'
    )


def _spectrogram(recording: SketchedResult, track: int, name: str) -> str:
    low, high = frequency_range(recording.sample_rate)
    label = f"Waveform and spectrogram of {name}, {low:g} to {high:g} Hz"
    return (
        f'<div class="spectrogram" role="img" aria-label="{text(label)}" '
        f'style="background-image:var(--picture-{track})"></div>'
    )


def _drum_grid(recording: SketchedResult, *, is_hidden: bool) -> str:
    """Return the row of the transcription: a line a stem, a mark a stroke, bars if known."""
    lines = "".join(
        _grid_line(stem, recording.onsets[name], recording.seconds)
        for stem, name in enumerate(recording.stem_names)
        if name in recording.onsets
    )
    names = "".join(
        f'<span class="grid-name" style="{stem_style(stem)}"><span class="swatch"></span>'
        f'<span class="name">{text(name)}</span></span>'
        for stem, name in enumerate(recording.stem_names)
        if name in recording.onsets
    )
    tempo = recording.tempo
    about = f'<p class="about">{tempo.bpm:.1f}<br> beats a<br> minute</p>' if tempo else ""
    bars = "".join(_bar_lines(tempo, recording.seconds)) if tempo else ""
    numbered = " numbered" if tempo else ""
    hidden = " hidden" if is_hidden else ""
    return (
        f'<div class="row grid" id="grid" role="group" aria-label="Transcription"{hidden}>'
        f'<div class="head"><h3><span class="name">Hits</span></h3>{about}'
        f'<div class="grid-names{numbered}" id="grid-names" aria-hidden="true">{names}</div></div>'
        f'<div class="axis" aria-hidden="true"></div><div class="lane seekable{numbered}">'
        f'{bars}<div class="hits" id="hits">{lines}</div></div></div>'
    )


def _grid_line(stem: int, onsets: FloatArray, seconds: float) -> str:
    marks = "".join(
        f'<i style="left:{percent(time / seconds)};--v:{0.45 + 0.55 * min(1, velocity / 127):.2f}" '
        f'title="{time:.3f} s, velocity {velocity:.0f}"></i>'
        for time, velocity in np.asarray(onsets, dtype=float).reshape(-1, 2)
    )
    return f'<div class="grid-line" style="{stem_style(stem)}">{marks}</div>'


def _bar_lines(tempo: Tempo, seconds: float) -> Iterator[str]:
    beats = tempo.beats(seconds)
    bars = [beat for beat in beats if tempo.is_downbeat(float(beat))]
    if len(beats) <= _MOST_BEATS:
        for beat in beats:
            if not tempo.is_downbeat(float(beat)):
                yield f'<b class="beat" style="left:{percent(float(beat) / seconds)}"></b>'
    every = numbered = 1
    while len(bars) > _MOST_BARS * every:
        every *= 2
    while len(bars) > _MOST_NUMBERS * numbered:
        numbered *= 2
    for index, bar in list(enumerate(bars))[::every]:
        label = f"<span>{index + 1}</span>" if index % numbered == 0 else ""
        yield f'<b class="bar" style="left:{percent(float(bar) / seconds)}">{label}</b>'
