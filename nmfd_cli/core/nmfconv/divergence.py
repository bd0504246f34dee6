"""Divergences between a target V and its model Lambda, and what their updates divide.

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
    beta : float

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


def kl_remainder(V: FloatArray, quotient: FloatArray, scratch: FloatArray) -> float:
    """Return ``sum V log(V / L)``, what of the Kullback-Leibler divergence is no plain sum.

    Parameters
    ----------
    V : ndarray, shape (K, m), above zero
    quotient : ndarray, shape (K, m)
        ``V / L``.
    scratch : ndarray, shape (K, m), C-contiguous
        Overwritten; may be `quotient`.
    """
    np.log(quotient, out=scratch)
    if V.flags.c_contiguous:
        return float(np.vdot(V, scratch))
    return float(np.einsum("km,km->k", V, scratch).sum(dtype=np.float64))


def quotient_and_power(
    V: FloatArray, model: FloatArray, beta: float, quotient: FloatArray, power: FloatArray
) -> None:
    """Write ``Q = V L**(beta-1)`` and ``B = L**beta`` for beta other than zero.

    Parameters
    ----------
    V, model : ndarray, shape (K, m), above zero
    beta : float
    quotient, power : ndarray, shape (K, m)
        Where to write Q and B; none of them may share memory with the others.
    """
    if beta == 1:
        power[...] = model
        quotient[...] = V
        return
    if beta == -1:
        np.reciprocal(model, out=power)
    else:
        np.power(model, beta, out=power)
    np.divide(power, model, out=quotient)
    quotient *= V
