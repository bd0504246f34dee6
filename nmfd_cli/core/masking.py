"""Soft masks that divide a mixture among the components."""

from collections.abc import Sequence

import numpy as np

from nmfd_cli.core.arrays import EPS, ComplexArray, FloatArray
from nmfd_cli.errors import ParameterError


def alpha_wiener_filter(
    mixture_X: ComplexArray | FloatArray,
    source_A: Sequence[FloatArray],
    alpha: float = 1.2,
    binarize: bool = False,
) -> tuple[list[ComplexArray | FloatArray], list[FloatArray]]:
    """Extract sources from a mixture by generalised Wiener masks.

    ``mask_r = A_r**alpha / (2**-52 + sum_s A_s**alpha)``; alpha = 1 gives the ratio of magnitudes,
    alpha = 2 that of powers.  Equation (10) of [1]_, studied in [2]_.

    Parameters
    ----------
    mixture_X : ndarray, shape (K, M), real or complex
    source_A : sequence of R ndarrays, shape (K, M), non-negative
        Magnitude estimates of the sources.
    alpha : float, in (0, 2]
    binarize : bool
        Give each entry to the sources whose mask exceeds 1 / R, whole.

    Returns
    -------
    source_X : list of R ndarrays, shape (K, M)
        The masked mixture.
    masks : list of R ndarrays, shape (K, M), in [0, 1]

    Raises
    ------
    ParameterError
        If a source has another shape than the mixture, or `alpha` is not above zero.

    References
    ----------
    .. [1] A. Liutkus, R. Badeau: "Generalized Wiener filtering with fractional power
       spectrograms", ICASSP 2015.
    .. [2] C. Dittmar, J. Driedger, M. Müller, J. Paulus: "An experimental approach to generalized
       Wiener filtering in music source separation", EUSIPCO 2016.
    """
    for index, source in enumerate(source_A):
        if source.shape != mixture_X.shape:
            raise ParameterError(
                f"source {index}: expected the mixture's shape {mixture_X.shape}, "
                f"found {source.shape}"
            )
    if not alpha > 0:
        raise ParameterError(f"alpha: expected a number above 0, found {alpha}")
    powers = [source**alpha for source in source_A]
    total = EPS + np.sum(powers, axis=0)
    masks: list[FloatArray] = [power / total for power in powers]
    if binarize:
        masks = [(mask > 1 / len(masks)).astype(mask.dtype) for mask in masks]
    return [mixture_X * mask for mask in masks], masks


def wiener_masks(models: FloatArray, alpha: float) -> FloatArray:
    """Turn component models into masks that sum to one wherever anything is.

    The masks of `alpha_wiener_filter` without its constant, which takes from quiet entries; what
    leaves the recording whole is that nothing is lost in the sum.

    Parameters
    ----------
    models : ndarray, shape (R, K, m), non-negative
        What each component contributes.  Overwritten.
    alpha : float, above 0

    Returns
    -------
    ndarray, shape (R, K, m)
        `models` itself, now the masks; equal shares where every model is zero.
    """
    peak = models.max(axis=0)
    tiny = float(np.finfo(models.dtype).tiny)
    empty = peak <= tiny
    models /= np.maximum(peak, tiny)  # so that a power neither overflows nor vanishes
    if alpha == 2:
        np.multiply(models, models, out=models)
    elif alpha != 1:
        np.power(models, alpha, out=models)
    models[:, empty] = 1
    models /= models.sum(axis=0)
    return models
