"""Onsets matched one to one, against mir_eval."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmfd_cli.core.onset_matching import OnsetCounts, match_onsets

# on a grid, so that many are exactly as far apart as the tolerance
ONSETS = st.lists(st.integers(0, 40).map(lambda n: n / 20), max_size=12)
TOLERANCES = st.sampled_from([0.0, 0.03, 0.05, 0.051, 0.12])


@given(ONSETS, ONSETS, TOLERANCES)
def test_a_matching_is_one_to_one_and_within_the_tolerance(
    reference: list[float], estimate: list[float], tolerance: float
) -> None:
    pairs = match_onsets(reference, estimate, tolerance)
    assert all(abs(reference[i] - estimate[j]) <= tolerance + 1e-9 for i, j in pairs)
    assert len({i for i, _ in pairs}) == len({j for _, j in pairs}) == len(pairs)


@pytest.mark.slow
@given(ONSETS, ONSETS, TOLERANCES)
def test_counts_are_those_of_mir_eval(
    reference: list[float], estimate: list[float], tolerance: float
) -> None:
    """Its matching is as large as can be, found by another algorithm."""
    onset = pytest.importorskip("mir_eval.onset", reason="the oracle needs mir_eval, extra eval")
    n_matched = len(match_onsets(reference, estimate, tolerance))
    counts = OnsetCounts(len(reference), len(estimate), n_matched)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of lists without onsets
        f_measure, precision, recall = onset.f_measure(
            np.array(sorted(reference)), np.array(sorted(estimate)), tolerance
        )
    if reference and estimate:
        assert counts.f_measure == pytest.approx(f_measure)
    assert (counts.precision, counts.recall) == pytest.approx((precision, recall))


def test_one_onset_is_matched_once() -> None:
    assert match_onsets([1.0, 1.01], [1.0], 0.05) == [(0, 0)]
    assert match_onsets([1.0], [0.96, 1.04], 0.05) == [(0, 0)]


def test_counts() -> None:
    counts = OnsetCounts(4, 5, 3) + OnsetCounts(0, 1, 0)
    assert counts == OnsetCounts(4, 6, 3)
    assert (counts.precision, counts.recall, counts.f_measure) == (0.5, 0.75, 0.6)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (OnsetCounts(0, 0, 0), (0, 0, 1)),
        (OnsetCounts(3, 0, 0), (0, 0, 0)),
        (OnsetCounts(0, 3, 0), (0, 0, 0)),
        (OnsetCounts(3, 3, 3), (1, 1, 1)),
    ],
)
def test_counts_of_nothing(counts: OnsetCounts, expected: tuple[float, float, float]) -> None:
    assert (counts.precision, counts.recall, counts.f_measure) == expected
