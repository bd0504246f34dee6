"""How panels are shared out: the groups decide about the bits, not the threads."""

from itertools import pairwise
from typing import Any

import numpy as np
import oracle
import pytest
from factor_cases import StreamedTarget, array_target, assert_same
from threadpoolctl import threadpool_limits

from nmfd_cli.core.nmfconv import nmf_conv, nmfd
from nmfd_cli.core.nmfconv.convolutive import BetaRule
from nmfd_cli.core.nmfconv.deconvolution import UpdateRule
from nmfd_cli.core.nmfconv.engine.target import array_target as cut_target
from nmfd_cli.core.nmfconv.engine.target import grouped
from nmfd_cli.core.nmfconv.factorisation import Factors, Rule, factorise

R, T = 4, 15


def problem(K: int, M: int) -> tuple[oracle.Array, oracle.Array, oracle.Array]:
    rng = np.random.default_rng(3)
    V = rng.gamma(0.5, size=(K, M)) + 1e-3
    return V, rng.random((K, R, T)) + 0.01, rng.random((R, M)) + 0.01


def test_panels_are_shared_out_evenly() -> None:
    """In groups of neighbours that cover the recording, a power of two of them."""
    V, _, _ = problem(257, 15_000)
    groups = grouped(cut_target(V, R, T), R * T)
    assert len(groups) == 8
    assert {len(group) for group in groups} <= {1, 2}
    panels = [panel for group in groups for panel in group]
    assert (panels[0].start, panels[-1].stop) == (0, V.shape[1])
    assert all(one.stop == following.start for one, following in pairwise(panels))


def test_what_is_small_is_not_shared_out() -> None:
    V, _, _ = problem(33, 2_000)
    assert len(grouped(array_target(V, 100), R * T)) == 1


RULES: dict[str, Rule] = {
    **{name: UpdateRule(3, name) for name in ("mean", "joint", "accelerated")},
    **{f"nmf_conv {beta}": BetaRule(3, beta) for beta in (-0.5, 0, 1)},
}


@pytest.mark.slow
@pytest.mark.parametrize("make_target", [array_target, StreamedTarget])
@pytest.mark.parametrize("name", list(RULES))
def test_groups_give_what_a_single_one_gives(name: str, make_target: Any) -> None:
    """One panel goes no further than the oracle checks; many are summed up by groups."""
    V, W, H = problem(129, 16_000)
    assert len(grouped(make_target(V, 400), R * T)) == 4
    whole = factorise(array_target(V, V.shape[1]), Factors.copy_of(W, H), RULES[name])
    with threadpool_limits(3, user_api="blas"):
        found = factorise(make_target(V, 400), Factors(W, H), RULES[name])
    assert_same(found, (whole.W, whole.H, whole.divergence.tolist()), 1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("solver", ["mean", "joint", "accelerated", "nmf_conv"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bits_are_the_same_for_any_number_of_threads(
    solver: str, dtype: type[np.floating[Any]]
) -> None:
    V, W, H = problem(129, 16_000)
    V = V.astype(dtype)
    starts: dict[str, Any] = {"init_W": list(W.transpose(1, 0, 2)), "init_H": H}
    sizes: dict[str, Any] = {"num_comp": R, "num_template_frames": T, "num_iter": 4}
    assert len(grouped(cut_target(V, R, T), R * T)) > 1
    results: list[list[Any]] = []
    for n_threads in (1, 2, 4):
        with threadpool_limits(n_threads, user_api="blas"):
            if solver == "nmf_conv":
                found_W, *others = nmf_conv(V, **sizes, **starts, beta=-0.5)
            else:
                found_W, *others = nmfd(V, **sizes, **starts, update=solver)
        results.append([np.array(found_W), others[0], np.array(others[1]), others[2]])
    for other in results[1:]:
        for mine, theirs in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(mine, theirs)
