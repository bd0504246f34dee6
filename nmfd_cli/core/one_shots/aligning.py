"""Hits that are alike, aligned with one another by their waveforms."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.one_shots.excerpts import Hits, excerpt

#: Seconds by which attacks may be off, and that are compared: before an attack and after it.
_LARGEST_LAG, _AHEAD, _COMPARED = 0.012, 0.001, 0.08
_TINY = 1e-20


@dataclass(frozen=True)
class Group:
    """Hits that are alike.

    Attributes
    ----------
    members : ndarray of m ints
        Which hits of the stem; the best first.
    starts : ndarray of m ints
        Where they begin, aligned with the first to the sample.
    correlations : ndarray, shape (m,)
        Of their waveforms with that of the first, 0 to 1.
    least : float
        Hits repeat one waveform if the median of their correlations is that at least.
    """

    members: NDArray[np.intp]
    starts: NDArray[np.intp]
    correlations: FloatArray
    least: float = np.inf

    @property
    def repeats(self) -> bool:
        """Whether the hits are one waveform again and again."""
        return len(self.members) > 1 and float(np.median(self.correlations[1:])) >= self.least

    def only(self, kept: NDArray[np.bool_], least: float) -> "Group":
        """Return the group of some of its members, which repeat a waveform."""
        return Group(self.members[kept], self.starts[kept], self.correlations[kept], least)

    def joined(self, other: "Group") -> "Group":
        """Return the group with more hits, aligned with its first."""
        return Group(
            np.append(self.members, other.members),
            np.append(self.starts, other.starts),
            np.append(self.correlations, other.correlations),
            self.least,
        )


def align(
    stem: FloatArray,
    hits: Hits,
    members: Sequence[int] | NDArray[np.intp],
    sample_rate: int,
    *,
    first: int | None = None,
) -> Group:
    """Align hits by the largest correlation of their waveforms with another, or the first of them.

    No hit is moved by more than 12 ms.
    """
    lag, ahead = round(_LARGEST_LAG * sample_rate), round(_AHEAD * sample_rate)
    first = int(members[0] if first is None else first)
    n_first = min(int(hits.gaps[first]), round(_COMPARED * sample_rate))
    starts, correlations = [], []
    for hit in members:
        n = max(ahead, min(n_first, int(hits.gaps[hit])))
        reference = excerpt(stem, int(hits.starts[first]) - ahead, n)
        searched = excerpt(stem, int(hits.starts[hit]) - ahead - lag, n + 2 * lag)
        products = _correlation(searched, reference)
        until = np.append(0.0, np.square(searched).sum(axis=0).cumsum())
        norms = np.sqrt((until[n:] - until[:-n]).clip(min=0.0) * np.square(reference).sum())
        cosines = products / np.maximum(norms, _TINY)
        best = int(np.argmax(np.where(norms > 0.3 * norms.max(), cosines, -1.0)))
        starts.append(int(hits.starts[hit]) + best - lag)
        correlations.append(max(0.0, float(cosines[best])))
    return Group(np.array(members), np.array(starts), np.array(correlations))


def _correlation(long: FloatArray, short: FloatArray) -> FloatArray:
    """Return the inner products of `short` (C, n) with each stretch of `long` (C, m)."""
    size = 1 << (long.shape[1] + short.shape[1]).bit_length()
    spectrum = np.fft.rfft(long, size) * np.fft.rfft(short, size).conj()
    found: FloatArray = np.fft.irfft(spectrum, size).sum(axis=0)
    return found[: long.shape[1] - short.shape[1] + 1]
