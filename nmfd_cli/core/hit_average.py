"""The mean of a drum's aligned hits, and how far it explains each of them.

A hit is given as what known waveforms leave of it: its frames (C, J, K) and the share (J, K) that
the mask of its stem has in them.  Frames are counted from its onset; one that is cut short by the
next hit has fewer than the mean.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import ComplexArray, FloatArray

#: Shares of a hit's energy, that the mean of the others explains, from which a band of the mean
#: begins to count and counts in full (3 and 7 dB).
_NOTHING, _ALL = 0.5, 0.8
#: A band is so many bins or this share of its lowest wide.
_LEAST_BINS, _BAND_WIDTH = 4, 0.19
_TINY = 1e-20


@dataclass(frozen=True)
class Piece:
    """What is left of a hit.

    Attributes
    ----------
    frames : ndarray, shape (C, J, K)
    share : ndarray, shape (J, K), in [0, 1]
        The stem's share of them.
    weight : ndarray, shape (J, K)
        How much a bin counts: much only where the stem is almost alone.
    """

    frames: ComplexArray
    share: FloatArray
    weight: FloatArray

    @classmethod
    def of(cls, frames: ComplexArray, share: FloatArray) -> "Piece":
        squares = share * share
        return cls(frames, share, squares * squares)


@dataclass(frozen=True)
class Explained:
    """How far a mean explains hits.

    Attributes
    ----------
    trust : ndarray, shape (J, K), in [0, 1]
        How far each bin of the mean is to be used.
    share : float
        Of the hits' energy.
    gains : ndarray, shape (N,)
        Those at which the mean explains each hit best.
    """

    trust: FloatArray
    share: float
    gains: NDArray[np.float32]


def averaged(
    pieces: Sequence[Piece], gains: NDArray[np.float32], known: ComplexArray
) -> tuple[ComplexArray, FloatArray, FloatArray]:
    """Return the weighted mean (C, J, K) of what is left, its weight and the mean share (J, K)."""
    change = np.zeros_like(known)
    weight, share, n_hits = np.zeros((3, *known.shape[1:]), dtype=np.float32)
    for piece, gain in zip(pieces, gains, strict=True):
        of_hit = gain * piece.weight
        here = slice(len(of_hit))
        change[:, here] += of_hit * piece.frames
        weight[here] += gain * of_hit
        share[here] += gain * gain * piece.share
        n_hits[here] += gain * gain
    change /= np.maximum(weight, _TINY)
    return change, weight, share / np.maximum(n_hits, _TINY)


def explained(
    pieces: Sequence[Piece],
    gains: NDArray[np.float32],
    known: ComplexArray,
    *,
    mean: ComplexArray,
    weight: FloatArray,
) -> Explained:
    """Return how far the mean (C, J, K) of hits, of which a part is known, explains each of them.

    A hit is what is left of it and the known part.  The mean without one hit differs from that hit
    by what the mean of all does, times ``weight / (weight - its own)``.
    """
    error, energy = np.zeros((2, *weight.shape), dtype=np.float32)
    of_mean = _energy(mean)
    best = gains.copy()
    for index, (piece, gain) in enumerate(zip(pieces, gains, strict=True)):
        here = slice(len(piece.weight))
        left = weight[here] - gain * gain * piece.weight
        is_alone = left <= 1e-3 * weight[here]
        growth = weight[here] / np.where(is_alone, 1, left)
        hit = piece.frames + gain * known[:, here]
        of_energy = piece.weight * _energy(hit)
        inner = piece.weight * _inner(hit, mean[:, here])
        norm = piece.weight * of_mean[here]
        distance = of_energy - 2 * gain * inner + gain * gain * norm
        energy[here] += of_energy
        error[here] += np.where(is_alone, of_energy, growth**2 * distance)
        if (total := float(norm.sum())) > _TINY:
            best[index] = max(float(inner.sum()) / total, 0.0)
    edges = _band_edges(weight.shape[1])
    in_bands = [np.add.reduceat(sums, edges[:-1], axis=1) for sums in (error, energy)]
    share = 1 - in_bands[0] / np.maximum(in_bands[1], _TINY)
    trust = np.clip((share - _NOTHING) / (_ALL - _NOTHING), 0, 1)
    total_share = 1 - float(error.sum(dtype=float)) / max(float(energy.sum(dtype=float)), _TINY)
    return Explained(np.repeat(trust, np.diff(edges), axis=1), total_share, best)


def _inner(x: ComplexArray, y: ComplexArray) -> FloatArray:
    inner: FloatArray = (x.real * y.real + x.imag * y.imag).sum(axis=0)
    return inner


def _energy(frames: ComplexArray) -> FloatArray:
    energy: FloatArray = (np.square(frames.real) + np.square(frames.imag)).sum(axis=0)
    return energy


def _band_edges(n_bins: int) -> NDArray[np.intp]:
    edges = [0]
    while edges[-1] < n_bins:
        width = max(_LEAST_BINS, int(edges[-1] * _BAND_WIDTH))
        edges.append(min(n_bins, edges[-1] + width))
    return np.array(edges)
