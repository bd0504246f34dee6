"""Covariances between two channels: where a sound comes from and how diffuse it is."""

import numpy as np
from numpy.typing import NDArray

#: Share of what lies across a stem's direction that other stems leave in the bins it dominates.
_CROSSTALK = 0.002
#: The least diffuse part: what single precision inverts.
_LEAST_DIFFUSE = 1e-5
#: Symmetric 2 x 2 matrices as (..., 3): left, right, both.
Covariances = NDArray[np.float64]


def diffuse_part(covariance: Covariances) -> NDArray[np.float64]:
    """Return the smaller eigenvalue beside the larger, from 0 (a point) to 1 (no direction).

    Parameters
    ----------
    covariance : ndarray, shape (..., 3)
        Positive semi-definite; 1 for zeros.
    """
    mean, radius, _ = eigenvalues(covariance)
    return np.where(mean > 0, np.maximum(mean - radius, 0) / _positive(mean + radius), 1.0)


def sharpened(covariance: Covariances) -> Covariances:
    """Return covariances of trace 2 without the crosstalk in their diffuse part.

    Parameters
    ----------
    covariance : ndarray, shape (..., 3)
        Zeros become the unit matrix.
    """
    _, radius, axis = eigenvalues(covariance)
    diffuse = diffuse_part(covariance)
    diffuse = np.where(diffuse < 1, np.maximum(diffuse - _CROSSTALK, _LEAST_DIFFUSE), 1.0)
    # eigenvalues 2 / (1 + d) and 2 d / (1 + d) along and across the axis
    excess = np.where(radius > 0, (1 - diffuse) / (1 + diffuse), 0.0)
    difference, both = axis
    return np.stack([1 + excess * difference, 1 - excess * difference, excess * both], axis=-1)


def eigenvalues(
    covariance: Covariances,
) -> tuple[
    NDArray[np.float64], NDArray[np.float64], tuple[NDArray[np.float64], NDArray[np.float64]]
]:
    """Return mean and half difference of the eigenvalues and the doubled angle's cosine, sine."""
    left, right, both = np.moveaxis(covariance, -1, 0)
    mean, difference = (left + right) / 2, (left - right) / 2
    radius = np.hypot(difference, both)
    return mean, radius, (difference / _positive(radius), both / _positive(radius))


def _positive(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(values > 0, values, 1.0)
