"""What a sweep adds up: a part for each group of panels, and all parts together."""

import math
import mmap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.products import Desk
from nmfd_cli.core.nmfconv.target import Panel


@dataclass
class Terms:
    """What a sweep has added up; empty where it was not asked for or needs no sweep (beta = 0).

    Attributes
    ----------
    template_numerator : ndarray, shape (R, T, K)
        ``sum_m Q[k, m] H[r, m - t]``.
    template_denominator : ndarray, shape (R, T, K)
        The same with B; for beta = 0, where B is one, ``sum_m H[r, m - t]`` of shape (R, T, 1).
    activation_numerator, activation_denominator : ndarray, shape (R, M)
        ``sum_{k,t} W[r, t, k] Q[k, m + t]`` and the same with B; the next sweep writes over them.
    divergence : float
        Of the target from its model.
    """

    template_numerator: FloatArray
    template_denominator: FloatArray
    activation_numerator: FloatArray
    activation_denominator: FloatArray
    divergence: float = 0.0


@dataclass
class Divided:
    """What the updates divide of a panel: Q and B, (K, m); B is None for beta = 0."""

    quotient: FloatArray
    power: FloatArray | None

    @classmethod
    def empty(cls, shape: tuple[int, int], dtype: np.dtype[Any], beta: float) -> "Divided":
        """Return room for a panel (K, m)."""
        return cls(np.empty(shape, dtype), np.empty(shape, dtype) if beta != 0 else None)


class Rows:
    """Room for terms of the activations, (R, M), that all groups of panels add to at once.

    A group has columns of its own: those of its frames and, before them, of the frames whose
    strokes still sound in it.

    Parameters
    ----------
    groups : sequence of lists of Panel
        Of the whole target.
    n_comp : int
        R.
    reach : int
        Frames before a panel whose strokes still sound in it.
    dtype : dtype
    """

    def __init__(
        self, groups: Sequence[Sequence[Panel]], n_comp: int, reach: int, dtype: np.dtype[Any]
    ) -> None:
        self._frames = [(group[0].start, group[-1].stop) for group in groups]
        self._reach = reach
        self._n_frames = self._frames[-1][1]
        self._all = _zeros((n_comp, self._n_frames + reach * len(groups)), dtype)

    def clear(self) -> None:
        """Make room for new terms; those that were joined are lost."""
        self._all.fill(0)

    def of_group(self, index: int) -> FloatArray:
        """Return the columns of a group of m frames, (R, reach + m)."""
        start, stop = self._frames[index]
        return self._all[:, start + index * self._reach : stop + (index + 1) * self._reach]

    def joined(self) -> FloatArray:
        """Return the terms of all groups together, (R, M), in place of those of each.

        Of a long recording no other array so long is wanted.
        """
        reach = self._reach
        parts = [self.of_group(index) for index in range(len(self._frames))]
        early = [part[:, :reach].copy() for part in parts]
        joined = self._all[:, reach : reach + self._n_frames]
        for (start, stop), part in zip(self._frames, parts, strict=True):
            joined[:, start:stop] = part[:, reach:]
        for (start, _), terms in zip(self._frames, early, strict=True):
            before = min(start, reach)  # frames before the first have no activation
            joined[:, start - before : start] += terms[:, reach - before :]
        return joined


def _zeros(shape: tuple[int, int], dtype: np.dtype[Any]) -> FloatArray:
    """Return zeros in pages of their own, which the system has back as soon as the array is gone.

    An allocator keeps what it was given back, in case another array as long is wanted: none is
    after the last sweep over a long recording.
    """
    pages = mmap.mmap(-1, math.prod(shape) * dtype.itemsize, access=mmap.ACCESS_COPY)
    return np.frombuffer(pages, dtype).reshape(shape)


class Part:
    """What a group of panels adds up.

    Parameters
    ----------
    start : int
        Its first frame.
    reach : int
        As of `Rows`.
    dtype : dtype
    rows : sequence of ndarrays, shape (R, reach + m)
        Where the terms of the activations are added up, if they are asked for: those of Q and,
        where there is a B, those of B.
    """

    def __init__(
        self, start: int, reach: int, dtype: np.dtype[Any], rows: Sequence[FloatArray]
    ) -> None:
        self.divergence = 0.0
        self.template_numerator: FloatArray = np.empty(0, dtype)
        self.template_denominator: FloatArray = np.empty(0, dtype)
        self._start = start
        self._reach = reach
        self._rows = rows

    def add_templates(self, desk: Desk, divided: Divided) -> None:
        """Add the terms of the templates of the panel that a desk has turned to."""
        terms = desk.template_terms(divided.quotient)
        self.template_numerator = _sum(self.template_numerator, terms)
        if divided.power is not None:
            terms = desk.template_terms(divided.power)
            self.template_denominator = _sum(self.template_denominator, terms)

    def add_activations(self, desk: Desk, divided: Divided, panel: Panel) -> None:
        """Add the terms of the activations of a panel."""
        columns = slice(panel.start - self._start, panel.stop - self._start + self._reach)
        desk.add_activation_terms(divided.quotient, self._rows[0][:, columns])
        if divided.power is not None:
            desk.add_activation_terms(divided.power, self._rows[1][:, columns])


def _sum(terms: FloatArray, more: FloatArray) -> FloatArray:
    """Return a sum that may not have begun, or may not go on."""
    if terms.size and more.size:
        terms += more
    return terms if terms.size else more


def joined(parts: Sequence[Part], rows: Sequence[Rows]) -> Terms:
    """Add up the parts in their order.

    Parameters
    ----------
    parts : sequence of Part
    rows : sequence of Rows
        What the parts have added the terms of the activations to.
    """
    numerator, denominator = parts[0].template_numerator, parts[0].template_denominator
    for part in parts[1:]:
        numerator = _sum(numerator, part.template_numerator)
        denominator = _sum(denominator, part.template_denominator)
    none = np.empty(0, numerator.dtype)
    activation_terms = [*(row.joined() for row in rows), none, none]
    return Terms(
        template_numerator=numerator,
        template_denominator=denominator,
        activation_numerator=activation_terms[0],
        activation_denominator=activation_terms[1],
        divergence=sum(part.divergence for part in parts),
    )
