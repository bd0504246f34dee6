"""A slow, obvious implementation of the solvers: what the fast engine is held against.

Each equation stands here as in the docstrings of `nmfd` and `nmf_conv`, one frame of the template
at a time, in float64 and on the whole target at once.  It shares no code with the package.

Arrays as everywhere: V (K, M), W (K, R, T), H (R, M).
"""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Templates, activations and the divergence at the start of each iteration.
Result = tuple[Array, Array, list[float]]

EPS = 2.0**-52


def shift(A: Array, t: int) -> Array:
    """Move the columns by t, to the right where t is positive, and fill with zeros."""
    shifted = np.zeros_like(A)
    n_columns = A.shape[1]
    for column in range(n_columns):
        if 0 <= column - t < n_columns:
            shifted[:, column] = A[:, column - t]
    return shifted


def model(W: Array, H: Array) -> Array:
    """Lambda = sum_t W_t shift(H, t)."""
    Lambda = np.zeros((W.shape[0], H.shape[1]))
    for t in range(W.shape[2]):
        Lambda += W[:, :, t] @ shift(H, t)
    return Lambda + 2 * EPS


def normalised(V: Array) -> Array:
    total = float(V.sum())
    return V / (EPS + total)


def divergence(V: Array, L: Array, beta: float) -> float:
    """The beta-divergence of L from V, entry by entry; infinite where it is."""
    total = 0.0
    for v, x in zip(V.ravel().tolist(), L.ravel().tolist(), strict=True):
        if beta == 0:
            total += (v * np.log(v / x) if v > 0 else 0.0) - v + x
        elif beta == -1:
            total += v / x - np.log(v / x) - 1 if v > 0 else np.inf
        elif v == 0:
            total += x ** (beta + 1) / (beta + 1) if beta > -1 else np.inf
        else:
            total += v * (v**beta - x**beta) / beta
            total -= (v ** (beta + 1) - x ** (beta + 1)) / (beta + 1)
    return float(total)


def nmfd_mean(
    V: Array, W: Array, H: Array, n_iter: int, fix_W: bool = False, fix_H: bool = False
) -> Result:
    """H <- H * mean_t((W_t' shift(Q, -t)) / (W_t' 1)), with Q from before the update of W."""
    V = normalised(V)
    ones = np.ones_like(V)
    n_shifts = W.shape[2]
    cost = []
    for _ in range(n_iter):
        L = model(W, H)
        cost.append(divergence(V, L, 0))
        Q = V / L
        W = W.copy()
        factor = np.zeros_like(H)
        for t in range(n_shifts):
            shifted = shift(H, t)
            if not fix_W:
                W[:, :, t] *= (Q @ shifted.T) / (ones @ shifted.T + EPS)
            factor += (W[:, :, t].T @ shift(Q, -t)) / (W[:, :, t].T @ ones + EPS)
        if not fix_H:
            H = H * factor / n_shifts
        for r in range(H.shape[0]):
            W[:, r] /= EPS + W[:, r].sum()
    return W, H, cost


def nmfd_joint(
    V: Array, W: Array, H: Array, n_iter: int, fix_W: bool = False, fix_H: bool = False
) -> Result:
    """The half-step of W, a new model, the half-step of H, and the weight of W handed to H."""
    V = normalised(V)
    ones = np.ones_like(V)
    n_shifts = W.shape[2]
    cost = []
    for _ in range(n_iter):
        L = model(W, H)
        cost.append(divergence(V, L, 0))
        W = W.copy()
        if not fix_W:
            Q = V / L
            for t in range(n_shifts):
                shifted = shift(H, t)
                W[:, :, t] *= (Q @ shifted.T) / (ones @ shifted.T + EPS)
        if fix_H:
            continue
        Q = V / model(W, H)
        numerator, denominator = np.zeros_like(H), np.zeros_like(H)
        for t in range(n_shifts):
            numerator += W[:, :, t].T @ shift(Q, -t)
            denominator += W[:, :, t].T @ shift(ones, -t)
        H = H * numerator / (denominator + EPS)
        for r in range(H.shape[0]):
            weight = EPS + W[:, r].sum()
            W[:, r] /= weight
            H[r] *= weight
    return W, H, cost


def nmf_conv(
    V: Array,
    W: Array,
    H: Array,
    n_iter: int,
    beta: float,
    sparsity_weight: float = 0,
    uncorr_weight: float = 0,
) -> Result:
    """Q = V L**(beta-1) and B = L**beta; each frame of W sees those before it already updated."""
    V = normalised(V)
    cost = []
    for _ in range(n_iter):
        L = model(W, H)
        cost.append(divergence(V, L, beta))
        Q, B = V * L ** (beta - 1), L**beta
        W = W.copy()
        numerator, denominator = np.zeros_like(H), np.zeros_like(H)
        for t in range(W.shape[2]):
            shifted = shift(H, t)
            others = sum(
                (W[:, :, s] for s in range(W.shape[2]) if s != t), np.zeros_like(W[..., 0])
            )
            W[:, :, t] *= (Q @ shifted.T) / (B @ shifted.T + EPS + uncorr_weight * others)
            numerator += W[:, :, t].T @ shift(Q, -t)
            denominator += W[:, :, t].T @ shift(B, -t)
        H = H * numerator / (denominator + EPS + sparsity_weight)
        for r in range(H.shape[0]):
            W[:, r] /= EPS + W[:, r].sum()
    return W, H, cost
