"""Checks of what the documented functions are given, and random numbers where that is nothing."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray, working_dtype
from nmfd_cli.core.nmfconv.factorisation import Factors
from nmfd_cli.errors import ParameterError

#: The seed of the random numbers of the reference toolbox.
_REFERENCE_SEED = 42


def checked_target(
    V: NDArray[Any], dtype: np.dtype[Any] | type | None, size: tuple[int | None, int | None]
) -> FloatArray:
    """Return V (K, M) as float32 or float64, or say what is wrong with it.

    `size` is what the caller says of K and M.
    """
    V = np.asarray(V)
    if V.ndim != 2 or 0 in V.shape:
        raise ParameterError(f"V: expected a matrix of (bins, frames), found shape {V.shape}")
    if V.dtype.kind not in "fiub":
        raise ParameterError(f"V: expected real numbers, found {V.dtype}")
    low, high = float(V.min()), float(V.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ParameterError("V: expected finite numbers, found NaN or infinity")
    if low < 0:
        raise ParameterError(f"V: expected no negative number, found {low:g}")
    for name, value, found in zip(("num_bins", "num_frames"), size, V.shape, strict=True):
        if value is not None and value != found:
            raise ParameterError(f"{name}: expected {found}, as V has, found {value}")
    wanted = working_dtype(V, dtype)
    return _of_moderate_size(V, high).astype(wanted, copy=False)


def _of_moderate_size(V: NDArray[Any], high: float) -> NDArray[Any]:
    """Return V, times a power of two where powers of its entries would leave float32's range.

    The solvers normalise V, so that its unit does not matter.
    """
    if high == 0 or 2.0**-20 <= high <= 2.0**20:
        return V
    scaled: NDArray[Any] = np.ldexp(V, -int(np.frexp(high)[1]))
    return scaled


def checked_factors(
    V: FloatArray,
    num_comp: int,
    num_template_frames: int,
    *,
    init_W: Sequence[FloatArray] | FloatArray | None,
    init_H: FloatArray | None,
    rng: "np.random.Generator | None",
) -> Factors:
    """Return the factors to start from, as arrays of the solver's own.

    Raises
    ------
    ParameterError
        If a count is below one, T exceeds M, or an initial factor does not fit.
    """
    (K, M), R, T = V.shape, num_comp, num_template_frames
    for name, value in {"num_comp": R, "num_template_frames": T}.items():
        if value < 1:
            raise ParameterError(f"{name}: expected at least 1, found {value}")
    if T > M:
        raise ParameterError(
            f"num_template_frames: expected at most the {M} frames of V, found {T}"
        )
    if init_W is None:
        init_W = [template / template.sum() for template in random_matrices(R, (K, T), rng)]
    if init_H is None:
        init_H = np.ones((R, M))
    if len(init_W) != R:
        raise ParameterError(f"init_W: expected {R} templates (num_comp), found {len(init_W)}")
    W = np.empty((K, R, T), dtype=V.dtype)
    for r, template in enumerate(init_W):
        W[:, r] = _checked(f"init_W[{r}]", template, (K, T))
    return Factors(W, _checked("init_H", init_H, (R, M)).astype(V.dtype))


def _checked(name: str, values: FloatArray, shape: tuple[int, int]) -> FloatArray:
    values = np.asarray(values)
    if values.shape != shape:
        raise ParameterError(f"{name}: expected shape {shape}, found {values.shape}")
    if values.dtype.kind not in "fiub":
        raise ParameterError(f"{name}: expected real numbers, found {values.dtype}")
    if not np.isfinite(values).all() or values.min() < 0:
        raise ParameterError(f"{name}: expected finite numbers from 0 on, found others")
    return values


def required_count(name: str, value: int | None) -> int:
    """Return a count that a strategy of initialisation cannot do without.

    Raises
    ------
    ParameterError
        If it was not given or is below one.
    """
    if value is None or value < 1:
        raise ParameterError(f"{name}: expected a number from 1 on, found {value}")
    return int(value)


def random_matrices(
    count: int, shape: tuple[int, int], rng: "np.random.Generator | None"
) -> list[FloatArray]:
    """Draw matrices one after the other.

    Parameters
    ----------
    shape : tuple of int
    rng : numpy.random.Generator or None
        Without one the numbers are those that the reference toolbox draws.

    Returns
    -------
    list of `count` ndarrays, shape `shape`, float64
        In [0, 1).
    """
    draw = np.random.RandomState(_REFERENCE_SEED).random_sample if rng is None else rng.random
    return [draw(shape) for _ in range(count)]
