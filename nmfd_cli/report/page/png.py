"""Indexed PNG images."""

import struct
import zlib
from base64 import b64encode

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


def encode_png(levels: Bytes, colours: Bytes, opacity: Bytes | None = None) -> bytes:
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


def as_css_url(png: bytes) -> str:
    """Return an image as a ``url()`` that needs no file."""
    return f"url(data:image/png;base64,{b64encode(png).decode('ascii')})"


def _smallest(pixels: Bytes) -> bytes:
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
