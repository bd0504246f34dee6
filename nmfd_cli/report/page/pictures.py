"""The pictures of a report as PNG, each embedded once and shown wherever it is needed."""

import struct
import zlib
from base64 import b64encode

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.pictures import (
    Levels,
    colour_map,
    decibel_levels,
    largest_in_groups,
    log_frequency_rows,
)
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
    return _css_url(levels, colour_map(_LEVELS))


def _template_url(template: FloatArray, sample_rate: int) -> str:
    """Return a template (K, T) as opacity alone: the page gives it its component's colour."""
    rows = log_frequency_rows(template, sample_rate, STEM_ROWS)
    rows = largest_in_groups(rows, _TEMPLATE_WIDTH)
    levels = decibel_levels(rows, float(rows.max()), range_db=TEMPLATE_RANGE_DB, n_levels=_LEVELS)
    # wide pixels, so that a browser does not blur one frame into the next
    levels = np.repeat(levels, max(1, _TEMPLATE_WIDTH // levels.shape[1]), axis=1)
    white = np.full((_LEVELS, 3), 255, dtype=np.uint8)
    opacity = np.rint(255 * np.linspace(0, 1, _LEVELS) ** 1.3).astype(np.uint8)
    return _css_url(levels, white, opacity)


def _css_url(levels: Levels, colours: Levels, opacity: Levels | None = None) -> str:
    """Return an image as a ``url()`` that needs no file."""
    png = encode_png(levels, colours, opacity)
    return f"url(data:image/png;base64,{b64encode(png).decode('ascii')})"


def encode_png(levels: Levels, colours: Levels, opacity: Levels | None = None) -> bytes:
    """Return an image as PNG [1]_, each pixel an index into a palette.

    Parameters
    ----------
    levels : ndarray of uint8, shape (n_rows, n_columns)
        The first row is the lowest, as in a spectrogram.
    colours : ndarray of uint8, shape (n_levels, 3)
        Red, green, blue of each level.
    opacity : ndarray of uint8, shape (n_levels,), optional
        255 is opaque.

    References
    ----------
    .. [1] W3C: "Portable Network Graphics (PNG) Specification", third edition, 2025.
    """
    n_rows, n_columns = levels.shape
    header = struct.pack(">IIBBBBB", n_columns, n_rows, 8, 3, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"PLTE", colours.tobytes())]
    if opacity is not None:
        chunks.append((b"tRNS", opacity.tobytes()))
    chunks += [(b"IDAT", _smallest(levels[::-1])), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _smallest(pixels: Levels) -> bytes:
    """Compress rows under the filter that suits them best: none, from the left or from above."""
    left = np.diff(pixels, axis=1, prepend=np.uint8(0))  # modulo 256, as the filters want it
    above = np.diff(pixels, axis=0, prepend=np.zeros((1, pixels.shape[1]), dtype=np.uint8))
    filtered = [
        np.pad(rows, ((0, 0), (1, 0)), constant_values=kind).tobytes()
        for kind, rows in enumerate((pixels, left, above))
    ]
    return min((zlib.compress(rows, 9) for rows in filtered), key=len)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
