"""Sums of the factors, which stand for products with a matrix of ones."""

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.engine.shifts import TimeGrid


def shifted_sums(H: FloatArray, grid: TimeGrid) -> FloatArray:
    """Return ``sum_m H[r, m - t]``, the activations that t frames later are still inside.

    Parameters
    ----------
    H : ndarray, shape (R, M)
    grid : TimeGrid
        For each box the sum over its frames.

    Returns
    -------
    ndarray, shape (R, T), float64
    """
    n_comp, n_frames = H.shape
    n_early = max(0, n_frames - grid.n_frames + 1)
    # added up from the first frame on: what is small beside a late onset is not lost
    upto = np.zeros((n_comp, grid.n_frames))
    late = np.concatenate([H[:, :n_early].sum(axis=1, keepdims=True), H[:, n_early:]], axis=1)
    sums = np.cumsum(late, axis=1, dtype=np.float64)[:, ::-1]
    upto[:, : sums.shape[1]] = sums[:, : grid.n_frames]
    return upto if grid.is_plain else np.add.reduceat(upto, grid.edges[:-1], axis=1)


def divide_by_reachable(
    numerator: FloatArray, bins: FloatArray, grid: TimeGrid, *, floor: float
) -> FloatArray:
    """Divide in place by ``sum_{k, t < M - m} W[r, t, k]``, what of a template fits before the end.

    Parameters
    ----------
    numerator : ndarray, shape (R, M)
        Changed in place: of a long recording no other array so long is wanted.
    bins : ndarray, shape (R, T)
        ``sum_k W[r, t, k]``.
    grid : TimeGrid
    floor : float
        What is added to the sums.

    Returns
    -------
    ndarray, shape (R, M)
        `numerator` itself.
    """
    per_frame = bins if grid.is_plain else np.repeat(bins, grid.widths, axis=1)
    reached = np.cumsum(per_frame, axis=1) + np.asarray(floor, dtype=bins.dtype)
    n_frames = numerator.shape[1]
    n_late = min(grid.n_frames, n_frames)
    numerator[:, : n_frames - n_late] /= reached[:, -1:]
    numerator[:, n_frames - n_late :] /= reached[:, n_late - 1 :: -1]
    return numerator
