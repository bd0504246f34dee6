"""Which hits of a drum repeat one waveform, and where exactly each of them begins.

The attacks of a stem's hits are compared by their generalised cross-correlation ([1]_, with spectra
compressed to the root of their magnitudes) with the running mean of a cluster, over those bins that
the stem's mask leaves; a hit that no cluster resembles founds one of its own.  Velocity layers,
round robins and accents become clusters; false onsets stay alone.

References
----------
.. [1] C. H. Knapp, G. C. Carter: "The generalized correlation method for estimation of time delay",
   IEEE TASSP 24(4), 1976.
"""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import ComplexArray, FloatArray

#: Fewer hits say nothing of what repeats.
LEAST_HITS = 3
#: About how long an attack is, in seconds; a quarter of it lies before the onset.
_ATTACK = 0.093
#: Farthest that a hit is moved from its onset, in seconds.
_FARTHEST = 0.01588
#: Share of an attack that the mean of a cluster has to explain.
_ALIKE = 0.5
#: A correlation that near the greatest one leaves a hit where it is.
_AS_GOOD = 0.97
#: Most clusters of a stem; hits that would need more are left out.
_MOST_CLUSTERS = 6
_TINY = 1e-20


@dataclass(frozen=True)
class Hit:
    """One hit of a cluster.

    Attributes
    ----------
    onset : int
        Sample at which it begins.
    fraction : float, in [-0.5, 0.5]
        What is to be added to it.
    gain : float
        Its level beside that of the others.
    """

    onset: int
    fraction: float
    gain: float


@dataclass(frozen=True)
class _Attack:
    """An attack as its stem's mask lets it be seen.

    Attributes
    ----------
    weight : ndarray, shape (F,)
        Of its bins.
    weighted : ndarray, shape (C, F)
        Its compressed spectrum, weighted.
    energy : float
        The product of the weighted and the plain spectrum.
    cleanness : float, in [0, 1]
        The share of it that the mask leaves.
    """

    weight: FloatArray
    weighted: ComplexArray
    energy: float
    cleanness: float

    def moved(self, samples: float) -> ComplexArray:
        """Return its weighted spectrum, that many samples earlier."""
        return advance(samples, len(self.weight)) * self.weighted if samples else self.weighted


class _Cluster:
    """Hits that are alike, and the mean of their aligned attacks."""

    def __init__(self, founder: int, attack: _Attack) -> None:
        self.moves = {founder: 0.0}
        self._sum, self._weight = attack.weighted, attack.weight
        self.mean = _mean(self._sum, self._weight)

    def add(self, member: int, attack: _Attack, move: float) -> None:
        self.moves[member] = move
        self._sum = self._sum + attack.moved(move)
        self._weight = self._weight + attack.weight
        self.mean = _mean(self._sum, self._weight)

    def mean_without(self, member: int, attack: _Attack) -> ComplexArray:
        rest = self._sum - attack.moved(self.moves[member])
        return _mean(rest, self._weight - attack.weight)


def _mean(total: ComplexArray, weight: FloatArray) -> ComplexArray:
    return total * (1 / np.maximum(weight, np.float32(1e-6)))


def advance(samples: float, n_bins: int) -> ComplexArray:
    """Return what moves a spectrum (..., K) by so many samples, or parts of one, to the left."""
    phase = np.float32(np.pi * samples / (n_bins - 1)) * np.arange(n_bins, dtype=np.float32)
    turn = np.empty(n_bins, dtype=np.complex64)
    turn.real, turn.imag = np.cos(phase), np.sin(phase)  # several times as fast as a complex exp
    return turn


def cluster_hits(
    x: FloatArray,
    onsets: NDArray[np.intp],
    share: FloatArray,
    *,
    hop_length: int,
    sample_rate: int,
) -> list[list[Hit]]:
    """Sort the hits of one stem into clusters of like waveforms, and align them.

    Parameters
    ----------
    x : ndarray, shape (C, n)
        The mixture.
    onsets : ndarray of int, shape (N,)
        In samples, ascending.
    share : ndarray, shape (M, K), in [0, 1]
        The stem's mask; frame m is the first to reach sample ``m * hop_length``.
    hop_length : int
    sample_rate : int
        In Hz.

    Returns
    -------
    list of lists of Hit
        Clusters of `LEAST_HITS` or more, each ascending.
    """
    window = _window(sample_rate)
    farthest = round(_FARTHEST * sample_rate)
    attacks = [_attack(x, share, int(onset), window=window, hop=hop_length) for onset in onsets]
    clean_first = np.argsort([-attack.cleanness for attack in attacks], kind="stable")
    clusters: list[_Cluster] = []
    for hit in clean_first.tolist():
        found = [_match(attacks[hit], cluster.mean, farthest) for cluster in clusters]
        best = max(range(len(found)), key=lambda index: found[index].explained, default=-1)
        if best >= 0 and found[best].explained >= _ALIKE:
            clusters[best].add(hit, attacks[hit], found[best].move)
        elif len(clusters) < _MOST_CLUSTERS:
            clusters.append(_Cluster(hit, attacks[hit]))
    aligned = [_aligned(cluster, onsets, attacks, farthest=farthest) for cluster in clusters]
    return [hits for hits in aligned if len(hits) >= LEAST_HITS]


def _aligned(
    cluster: _Cluster, onsets: NDArray[np.intp], attacks: list[_Attack], *, farthest: int
) -> list[Hit]:
    """Hold each member against the mean of the others; those that it explains stay."""
    hits: list[Hit] = []
    if len(cluster.moves) < LEAST_HITS:
        return hits
    for member in sorted(cluster.moves):
        attack = attacks[member]
        match = _match(attack, cluster.mean_without(member, attack), farthest)
        if match.explained >= _ALIKE:
            onset = int(onsets[member]) + round(match.move)
            hits.append(Hit(onset, match.move - round(match.move), match.gain))
    return hits


@cache
def _window(sample_rate: int) -> NDArray[np.float32]:
    """Return what fades an attack in, up to its onset, and out; a power of two of samples."""
    length: int = 1 << round(math.log2(_ATTACK * sample_rate))
    before = length // 4
    fade_in = np.sin(np.linspace(0, np.pi / 2, before)) ** 2
    fade_out = np.cos(np.linspace(0, np.pi / 2, length - before)) ** 2
    return np.concatenate([fade_in, fade_out]).astype(np.float32)


def _attack(
    x: FloatArray, share: FloatArray, onset: int, *, window: NDArray[np.float32], hop: int
) -> _Attack:
    """Cut out what is around an onset; the frames that see it best have its mask."""
    start = onset - len(window) // 4
    piece = np.zeros((x.shape[0], len(window)), dtype=np.float32)
    low, high = max(0, start), min(x.shape[1], start + len(window))
    piece[:, low - start : max(high, low) - start] = x[:, low:high]
    spectrum = np.fft.rfft(piece * window, axis=-1, norm="ortho")
    level = np.sqrt(np.abs(spectrum))  # of the compressed spectrum
    first = min(onset // hop + 1, len(share) - 1)
    mask = share[first : first + 3].mean(axis=0)
    bins = np.linspace(0, len(mask) - 1, level.shape[-1])
    weight = np.square(np.interp(bins, np.arange(len(mask)), mask), dtype=np.float32)
    total = level.sum(axis=0)
    return _Attack(
        weight=weight,
        weighted=spectrum * (weight / np.maximum(level, np.float32(_TINY))),
        energy=float(weight @ np.square(level).sum(axis=0)),
        cleanness=float(weight @ total) / max(float(total.sum()), _TINY),
    )


@dataclass(frozen=True)
class _Match:
    """How a mean fits an attack: the share it explains, its move in samples, and its gain."""

    explained: float
    move: float
    gain: float


def _match(attack: _Attack, mean: ComplexArray, farthest: int) -> _Match:
    """Find where the mean of a cluster fits an attack best, at most so many samples away."""
    correlation = np.fft.irfft((attack.weighted * mean.conj()).sum(axis=0))
    correlation *= len(correlation) / 2  # of one half of the spectrum
    near = np.concatenate([correlation[-farthest:], correlation[: farthest + 1]])
    peak = int(np.argmax(near))
    move = peak - farthest + _parabola(near, peak)
    if near[farthest] >= _AS_GOOD * near[peak]:
        peak, move = farthest, 0.0
    inner = max(float(near[peak]), 0.0)
    of_mean = float(attack.weight @ (np.square(mean.real) + np.square(mean.imag)).sum(axis=0))
    explained = min(inner**2 / max(attack.energy * of_mean, _TINY), 1.0)
    return _Match(explained, move, (inner / max(of_mean, _TINY)) ** 2)


def _parabola(values: FloatArray, peak: int) -> float:
    """Return where between samples a parabola through a peak has its top, in [-0.5, 0.5]."""
    if not 0 < peak < len(values) - 1:
        return 0.0
    before, top, after = (float(value) for value in values[peak - 1 : peak + 2])
    curvature = before - 2 * top + after
    return 0.5 * (before - after) / curvature if curvature < 0 else 0.0
