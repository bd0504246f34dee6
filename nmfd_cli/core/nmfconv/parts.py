"""What a sweep adds up: a part for each group of panels, and all parts together."""

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
        ``sum_{k,t} W[r, t, k] Q[k, m + t]`` and the same with B.
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


class Part:
    """What a group of panels adds up.

    Parameters
    ----------
    group : list of Panel
    shape : tuple of int
        (R, T, K) of the templates.
    reach : int
        Frames before a panel whose strokes still sound in it: activation terms begin so many before
        the group.
    dtype : dtype
    """

    def __init__(
        self, group: Sequence[Panel], shape: tuple[int, int, int], reach: int, dtype: np.dtype[Any]
    ) -> None:
        self.start = group[0].start
        self.reach = reach
        self.divergence = 0.0
        self.template_numerator: FloatArray = np.empty(0, dtype)
        self.template_denominator: FloatArray = np.empty(0, dtype)
        self.activation_numerator: FloatArray = np.empty(0, dtype)
        self.activation_denominator: FloatArray = np.empty(0, dtype)
        self._row_shape = (shape[0], reach + group[-1].stop - self.start)

    def add_templates(self, desk: Desk, divided: Divided) -> None:
        """Add the terms of the templates of the panel that a desk has turned to."""
        terms = desk.template_terms(divided.quotient)
        self.template_numerator = _sum(self.template_numerator, terms)
        if divided.power is not None:
            terms = desk.template_terms(divided.power)
            self.template_denominator = _sum(self.template_denominator, terms)

    def add_activations(self, desk: Desk, divided: Divided, panel: Panel) -> None:
        """Add the terms of the activations of a panel."""
        columns = slice(panel.start - self.start, panel.stop - self.start + self.reach)
        self.activation_numerator = self._begun(self.activation_numerator)
        desk.add_activation_terms(divided.quotient, self.activation_numerator[:, columns])
        if divided.power is not None:
            self.activation_denominator = self._begun(self.activation_denominator)
            desk.add_activation_terms(divided.power, self.activation_denominator[:, columns])

    def _begun(self, terms: FloatArray) -> FloatArray:
        return terms if terms.size else np.zeros(self._row_shape, terms.dtype)


def _sum(terms: FloatArray, more: FloatArray) -> FloatArray:
    """Return a sum that may not have begun, or may not go on."""
    if terms.size and more.size:
        terms += more
    return terms if terms.size else more


def joined(parts: Sequence[Part], n_frames: int) -> Terms:
    """Add up the parts in their order.

    Parameters
    ----------
    parts : sequence of Part
    n_frames : int
        M.
    """
    numerator, denominator = parts[0].template_numerator, parts[0].template_denominator
    for part in parts[1:]:
        numerator = _sum(numerator, part.template_numerator)
        denominator = _sum(denominator, part.template_denominator)
    return Terms(
        template_numerator=numerator,
        template_denominator=denominator,
        activation_numerator=_laid_out(parts, "activation_numerator", n_frames),
        activation_denominator=_laid_out(parts, "activation_denominator", n_frames),
        divergence=sum(part.divergence for part in parts),
    )


def _laid_out(parts: Sequence[Part], name: str, n_frames: int) -> FloatArray:
    """Put the parts' terms of the activations where they belong, (R, M), and take them away."""
    laid_out: FloatArray = getattr(parts[0], name)
    if not laid_out.size:
        return laid_out
    laid_out = np.zeros((laid_out.shape[0], n_frames), dtype=laid_out.dtype)
    for part in parts:
        piece = getattr(part, name)
        before = max(0, part.reach - part.start)  # frames before the first have no activation
        start = part.start - part.reach + before
        laid_out[:, start : start + piece.shape[1] - before] += piece[:, before:]
        setattr(part, name, np.empty(0, piece.dtype))
    return laid_out
