"""Sound as pictures: log-frequency spectrograms, outlines of waveforms, a colour map.

Arrays in, arrays out; what is drawn with them, and on what, others decide.  Rows count upwards
from the lowest frequency, columns from the start of the recording.
"""

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.division import magnitude_of
from nmfd_cli.core.stft import Stft
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


class RunningMaxima:
    """What `largest_in_groups` makes of values that come in pieces.

    Parameters
    ----------
    shape : tuple of ints
        Of the values, without their last axis.
    n_values : int
        M, how many there will be along the last axis; what comes beyond is left out.
    n_columns : int
        At least 1.

    Attributes
    ----------
    values : ndarray of float32, shape (*shape, min(M, n_columns))
        The largest of each group so far.
    """

    def __init__(self, shape: tuple[int, ...], n_values: int, n_columns: int) -> None:
        self.n_values = n_values
        width = min(n_values, n_columns)
        self._starts = np.arange(width) * n_values // width
        self.values: FloatArray = np.full((*shape, width), -np.inf, dtype=np.float32)
        self._position = 0

    def add(self, piece: FloatArray) -> None:
        """Take the next values, shape (*shape, any)."""
        piece = piece[..., : self.n_values - self._position]
        if not piece.shape[-1]:
            return
        end = self._position + piece.shape[-1]
        first = int(np.searchsorted(self._starts, self._position, side="right")) - 1
        last = int(np.searchsorted(self._starts, end, side="left"))
        cuts = np.maximum(self._starts[first:last] - self._position, 0)
        columns = self.values[..., first:last]
        np.maximum(columns, np.maximum.reduceat(piece, cuts, axis=-1), out=columns)
        self._position = end


class SpectrogramPicture:
    """The log-frequency magnitude spectrogram of a whole recording, drawn while it passes by.

    A column stands at the time of its windows' centres, unlike the frames of `Stft`, which count
    by what their windows reach: a picture over a waveform should agree with it.

    Parameters
    ----------
    stft : Stft
    sample_rate : int
        In Hz.
    n_samples : int
        Of the whole recording, a channel.
    n_rows, n_columns : int
        At most so many columns; a short recording has one a hop.
    """

    def __init__(
        self, stft: Stft, sample_rate: int, *, n_samples: int, n_rows: int, n_columns: int
    ) -> None:
        self._stft = stft
        self._sample_rate = sample_rate
        self._n_rows = n_rows
        n_frames = stft.n_frames(n_samples)
        centred = round(stft.n_fft / 2 / stft.hop_length - 0.5)
        self._first = min(max(0, centred), n_frames - 1)
        n_shown = min(max(1, n_samples // stft.hop_length), n_frames - self._first)
        self._columns = RunningMaxima((n_rows,), n_shown, n_columns)
        self._n_frames = 0
        self._waiting: FloatArray | None = None

    def add(self, samples: FloatArray) -> None:
        """Draw what these samples (C, any) complete."""
        block = samples.astype(np.float32, copy=False)
        if self._waiting is None:
            self._waiting = np.zeros((block.shape[0], self._stft.reach), dtype=np.float32)
        waiting = np.concatenate([self._waiting, block], axis=-1)
        m = (waiting.shape[-1] - self._stft.reach) // self._stft.hop_length
        self._draw(waiting, m)
        self._waiting = waiting[:, m * self._stft.hop_length :]

    def finish(self) -> FloatArray:
        """Return the picture, shape (n_rows, columns): linear magnitudes from time zero on."""
        if self._waiting is not None:
            missing = self._first + self._columns.n_values - self._n_frames
            needed = self._stft.reach + missing * self._stft.hop_length
            around = max(0, needed - self._waiting.shape[-1])
            self._draw(np.pad(self._waiting, ((0, 0), (0, around))), missing)
        return self._columns.values

    def _draw(self, samples: FloatArray, m: int) -> None:
        if m < 1:
            return
        reached = samples[:, : self._stft.reach + m * self._stft.hop_length]
        magnitude = magnitude_of(self._stft.transform(reached))
        skipped = max(0, self._first - self._n_frames)
        self._n_frames += m
        rows = log_frequency_rows(magnitude[:, skipped:], self._sample_rate, self._n_rows)
        self._columns.add(rows)


class Outline:
    """The outline of a waveform, drawn while it passes by.

    Parameters
    ----------
    n_samples : int
        Of the whole recording, a channel.
    n_columns : int
        At least 1.
    """

    def __init__(self, n_samples: int, n_columns: int) -> None:
        self._columns = RunningMaxima((2,), n_samples, n_columns)

    def add(self, samples: FloatArray) -> None:
        """Draw samples (C, any)."""
        self._columns.add(np.stack([-samples.min(axis=0), samples.max(axis=0)]))

    def finish(self) -> FloatArray:
        """Return the least and the largest sample of each column, shape (2, columns)."""
        return self._columns.values * np.array([[-1.0], [1.0]], dtype=np.float32)


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
        raise ParameterError(f"n_levels: expected 2 to 256, found {n_levels}")
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

    Parameters
    ----------
    n_levels : int

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
