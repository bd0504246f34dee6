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
                expected=f"the mixture's shape {mixture_X.shape}",
                found=str(source.shape),
                setting=f"source {index}",
            )
    if not alpha > 0:
        raise ParameterError(expected="a number above 0", found=str(alpha), setting="alpha")
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
        What each component contributes.
    alpha : float, above 0

    Returns
    -------
    ndarray, shape (R, K, m)
        Equal shares where every model is zero.
    """
    peak = models.max(axis=0)
    tiny = float(np.finfo(models.dtype).tiny)
    empty = peak <= tiny
    masks: FloatArray = models / np.maximum(peak, tiny)  # a power neither overflows nor vanishes
    if alpha == 2:
        np.multiply(masks, masks, out=masks)
    elif alpha != 1:
        np.power(masks, alpha, out=masks)
    masks[:, empty] = 1
    masks /= masks.sum(axis=0)
    return masks
