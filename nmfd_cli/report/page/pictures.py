"""The pictures of a report as PNG, each embedded once and shown wherever it is needed."""

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.pictures import (
    colour_map,
    decibel_levels,
    largest_in_groups,
    log_frequency_rows,
)
from nmfd_cli.report.page.png import as_css_url, encode_png
from nmfd_cli.report.page.sketch import STEM_ROWS, SketchedResult

_LEVELS = 48
_TEMPLATE_WIDTH = 48
#: Decibels from the darkest to the brightest of a spectrogram and of a template.
RANGE_DB, TEMPLATE_RANGE_DB = 70.0, 50.0


def picture_styles(recording: SketchedResult) -> str:
    """Return the rules that define ``--picture-0`` (the mixture), ``--picture-1`` ... of the stems
    and ``--template-0`` ... of the components.

    All spectrograms share one scale, so that a stem's shows what is left of the mixture; templates
    have one each, as what is theirs alone is their shape.
    """
    reference = float(recording.mixture.spectrogram.max())
    pictures = [
        _spectrogram_url(sketch.spectrogram, reference)
        for sketch in (recording.mixture, *recording.stems.values())
    ]
    templates = [
        _template_url(template, recording.sample_rate)
        for template in np.moveaxis(recording.framewise_templates, 1, 0)
    ]
    rules = [f"--picture-{index}:{url};" for index, url in enumerate(pictures)]
    rules += [f"--template-{r}:{url};" for r, url in enumerate(templates)]
    return f":root{{{''.join(rules)}}}"


def colour_bar() -> str:
    """Return the colour map as a CSS gradient from its quietest to its loudest."""
    stops = ",".join("#" + bytes(colour).hex() for colour in colour_map(12))
    return f"linear-gradient(to right,{stops})"


def _spectrogram_url(spectrogram: FloatArray, reference: float) -> str:
    levels = decibel_levels(spectrogram, reference, range_db=RANGE_DB, n_levels=_LEVELS)
    return as_css_url(encode_png(levels, colour_map(_LEVELS)))


def _template_url(template: FloatArray, sample_rate: int) -> str:
    """Return a template (K, T) as opacity alone: the page gives it its component's colour."""
    rows = log_frequency_rows(template, sample_rate, STEM_ROWS)
    rows = largest_in_groups(rows, _TEMPLATE_WIDTH)
    levels = decibel_levels(rows, float(rows.max()), range_db=TEMPLATE_RANGE_DB, n_levels=_LEVELS)
    # wide pixels, so that a browser does not blur one frame into the next
    levels = np.repeat(levels, max(1, _TEMPLATE_WIDTH // levels.shape[1]), axis=1)
    white = np.full((_LEVELS, 3), 255, dtype=np.uint8)
    opacity = np.rint(255 * np.linspace(0, 1, _LEVELS) ** 1.3).astype(np.uint8)
    return as_css_url(encode_png(levels, white, opacity))
