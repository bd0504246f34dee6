"""Spectrograms and outlines of recordings that pass by block by block.

What is kept is as wide as the picture, however long the recording is.
"""

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.division import magnitude_of
from nmfd_cli.core.pictures import log_frequency_rows
from nmfd_cli.core.stft import Stft


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
            self._waiting = np.zeros((block.shape[0], self._stft.overlap), dtype=np.float32)
        waiting = np.concatenate([self._waiting, block], axis=-1)
        m = (waiting.shape[-1] - self._stft.overlap) // self._stft.hop_length
        self._draw(waiting, m)
        self._waiting = waiting[:, m * self._stft.hop_length :]

    def finish(self) -> FloatArray:
        """Return the picture, shape (n_rows, columns): linear magnitudes from time zero on."""
        if self._waiting is not None:
            missing = self._first + self._columns.n_values - self._n_frames
            needed = self._stft.overlap + missing * self._stft.hop_length
            around = max(0, needed - self._waiting.shape[-1])
            self._draw(np.pad(self._waiting, ((0, 0), (0, around))), missing)
        return self._columns.values

    def _draw(self, samples: FloatArray, m: int) -> None:
        if m < 1:
            return
        reached = samples[:, : self._stft.overlap + m * self._stft.hop_length]
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
