"""One-shots at their hits again: how loud each is, and what that sounds like."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.one_shots.excerpts import excerpt

#: Seconds over which a choked sound fades.
CHOKE_SECONDS: Final = 0.006
#: Rounds of the solver, and the pull to the gains it starts from, beside each hit's own energy.
_ROUNDS, _PULL = 100, 0.01
_TINY = 1e-20


@dataclass(frozen=True)
class Played:
    """A one-shot at a hit.

    Attributes
    ----------
    start : int
        The first sample.
    samples : ndarray, shape (C, L)
    gain : float
    choked : int or None
        The sample of the recording from which on it is faded out.
    """

    start: int
    samples: FloatArray
    gain: float
    choked: int | None = None


def render(played: Sequence[Played], n_samples: int, sample_rate: int) -> FloatArray:
    """Return what is played, shape (C, n_samples)."""
    n_channels = played[0].samples.shape[0] if played else 1
    sum_of_all = np.zeros((n_channels, n_samples))
    for one in played:
        add_at(sum_of_all, one.start, one.gain * sounding(one, sample_rate))
    return sum_of_all


def add_at(track: FloatArray, start: int, sound: FloatArray) -> None:
    """Add a sound (C, L) to a track (C, n) from `start` on; what lies beyond its ends is left out.

    The track is changed.
    """
    first, last = max(start, 0), min(start + sound.shape[1], track.shape[1])
    if last > first:
        track[:, first:last] += sound[:, first - start : last - start]


def sounding(one: Played, sample_rate: int) -> FloatArray:
    """Return the samples of a one-shot at a hit until it ends or is choked, before the gain."""
    if one.choked is None or one.choked - one.start >= one.samples.shape[1]:
        return one.samples
    n_fade = round(CHOKE_SECONDS * sample_rate)
    cut = one.samples[:, : one.choked - one.start + n_fade].copy()
    n_tail = cut.shape[1] - (one.choked - one.start)
    cut[:, cut.shape[1] - n_tail :] *= (1 - np.arange(n_tail) / n_fade).clip(min=0)
    return cut


def fit_gains(mixture: FloatArray, played: Sequence[Played], sample_rate: int) -> list[Played]:
    """Choose the gains with which all hits together come closest to the mixture (C, n).

    Least squares with a slight pull to the gains as given, none below zero:
    ``min |x - sum g_i h_i|^2 + 0.01 sum |h_i|^2 (g_i - g_i')^2``, solved by projected coordinate
    descent on the normal equations, of which only hits that overlap have entries.
    """
    sounds = [sounding(one, sample_rate) for one in played]
    energies = np.array([max(float(np.vdot(sound, sound)), _TINY) for sound in sounds])
    products = np.array(
        [
            float(np.vdot(excerpt(mixture, one.start, sound.shape[1]), sound))
            for one, sound in zip(played, sounds, strict=True)
        ]
    )
    overlaps = _overlaps(played, sounds)
    given = np.array([one.gain for one in played])
    gains = given.copy()
    for _ in range(_ROUNDS):
        before = gains.copy()
        for i, neighbours in enumerate(overlaps):
            others = sum(product * gains[j] for j, product in neighbours)
            wanted = products[i] - others + _PULL * energies[i] * given[i]
            gains[i] = max(0.0, wanted / (energies[i] * (1 + _PULL)))
        if np.abs(gains - before).max(initial=0.0) <= 1e-4 * np.abs(gains).max(initial=_TINY):
            break
    return [replace(one, gain=float(gain)) for one, gain in zip(played, gains, strict=True)]


def _overlaps(
    played: Sequence[Played], sounds: Sequence[FloatArray]
) -> list[list[tuple[int, float]]]:
    found: list[list[tuple[int, float]]] = [[] for _ in played]
    for i, j, product in _products(played, sounds):
        found[i].append((j, product))
        found[j].append((i, product))
    return found


def _products(
    played: Sequence[Played], sounds: Sequence[FloatArray]
) -> Iterator[tuple[int, int, float]]:
    """Yield the inner product of each two hits that overlap."""
    order = sorted(range(len(played)), key=lambda i: played[i].start)
    active: list[int] = []
    for i in order:
        start = played[i].start
        active = [j for j in active if played[j].start + sounds[j].shape[1] > start]
        for j in active:
            offset = start - played[j].start
            n = min(sounds[i].shape[1], sounds[j].shape[1] - offset)
            product = float(np.vdot(sounds[i][:, :n], sounds[j][:, offset : offset + n]))
            yield i, j, product
        active.append(i)
