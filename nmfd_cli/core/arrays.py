"""Array types and constants that all of the numerics share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: An array of float32 or float64; which of the two, the input decides.
FloatArray = NDArray[np.floating[Any]]

#: A complex spectrogram, complex64 or complex128.
ComplexArray = NDArray[np.complexfloating[Any, Any]]

#: The distance from 1.0 to the next float64: keeps quotients finite (libnmfd's constant, so that
#: results agree with it).
EPS = 2.0**-52


def working_dtype(
    array: NDArray[Any], dtype: np.dtype[Any] | type | None = None
) -> np.dtype[np.floating[Any]]:
    """Return float32 for float32 input and float64 for all else, unless `dtype` says otherwise."""
    chosen = np.dtype(dtype) if dtype is not None else array.dtype
    return np.dtype(np.float32) if chosen == np.float32 else np.dtype(np.float64)
