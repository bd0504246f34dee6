"""Both solvers give what the oracle gives, however products are computed and panels are cut."""

import tracemalloc
from typing import Any

import numpy as np
import oracle
import pytest
from factor_cases import (
    ITERATIONS,
    PRODUCTS,
    SIZES,
    Size,
    StreamedTarget,
    array_target,
    assert_close,
    assert_same,
    by_fft,
    cast,
    make_case,
    of_each_size,
)

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.convolutive import BetaRule
from nmfd_cli.core.nmfconv.deconvolution import UpdateRule
from nmfd_cli.core.nmfconv.engine.accumulators import UpdateTerms
from nmfd_cli.core.nmfconv.engine.products import ProductFactory, choose_products
from nmfd_cli.core.nmfconv.engine.sweeps import Sweeps
from nmfd_cli.core.nmfconv.engine.target import ArrayTarget, Target, grouped
from nmfd_cli.core.nmfconv.factorisation import Factorisation, Factors, Rule, factorise
from nmfd_cli.core.threads import WorkerPool

ORACLES = {"mean": oracle.nmfd_mean, "joint": oracle.nmfd_joint}
BETAS = (-1, -0.5, 0, 0.3, 1, 2)


RULES: dict[str, Rule] = {
    **{name: UpdateRule(ITERATIONS, name) for name in ("mean", "joint", "accelerated")},
    "nmf_conv": BetaRule(ITERATIONS, 0),
}


def run(
    target: Target,
    W: FloatArray,
    H: FloatArray,
    rule: Rule,
    products: ProductFactory = choose_products,
) -> Factorisation:
    return factorise(target, Factors.copy_of(W, H), rule, products=products)


@pytest.mark.parametrize("silent", ["", "some"])
@pytest.mark.parametrize("update", list(ORACLES))
@pytest.mark.parametrize("products", PRODUCTS)
@of_each_size
def test_deconvolve(
    size: Size,
    products: ProductFactory,
    update: str,
    silent: str,
) -> None:
    V, W, H = make_case(size, silent)
    wanted = ORACLES[update](V, W, H, ITERATIONS)
    for panel_frames in {1, 2, max(1, size.T - 1), 7, size.M}:
        found = run(ArrayTarget(V, V.dtype, panel_frames), W, H, RULES[update], products)
        assert_same(found, wanted, 1e-9)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("fix_W", "fix_H"), [(True, False), (False, True), (True, True)], ids=["W", "H", "both"]
)
@pytest.mark.parametrize("update", list(ORACLES))
@pytest.mark.parametrize("products", PRODUCTS)
def test_fixed_factors(
    products: ProductFactory,
    update: str,
    fix_W: bool,
    fix_H: bool,
    streamed: bool,
) -> None:
    rule = UpdateRule(ITERATIONS, update, fix_W=fix_W, fix_H=fix_H)
    for size in (Size(5, 2, 4, 4), Size(9, 3, 5, 31), Size(3, 2, 1, 6)):
        V, W, H = make_case(size, "some")
        wanted = ORACLES[update](V, W, H, ITERATIONS, fix_W, fix_H)
        for panel_frames in (3, size.M):
            make_target = StreamedTarget if streamed else array_target
            found = run(make_target(V, panel_frames), W, H, rule, products)
            assert_same(found, wanted, 1e-9)
        if fix_H:
            np.testing.assert_array_equal(found.H, H)


@pytest.mark.parametrize(
    "beta", [pytest.param(b, marks=pytest.mark.slow) if b else b for b in BETAS]
)
@pytest.mark.parametrize("products", PRODUCTS)
@of_each_size
def test_convolve(size: Size, products: ProductFactory, beta: float) -> None:
    V, W, H = make_case(size)
    wanted = oracle.nmf_conv(V, W, H, ITERATIONS, beta)
    for panel_frames in {1, max(1, size.T - 1), 7, size.M}:
        target = ArrayTarget(V, V.dtype, panel_frames)
        found = run(target, W, H, BetaRule(ITERATIONS, beta), products)
        assert_same(found, wanted, 1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("beta", [0, 0.3, 1, 2])
def test_convolve_with_regularisers(beta: float, streamed: bool) -> None:
    make_target = StreamedTarget if streamed else array_target
    for size in SIZES:
        V, W, H = make_case(size, "some")
        wanted = oracle.nmf_conv(V, W, H, ITERATIONS, beta, 0.02, 0.01)
        rule = BetaRule(ITERATIONS, beta, sparsity_weight=0.02, uncorr_weight=0.01)
        for panel_frames in (3, size.M):
            assert_same(run(make_target(V, panel_frames), W, H, rule), wanted, 1e-9)


@pytest.mark.parametrize("update", list(ORACLES))
@of_each_size
def test_target_outside_of_memory(size: Size, update: str) -> None:
    V, W, H = make_case(size, "some")
    wanted = ORACLES[update](V, W, H, ITERATIONS)
    for panel_frames in {1, max(1, size.T - 1), size.M}:
        assert_same(run(StreamedTarget(V, panel_frames), W, H, RULES[update]), wanted, 1e-9)
        found = run(StreamedTarget(V, panel_frames), W, H, BetaRule(ITERATIONS, 1))
        assert_same(found, oracle.nmf_conv(V, W, H, ITERATIONS, 1), 1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("update", list(ORACLES))
def test_target_outside_of_memory_stays_there(update: str) -> None:
    """No sweep allocates anything of the size of the whole target."""
    size = Size(64, 2, 3, 4000)
    V, W, H = make_case(size)
    target = StreamedTarget(V, 50)
    run(target, W, H, RULES[update])  # what is imported and cached once does not count
    tracemalloc.start()
    run(target, W, H, RULES[update])
    run(target, W, H, BetaRule(ITERATIONS, 1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < V.nbytes / 2


@pytest.mark.parametrize("name", list(RULES))
def test_factors_may_be_handed_over(name: str) -> None:
    """What is found is the same in the arrays that were given as in copies of them."""
    V, W, H = make_case(Size(9, 3, 5, 31), "some")
    wanted = run(StreamedTarget(V, 7), W, H, RULES[name])
    found = factorise(StreamedTarget(V, 7), Factors(W, H), RULES[name])
    np.testing.assert_array_equal(found.H, wanted.H)
    np.testing.assert_array_equal(found.W, wanted.W)
    assert found.H.flags.c_contiguous


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mean", "joint", "nmf_conv"])
def test_two_arrays_as_long_as_the_recording(name: str) -> None:
    """The activations, which are written over, and the sums of their update."""
    size = Size(64, 8, 4, 40_000)
    V, W, H = make_case(size)
    target = StreamedTarget(V, 50)
    assert len(grouped(target, size.R * size.T)) > 1
    tracemalloc.start()
    found = factorise(target, Factors(W, H), RULES[name])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.shares_memory(found.H, H)
    assert peak < 2 * H.nbytes


@pytest.mark.parametrize("update", ["mean", "joint", "accelerated"])
def test_activations_that_stay_keep_their_bits(update: str) -> None:
    V, W, H = make_case(Size(9, 3, 5, 31))
    given = H.copy()
    for rule in UpdateRule(ITERATIONS, update, fix_H=True), UpdateRule(0, update), BetaRule(0):
        found = factorise(StreamedTarget(V, 7), Factors(W, H), rule)
        np.testing.assert_array_equal(found.H, given)


@pytest.mark.parametrize("fixed", [{}, {"fix_W": True}, {"fix_H": True}], ids=["", "W", "H"])
@pytest.mark.parametrize("name", list(RULES))
def test_divergence_need_not_be_tracked(name: str, fixed: dict[str, bool]) -> None:
    """The factors keep their bits, and whoever is called sees the last divergence alone."""
    if name == "nmf_conv":
        rule: Rule = BetaRule(ITERATIONS, -0.5)
    else:
        rule = UpdateRule(ITERATIONS, name, **fixed)
    V, W, H = make_case(Size(9, 3, 5, 31), "some")
    target = ArrayTarget(V, V.dtype, 7)
    tracked = factorise(target, Factors.copy_of(W, H), rule)
    seen: list[float] = []
    found = factorise(
        target,
        Factors(W, H),
        rule,
        callback=lambda iteration, divergence: seen.append(divergence),
        track_divergence=False,
    )
    np.testing.assert_array_equal(found.W, tracked.W)
    np.testing.assert_array_equal(found.H, tracked.H)
    assert np.isfinite(tracked.divergence).all()
    last_alone = [*[np.nan] * (ITERATIONS - 1), tracked.divergence[-1]]
    np.testing.assert_array_equal(found.divergence, last_alone)
    np.testing.assert_array_equal(seen, last_alone)


@pytest.mark.parametrize("fixed", [{}, {"fix_W": True}, {"fix_H": True}], ids=["", "W", "H"])
@pytest.mark.parametrize("name", ["mean", "joint", "nmf_conv"])
def test_no_logarithm_is_taken_that_nobody_asks_for(name: str, fixed: dict[str, bool]) -> None:
    rule: Rule = BetaRule(ITERATIONS, -0.5) if name == "nmf_conv" else UpdateRule(1, name, **fixed)
    V, W, H = make_case(Size(9, 3, 5, 31))
    factors = Factors(W, H)
    asked: list[bool] = []

    class NotedSweeps(Sweeps):
        def sweep(self, *args: Any, divergence: bool = False, **kwargs: Any) -> UpdateTerms:
            asked.append(divergence)
            return super().sweep(*args, divergence=divergence, **kwargs)

    with WorkerPool(1) as pool:
        sweeps = NotedSweeps(ArrayTarget(V, V.dtype, 7), factors.W.shape, pool, beta=rule.beta)
        update = rule.bind(factors.W, sweeps)
        update.track_divergence = True
        assert update.step(factors) > 0
        assert asked.count(True) == 1
        asked.clear()
        update.track_divergence = False
        assert update.step(factors) == 0
        assert asked
        assert not any(asked)


@pytest.mark.parametrize("products", PRODUCTS)
def test_panels_do_not_matter(products: ProductFactory) -> None:
    size = Size(11, 3, 6, 40)
    V, W, H = make_case(size, "some")
    whole = run(ArrayTarget(V, V.dtype, size.M), W, H, RULES["joint"], products)
    for panel_frames in range(1, size.M):
        cut = run(ArrayTarget(V, V.dtype, panel_frames), W, H, RULES["joint"], products)
        assert_same(cut, (whole.W, whole.H, whole.divergence.tolist()), 1e-12)


@pytest.mark.parametrize("products", PRODUCTS)
@pytest.mark.parametrize("update", list(ORACLES))
def test_float32(update: str, products: ProductFactory) -> None:
    size = Size(33, 3, 6, 48)
    V, W, H = make_case(size, "some")
    V32, W32, H32 = cast((V, W, H), np.float32)
    found = run(ArrayTarget(V32, V32.dtype, 20), W32, H32, UpdateRule(20, update), products)
    assert found.W.dtype == found.H.dtype == np.float32
    assert_same(found, ORACLES[update](V, W, H, 20), 1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("products", PRODUCTS)
@pytest.mark.parametrize("update", list(ORACLES))
def test_all_zero_target(
    update: str,
    products: ProductFactory,
    dtype: type[np.floating[Any]],
) -> None:
    V, W, H = cast(make_case(Size(5, 2, 3, 12), "all"), dtype)
    found = run(ArrayTarget(V, V.dtype, 5), W, H, RULES[update], products)
    assert np.isfinite(found.W).all()
    assert np.isfinite(found.divergence).all()
    assert np.abs(found.H).max() < 1e-20


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("beta", BETAS)
def test_all_zero_target_with_any_beta(beta: float, dtype: type[np.floating[Any]]) -> None:
    V, W, H = cast(make_case(Size(5, 2, 3, 12), "all"), dtype)
    found = run(ArrayTarget(V, V.dtype, 5), W, H, BetaRule(ITERATIONS, beta))
    for values in (found.W, found.H, found.divergence):
        assert np.isfinite(values).all()


@pytest.mark.parametrize("update", list(ORACLES))
def test_arguments_are_not_changed(update: str) -> None:
    V, W, H = make_case(Size(5, 2, 3, 12), "some")
    copies = [a.copy() for a in (V, W, H)]
    run(ArrayTarget(V, V.dtype, 5), W, H, RULES[update])
    run(ArrayTarget(V, V.dtype, 5), W, H, BetaRule(ITERATIONS, -0.5))
    for array, copy in zip((V, W, H), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("update", list(ORACLES))
def test_ffts_do_not_spread_what_the_model_leaves_out(
    update: str, dtype: type[np.floating[Any]]
) -> None:
    """Frames before the first hit, which no template explains, and bins that none has."""
    size = Size(12, 2, 40, 150)
    V, W, H = make_case(size)
    H[:, :60] = 0
    W[3] = 0
    V[3] *= 100
    wanted = ORACLES[update](V, W, H, ITERATIONS)
    V_, W_, H_ = cast((V, W, H), dtype)
    found = run(ArrayTarget(V_, V_.dtype, 75), W_, H_, RULES[update], by_fft)
    assert_close(found.W, wanted[0], 2e-3 if dtype == np.float32 else 1e-9)
    assert_close(found.H, wanted[1], 2e-3 if dtype == np.float32 else 1e-9)
    assert found.H.min() >= 0
