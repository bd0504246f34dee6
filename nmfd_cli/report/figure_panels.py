"""The panels of the figure: templates, activations, spectrogram, divergence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.pictures import (
    decibel_levels,
    frequency_range,
    largest_in_groups,
    log_frequency_rows,
)
from nmfd_cli.pipeline.result import Result
from nmfd_cli.report.page.palette import STEM_COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Pixels of the spectrogram and the templates, and points of the activations, at most.
ROWS, COLUMNS = 360, 1600
_RANGE_DB, _TEMPLATE_RANGE_DB = 70.0, 50.0
#: So many letters have room below the templates, beside another panel and alone; so many numbers.
_LETTERS_BESIDE, _LETTERS_ALONE, _MOST_NUMBERS = 32, 96, 9


@dataclass(frozen=True)
class Picture:
    """A track as the figure needs it.

    Attributes
    ----------
    shape : tuple of two ints
        (C, n), channels and samples.
    spectrogram : ndarray, shape (n_rows, columns)
        Linear magnitudes on a logarithmic frequency axis.
    """

    shape: tuple[int, int]
    spectrogram: FloatArray


#: A recording as the figure shows it.
PlottedResult = Result[Picture]


def _draw_spectrogram(axes: "Axes", recording: PlottedResult, panels: tuple[str, ...]) -> None:
    magnitude = recording.mixture.spectrogram
    image = _image(axes, magnitude, recording, (0, recording.seconds), _RANGE_DB, "gray_r")
    axes.set_xlabel("Time (s)")
    axes.set_title("Spectrogram")
    _log_frequency_axis(axes, recording.sample_rate)
    bar = axes.figure.colorbar(image, ax=axes, pad=0.015, aspect=30)
    bar.set_label("Level (dB)")
    bar.set_ticks([0, 0.5, 1], labels=[f"−{_RANGE_DB:.0f}", f"−{_RANGE_DB / 2:.0f}", "0"])


def _draw_templates(axes: "Axes", recording: PlottedResult, panels: tuple[str, ...]) -> None:
    templates = np.moveaxis(recording.framewise_templates, 1, 0)
    for r, (template, stem) in enumerate(zip(templates, recording.stem_of, strict=True)):
        magnitude = log_frequency_rows(template, recording.sample_rate, ROWS)
        colours = _white_to(_colour(stem))
        _image(axes, magnitude, recording, (r, r + 0.96), _TEMPLATE_RANGE_DB, colours)
        axes.axvline(r + 0.98, color="#8a8f98", lw=0.4)
    axes.set_xlim(-0.02, len(templates) - 0.02)
    _name_templates(axes, recording, panels)
    axes.set_xlabel(f"Component ({1000 * recording.template_seconds:.0f} ms each)")
    axes.set_title("Templates")
    _log_frequency_axis(axes, recording.sample_rate)


def _name_templates(axes: "Axes", recording: PlottedResult, panels: tuple[str, ...]) -> None:
    """Write names below the templates, or the numbers under which the activations have them."""
    labels = list(recording.component_names)
    is_numbered = _is_numbered(recording, panels)
    if is_numbered:
        every = -(-len(labels) // _MOST_NUMBERS)
        labels = [str(r + 1) if r % every == 0 else "" for r in range(len(labels))]
    axes.set_xticks(np.arange(len(labels)) + 0.48, labels=labels)
    room = _LETTERS_BESIDE if "spectrogram" in panels else _LETTERS_ALONE
    has_room = is_numbered or _n_letters(labels) <= room
    axes.tick_params(axis="x", length=0, labelrotation=0 if has_room else 90)
    for label, stem in zip(axes.get_xticklabels(), recording.stem_of, strict=True):
        label.set_color(_colour(stem))


def _is_numbered(recording: PlottedResult, panels: tuple[str, ...]) -> bool:
    """Whether templates have numbers: where names do not fit and the activations have them."""
    has_both = {"templates", "activations"} <= set(panels)
    return has_both and _n_letters(recording.component_names) > _LETTERS_BESIDE


def _n_letters(names: Sequence[str]) -> int:
    """Return how many letters names beside each other take, gaps included."""
    return sum(len(name) + 2 for name in names)


def _draw_activations(axes: "Axes", recording: PlottedResult, panels: tuple[str, ...]) -> None:
    hops = max(1, recording.n_samples // recording.hop_length)
    shown = largest_in_groups(recording.activations[:, :hops], COLUMNS)
    times = np.arange(shown.shape[1]) * recording.seconds / shown.shape[1]
    n_components = len(recording.stem_of)
    numbered = _is_numbered(recording, panels)
    labels = []
    for r, (stem, name) in enumerate(
        zip(recording.stem_of, recording.component_names, strict=True)
    ):
        peak = float(shown[r].max(initial=0)) or 1.0
        floor = n_components - 1 - r
        axes.fill_between(times, floor, floor + 0.9 * shown[r] / peak, color=_colour(stem), lw=0.4)
        labels.append(f"{r + 1}  {name}" if numbered else name)
    axes.set_yticks([n_components - 1 - r + 0.4 for r in range(n_components)], labels=labels)
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, recording.seconds)
    axes.set_ylim(-0.08, n_components)
    axes.set_xlabel("Time (s)")
    axes.set_title("Activations (each relative to its largest)")


def _draw_divergence(axes: "Axes", recording: PlottedResult, panels: tuple[str, ...]) -> None:
    divergence = np.asarray(recording.divergence)
    divergence = divergence[np.isfinite(divergence)]
    axes.plot(np.arange(len(divergence)), divergence, color="#0057b8", lw=1.2)
    if len(divergence) and divergence.min() > 0 and divergence.max() > 20 * divergence.min():
        axes.set_yscale("log")
    elif len(divergence):
        axes.set_ylim(bottom=min(0.0, float(divergence.min())))
    axes.set_xlim(0, max(1, len(divergence) - 1))
    axes.set_xlabel("Iteration")
    axes.set_ylabel("Divergence")
    axes.set_title("Divergence")


#: What draws each panel into its axes.
DRAWERS = {
    "templates": _draw_templates,
    "activations": _draw_activations,
    "spectrogram": _draw_spectrogram,
    "divergence": _draw_divergence,
}


def _image(
    axes: "Axes",
    magnitude: Any,
    recording: PlottedResult,
    span: tuple[float, float],
    range_db: float,
    colours: Any,
) -> Any:
    """Show magnitudes in dB; the vertical axis counts the logarithm of the frequency."""
    levels = decibel_levels(
        magnitude, float(magnitude.max(initial=0)), range_db=range_db, n_levels=256
    )
    low, high = (float(np.log10(f)) for f in frequency_range(recording.sample_rate))
    return axes.imshow(
        levels / 255.0,
        extent=(*span, low, high),
        origin="lower",
        aspect="auto",
        cmap=colours,
        vmin=0,
        vmax=1,
        interpolation="nearest",
    )


def _log_frequency_axis(axes: "Axes", sample_rate: int) -> None:
    low, high = frequency_range(sample_rate)
    decades = [f for f in (10, 100, 1000, 10000) if low <= f <= high]
    between = [k * d for d in (10, 100, 1000, 10000) for k in range(2, 10) if low <= k * d <= high]
    axes.set_yticks(np.log10(decades), labels=[f"{f:g}" for f in decades])
    axes.set_yticks(np.log10(between), minor=True)
    axes.set_ylabel("Frequency (Hz)")


def _colour(stem: int) -> str:
    colours = STEM_COLOURS["light"]
    return colours[stem % len(colours)]


def _white_to(colour: str) -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(f"white to {colour}", ["#ffffff", colour])
