"""`nmfd plot`: the figure of the field's papers, for papers.

Templates on the left, activations above, the spectrogram between them, the divergence in the
remaining corner; or any of these panels alone.
"""

import io
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nmfd_cli.core.drawing import SpectrogramPicture
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import (
    MissingExtraError,
    ParameterError,
    Progress,
    Warn,
    no_progress,
    warn_python,
)
from nmfd_cli.io.audio.recording import Recording
from nmfd_cli.io.existing import real_paths, require_free
from nmfd_cli.io.transaction import write_file
from nmfd_cli.pipeline.inputs import open_inputs
from nmfd_cli.pipeline.result import result_of
from nmfd_cli.pipeline.separation import separate
from nmfd_cli.report.figure_panels import COLUMNS, DRAWERS, ROWS, Picture, PlottedResult
from nmfd_cli.settings.definitions import SeparationSettings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: The panels, in the order in which the figure is read.
PANELS = ("templates", "activations", "spectrogram", "divergence")

#: Formats by the suffix of a file, with the metadata that would otherwise hold the time.
_METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
}

#: Samples drawn at a time.
_BLOCK = 1 << 18
_STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 8.0,
    "axes.linewidth": 0.6,
    "axes.titlesize": 8.0,
    "svg.hashsalt": "nmfd",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}


def figure_file(
    path: str | Path,
    target: str | Path,
    settings: SeparationSettings,
    *,
    score_path: str | Path | None = None,
    panels: Sequence[str] = PANELS,
    overwrite: bool = False,
    progress: Progress = no_progress,
    warn: Warn = warn_python,
) -> None:
    """Factorise one recording and draw the factors.

    Parameters
    ----------
    path, target : str or Path
        The recording, and the figure.
    score_path : str or Path, optional
        What is played when.
    panels : sequence of str
        As in `draw`.
    overwrite : bool
        Whether the figure may be replaced.

    Raises
    ------
    NmfdError
        If the recording, the score, the kit or the settings cannot be used, or as `draw` does.
    """
    check_figure(target, panels)
    with ExitStack() as resources:
        inputs = resources.enter_context(
            open_inputs(path, settings, score_path=score_path, warn=warn)
        )
        require_free(Path(target), overwrite, real_paths(inputs.files))
        separation = resources.enter_context(
            separate(
                inputs.recording,
                settings,
                kit=inputs.kit,
                score=inputs.score,
                track_divergence=True,
                progress=progress,
                warn=warn,
            )
        )
        progress("drawing", 0.0)
        mixture = picture_of(separation.recording, separation.stft)
        # of the stems only the names are drawn
        tracks = [mixture] * (1 + len(separation.stem_names))
        draw(result_of(separation, tracks), target, panels=panels, overwrite=overwrite)
        progress("drawing", 1.0)


def picture_of(recording: Recording, stft: Stft) -> Picture:
    """Return the spectrogram of a recording."""
    picture = SpectrogramPicture(
        stft,
        recording.sample_rate,
        n_samples=recording.n_samples,
        n_rows=ROWS,
        n_columns=COLUMNS,
    )
    for block in recording.blocks(_BLOCK):
        picture.add(block)
    return Picture((recording.n_channels, recording.n_samples), picture.finish())


def draw(
    recording: PlottedResult,
    path: str | Path,
    *,
    panels: Sequence[str] = PANELS,
    overwrite: bool = False,
) -> None:
    """Draw a figure into a PNG, SVG or PDF file; the same bytes for the same recording.

    Parameters
    ----------
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
    drawn = _drawn(recording, Path(path).suffix.lower(), tuple(panels) or PANELS)
    write_file(path, drawn, overwrite=overwrite)


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
        raise ParameterError(
            setting="out", expected=f"a file name ending in {expected}", found=str(path)
        )
    for panel in panels:
        if panel not in PANELS:
            raise ParameterError(
                setting="panels", expected=f"one of {', '.join(PANELS)}", found=repr(panel)
            )
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise MissingExtraError("drawing a figure", "plot") from None


def _drawn(recording: PlottedResult, suffix: str, panels: tuple[str, ...]) -> bytes:
    from matplotlib import rc_context

    with rc_context(_STYLE):
        figure = _figure(recording, panels)
        file = io.BytesIO()
        figure.savefig(file, format=suffix[1:], dpi=200, metadata=_METADATA[suffix])
    return file.getvalue()


def _figure(recording: PlottedResult, panels: tuple[str, ...]) -> "Figure":
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
            DRAWERS[panel](figure.add_subplot(place), recording, panels)
    return figure
