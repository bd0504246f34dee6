"""How good a transcription is: onsets matched one to one within a tolerance, as in MIREX."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray


@dataclass(frozen=True)
class OnsetCounts:
    """How many onsets there are, were found, and are both; counts of two classes add up."""

    n_reference: int
    n_estimate: int
    n_matched: int

    def __add__(self, other: Self) -> "OnsetCounts":
        return OnsetCounts(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def precision(self) -> float:
        """The share of what was found that is true, 0 to 1; 0 if nothing was found."""
        return self.n_matched / self.n_estimate if self.n_estimate else 0.0

    @property
    def recall(self) -> float:
        """The share of what is true that was found, 0 to 1; 0 if nothing is true."""
        return self.n_matched / self.n_reference if self.n_reference else 0.0

    @property
    def f_measure(self) -> float:
        """The harmonic mean of both, 0 to 1; 1 if nothing is there and nothing was found."""
        n_all = self.n_reference + self.n_estimate
        return 2 * self.n_matched / n_all if n_all else 1.0


def match_onsets(
    reference: Sequence[float] | FloatArray,
    estimate: Sequence[float] | FloatArray,
    tolerance: float,
) -> list[tuple[int, int]]:
    """Match onsets one to one, as many as possible.

    All tolerances being the same, each true onset in its order takes the earliest that is left of
    those it can have: no other choice leaves more to the later ones.

    Parameters
    ----------
    reference, estimate : sequences of float
        Seconds, in any order.
    tolerance : float
        Seconds that matched onsets may be apart, at most.

    Returns
    -------
    list of (int, int)
        Indices into both.

    Examples
    --------
    >>> match_onsets([1.0, 1.04], [1.08, 1.05, 3.0], 0.05)
    [(0, 1), (1, 0)]
    """
    references, estimates = np.asarray(reference, float), np.asarray(estimate, float)
    true_order, found_order = _order(references), _order(estimates)
    pairs: list[tuple[int, int]] = []
    next_found = 0
    for true in true_order:
        earliest, latest = references[true] - tolerance, references[true] + tolerance
        while next_found < len(found_order) and estimates[found_order[next_found]] < earliest:
            next_found += 1
        if next_found < len(found_order) and estimates[found_order[next_found]] <= latest:
            pairs.append((int(true), int(found_order[next_found])))
            next_found += 1
    return pairs


def _order(times: FloatArray) -> NDArray[np.intp]:
    return np.argsort(times, kind="stable")
