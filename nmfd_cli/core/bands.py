"""Frequency bands in which templates of a kit are compared with a recording."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.engine.target import ArrayTarget, Target, panels_of

#: Below this frequency, in Hz, every bin is a band: kicks and toms differ there.
_LINEAR_UNTIL = 320.0
_BANDS_PER_OCTAVE = 12
_HIGHEST = 18000.0


@dataclass(frozen=True)
class Bands:
    """Triangular bands that overlap by half and add up to one in every bin.

    Bins below 320 Hz are bands of their own; above, there are twelve an octave, or as many as there
    are bins.

    Parameters
    ----------
    n_fft : int
        Samples of the STFT's window.
    sample_rate : float
        In Hz.
    """

    n_fft: int
    sample_rate: float

    @property
    def n_bins(self) -> int:
        """K."""
        return self.n_fft // 2 + 1

    @cached_property
    def centres(self) -> FloatArray:
        """Where the bands peak, shape (F,), in bins."""
        per_hz = self.n_fft / self.sample_rate
        last = self.n_bins - 1
        n_linear = min(last, max(1, int(_LINEAR_UNTIL * per_hz)))
        centres = [float(bin_) for bin_ in range(1, n_linear + 1)]
        ratio = 2.0 ** (1 / _BANDS_PER_OCTAVE)
        while centres[-1] < min(_HIGHEST * per_hz, last):
            centres.append(max(centres[-1] * ratio, centres[-1] + 1))
        return np.array(centres)

    @cached_property
    def matrix(self) -> FloatArray:
        """The weight of each bin in each band, shape (F, K), float32; columns add up to one."""
        bins = np.arange(self.n_bins)
        position = np.interp(bins, self.centres, np.arange(len(self.centres)))
        distance = np.abs(position - np.arange(len(self.centres))[:, None])
        weights: FloatArray = np.maximum(1 - distance, 0).astype(np.float32)
        return weights

    def add_up(self, V: FloatArray) -> FloatArray:
        """Return the bands (F, ...) of spectra (K, ...): sums of magnitudes."""
        banded: FloatArray = np.tensordot(self.matrix.astype(V.dtype), V, axes=1)
        return banded

    def spread(self, W: FloatArray) -> FloatArray:
        """Return spectra (K, ...) whose bands are about these (F, ...): level within a band."""
        per_bin = self.matrix / np.maximum(self.matrix.sum(axis=1, keepdims=True), 1e-9)
        spectra: FloatArray = np.tensordot(per_bin.T.astype(W.dtype), W, axes=1)
        return spectra


class BandedTarget:
    """A target seen in bands, as long as it is read from elsewhere."""

    in_memory = False

    def __init__(self, target: Target, bands: Bands) -> None:
        self._target = target
        self._bands = bands
        self.total = target.total  # columns of the matrix add up to one
        self.panel_frames = target.panel_frames
        self.dtype: np.dtype[Any] = target.dtype

    @property
    def shape(self) -> tuple[int, int]:
        return len(self._bands.centres), self._target.shape[1]

    def panel(self, index: int, scratch: FloatArray | None = None) -> FloatArray:
        return self._bands.add_up(self._target.panel(index))


def in_bands(target: Target, bands: Bands) -> Target:
    """Return a target in bands: in memory if the target itself is."""
    banded = BandedTarget(target, bands)
    if not target.in_memory:
        return banded
    parts = [banded.panel(panel.index) for panel in panels_of(banded)]
    return ArrayTarget(np.concatenate(parts, axis=1), target.dtype)
