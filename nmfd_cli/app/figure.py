"""`nmfd plot`: the figure of the field's papers, for papers.

Templates on the left, activations above, the spectrogram between them, the divergence in the
remaining corner; or any of these panels alone.
"""

import io
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nmfd_cli.app.explain import Explanation, Progress, explain
from nmfd_cli.app.findings import described
from nmfd_cli.app.page.palette import STEM_COLOURS
from nmfd_cli.app.separated import Separated
from nmfd_cli.app.settings import SeparationSettings
from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.pictures import (
    SpectrogramPicture,
    decibel_levels,
    frequency_range,
    largest_in_groups,
    log_frequency_rows,
)
from nmfd_cli.errors import MissingExtraError, ParameterError
from nmfd_cli.io.staging import StagedOutputs, require_free
from nmfd_cli.io.streams import as_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The panels, in the order in which the figure is read.
PANELS = ("templates", "activations", "spectrogram", "divergence")

#: Formats by the suffix of a file, with the metadata that would otherwise hold the time.
_METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
}

#: Of the picture of the spectrogram, at most.
ROWS, COLUMNS = 360, 1600
#: Samples drawn at a time.
_BLOCK = 1 << 18
_RANGE_DB, _TEMPLATE_RANGE_DB = 70.0, 50.0
#: So many names have room below the templates.
_MOST_NAMES = 4
_STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 8.0,
    "axes.linewidth": 0.6,
    "axes.titlesize": 8.0,
    "svg.hashsalt": "nmfd",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


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
PlottedRecording = Separated[Picture]


def figure_file(
    path: str | Path,
    target: str | Path,
    settings: SeparationSettings,
    *,
    score_path: str | Path | None = None,
    panels: Sequence[str] = PANELS,
    overwrite: bool = False,
    progress: Progress = lambda stage, done: None,
) -> None:
    """Explain one recording and draw how.

    Parameters
    ----------
    path, target : str or Path
        The recording, and the figure.
    settings : SeparationSettings
    score_path : str or Path, optional
        What is played when.
    panels : sequence of str
        As in `draw`.
    overwrite : bool
        Whether the figure may be replaced.
    progress : callable, optional

    Raises
    ------
    NmfdError
        If the recording, the score, the kit or the settings cannot be used, or as `draw` does.
    """
    check_figure(target, panels)
    require_free(Path(target), overwrite)
    with ExitStack() as resources:
        source = resources.enter_context(as_file(path))
        explanation = explain(source, settings, resources, score_path=score_path, progress=progress)
        progress("drawing", 0.0)
        mixture = picture_of(explanation)
        # of the stems only the names are drawn
        tracks = [mixture] * (1 + len(explanation.stems))
        recording = described(explanation, tracks, name=Path(path).name)
        draw(recording, target, panels=panels, overwrite=overwrite)
        progress("drawing", 1.0)


def picture_of(explanation: Explanation) -> Picture:
    """Return the spectrogram of a recording that passes by once more."""
    recording = explanation.recording
    picture = SpectrogramPicture(
        explanation.stft,
        recording.sample_rate,
        n_samples=recording.n_samples,
        n_rows=ROWS,
        n_columns=COLUMNS,
    )
    for block in recording.blocks(_BLOCK):
        picture.add(block)
    return Picture((recording.n_channels, recording.n_samples), picture.finish())


def draw(
    recording: PlottedRecording,
    path: str | Path,
    *,
    panels: Sequence[str] = PANELS,
    overwrite: bool = False,
) -> None:
    """Draw a figure into a PNG, SVG or PDF file; the same bytes for the same recording.

    Parameters
    ----------
    recording : PlottedRecording
    path : str or Path
        Its suffix says the format.
    panels : sequence of str
        Out of `PANELS`; none stands for all.
    overwrite : bool
        Whether the file may be replaced.

    Raises
    ------
    ParameterError
        If a panel or the suffix is not known.
    MissingExtraError
        If matplotlib is not installed.
    OutputError
        If the file exists and may not be replaced, or cannot be written.
    """
    check_figure(path, panels)
    with StagedOutputs(overwrite) as outputs:
        staged = outputs.place(Path(path))
        staged.write_bytes(_drawn(recording, Path(path).suffix.lower(), tuple(panels) or PANELS))
        outputs.commit()


def check_figure(path: str | Path, panels: Sequence[str] = ()) -> None:
    """Refuse, before any work, a figure that could not be drawn.

    Raises
    ------
    ParameterError
    MissingExtraError
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _METADATA:
        expected = ", ".join(_METADATA)
        raise ParameterError(f"figure: expected a file name ending in {expected}, found {path}")
    for panel in panels:
        if panel not in PANELS:
            raise ParameterError(f"panels: expected one of {', '.join(PANELS)}, found {panel!r}")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingExtraError("drawing a figure", "plot") from None


def _drawn(recording: PlottedRecording, suffix: str, panels: tuple[str, ...]) -> bytes:
    from matplotlib import rc_context

    with rc_context(_STYLE):
        figure = _figure(recording, panels)
        file = io.BytesIO()
        figure.savefig(file, format=suffix[1:], dpi=200, metadata=_METADATA[suffix])
    return file.getvalue()


def _figure(recording: PlottedRecording, panels: tuple[str, ...]) -> "Figure":
    """Return the figure, as the Agg backend and no global state makes it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    top = [panel for panel in ("divergence", "activations") if panel in panels]
    bottom = [panel for panel in ("templates", "spectrogram") if panel in panels]
    rows = [row for row in (top, bottom) if row]
    n_components = recording.templates.shape[1]
    top_height = 0.8 + 0.24 * n_components if "activations" in panels else 2.0
    heights = [top_height if row is top else 3.4 for row in rows]
    is_grid = max(len(row) for row in rows) == 2
    figure = Figure(figsize=(7.2, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        len(rows), 2 if is_grid else 1, height_ratios=heights, width_ratios=[1, 1.9][: 1 + is_grid]
    )
    for index, row in enumerate(rows):
        for panel in row:
            is_right = panel in ("activations", "spectrogram")
            place = grid[index, int(is_right)] if is_grid and len(row) == 2 else grid[index, :]
            if is_grid and len(row) == 1 and len(rows) == 2:
                place = grid[index, int(is_right)]
            _PANELS[panel](figure, place, recording)
    return figure


def _draw_spectrogram(figure: "Figure", place: Any, recording: PlottedRecording) -> None:
    axes = figure.add_subplot(place)
    magnitude = recording.mixture.spectrogram
    image = _image(axes, magnitude, recording, (0, recording.seconds), _RANGE_DB, "gray_r")
    axes.set_xlabel("Time (s)")
    axes.set_title("Spectrogram")
    _log_frequency_axis(axes, recording.sample_rate)
    bar = figure.colorbar(image, ax=axes, pad=0.015, aspect=30)
    bar.set_label("Level (dB)")
    bar.set_ticks([0, 0.5, 1], labels=[f"−{_RANGE_DB:.0f}", f"−{_RANGE_DB / 2:.0f}", "0"])


def _draw_templates(figure: "Figure", place: Any, recording: PlottedRecording) -> None:
    axes = figure.add_subplot(place)
    templates = np.moveaxis(recording.framewise_templates, 1, 0)
    for r, (template, stem) in enumerate(zip(templates, recording.stem_of, strict=True)):
        magnitude = log_frequency_rows(template, recording.sample_rate, ROWS)
        colours = _white_to(_colour(stem))
        _image(axes, magnitude, recording, (r, r + 0.96), _TEMPLATE_RANGE_DB, colours)
        axes.axvline(r + 0.98, color="#8a8f98", lw=0.4)
    axes.set_xlim(-0.02, len(templates) - 0.02)
    labels = recording.component_names
    if len(labels) > _MOST_NAMES:
        labels = tuple(str(r + 1) for r in range(len(labels)))
    axes.set_xticks(np.arange(len(labels)) + 0.48, labels=labels)
    for label, stem in zip(axes.get_xticklabels(), recording.stem_of, strict=True):
        label.set_color(_colour(stem))
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel(f"Component ({1000 * recording.template_seconds:.0f} ms each)")
    axes.set_title("Templates")
    _log_frequency_axis(axes, recording.sample_rate)


def _draw_activations(figure: "Figure", place: Any, recording: PlottedRecording) -> None:
    axes = figure.add_subplot(place)
    hops = max(1, recording.n_samples // recording.hop_length)
    shown = largest_in_groups(recording.activations[:, :hops], COLUMNS)
    times = np.arange(shown.shape[1]) * recording.seconds / shown.shape[1]
    n_components = len(recording.stem_of)
    numbered = n_components > _MOST_NAMES
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


def _draw_divergence(figure: "Figure", place: Any, recording: PlottedRecording) -> None:
    axes = figure.add_subplot(place)
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


_PANELS = {
    "templates": _draw_templates,
    "activations": _draw_activations,
    "spectrogram": _draw_spectrogram,
    "divergence": _draw_divergence,
}


def _image(
    axes: "Axes",
    magnitude: Any,
    recording: PlottedRecording,
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
