"""Filters along time for activations."""

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.errors import ParameterError


def nema(A: FloatArray, decay: FloatArray | float = 0.9) -> FloatArray:
    """Filter each row by a non-linear exponential moving average.

    ``y[n] = max(x[n], decay y[n-1] + (1 - decay) x[n])``: rising edges pass, falling edges become
    exponential slopes.  Equation (3) of [1]_.

    Parameters
    ----------
    A : ndarray, shape (R, M)
        Time series in rows.
    decay : float or ndarray of R values (any shape), in [0, 1]
        Share of the past that a frame keeps, for all rows or for each.  Values from 1 on are taken
        as 0.9999999, so that the filter stays stable.

    Returns
    -------
    ndarray, shape (R, M)
        The filtered rows; `A` is left as it is.

    Raises
    ------
    ParameterError
        If `decay` has neither one value nor one for each row, or is not a number.

    References
    ----------
    .. [1] C. Dittmar, P. López-Serrano, M. Müller: "Unifying local and global methods for
       harmonic-percussive source separation", ICASSP 2018.

    Examples
    --------
    >>> nema(np.array([[0.0, 1.0, 0.0, 0.0]]), decay=0.5)
    array([[0.  , 1.  , 0.5 , 0.25]])
    """
    n_rows, n_frames = A.shape
    rates = np.asarray(decay, dtype=np.float64).reshape(-1)
    if rates.size not in (1, n_rows):
        raise ParameterError(
            expected=f"one value or one for each of {n_rows} rows",
            found=str(rates.size),
            setting="decay",
        )
    if np.isnan(rates).any():
        raise ParameterError(expected="numbers between 0 and 1", found="NaN", setting="decay")
    rates = np.clip(rates, 0.0, 0.9999999).astype(A.dtype if A.dtype.kind == "f" else np.float64)
    filtered = A.astype(rates.dtype)
    for n in range(1, n_frames):
        now = filtered[:, n]
        np.maximum(now, rates * filtered[:, n - 1] + (1 - rates) * now, out=now)
    return filtered
