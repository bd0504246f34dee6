"""Where a sweep adds up the numerators and denominators of the updates, by groups of panels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.engine.products import Workspace
from nmfd_cli.core.nmfconv.engine.target import Panel


@dataclass
class UpdateTerms:
    """What a sweep has summed up; empty where it was not asked for or takes no sweep (beta = 0).

    Attributes
    ----------
    template_numerator : ndarray, shape (R, T, K)
        ``sum_m Q[k, m] H[r, m - t]``.
    template_denominator : ndarray, shape (R, T, K)
        The same with B; for beta = 0, where B is one, ``sum_m H[r, m - t]`` of shape (R, T, 1).
    activation_numerator, activation_denominator : ndarray, shape (R, M)
        ``sum_{k,t} W[r, t, k] Q[k, m + t]`` and the same with B: buffers that the update may
        change, and that the next sweep writes over.
    divergence : float
        Of the target from its model, in the units of the target.
    """

    template_numerator: FloatArray
    template_denominator: FloatArray
    activation_numerator: FloatArray
    activation_denominator: FloatArray
    divergence: float = 0.0


@dataclass
class Quotients:
    """The quotients of a panel, Q and B, (K, m); B is None for beta = 0."""

    Q: FloatArray
    B: FloatArray | None

    @classmethod
    def empty(cls, shape: tuple[int, int], dtype: np.dtype[Any], beta: float) -> "Quotients":
        """Return buffers for a panel (K, m)."""
        return cls(np.empty(shape, dtype), np.empty(shape, dtype) if beta != 0 else None)

    def of_panel(self, n_frames: int) -> "Quotients":
        """Return a shorter panel in the same buffers."""
        shape = (self.Q.shape[0], n_frames)
        return Quotients(
            contiguous(self.Q, shape), None if self.B is None else contiguous(self.B, shape)
        )


def contiguous(buffer: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Return the beginning of a contiguous buffer as an array of this shape."""
    return buffer.reshape(-1)[: shape[0] * shape[1]].reshape(shape)


class ActivationAccumulator:
    """Terms of the activations, (R, M), that all groups of panels add to at once.

    A group has columns of its own: those of its frames and, before them, of the ``reach`` frames
    whose templates extend into it.

    Parameters
    ----------
    groups : sequence of lists of Panel
        Of the whole target.
    n_comp : int
        R.
    reach : int
        Frames before a panel whose templates extend into it.
    """

    def __init__(
        self,
        groups: Sequence[Sequence[Panel]],
        n_comp: int,
        *,
        reach: int,
        dtype: np.dtype[Any],
    ) -> None:
        self._frames = [(group[0].start, group[-1].stop) for group in groups]
        self._reach = reach
        self._n_frames = self._frames[-1][1]
        self._all = np.zeros((n_comp, self._n_frames + reach * len(groups)), dtype)

    def clear(self) -> None:
        """Begin new sums; the total of the last ones is lost."""
        self._all.fill(0)

    def of_group(self, index: int) -> FloatArray:
        """Return the columns of a group of m frames, (R, reach + m)."""
        start, stop = self._frames[index]
        return self._all[:, start + index * self._reach : stop + (index + 1) * self._reach]

    def total(self) -> FloatArray:
        """Return the sums of all groups together, (R, M), in place of those of each.

        Of a long recording no other array so long is wanted.
        """
        reach = self._reach
        of_groups = [self.of_group(index) for index in range(len(self._frames))]
        early = [columns[:, :reach].copy() for columns in of_groups]
        total = self._all[:, reach : reach + self._n_frames]
        for (start, stop), columns in zip(self._frames, of_groups, strict=True):
            total[:, start:stop] = columns[:, reach:]
        for (start, _), columns in zip(self._frames, early, strict=True):
            before = min(start, reach)  # frames before the first have no activation
            total[:, start - before : start] += columns[:, reach - before :]
        return total


class PartialSums:
    """What a group of panels sums up.

    Parameters
    ----------
    start : int
        Its first frame.
    reach : int
        As of `ActivationAccumulator`.
    activation_columns : sequence of ndarrays, shape (R, reach + m)
        Where the terms of the activations are added to, if they are asked for: those of Q and,
        where there is a B, those of B.
    """

    def __init__(
        self,
        start: int,
        reach: int,
        *,
        dtype: np.dtype[Any],
        activation_columns: Sequence[FloatArray],
    ) -> None:
        self.divergence = 0.0
        self.template_numerator: FloatArray = np.empty(0, dtype)
        self.template_denominator: FloatArray = np.empty(0, dtype)
        self._start = start
        self._reach = reach
        self._activation_columns = activation_columns

    def add_templates(self, workspace: Workspace, quotients: Quotients) -> None:
        """Add the terms of the templates of the panel that a workspace has loaded."""
        terms = workspace.template_terms(quotients.Q)
        self.template_numerator = _sum(self.template_numerator, terms)
        if quotients.B is not None:
            terms = workspace.template_terms(quotients.B)
            self.template_denominator = _sum(self.template_denominator, terms)

    def add_activations(self, workspace: Workspace, quotients: Quotients, panel: Panel) -> None:
        """Add the terms of the activations of a panel."""
        columns = slice(panel.start - self._start, panel.stop - self._start + self._reach)
        workspace.add_activation_terms(quotients.Q, self._activation_columns[0][:, columns])
        if quotients.B is not None:
            workspace.add_activation_terms(quotients.B, self._activation_columns[1][:, columns])


def _sum(terms: FloatArray, more: FloatArray) -> FloatArray:
    """Return a sum that may not have begun, or may not go on."""
    if terms.size and more.size:
        terms += more
    return terms if terms.size else more


def total(
    partial_sums: Sequence[PartialSums], accumulators: Sequence[ActivationAccumulator]
) -> UpdateTerms:
    """Add up partial sums in the order of the recording, whoever has made them.

    Parameters
    ----------
    accumulators : sequence of ActivationAccumulator
        What they have added the terms of the activations to.
    """
    numerator = partial_sums[0].template_numerator
    denominator = partial_sums[0].template_denominator
    for partial in partial_sums[1:]:
        numerator = _sum(numerator, partial.template_numerator)
        denominator = _sum(denominator, partial.template_denominator)
    none = np.empty(0, numerator.dtype)
    activation_terms = [*(accumulator.total() for accumulator in accumulators), none, none]
    return UpdateTerms(
        template_numerator=numerator,
        template_denominator=denominator,
        activation_numerator=activation_terms[0],
        activation_denominator=activation_terms[1],
        divergence=sum(partial.divergence for partial in partial_sums),
    )
