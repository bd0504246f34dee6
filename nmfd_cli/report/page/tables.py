"""What a report says in numbers and words."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from itertools import groupby
from typing import Any

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.report.page.markup import number, text
from nmfd_cli.report.page.palette import stem_style
from nmfd_cli.report.page.sketch import Sketch, SketchedResult
from nmfd_cli.settings.definitions import SeparationSettings


def stem_table(recording: SketchedResult) -> str:
    """Return the table of peak, share of energy and onsets of each stem."""
    rows = "".join(
        f'<tr style="{stem_style(index)}"><th scope="row"><span class="swatch"></span>'
        f"{text(name)}</th><td>{peak_of(sketch)}</td><td>{share_of(sketch, recording.mixture)}</td>"
        f"<td>{_count(recording.onsets.get(name))}</td></tr>"
        for index, (name, sketch) in enumerate(recording.stems.items())
    )
    counts = [len(onsets) for onsets in recording.onsets.values()]
    total = str(sum(counts)) if counts else "–"
    return (
        "<table><thead><tr><th scope=col>Stem</th><th scope=col>Peak, dBFS</th>"
        "<th scope=col>Energy</th><th scope=col>Onsets</th></tr></thead>"
        f"<tbody>{rows}</tbody><tfoot><tr><th scope=row>Mixture</th>"
        f"<td>{peak_of(recording.mixture)}</td>"
        f"<td>{share_of(recording.mixture, recording.mixture)}</td><td>{total}</td></tr>"
        "</tfoot></table>"
    )


def one_shot_table(kit: Mapping[str, Any], stem_names: Sequence[str]) -> str:
    """Return the one-shots of a kit as `kits.extract.kit_as_dict` tells of it; empty without any.

    A row is what stands for hits that are alike; the last column is of the stem.
    """
    rows = ""
    for index, name in enumerate(stem_names):
        sounds = [sound for sound in kit["sounds"] if sound["class"] == name]
        for place, (_, takes) in enumerate(groupby(sounds, key=lambda one: one["cluster"])):
            files = list(takes)
            best = files[0]
            head = f'<th scope="row"><span class="swatch"></span>{text(name)}</th>'
            worth = _decibels(kit["sdr"][name]) if not place else ""
            rows += (
                f'<tr style="{stem_style(index)}">{head}<td>{len(files)}</td>'
                f"<td>{sum(one['made_of'] for one in files)} of {best['hits']}</td>"
                f"<td>{_decibels(best['peak_db'])}</td><td>{best['confidence']:.2f}</td>"
                f"<td>{worth}</td></tr>"
            )
    if not rows:
        return ""
    return (
        "<table><thead><tr><th scope=col>Stem</th><th scope=col>One-shots</th>"
        "<th scope=col>Made of hits</th><th scope=col>Peak, dBFS</th>"
        "<th scope=col>Confidence</th><th scope=col>Played again, dB</th></tr></thead>"
        f"<tbody>{rows}</tbody><tfoot><tr><th scope=row>Mixture</th><td></td><td></td><td></td>"
        f"<td></td><td>{_decibels(kit['sdr']['mixture'])}</td></tr></tfoot></table>"
    )


def settings_table(settings: Mapping[str, Any]) -> str:
    """Return all settings, as they were used; empty if none are known."""
    if not settings:
        return ""
    explained = {item.name: item.metadata["explanation"] for item in fields(SeparationSettings)}
    rows = "".join(
        f"<tr><th scope=row><code>--{text(str(name).replace('_', '-'))}</code></th>"
        f"<td>{text(_value(value))}</td><td>{text(explained.get(name, ''))}</td></tr>"
        for name, value in settings.items()
    )
    return (
        '<details><summary>All settings</summary><div class="scroll" tabindex="0" role="region" '
        'aria-label="All settings"><table><thead><tr><th scope=col>Setting</th>'
        "<th scope=col>Value</th><th scope=col>Meaning</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></details>"
    )


def facts(recording: SketchedResult) -> str:
    """Return the recording in one line."""
    channels = {1: "mono", 2: "stereo"}.get(
        recording.n_channels, f"{recording.n_channels} channels"
    )
    rate = number(recording.sample_rate / 1000)
    n_stems = len(recording.stems)
    stems = f"{n_stems} stem" + ("s" if n_stems != 1 else "")
    return f"{number(recording.seconds)} s, {channels}, {rate} kHz, {stems}"


def peak_of(sketch: Sketch) -> str:
    """Return the peak in dBFS."""
    peak = sketch.peak
    return _decibels(20 * np.log10(peak)) if peak > 0 else "−∞"


def share_of(sketch: Sketch, mixture: Sketch) -> str:
    """Return the energy as a share of the mixture's."""
    return f"{100 * sketch.energy / mixture.energy:.1f} %" if mixture.energy > 0 else "–"


def _decibels(value: float) -> str:
    return f"{value:.1f}".replace("-", "−")


def _count(onsets: FloatArray | None) -> str:
    return str(len(onsets)) if onsets is not None else "–"


def _value(value: Any) -> str:
    if value is None or value == ():
        return "not given"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (tuple, list)):
        return ", ".join(str(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
