"""Divergences between a target V and its model Lambda, and the quotients of their updates.

The multiplicative updates of every beta-divergence divide a product with ``Q = V Lambda**(beta-1)``
by the same product with ``B = Lambda**beta`` [1]_.  In the documented convention beta = 1 is half
the squared Euclidean distance, 0 the Kullback-Leibler divergence and -1 that of Itakura and Saito.

.. [1] A. Cichocki, R. Zdunek, A. H. Phan, S. Amari: "Nonnegative matrix and tensor factorizations",
   Wiley 2009, chapter 3.
"""

import numpy as np

from nmfd_cli.core.arrays import FloatArray


def beta_divergence(V: FloatArray, model: FloatArray, beta: float) -> float:
    """Return the beta-divergence of a model from its target.

    ``sum V (V**beta - L**beta) / beta - (V**(beta+1) - L**(beta+1)) / (beta+1)``, with its limits
    ``sum V log(V / L) - V + L`` at beta = 0 and ``sum V / L - log(V / L) - 1`` at -1.

    Parameters
    ----------
    V, model : ndarray, same shape, above zero

    Returns
    -------
    float
        At least zero up to round-off; zero where both are equal.

    Examples
    --------
    >>> beta_divergence(np.array([1.0, 2.0]), np.array([1.0, 4.0]), 1)
    2.0
    """
    if beta == 1:
        return 0.5 * float(np.sum(np.square(V - model), dtype=np.float64))
    if abs(beta) < 1e-20:  # nothing of it would be left beside one, nor much of it in float32
        entries: FloatArray = V * np.log(V / model) - V + model
    elif beta == -1:
        quotient = V / model
        entries = quotient - np.log(quotient) - 1
    else:
        # V**beta - L**beta = L**beta expm1(beta log(V / L)), which stays exact near the limits
        logarithm = np.log(V / model)
        entries = V * np.expm1(beta * logarithm) / beta
        entries -= model * np.expm1((beta + 1) * logarithm) / (beta + 1)
        entries *= model**beta
    return float(np.sum(entries, dtype=np.float64))


def write_quotients(
    V: FloatArray,
    model: FloatArray,
    beta: float,
    *,
    out: tuple[FloatArray, FloatArray | None],
    with_divergence: bool,
) -> float:
    """Write the quotients of the updates, and return the divergence.

    Parameters
    ----------
    V, model : ndarray, shape (K, m), above zero, C-contiguous
        The model is a buffer and may be overwritten.
    out : tuple of ndarrays, shape (K, m)
        Get ``Q = V L**(beta-1)`` and ``B = L**beta``; the latter is None for beta = 0, where it is
        one.  None of the arrays may share memory.
    with_divergence : bool
        Compute the divergence, too: its logarithms take as long as a product.

    Returns
    -------
    float
        The beta-divergence; for beta = 0 without its plain sums, ``sum V log(V / L)``; zero if not
        wanted.
    """
    quotient, power = out
    if power is None:
        np.divide(V, model, out=quotient)
        if not with_divergence:
            return 0.0
        np.log(quotient, out=model)
        return float(np.vdot(V, model))
    divergence = beta_divergence(V, model, beta) if with_divergence else 0.0
    if beta == 1:
        power[...] = model
        quotient[...] = V
        return divergence
    if beta == -1:
        np.reciprocal(model, out=power)
    else:
        np.power(model, beta, out=power)
    np.divide(power, model, out=quotient)
    quotient *= V
    return divergence
