"""The mean of a drum's aligned hits, and how far it explains each of them.

A hit is given as what known waveforms leave of it: its frames (C, J, K) and the share (J, K) that
the mask of its stem has in them.  Frames are counted from its onset; one that is cut short by the
next hit has fewer than the mean.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import ComplexArray, FloatArray

#: Shares of a hit's energy, that the mean of the others explains, from which a band of the mean
#: begins to count and counts in full (3 and 7 dB).
_NOTHING, _ALL = 0.5, 0.8
#: A band is so many bins or this share of its lowest wide.
_LEAST_BINS, _BAND_WIDTH = 4, 0.19
_TINY = 1e-20

#: Frames (C, J, K) of what is left of a hit, and the stem's share (J, K) of them.
Piece = tuple[ComplexArray, FloatArray]


def _weight(shares: FloatArray) -> FloatArray:
    """Return how much a bin counts: much only where the stem is almost alone."""
    squares = shares * shares
    return np.asarray(squares * squares)


def averaged(
    pieces: Sequence[Piece], gains: NDArray[np.float32], known: ComplexArray
) -> tuple[ComplexArray, FloatArray, FloatArray]:
    """Return the weighted mean (C, J, K) of what is left, its weight and the mean share (J, K)."""
    change = np.zeros_like(known)
    weight, share, n_hits = np.zeros((3, *known.shape[1:]), dtype=np.float32)
    for (frames, shares), gain in zip(pieces, gains, strict=True):
        of_hit = gain * _weight(shares)
        here = slice(len(shares))
        change[:, here] += of_hit * frames
        weight[here] += gain * of_hit
        share[here] += gain * gain * shares
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
) -> tuple[FloatArray, float]:
    """Return how far to trust the mean: by bins (J, K) in [0, 1], and the share it explains in all.

    The mean without one hit differs from that hit by what the mean of all does, times
    ``weight / (weight - its own)``.
    """
    error, energy = np.zeros((2, *weight.shape), dtype=np.float32)
    for (frames, shares), gain in zip(pieces, gains, strict=True):
        here = slice(len(shares))
        of_hit = _weight(shares)
        left = weight[here] - gain * gain * of_hit
        is_alone = left <= 1e-3 * weight[here]
        growth = weight[here] / np.where(is_alone, 1, left)
        of_energy = of_hit * _energy(frames + gain * known[:, here])
        of_error = of_hit * growth**2 * _energy(frames + gain * (known - mean)[:, here])
        energy[here] += of_energy
        error[here] += np.where(is_alone, of_energy, of_error)
    edges = _band_edges(weight.shape[1])
    in_bands = [np.add.reduceat(sums, edges[:-1], axis=1) for sums in (error, energy)]
    share = 1 - in_bands[0] / np.maximum(in_bands[1], _TINY)
    trust = np.clip((share - _NOTHING) / (_ALL - _NOTHING), 0, 1)
    total = 1 - float(error.sum(dtype=float)) / max(float(energy.sum(dtype=float)), _TINY)
    return np.repeat(trust, np.diff(edges), axis=1), total


def best_gains(
    pieces: Sequence[Piece], gains: NDArray[np.float32], known: ComplexArray, *, mean: ComplexArray
) -> NDArray[np.float32]:
    """Return the gain at which the mean explains each hit best."""
    found = []
    energy = _energy(mean)
    for (frames, shares), gain in zip(pieces, gains, strict=True):
        here = slice(len(shares))
        of_hit = _weight(shares)
        hit = frames + gain * known[:, here]
        inner = (hit.real * mean[:, here].real + hit.imag * mean[:, here].imag).sum(axis=0)
        norm = float((of_hit * energy[here]).sum())
        found.append(
            max(float((of_hit * inner).sum()) / norm, 0.0) if norm > _TINY else float(gain)
        )
    return np.array(found, dtype=np.float32)


def _energy(frames: ComplexArray) -> FloatArray:
    energy: FloatArray = (np.square(frames.real) + np.square(frames.imag)).sum(axis=0)
    return energy


def _band_edges(n_bins: int) -> NDArray[np.intp]:
    edges = [0]
    while edges[-1] < n_bins:
        width = max(_LEAST_BINS, int(edges[-1] * _BAND_WIDTH))
        edges.append(min(n_bins, edges[-1] + width))
    return np.array(edges)
