"""Sound as pictures: logarithmic frequency axes, levels in dB, a colour map.

Arrays in, arrays out; what is drawn with them, and on what, others decide.  Rows count upwards
from the lowest frequency, columns from the start of the recording.
"""

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.errors import ParameterError

#: The frequencies that pictures show, in Hz, as far as the recording has them.
LOWEST_FREQUENCY, HIGHEST_FREQUENCY = 30.0, 20000.0

Levels = NDArray[np.uint8]


def frequency_range(sample_rate: int) -> tuple[float, float]:
    """Return the lowest and the highest frequency of a picture, in Hz.

    Parameters
    ----------
    sample_rate : int
        In Hz; what little a rate below 120 Hz leaves is shown from a quarter of it.
    """
    highest = min(HIGHEST_FREQUENCY, sample_rate / 2)
    return min(LOWEST_FREQUENCY, highest / 2), highest


def log_frequency_rows(magnitude: FloatArray, sample_rate: int, n_rows: int) -> FloatArray:
    """Put a spectrogram on a logarithmic frequency axis.

    Where rows lie closer than bins, rows are interpolated between them; where bins lie closer, a
    row shows the largest of its bins, so that no partial disappears.

    Parameters
    ----------
    magnitude : ndarray, shape (K, ...)
        Bins from zero to the Nyquist frequency, at least 0.
    sample_rate : int
        In Hz.
    n_rows : int
        At least 1.

    Returns
    -------
    ndarray, shape (n_rows, ...)
        From `frequency_range`'s lowest to its highest frequency.
    """
    K = magnitude.shape[0]
    low, high = frequency_range(sample_rate)
    # in bins: the edges of all rows, and between each two the centre of a row
    points = np.geomspace(low, high, 2 * n_rows + 1) * 2 * (K - 1) / sample_rate
    edges, centres = points[::2], points[1::2]
    below = np.minimum(centres.astype(int), K - 2)
    share = (centres - below).reshape(-1, *[1] * (magnitude.ndim - 1)).astype(magnitude.dtype)
    rows: FloatArray = (1 - share) * magnitude[below] + share * magnitude[below + 1]
    first, last = np.ceil(edges[:-1]).astype(int), np.floor(edges[1:]).astype(int)
    for row in np.flatnonzero(last > first):
        rows[row] = magnitude[first[row] : last[row] + 1].max(axis=0)
    return rows


def largest_in_groups(values: FloatArray, n_columns: int) -> FloatArray:
    """Shorten the last axis, to the largest value of each group; a shorter one stays as it is.

    Parameters
    ----------
    values : ndarray, shape (..., M)
    n_columns : int
        At least 1.

    Returns
    -------
    ndarray, shape (..., min(M, n_columns))
    """
    M = values.shape[-1]
    if n_columns >= M:
        return values
    starts = np.arange(n_columns) * M // n_columns
    grouped: FloatArray = np.maximum.reduceat(values, starts, axis=-1)
    return grouped


def decibel_levels(
    magnitude: FloatArray, reference: float, *, range_db: float = 70.0, n_levels: int = 64
) -> Levels:
    """Quantise magnitudes in dB.

    Parameters
    ----------
    magnitude : ndarray, any shape
        At least 0.
    reference : float
        What counts as 0 dB.
    range_db : float
        What lies so far below it, or further, has level 0.
    n_levels : int
        2 to 256.

    Returns
    -------
    ndarray of uint8, same shape
        0 to ``n_levels - 1``; nothing but zeros for silence.
    """
    if not 2 <= n_levels <= 256:
        raise ParameterError(expected="2 to 256", found=str(n_levels), setting="n_levels")
    if reference <= 0:
        return np.zeros(magnitude.shape, dtype=np.uint8)
    decibels = 20 * np.log10(np.maximum(magnitude / reference, EPS))
    shares = np.clip(1 + decibels / range_db, 0, 1)
    levels: Levels = np.rint(shares * (n_levels - 1)).astype(np.uint8)
    return levels


def colour_map(n_levels: int = 64) -> NDArray[np.uint8]:
    """Return colours from black over violet and orange to pale yellow.

    A path through the OKLCh space [1]_ on which lightness rises evenly, so that it reads as well
    without hue: in print, and by the colour-blind.  The hue turns from blue (285 degrees) upwards
    over red to yellow (105 degrees); chroma swells in the middle and is drawn in where sRGB ends.

    Returns
    -------
    ndarray of uint8, shape (n_levels, 3)
        Red, green, blue in sRGB.

    References
    ----------
    .. [1] B. Ottosson: "A perceptual color space for image processing", 2020.
    """
    level = np.linspace(0, 1, n_levels)
    lightness = 0.02 + 0.96 * level**0.9
    hue = np.radians(285 + 180 * level**0.85)
    chroma = 0.19 * np.sin(np.pi * level**0.9) ** 0.8
    linear = _linear_rgb(lightness, chroma, hue)
    for _ in range(40):
        outside = (linear.min(axis=1) < 0) | (linear.max(axis=1) > 1)
        chroma = np.where(outside, 0.95 * chroma, chroma)
        linear = _linear_rgb(lightness, chroma, hue)
    linear = np.clip(linear, 0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    colours: NDArray[np.uint8] = np.rint(255 * srgb).astype(np.uint8)
    return colours


def _linear_rgb(lightness: FloatArray, chroma: FloatArray, hue: FloatArray) -> FloatArray:
    """Return linear sRGB (n, 3) of OKLCh colours (n,)."""
    a, b = chroma * np.cos(hue), chroma * np.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    rgb: FloatArray = np.stack([red, green, blue], axis=1)
    return rgb
