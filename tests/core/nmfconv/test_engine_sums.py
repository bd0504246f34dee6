"""Sums that stand for products with ones, and products over frames that are tied."""

import numpy as np
import oracle
from factor_cases import Size, make_case, of_each_size
from numpy.typing import NDArray

from nmfd_cli.core.nmfconv.engine.panel_products import StackedProducts
from nmfd_cli.core.nmfconv.engine.shifts import (
    TimeGrid,
    divide_by_reachable,
    shifted_sums,
    with_history,
)


@of_each_size
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
    divided = divide_by_reachable(np.ones_like(H), W.sum(axis=0), grid, floor=0.5)
    np.testing.assert_allclose(1 / divided, reachable + 0.5, rtol=1e-12)


def test_tied_frames() -> None:
    """Products over boxes are those of templates that repeat a box in each of its frames."""
    grid = TimeGrid((0, 1, 2, 5, 9))
    K, R, M = 6, 2, 30
    V, W, H = make_case(Size(K, R, grid.n_boxes, M))
    frames = np.repeat(W, grid.widths, axis=2)
    ones = np.ones_like(V)
    bins_last = np.ascontiguousarray(W.transpose(1, 2, 0))
    products = StackedProducts(bins_last.shape, 11, floor=0.0, dtype=V.dtype, grid=grid)
    products.set_templates(bins_last)
    products.set_activation_templates(bins_last)
    workspace, reach = products.workspace(), grid.n_frames - 1
    model, template_terms = np.zeros(V.shape), np.zeros(W.shape)
    activation_terms = np.zeros((R, reach + M))
    for start in range(0, M, 11):
        panel = np.ascontiguousarray(V[:, start : start + 11])
        stop = start + panel.shape[1]
        lam = np.empty(panel.shape)
        workspace.load_panel(with_history(H, grid, start, stop))
        workspace.model(lam)
        model[:, start:stop] = lam
        template_terms += workspace.template_terms(panel).transpose(2, 0, 1)
        workspace.add_activation_terms(panel, activation_terms[:, start : stop + reach])
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
    divided = divide_by_reachable(np.ones_like(H), W.sum(axis=0), grid, floor=0)
    np.testing.assert_allclose(1 / divided, reachable, rtol=1e-12)


def test_sums_keep_what_is_small_beside_a_late_onset() -> None:
    """Nearly all of H in its last frame: what an earlier frame holds must not drown in it."""
    H = np.array([[1e-16, 1e-16, 1e3]])
    wanted: NDArray[np.float64] = np.array([[1e3, 2e-16, 1e-16]])
    grid = TimeGrid.plain(3)
    np.testing.assert_allclose(shifted_sums(H, grid), wanted, rtol=1e-12)
    np.testing.assert_allclose(shifted_sums(H.astype(np.float32), grid), wanted, rtol=1e-6)
