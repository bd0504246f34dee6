"""What the solvers promise of their iterations: hooks, divergence, units, fixed factors."""

from collections.abc import Callable
from typing import Any

import numpy as np
import oracle
import pytest
from factor_cases import model, target
from hypothesis import given, settings
from hypothesis import strategies as st

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv import (
    init_activations,
    init_templates,
    nmf_conv,
    nmfd,
)


@pytest.mark.parametrize("update", ["mean", "joint"])
def test_hooks_run_at_every_iteration(update: str) -> None:
    calls: list[tuple[str, dict[str, Any]]] = []

    def before(**arguments: Any) -> tuple[FloatArray, FloatArray]:
        calls.append(("before", arguments))
        return arguments["W"], arguments["H"]

    def after(
        W: FloatArray, H: FloatArray, iteration: int, num_iter: int, **others: Any
    ) -> tuple[FloatArray, FloatArray]:
        assert W.shape == (9, 2, 4)
        assert H.shape == (2, 24)
        calls.append(("after", {"iteration": iteration, "num_iter": num_iter, **others}))
        return W, H

    arguments: dict[str, Any] = {"num_comp": 2, "num_template_frames": 4, "num_iter": 5}
    plain = nmfd(target(), **arguments, update=update)
    hooked = nmfd(
        target(),
        **arguments,
        update=update,
        func_preprocess=before,
        func_postprocess=after,
        strength=0.5,
        drums=("kick",),
    )
    assert [name for name, _ in calls] == 5 * ["before", "after"]
    others = {"strength": 0.5, "drums": ("kick",)}
    for name, found in calls:
        if name == "before":
            assert found.pop("W").shape == (9, 2, 4)
            assert found.pop("H").shape == (2, 24)
            assert found == others
    assert [found for name, found in calls if name == "after"] == [
        {"iteration": i, "num_iter": 5, **others} for i in range(5)
    ]
    np.testing.assert_array_equal(hooked[1], plain[1])
    np.testing.assert_array_equal(hooked[3], plain[3])


def test_what_hooks_return_is_used() -> None:
    def silence(W: FloatArray, H: FloatArray) -> tuple[FloatArray, FloatArray]:
        return W, H * [[0], [1]]

    def flatten(
        W: FloatArray, H: FloatArray, iteration: int, num_iter: int
    ) -> tuple[FloatArray, FloatArray]:
        return np.ones_like(W), H

    V = target().astype(np.float32)
    W, H, *_ = nmfd(V, 2, num_iter=3, func_preprocess=silence, func_postprocess=flatten)
    assert H.dtype == np.float32  # though the hook has made it float64
    assert not H[0].any()
    assert H[1].all()
    np.testing.assert_allclose(W, 1 / (9 * 8), rtol=1e-6)


def test_hooks_may_work_in_place() -> None:
    def halve(W: FloatArray, H: FloatArray) -> tuple[FloatArray, FloatArray]:
        W *= 0.5
        H *= 0.5
        return W, H

    init_W, init_H = init_templates(2, 9, 4), init_activations(2, 24)
    copies = [w.copy() for w in init_W], init_H.copy()
    nmfd(
        target(),
        2,
        num_template_frames=4,
        init_W=init_W,
        init_H=init_H,
        func_preprocess=halve,
    )
    np.testing.assert_array_equal(init_W, copies[0])
    np.testing.assert_array_equal(init_H, copies[1])


@pytest.mark.parametrize("solve", [nmfd, nmf_conv])
def test_callback_sees_the_divergence(solve: Callable[..., Any]) -> None:
    seen: list[tuple[int, float]] = []
    cost = solve(target(), num_iter=4, callback=lambda i, divergence: seen.append((i, divergence)))[
        3
    ]
    assert seen == list(enumerate(cost.tolist()))


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("update", ["mean", "joint"])
def test_cost_of_nmfd_is_the_divergence(update: str, silent: bool) -> None:
    """The factors after n iterations are those that iteration n starts from."""
    V = target()
    if silent:
        V[np.median(V) > V] = 0
    cost = nmfd(100 * V, num_iter=6, update=update)[3]
    for n in range(1, 6):
        _, H, _, _, W = nmfd(V, num_iter=n, update=update)
        wanted = oracle.divergence(oracle.normalised(V), model(W, H), 0)
        np.testing.assert_allclose(cost[n], wanted, rtol=1e-10)


@pytest.mark.parametrize("beta", [-1, -0.5, 0, 0.5, 1, 2])
def test_cost_of_nmf_conv_is_the_divergence(beta: float) -> None:
    V = target()
    cost = nmf_conv(100 * V, num_iter=6, beta=beta)[3]
    for n in range(1, 6):
        W, H, *_ = nmf_conv(V, num_iter=n, beta=beta)
        wanted = oracle.divergence(oracle.normalised(V), model(np.stack(W, axis=1), H), beta)
        np.testing.assert_allclose(cost[n], wanted, rtol=1e-9)


@pytest.mark.parametrize("limit", [-1, 0, 1])
def test_solver_is_continuous_in_beta(limit: int) -> None:
    W, H, _, cost = nmf_conv(target(), num_iter=10, beta=limit)
    for distance in (1e-6, -1e-6, 1e-9, -1e-9, 1e-13, -1e-13):
        near = nmf_conv(target(), num_iter=10, beta=limit + distance)
        tolerance = 1e3 * abs(distance) + 1e-11
        np.testing.assert_allclose(near[0], W, rtol=0, atol=tolerance)
        np.testing.assert_allclose(near[1], H, rtol=0, atol=tolerance * H.max())
        np.testing.assert_allclose(near[3], cost, rtol=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("unit", [1e-25, 1e-8, 1e8, 1e25])
def test_the_unit_of_the_target_does_not_matter(unit: float, dtype: type) -> None:
    V = target()
    scaled: FloatArray = (unit * V).astype(dtype)
    tolerance = 1e-4 if dtype is np.float32 else 1e-9
    for beta in (-1, -0.5, 0, 0.5, 1, 2):
        found, wanted = nmf_conv(scaled, num_iter=5, beta=beta), nmf_conv(V, num_iter=5, beta=beta)
        np.testing.assert_allclose(found[1], wanted[1], rtol=0, atol=tolerance * wanted[1].max())
        np.testing.assert_allclose(found[3], wanted[3], rtol=tolerance)
    found_H, wanted_H = nmfd(scaled, num_iter=5)[1], nmfd(V, num_iter=5)[1]
    np.testing.assert_allclose(found_H, wanted_H, rtol=0, atol=tolerance * wanted_H.max())


@st.composite
def problems(draw: st.DrawFn) -> tuple[oracle.Array, oracle.Array, oracle.Array]:
    """V, init_W and init_H of any shape, level and sparsity."""
    K, R, T = draw(st.integers(1, 8)), draw(st.integers(1, 4)), draw(st.integers(1, 6))
    M = T + draw(st.integers(0, 16))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density = draw(st.sampled_from([1.0, 0.7, 0.2]))

    def values(*shape: int) -> oracle.Array:
        present = rng.random(shape) < density
        level = 10.0 ** rng.integers(-3, 4)
        return level * present * rng.gamma(rng.choice([0.1, 1.0]), size=shape)

    return values(K, M), values(R, K, T), values(R, M)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fix_W", "fix_H"), [(False, False), (True, False), (False, True)], ids=["none", "W", "H"]
)
@settings(max_examples=120)
@given(problem=problems())
def test_joint_update_never_raises_the_divergence(
    fix_W: bool, fix_H: bool, problem: tuple[oracle.Array, oracle.Array, oracle.Array]
) -> None:
    V, init_W, init_H = problem
    R, _, T = init_W.shape
    for dtype, tolerance in ((np.float64, 1e-13), (np.float32, 2e-6)):
        cost = nmfd(
            V,
            R,
            num_iter=15,
            num_template_frames=T,
            init_W=init_W,
            init_H=init_H,
            fix_W=fix_W,
            fix_H=fix_H,
            update="joint",
            dtype=dtype,
        )[3]
        assert np.isfinite(cost).all()
        assert cost.min() > -tolerance
        assert (np.diff(cost) <= tolerance * (1 + cost[:-1])).all()


@pytest.mark.parametrize("update", ["mean", "joint"])
def test_fixed_factors_stay(update: str) -> None:
    init_W, init_H = init_templates(3, 9, 8), init_activations(3, 24)
    arguments: dict[str, Any] = {"init_W": init_W, "init_H": init_H, "update": update}
    W, H, *_ = nmfd(target(), fix_W=True, **arguments)
    np.testing.assert_allclose(W, init_W, rtol=1e-12)
    assert not np.isclose(H, init_H).any()
    W, H, *_ = nmfd(target(), fix_H=True, **arguments)
    np.testing.assert_array_equal(H, init_H)
    assert not np.isclose(W, init_W).any()


def test_single_frame_and_single_bin() -> None:
    for shape in ((1, 1), (5, 1), (1, 5)):
        V = np.ones(shape)
        for solve in (nmfd, nmf_conv):
            result = solve(V, 1, num_template_frames=1)
            np.testing.assert_allclose(result[2][0], V / V.sum(), rtol=1e-9)
