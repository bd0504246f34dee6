"""What was learned, drawn as in the papers: templates left, activations above, sound between."""

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.pictures import largest_in_groups
from nmfd_cli.report.page.markup import (
    frequency_axis,
    nice_ticks,
    outline_path,
    percent,
    text,
    tick_labels,
    time_axis,
)
from nmfd_cli.report.page.palette import stem_style
from nmfd_cli.report.page.pictures import TEMPLATE_RANGE_DB
from nmfd_cli.report.page.sketch import SketchedResult

_MOST_COLUMNS = 1400
#: So many names of so many letters have room below the templates.
_MOST_NAMES, _MOST_LETTERS = 6, 8


def factor_figure(recording: SketchedResult) -> str:
    """Return the figure of templates, activations and spectrogram."""
    n_components = recording.templates.shape[1]
    layers = "".join(
        f'<div class="layer" style="{stem_style(stem)};--picture:var(--picture-{stem + 1})"></div>'
        for stem in range(len(recording.stems))
    )
    longest = max(len(name) for name in recording.component_names)
    # where names have no room below the templates, numbers tell which activation is whose
    is_numbered = len(recording.stem_of) > _MOST_NAMES or longest > _MOST_LETTERS
    beside = _name_tags(recording, is_named=True, is_numbered=is_numbered)
    below = _name_tags(recording, is_named=not is_numbered, is_numbered=is_numbered)
    each = 1000 * recording.template_seconds
    return f"""<figure class="factors" style="--components:{n_components}">
<div class="corner" aria-hidden="true"><ul>{_legend(recording)}</ul>
<span>Templates, {each:.0f} ms each</span></div>
<div class="axis activation-names" aria-hidden="true">{beside}</div>
<div class="activations seekable" role="img" aria-label="Activations of {n_components} components
 over time">{_activations(recording)}<div class="cursor"></div></div>
<div class="axis template-axis" aria-hidden="true">{frequency_axis(recording.sample_rate)}</div>
<div class="templates" role="group" aria-label="Templates">{_templates(recording)}</div>
<div class="axis middle-axis">{frequency_axis(recording.sample_rate)}</div>
<div class="middle seekable" role="img" aria-label="Spectrogram of the mixture">
<div class="by-stem">{layers}</div>
<div class="by-level" style="background-image:var(--picture-0)"></div><div class="cursor"></div>
</div>
<div class="template-names" aria-hidden="true">{below}</div>
<div class="axis time-axis" aria-hidden="true"><b class="unit">s</b></div>
<div class="ticks" data-time-axis aria-hidden="true">{time_axis(recording.seconds, most=8)}</div>
</figure>"""


def template_caption() -> str:
    """Return what is to be known of the scales."""
    return (
        f"Each template is drawn over {TEMPLATE_RANGE_DB:.0f} dB from its own loudest point, each "
        "activation against its own largest value."
    )


def divergence_figure(divergence: FloatArray) -> str:
    """Return the curve of the divergence over the iterations; empty if there were none."""
    values = np.asarray(divergence, dtype=np.float64)
    values = values[np.isfinite(values)]
    if not values.size:
        return ""
    is_log = bool(values.min() > 0 and values.max() > 20 * values.min())
    shown = np.log10(values) if is_log else values
    low, high = (float(shown.min()), float(shown.max())) if is_log else (0.0, float(shown.max()))
    high = high if high > low else low + 1.0
    heights = 0.04 + 0.92 * (shown - low) / (high - low)
    points = "L".join(
        f"{x} {y:.1f}"
        for x, y in enumerate((1 - np.repeat(heights, 2 if len(values) == 1 else 1)) * 200)
    )
    ticks = [tick for tick in nice_ticks(low, high, 6) if not is_log or tick == round(tick)]
    labels = [f"{10.0**tick:g}" for tick in ticks] if is_log else tick_labels(ticks)
    vertical = "".join(
        f'<span class="tick" style="bottom:{percent(0.04 + 0.92 * (tick - low) / (high - low))}">'
        f"{label}</span>"
        for tick, label in zip(ticks, labels, strict=True)
    )
    last = max(1, len(values) - 1)
    steps = [tick for tick in nice_ticks(0, last, 8) if tick == round(tick)]
    horizontal = "".join(
        f'<span class="tick" style="left:{percent(step / last)}">{step:.0f}</span>'
        for step in steps
    )
    label = f"Divergence: from {values[0]:.4g} to {values[-1]:.4g} in {len(values)} iterations"
    return f"""<figure class="divergence">
<div class="axis"><div class="axis-labels" aria-hidden="true">{vertical}</div></div>
<div class="plot" role="img" aria-label="{text(label)}">
<svg viewBox="0 0 {last} 200" preserveAspectRatio="none" aria-hidden="true" focusable="false">
<path d="M{points}"/></svg></div>
<div class="axis" aria-hidden="true"><b class="unit">iteration</b></div>
<div class="ticks" aria-hidden="true">{horizontal}</div>
<figcaption>{text(label)}{", on a logarithmic axis" if is_log else ""}.
</figcaption></figure>"""


def _activations(recording: SketchedResult) -> str:
    # frame m begins where its window first reaches: an activation stands where its event begins
    hops = max(1, recording.n_samples // recording.hop_length)
    shown = largest_in_groups(recording.activations[:, :hops], _MOST_COLUMNS)
    peaks = shown.max(axis=1, keepdims=True, initial=0)
    shares = shown / np.where(peaks > 0, peaks, 1)
    lines = []
    for r, stem in enumerate(recording.stem_of):
        upper = 0.02 + 0.9 * shares[r]
        path = outline_path(np.zeros_like(upper), upper)
        lines.append(
            f'<svg class="activation" style="{stem_style(stem)}" '
            f'viewBox="0 0 {max(1, len(upper) - 1)} 200" preserveAspectRatio="none" '
            f'aria-hidden="true" focusable="false"><path d="{path}"/></svg>'
        )
    return "".join(lines)


def _legend(recording: SketchedResult) -> str:
    return "".join(
        f'<li style="{stem_style(stem)}"><span class="swatch"></span>'
        f'<span class="name">{text(name)}</span></li>'
        for stem, name in enumerate(recording.stem_names)
    )


def _templates(recording: SketchedResult) -> str:
    return "".join(
        f'<div class="template" role="img" aria-label="Template of {text(name)}" '
        f'style="{stem_style(stem)}">'
        f'<div style="--picture:var(--template-{r})"></div></div>'
        for r, (name, stem) in enumerate(
            zip(recording.component_names, recording.stem_of, strict=True)
        )
    )


def _name_tags(recording: SketchedResult, *, is_named: bool, is_numbered: bool) -> str:
    tags = []
    for r, (name, stem) in enumerate(
        zip(recording.component_names, recording.stem_of, strict=True)
    ):
        kind = "component" if is_named else "component numbered"
        number = f'<span class="number">{r + 1}</span>' if is_numbered else ""
        shown = f'<span class="name">{text(name)}</span>' if is_named else ""
        tags.append(
            f'<span class="{kind}" style="{stem_style(stem)}"><span class="swatch"></span>'
            f"{number}{shown}</span>"
        )
    return "".join(tags)
