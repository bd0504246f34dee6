"""What sustains and what is struck, told apart by medians of the magnitude spectrogram.

A median along time keeps what lasts and drops hits; a median along frequency keeps what is broad
and drops partials [1]_.  Kernels are given in seconds and hertz.  Medians of what another model
leaves over are kernel additive modelling [2]_; here that model is the drums' factorisation, as in
[3]_.

References
----------
.. [1] D. Fitzgerald: "Harmonic/percussive separation using median filtering", DAFx 2010.
.. [2] A. Liutkus, D. Fitzgerald, Z. Rafii, B. Pardo, L. Daudet: "Kernel additive models for source
   separation", IEEE TSP 62(16), 2014.
.. [3] D. Fano Yela, S. Ewert, D. Fitzgerald, M. Sandler: "Interference reduction in music
   recordings combining kernel additive modelling and non-negative matrix factorization",
   ICASSP 2017.
.. [4] J. Driedger, M. Müller, S. Disch: "Extending harmonic-percussive separation of audio
   signals", ISMIR 2014.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.stft import Stft

#: The span of the median along time, in seconds, and of that along frequency, in Hz.
_SECONDS: Final = 0.3
_HERTZ: Final = 300.0
#: The least share of what exceeds the drums' model that the accompaniment's takes.
_EXCESS: Final = 0.3
#: The medians by which `tonal_energies` tells tones, by how much tones exceed what is broad,
#: and the edges in Hz of the ranges it looks at: below them kicks and toms ring, too.
_TONE_SECONDS: Final = 0.4
_TONE_HERTZ: Final = 250.0
_TONE_FACTOR: Final = 5.0
_TONE_EDGES: Final = (200.0, 400.0, 800.0, 5000.0)


@dataclass(frozen=True)
class MedianKernels:
    """The spans of both medians, in frames and bins of an STFT; both odd."""

    n_frames: int
    n_bins: int

    @classmethod
    def of(cls, stft: Stft, sample_rate: int) -> "MedianKernels":
        """Return the kernels for an STFT of a recording."""
        return cls(
            _odd(_SECONDS * sample_rate / stft.hop_length), _odd(_HERTZ * stft.n_fft / sample_rate)
        )

    @property
    def reach(self) -> int:
        """Frames to either side that a frame's median along time looks at."""
        return self.n_frames // 2

    def sustained(self, V: FloatArray) -> FloatArray:
        """Return the median along time of a spectrogram (K, m)."""
        return _running_median(V, self.n_frames - 1, 1)

    def broad(self, V: FloatArray) -> FloatArray:
        """Return the median along frequency of a spectrogram (K, m)."""
        return _running_median(V, self.n_bins - 1, 0)

    def percussive(self, V: FloatArray) -> FloatArray:
        """Return the percussive part of a spectrogram (K, m), by a Wiener mask of both medians."""
        sustained, broad = np.square(self.sustained(V)), np.square(self.broad(V))
        tiny = np.finfo(V.dtype).tiny
        part: FloatArray = V * (broad / (sustained + broad + tiny))
        return part

    def accompaniment(self, V: FloatArray, drums: FloatArray) -> FloatArray:
        """Return a model (K, m) of what else sounds: what the drums leave over and lasts.

        Two rounds: what exceeds the drums' model, and what the mask of the first round leaves.
        Some of what exceeds the drums counts even where it does not last, such as consonants.

        Parameters
        ----------
        V : ndarray, shape (K, m)
        drums : ndarray, shape (K, m)
            The model of all drums together, of the same scale.
        """
        excess = np.maximum(V - drums, 0)
        first = np.square(self.sustained(excess))
        tiny = np.finfo(V.dtype).tiny
        lasting = self.sustained(V * (first / (first + np.square(drums) + tiny)))
        return np.maximum(lasting, _EXCESS * excess)


def tonal_energies(V: FloatArray, stft: Stft, sample_rate: int) -> FloatArray:
    """Return the energy of clear tones in a spectrogram (K, m), by range, and last of everything.

    A clear tone exceeds, for as long as 0.2 s around, all that is broad by a factor: what is
    neither tone nor hit, such as noise, counts as none, as in [4]_.

    Returns
    -------
    ndarray, shape (4,)
        The ranges are 200 to 400, 400 to 800 and 800 to 5000 Hz.
    """
    per_hertz, last = stft.n_fft / sample_rate, len(V) - 1
    edges = [min(int(hertz * per_hertz), last) for hertz in _TONE_EDGES]
    tones = V[edges[0] : max(edges[-1], edges[0] + 1)]
    sustained = _running_median(tones, _TONE_SECONDS * sample_rate / stft.hop_length, 1)
    broad = _running_median(tones, _TONE_HERTZ * per_hertz, 0)
    clear = np.square(np.where(sustained > _TONE_FACTOR * broad, tones, 0)).sum(axis=1)
    bounds = [(low - edges[0], high - edges[0]) for low, high in pairwise(edges)]
    ranges = [float(clear[low:high].sum()) for low, high in bounds]
    return np.array([*ranges, float(np.square(V).sum())])


def _running_median(V: FloatArray, span: float, axis: int) -> FloatArray:
    """Return the median over a span of entries around each: of nine of them, spread over it.

    Neighbouring frames and bins overlap, so that more would say little more; and the median of nine
    takes thirty passes of minima and maxima.
    """
    half = max(1, round(span / 2))
    around = [(0, 0), (0, 0)]
    around[axis] = (half, half)
    padded = np.pad(V, around, mode="edge")
    if axis == 0:
        padded = padded.T
    n = V.shape[axis]
    picked = [
        padded[:, first : first + n] for first in np.rint(np.linspace(0, 2 * half, 9)).astype(int)
    ]
    lows, middles, highs = zip(*(_sorted(*picked[k::3]) for k in range(3)), strict=True)
    median = _middle(
        np.maximum(np.maximum(lows[0], lows[1]), lows[2]),
        _middle(*middles),
        np.minimum(np.minimum(highs[0], highs[1]), highs[2]),
    )
    return np.ascontiguousarray(median.T) if axis == 0 else median


def _sorted(a: FloatArray, b: FloatArray, c: FloatArray) -> tuple[FloatArray, ...]:
    """Return three arrays sorted entry by entry."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    return np.minimum(low, c), np.maximum(low, np.minimum(high, c)), np.maximum(high, c)


def _middle(a: FloatArray, b: FloatArray, c: FloatArray) -> FloatArray:
    """Return the median of three arrays, entry by entry."""
    middle: FloatArray = np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))
    return middle


def _odd(span: float) -> int:
    """Return the odd number next to a span, at least 3."""
    return max(3, 2 * int(span / 2) + 1)
