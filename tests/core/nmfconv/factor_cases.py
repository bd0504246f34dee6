"""Targets and factors that the tests of the solvers and of the engine share."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import oracle
import pytest

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.engine.panel_products import FftProducts, StackedProducts
from nmfd_cli.core.nmfconv.engine.products import ProductFactory, Products
from nmfd_cli.core.nmfconv.engine.shifts import TimeGrid
from nmfd_cli.core.nmfconv.engine.target import ArrayTarget, Target
from nmfd_cli.core.nmfconv.factorisation import Factorisation


def target(K: int = 9, M: int = 24, seed: int = 0) -> oracle.Array:
    return np.random.default_rng(seed).gamma(0.5, size=(K, M)) + 1e-3


def model(W: FloatArray, H: FloatArray) -> oracle.Array:
    return oracle.model(W.astype(np.float64), H.astype(np.float64))


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


EDGE_SIZES = [
    Size(5, 2, 4, 4),  # T = M
    Size(5, 2, 3, 4),
    Size(6, 3, 1, 9),  # T = 1
    Size(7, 1, 3, 12),  # R = 1
    Size(1, 2, 3, 10),  # K = 1
    Size(1, 1, 1, 1),
    Size(9, 3, 5, 31),
]
SIZES = [*EDGE_SIZES, *random_sizes(5)]

#: A test of each size, of which the edge cases are quick.
of_each_size = pytest.mark.parametrize(
    "size",
    [
        pytest.param(size, id="-".join(map(str, size)), marks=marks)
        for sizes, marks in ((EDGE_SIZES, ()), (SIZES[len(EDGE_SIZES) :], pytest.mark.slow))
        for size in sizes
    ],
)

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


def array_target(V: oracle.Array, panel_frames: int) -> Target:
    return ArrayTarget(V, V.dtype, panel_frames)


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


def stacked(
    shape: tuple[int, int, int],
    panel_frames: int,
    *,
    floor: float,
    dtype: np.dtype[Any],
    fix_W: bool,
    grid: TimeGrid | None,
) -> Products:
    """Compute products as dense ones, whatever they cost."""
    return StackedProducts(shape, panel_frames, floor=floor, dtype=dtype, grid=grid)


def by_fft(
    shape: tuple[int, int, int],
    panel_frames: int,
    *,
    floor: float,
    dtype: np.dtype[Any],
    fix_W: bool,
    grid: TimeGrid | None,
) -> Products:
    """Compute products by FFT, whatever they cost."""
    assert grid is None
    return FftProducts(shape, panel_frames, floor=floor, dtype=dtype)


PRODUCTS: tuple[ProductFactory, ...] = (stacked, by_fft)


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
