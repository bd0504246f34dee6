"""Masks share out a recording: nothing is lost, nothing is made up."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.masking import alpha_wiener_filter, wiener_masks
from nmfd_cli.errors import ParameterError

ALPHAS = (0.5, 1, 1.2, 2)


def sources(R: int = 3, K: int = 6, M: int = 8) -> NDArray[np.float64]:
    """Return magnitudes (R, K, M), some of them zero."""
    rng = np.random.default_rng(R)
    return rng.gamma(0.5, size=(R, K, M)) * (rng.random((R, K, M)) < 0.8) + 1e-6


def mixture() -> NDArray[np.complex128]:
    real, imaginary = np.random.default_rng(1).normal(size=(2, 6, 8))
    return np.asarray(real + 1j * imaginary)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_wiener_filter(alpha: float) -> None:
    A, X = sources(), mixture()
    stems, masks = alpha_wiener_filter(X, list(A), alpha)
    total = sum(A[r] ** alpha for r in range(3))
    for r in range(3):
        np.testing.assert_allclose(masks[r], A[r] ** alpha / total, rtol=1e-3)
        np.testing.assert_array_equal(stems[r], masks[r] * X)
    # the documented constant of 2**-52 takes from the quietest entries alone
    loud = A.max(axis=0) > 1e-2
    np.testing.assert_allclose(np.sum(masks, axis=0)[loud], 1, rtol=1e-11)
    np.testing.assert_allclose(np.sum(stems, axis=0)[loud], X[loud], rtol=1e-11)


def test_default_alpha() -> None:
    default = alpha_wiener_filter(mixture(), list(sources()))[1]
    np.testing.assert_array_equal(default, alpha_wiener_filter(mixture(), list(sources()), 1.2)[1])


def test_binary_masks() -> None:
    A, X = sources(), mixture()
    stems, masks = alpha_wiener_filter(X, list(A), 1.2, binarize=True)
    soft = alpha_wiener_filter(X, list(A), 1.2)[1]
    for r in range(3):
        np.testing.assert_array_equal(masks[r], np.where(soft[r] > 1 / 3, 1, 0))
        np.testing.assert_array_equal(stems[r], np.where(soft[r] > 1 / 3, X, 0))
    assert 0 < np.mean(masks) < 1


@pytest.mark.parametrize("alpha", ALPHAS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_silence_stays_silent(alpha: float, dtype: type[np.floating[Any]]) -> None:
    nothing = np.zeros((6, 8), dtype=dtype)
    for binarize in (False, True):
        stems, masks = alpha_wiener_filter(nothing, [nothing, nothing], alpha, binarize)
        assert not np.any(stems)
        assert not np.any(masks)
        assert stems[0].dtype == masks[0].dtype == dtype


def test_arguments_are_not_changed() -> None:
    A, X = sources(), mixture()
    copies = A.copy(), X.copy()
    for binarize in (False, True):
        alpha_wiener_filter(X, list(A), 1, binarize)
    np.testing.assert_array_equal(A, copies[0])
    np.testing.assert_array_equal(X, copies[1])


def test_bad_arguments() -> None:
    A, X = sources(), mixture()
    with pytest.raises(ParameterError) as caught:
        alpha_wiener_filter(X, [A[0], A[1, :, :7]])
    assert str(caught.value) == "source 1: expected the mixture's shape (6, 8), found (6, 7)"
    for alpha in (0, -1, np.nan):
        with pytest.raises(ParameterError) as caught:
            alpha_wiener_filter(X, list(A), alpha)
        assert str(caught.value) == f"alpha: expected a number above 0, found {alpha}"


@settings(max_examples=150)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_sources=st.integers(1, 5),
    level=st.sampled_from([-300, -150, -38, -30, -8, 0, 8, 30, 150]),
    spread=st.sampled_from([0, 5, 40]),
    alpha=st.sampled_from([0.3, 1.0, 1.2, 2.0, 4.0]),
    single=st.booleans(),
)
def test_masks_sum_to_one(
    seed: int, n_sources: int, level: int, spread: int, alpha: float, single: bool
) -> None:
    """At any level, in either type, with zeros and denormal numbers in between."""
    rng = np.random.default_rng(seed)
    exponents = level + spread * rng.uniform(-1, 1, (n_sources, 4, 5))
    exponents = np.clip(exponents, -45 if single else -323, 37)
    values = 10.0**exponents * (rng.random(exponents.shape) < 0.8)
    models: FloatArray = values.astype(np.float32 if single else np.float64)
    masks = wiener_masks(models, alpha)
    assert (models == values.astype(models.dtype)).all()
    assert masks.min() >= 0
    assert np.abs(masks.sum(axis=0, dtype=np.float64) - 1).max() < (1e-6 if single else 1e-14)
    empty = models.max(axis=0) == 0
    assert (masks[:, empty] == np.asarray(1 / n_sources, dtype=masks.dtype)).all()
    # who is louder gets no less
    order = np.argsort(models, axis=0, kind="stable")
    assert (np.diff(np.take_along_axis(masks, order, axis=0), axis=0) >= 0).all()


@pytest.mark.parametrize("alpha", ALPHAS)
def test_masks_are_those_of_the_filter(alpha: float) -> None:
    A = sources()
    wanted = alpha_wiener_filter(mixture(), list(1e9 * A), alpha)[1]
    np.testing.assert_allclose(wiener_masks(A, alpha), wanted, rtol=1e-9)


def test_masks_do_not_depend_on_the_level() -> None:
    for alpha in ALPHAS:
        wanted = wiener_masks(sources(), alpha)
        for level in (1e-200, 1e-30, 1e30, 1e200):
            np.testing.assert_allclose(wiener_masks(level * sources(), alpha), wanted, rtol=1e-12)
