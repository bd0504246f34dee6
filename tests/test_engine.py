"""The engine gives what the oracle gives, however it computes its products and cuts its panels."""

import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import oracle
import pytest
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv import engine
from nmfd_cli.core.nmfconv.convolutive import BetaRule, convolve
from nmfd_cli.core.nmfconv.deconvolution import Factorisation, deconvolve
from nmfd_cli.core.nmfconv.fft_products import FftProducts
from nmfd_cli.core.nmfconv.products import Products, choose_products
from nmfd_cli.core.nmfconv.sharing import grouped
from nmfd_cli.core.nmfconv.shifts import TimeGrid, with_history
from nmfd_cli.core.nmfconv.stacked_products import StackedProducts
from nmfd_cli.core.nmfconv.sums import divide_by_reachable, shifted_sums
from nmfd_cli.core.nmfconv.target import ArrayTarget, Target
from nmfd_cli.core.nmfconv.updates import UpdateRule

ORACLES = {"mean": oracle.nmfd_mean, "joint": oracle.nmfd_joint}
BETAS = (-1, -0.5, 0, 0.3, 1, 2)
ITERATIONS = 4


class Size(NamedTuple):
    K: int
    R: int
    T: int
    M: int


def random_sizes(count: int) -> list[Size]:
    rng = np.random.default_rng(2016)
    sizes = []
    for _ in range(count):
        T = int(rng.integers(1, 9))
        K, R = int(rng.integers(1, 13)), int(rng.integers(1, 5))
        sizes.append(Size(K, R, T, T + int(rng.integers(20))))
    return sizes


SIZES = [
    Size(5, 2, 4, 4),  # T = M
    Size(5, 2, 3, 4),
    Size(6, 3, 1, 9),  # T = 1
    Size(7, 1, 3, 12),  # R = 1
    Size(1, 2, 3, 10),  # K = 1
    Size(1, 1, 1, 1),
    Size(9, 3, 5, 31),
    *random_sizes(5),
]
SIZE_IDS = ["-".join(map(str, size)) for size in SIZES]

Case = tuple[oracle.Array, oracle.Array, oracle.Array]


def make_case(size: Size, silent: str = "") -> Case:
    """Return V, W and H above zero; with 'some', a third of V, a bin and a frame of it are zero."""
    rng = np.random.default_rng(size)
    V = rng.gamma(0.5, size=(size.K, size.M)) + 1e-3
    if silent == "some":
        V[rng.random(V.shape) < 0.3] = 0
        V[size.K // 2] = 0
        V[:, size.M // 2] = 0
    if silent == "all":
        V[...] = 0
    return V, rng.random(size[:3]) + 0.01, rng.random((size.R, size.M)) + 0.01


def cast(case: Case, dtype: type[np.floating[Any]]) -> tuple[FloatArray, FloatArray, FloatArray]:
    V, W, H = case
    return V.astype(dtype), W.astype(dtype), H.astype(dtype)


class StreamedTarget:
    """A target outside of memory: its panels are read to where they are wanted, or anew.

    Parameters
    ----------
    V : ndarray, shape (K, M)
    panel_frames : int
    """

    in_memory = False

    def __init__(self, V: oracle.Array, panel_frames: int) -> None:
        self._target = ArrayTarget(V, V.dtype, panel_frames)
        self.shape, self.dtype = self._target.shape, self._target.dtype
        self.total, self.panel_frames = self._target.total, self._target.panel_frames

    def panel(self, index: int, scratch: FloatArray | None = None) -> FloatArray:
        V = self._target.panel(index)
        if scratch is None:
            return V.copy()
        panel = scratch[: V.size].reshape(V.shape)
        panel[...] = V
        return panel


Force = Callable[[type[StackedProducts] | type[FftProducts]], None]


@pytest.fixture
def force(monkeypatch: pytest.MonkeyPatch) -> Force:
    """Return a function that makes the engine take one kind of products."""

    def choose(kind: type[StackedProducts] | type[FftProducts]) -> None:
        def chosen(
            shape: tuple[int, int, int],
            panel_frames: int,
            floor: float,
            dtype: np.dtype[Any],
            *costs: object,
        ) -> Products:
            return kind(shape, panel_frames, floor, dtype)

        monkeypatch.setattr(engine, "choose_products", chosen)

    return choose


def assert_close(found: FloatArray, wanted: FloatArray, tolerance: float) -> None:
    """Compare arrays within a share of the largest entry."""
    assert found.shape == wanted.shape
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance * np.abs(wanted).max())


def assert_same(
    found: Factorisation,
    wanted: tuple[FloatArray, FloatArray, Sequence[float]],
    tolerance: float,
) -> None:
    W, H, cost = wanted
    assert_close(found.W, W, tolerance)
    assert_close(found.H, H, tolerance)
    np.testing.assert_allclose(found.divergence, cost, rtol=tolerance, atol=tolerance)


def run(target: Target, W: FloatArray, H: FloatArray, update: str) -> Factorisation:
    return deconvolve(target, W, H, UpdateRule(ITERATIONS, update))


@pytest.mark.parametrize("silent", ["", "some"])
@pytest.mark.parametrize("update", list(ORACLES))
@pytest.mark.parametrize("kind", [StackedProducts, FftProducts])
@pytest.mark.parametrize("size", SIZES, ids=SIZE_IDS)
def test_deconvolve(
    force: Force,
    size: Size,
    kind: type[StackedProducts] | type[FftProducts],
    update: str,
    silent: str,
) -> None:
    force(kind)
    V, W, H = make_case(size, silent)
    wanted = ORACLES[update](V, W, H, ITERATIONS)
    for panel_frames in {1, 2, max(1, size.T - 1), 7, size.M}:
        found = run(ArrayTarget(V, V.dtype, panel_frames), W, H, update)
        assert_same(found, wanted, 1e-9)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("fix_W", "fix_H"), [(True, False), (False, True), (True, True)], ids=["W", "H", "both"]
)
@pytest.mark.parametrize("update", list(ORACLES))
@pytest.mark.parametrize("kind", [StackedProducts, FftProducts])
def test_fixed_factors(
    force: Force,
    kind: type[StackedProducts] | type[FftProducts],
    update: str,
    fix_W: bool,
    fix_H: bool,
    streamed: bool,
) -> None:
    force(kind)
    rule = UpdateRule(ITERATIONS, update, fix_W=fix_W, fix_H=fix_H)
    for size in (Size(5, 2, 4, 4), Size(9, 3, 5, 31), Size(3, 2, 1, 6)):
        V, W, H = make_case(size, "some")
        wanted = ORACLES[update](V, W, H, ITERATIONS, fix_W, fix_H)
        for panel_frames in (3, size.M):
            make_target = StreamedTarget if streamed else make_array_target
            found = deconvolve(make_target(V, panel_frames), W, H, rule)
            assert_same(found, wanted, 1e-9)
        if fix_H:
            np.testing.assert_array_equal(found.H, H)


def make_array_target(V: oracle.Array, panel_frames: int) -> Target:
    return ArrayTarget(V, V.dtype, panel_frames)


@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("kind", [StackedProducts, FftProducts])
@pytest.mark.parametrize("size", SIZES, ids=SIZE_IDS)
def test_convolve(
    force: Force, size: Size, kind: type[StackedProducts] | type[FftProducts], beta: float
) -> None:
    force(kind)
    V, W, H = make_case(size)
    wanted = oracle.nmf_conv(V, W, H, ITERATIONS, beta)
    for panel_frames in {1, max(1, size.T - 1), 7, size.M}:
        found = convolve(ArrayTarget(V, V.dtype, panel_frames), W, H, BetaRule(ITERATIONS, beta))
        assert_same(found, wanted, 1e-8)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("beta", [0, 0.3, 1, 2])
def test_convolve_with_regularisers(beta: float, streamed: bool) -> None:
    make_target = StreamedTarget if streamed else make_array_target
    for size in SIZES:
        V, W, H = make_case(size, "some")
        wanted = oracle.nmf_conv(V, W, H, ITERATIONS, beta, 0.02, 0.01)
        rule = BetaRule(ITERATIONS, beta, sparsity_weight=0.02, uncorr_weight=0.01)
        for panel_frames in (3, size.M):
            assert_same(convolve(make_target(V, panel_frames), W, H, rule), wanted, 1e-9)


@pytest.mark.parametrize("update", list(ORACLES))
@pytest.mark.parametrize("size", SIZES, ids=SIZE_IDS)
def test_target_outside_of_memory(size: Size, update: str) -> None:
    V, W, H = make_case(size, "some")
    wanted = ORACLES[update](V, W, H, ITERATIONS)
    for panel_frames in {1, max(1, size.T - 1), size.M}:
        assert_same(run(StreamedTarget(V, panel_frames), W, H, update), wanted, 1e-9)
        found = convolve(StreamedTarget(V, panel_frames), W, H, BetaRule(ITERATIONS, 1))
        assert_same(found, oracle.nmf_conv(V, W, H, ITERATIONS, 1), 1e-8)


@pytest.mark.parametrize("update", list(ORACLES))
def test_target_outside_of_memory_stays_there(update: str) -> None:
    """No sweep allocates anything of the size of the whole target."""
    size = Size(64, 2, 3, 4000)
    V, W, H = make_case(size)
    target = StreamedTarget(V, 50)
    run(target, W, H, update)  # what is imported and cached once does not count
    tracemalloc.start()
    run(target, W, H, update)
    convolve(target, W, H, BetaRule(ITERATIONS, 1))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < V.nbytes / 2


Solver = Callable[[Target, FloatArray, FloatArray, bool], Factorisation]


def solver(name: str) -> Solver:
    """Return a solver that may be told to write over the activations."""

    def solve(target: Target, W: FloatArray, H: FloatArray, overwrite: bool) -> Factorisation:
        if name == "nmf_conv":
            return convolve(target, W, H, BetaRule(ITERATIONS, 0), overwrite_H=overwrite)
        return deconvolve(target, W, H, UpdateRule(ITERATIONS, name), overwrite_H=overwrite)

    return solve


@pytest.mark.parametrize("name", ["mean", "joint", "accelerated", "nmf_conv"])
def test_activations_may_be_written_over(name: str) -> None:
    V, W, H = make_case(Size(9, 3, 5, 31), "some")
    target = StreamedTarget(V, 7)
    wanted = solver(name)(target, W, H, False)
    found = solver(name)(target, W, H, True)
    np.testing.assert_array_equal(found.H, wanted.H)
    np.testing.assert_array_equal(found.W, wanted.W)
    assert found.H.flags.c_contiguous


@pytest.mark.parametrize("name", ["mean", "joint", "nmf_conv"])
def test_one_array_as_long_as_the_recording(name: str) -> None:
    """The activations are written over; what sweeps add up lies in pages of its own."""
    size = Size(64, 8, 4, 40_000)
    V, W, H = make_case(size)
    target = StreamedTarget(V, 50)
    assert len(grouped(target, size.R * size.T)) > 1
    tracemalloc.start()
    found = solver(name)(target, W, H, True)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.shares_memory(found.H, H)
    assert peak < H.nbytes


@pytest.mark.parametrize("update", ["mean", "joint", "accelerated"])
def test_activations_that_stay_are_not_written_over(update: str) -> None:
    V, W, H = make_case(Size(9, 3, 5, 31))
    given = H.copy()
    for rule in UpdateRule(ITERATIONS, update, fix_H=True), UpdateRule(0, update):
        found = deconvolve(StreamedTarget(V, 7), W, H, rule, overwrite_H=True)
        np.testing.assert_array_equal(found.H, given)


@pytest.mark.parametrize("kind", [StackedProducts, FftProducts])
def test_panels_do_not_matter(
    force: Force, kind: type[StackedProducts] | type[FftProducts]
) -> None:
    force(kind)
    size = Size(11, 3, 6, 40)
    V, W, H = make_case(size, "some")
    whole = run(ArrayTarget(V, V.dtype, size.M), W, H, "joint")
    for panel_frames in range(1, size.M):
        cut = run(ArrayTarget(V, V.dtype, panel_frames), W, H, "joint")
        assert_same(cut, (whole.W, whole.H, whole.divergence.tolist()), 1e-12)


@pytest.mark.parametrize("kind", [StackedProducts, FftProducts])
@pytest.mark.parametrize("update", list(ORACLES))
def test_float32(
    force: Force, update: str, kind: type[StackedProducts] | type[FftProducts]
) -> None:
    force(kind)
    size = Size(33, 3, 6, 48)
    V, W, H = make_case(size, "some")
    V32, W32, H32 = cast((V, W, H), np.float32)
    found = deconvolve(ArrayTarget(V32, V32.dtype, 20), W32, H32, UpdateRule(20, update))
    assert found.W.dtype == found.H.dtype == np.float32
    assert_same(found, ORACLES[update](V, W, H, 20), 1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [StackedProducts, FftProducts])
@pytest.mark.parametrize("update", list(ORACLES))
def test_all_zero_target(
    force: Force,
    update: str,
    kind: type[StackedProducts] | type[FftProducts],
    dtype: type[np.floating[Any]],
) -> None:
    force(kind)
    V, W, H = cast(make_case(Size(5, 2, 3, 12), "all"), dtype)
    found = run(ArrayTarget(V, V.dtype, 5), W, H, update)
    assert np.isfinite(found.W).all()
    assert np.isfinite(found.divergence).all()
    assert np.abs(found.H).max() < 1e-20


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("beta", BETAS)
def test_all_zero_target_with_any_beta(beta: float, dtype: type[np.floating[Any]]) -> None:
    V, W, H = cast(make_case(Size(5, 2, 3, 12), "all"), dtype)
    found = convolve(ArrayTarget(V, V.dtype, 5), W, H, BetaRule(ITERATIONS, beta))
    for values in (found.W, found.H, found.divergence):
        assert np.isfinite(values).all()


@pytest.mark.parametrize("update", list(ORACLES))
def test_arguments_are_not_changed(update: str) -> None:
    V, W, H = make_case(Size(5, 2, 3, 12), "some")
    copies = [a.copy() for a in (V, W, H)]
    run(ArrayTarget(V, V.dtype, 5), W, H, update)
    convolve(ArrayTarget(V, V.dtype, 5), W, H, BetaRule(ITERATIONS, -0.5))
    for array, copy in zip((V, W, H), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("size", SIZES, ids=SIZE_IDS)
def test_sums(size: Size) -> None:
    _, W, H = make_case(size)
    grid = TimeGrid.plain(size.T)
    ones = np.ones((size.K, size.M))
    reachable = np.zeros_like(H)
    for t in range(size.T):
        reachable += W[:, :, t].T @ oracle.shift(ones, -t)
        np.testing.assert_allclose(
            shifted_sums(H, grid)[:, t], oracle.shift(H, t).sum(axis=1), rtol=1e-12
        )
    divided = divide_by_reachable(np.ones_like(H), W.sum(axis=0), grid, 0.5)
    np.testing.assert_allclose(1 / divided, reachable + 0.5, rtol=1e-12)


def test_tied_frames() -> None:
    """Products over boxes are those of templates that repeat a box in each of its frames."""
    grid = TimeGrid((0, 1, 2, 5, 9))
    K, R, M = 6, 2, 30
    V, W, H = make_case(Size(K, R, grid.n_boxes, M))
    frames = np.repeat(W, grid.widths, axis=2)
    ones = np.ones_like(V)
    in_rows = np.ascontiguousarray(W.transpose(1, 2, 0))
    products = StackedProducts(in_rows.shape, 11, 0.0, V.dtype, grid)
    products.set_templates(in_rows)
    products.set_activation_templates(in_rows)
    desk, reach = products.desk(), grid.n_frames - 1
    model, template_terms = np.zeros(V.shape), np.zeros(W.shape)
    activation_terms = np.zeros((R, reach + M))
    for start in range(0, M, 11):
        panel = np.ascontiguousarray(V[:, start : start + 11])
        stop = start + panel.shape[1]
        part = np.empty(panel.shape)
        desk.turn_to(with_history(H, grid, start, stop))
        desk.model(part)
        model[:, start:stop] = part
        template_terms += desk.template_terms(panel).transpose(2, 0, 1)
        desk.add_activation_terms(panel, activation_terms[:, start : stop + reach])
    shifts = [oracle.shift(H, t) for t in range(grid.n_frames)]
    per_frame = np.stack([V @ shifted.T for shifted in shifts], axis=2)
    sums = np.stack([shifted.sum(axis=1) for shifted in shifts], axis=1)
    boxes = grid.edges[:-1]
    np.testing.assert_allclose(model, oracle.model(frames, H), rtol=1e-12)
    np.testing.assert_allclose(template_terms, np.add.reduceat(per_frame, boxes, 2), rtol=1e-12)
    np.testing.assert_allclose(shifted_sums(H, grid), np.add.reduceat(sums, boxes, 1), rtol=1e-12)
    wanted, reachable = np.zeros_like(H), np.zeros_like(H)
    for t in range(grid.n_frames):
        wanted += frames[:, :, t].T @ oracle.shift(V, -t)
        reachable += frames[:, :, t].T @ oracle.shift(ones, -t)
    np.testing.assert_allclose(activation_terms[:, reach:], wanted, rtol=1e-12)
    divided = divide_by_reachable(np.ones_like(H), W.sum(axis=0), grid, 0)
    np.testing.assert_allclose(1 / divided, reachable, rtol=1e-12)


def test_sums_keep_what_is_small_beside_a_late_onset() -> None:
    """Nearly all of H in its last frame: what an earlier frame holds must not drown in it."""
    H = np.array([[1e-16, 1e-16, 1e3]])
    wanted: NDArray[np.float64] = np.array([[1e3, 2e-16, 1e-16]])
    grid = TimeGrid.plain(3)
    np.testing.assert_allclose(shifted_sums(H, grid), wanted, rtol=1e-12)
    np.testing.assert_allclose(shifted_sums(H.astype(np.float32), grid), wanted, rtol=1e-6)


def test_choice_of_products() -> None:
    """Short templates are stacked, long ones go through the FFT."""
    arguments: tuple[int, float, np.dtype[Any]] = (1024, 1e-12, np.dtype(np.float32))
    assert isinstance(choose_products((3, 8, 1025), *arguments, False), StackedProducts)
    assert isinstance(choose_products((4, 330, 1025), *arguments, True), FftProducts)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("update", list(ORACLES))
def test_ffts_do_not_spread_what_the_model_leaves_out(
    force: Force, update: str, dtype: type[np.floating[Any]]
) -> None:
    """Frames before the first stroke, which no template explains, and bins that none has."""
    force(FftProducts)
    size = Size(12, 2, 40, 150)
    V, W, H = make_case(size)
    H[:, :60] = 0
    W[3] = 0
    V[3] *= 100
    wanted = ORACLES[update](V, W, H, ITERATIONS)
    V_, W_, H_ = cast((V, W, H), dtype)
    found = run(ArrayTarget(V_, V_.dtype, 75), W_, H_, update)
    assert_close(found.W, wanted[0], 2e-3 if dtype == np.float32 else 1e-9)
    assert_close(found.H, wanted[1], 2e-3 if dtype == np.float32 else 1e-9)
    assert found.H.min() >= 0


def test_short_templates_are_never_transformed() -> None:
    """However few bins there are: FFTs would pay, but blur what lies far apart in size."""
    arguments: tuple[int, float, np.dtype[Any]] = (1000, 1e-12, np.dtype(np.float32))
    assert isinstance(choose_products((4, 31, 1), *arguments, True), StackedProducts)
    assert isinstance(choose_products((4, 400, 1), *arguments, True), FftProducts)
