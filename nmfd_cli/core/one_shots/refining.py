"""Sounds that repeat, taken out of each other: the least-squares one-shots of a recording."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.one_shots.excerpts import excerpt
from nmfd_cli.core.one_shots.playing import Played, add_at, fit_gains

#: Times that gains and sounds are fitted in turn, and steps of conjugate gradients for the sounds.
_ROUNDS, _STEPS = 2, 10
#: How strongly a sound holds on to its start: as if that were so many more hits of it.
_PRIOR_HITS = 1.0
_TINY = 1e-20


@dataclass(frozen=True)
class Repeated:
    """A sound and where it is played.

    Attributes
    ----------
    samples : ndarray, shape (C, L)
    starts : ndarray of m ints
    gains : ndarray, shape (m,)
    """

    samples: FloatArray
    starts: NDArray[np.intp]
    gains: FloatArray


def refine(target: FloatArray, sounds: Sequence[Repeated], sample_rate: int) -> list[Repeated]:
    """Choose sounds and gains so that all of them together come closest to a recording (C, n).

    Minimises ``|x - sum_k sum_n g_kn h_k(t - t_kn)|^2 + sum_k p_k |h_k - h_k'|^2``, in turn over
    the gains ``g`` and, by conjugate gradients, over the sounds ``h``.  The start ``h'`` weighs as
    much as one hit, so that what is played once is not made of what happens to sound with it.
    Where that comes no closer, the sounds stay what they are.
    """
    if not sounds:
        return []
    best = found = fitted(target, list(sounds), sample_rate)
    least = _error(target, best)
    for _ in range(_ROUNDS):
        samples = _deconvolved(target, found, [one.samples for one in sounds])
        found = [
            Repeated(own, one.starts, one.gains) for own, one in zip(samples, found, strict=True)
        ]
        found = fitted(target, found, sample_rate)
        error = _error(target, found)
        if error < least:
            best, least = found, error
    return best


def _error(target: FloatArray, sounds: list[Repeated]) -> float:
    played = _played([one.samples for one in sounds], sounds, target.shape)
    return float(np.square(target - played).sum())


def fitted(target: FloatArray, sounds: Sequence[Repeated], sample_rate: int) -> list[Repeated]:
    """Return sounds with the gains that come closest to a recording (C, n): see `fit_gains`."""
    played = [
        Played(int(start), one.samples, float(gain))
        for one in sounds
        for start, gain in zip(one.starts, one.gains, strict=True)
    ]
    gains = np.array([one.gain for one in fit_gains(target, played, sample_rate)])
    bounds = np.cumsum([0, *(len(one.starts) for one in sounds)])
    return [
        Repeated(one.samples, one.starts, gains[first:last])
        for one, first, last in zip(sounds, bounds[:-1], bounds[1:], strict=True)
    ]


def _deconvolved(
    target: FloatArray, sounds: list[Repeated], starts: list[FloatArray]
) -> list[FloatArray]:
    """Return the sounds (C, L_k) for given gains, by conjugate gradients on normal equations."""
    priors = [_PRIOR_HITS * float(np.square(one.gains).max(initial=_TINY)) for one in sounds]

    def normal(h: list[FloatArray]) -> list[FloatArray]:
        back = _adjoint(_played(h, sounds, target.shape), sounds)
        return [one + p * own for one, p, own in zip(back, priors, h, strict=True)]

    h = [start.copy() for start in starts]
    residual = _adjoint(target - _played(h, sounds, target.shape), sounds)  # the prior holds at h'
    direction = [one.copy() for one in residual]
    norm = _product(residual, residual)
    for _ in range(_STEPS):
        if norm <= _TINY:
            break
        image = normal(direction)
        step = norm / max(_product(direction, image), _TINY)
        for own, way, back, moved in zip(h, direction, residual, image, strict=True):
            own += step * way
            back -= step * moved
        before, norm = norm, _product(residual, residual)
        direction = [b + norm / before * d for b, d in zip(residual, direction, strict=True)]
    return h


def _played(h: list[FloatArray], sounds: list[Repeated], shape: tuple[int, ...]) -> FloatArray:
    total: FloatArray = np.zeros(shape)
    for own, one in zip(h, sounds, strict=True):
        for start, gain in zip(one.starts, one.gains, strict=True):
            add_at(total, int(start), gain * own)
    return total


def _adjoint(residual: FloatArray, sounds: list[Repeated]) -> list[FloatArray]:
    found: list[FloatArray] = []
    for one in sounds:
        total: FloatArray = np.zeros(one.samples.shape)
        for start, gain in zip(one.starts, one.gains, strict=True):
            total += gain * excerpt(residual, int(start), total.shape[1])
        found.append(total)
    return found


def _product(one: list[FloatArray], other: list[FloatArray]) -> float:
    return sum(float(np.vdot(a, b)) for a, b in zip(one, other, strict=True))
