"""How good a separation is, against the true stems.

Energies of stems add up block by block, so that recordings of any length can be measured.  ``s`` is
the true stem, ``e`` the estimate, ``x`` the mixture; sums run over all channels and samples.

================ ===================================================================
SDR              ``10 log10((|s|² + 1e-7) / (|s - e|² + 1e-7))``, the nSDR of [1]_; a silent
                 estimate has 0 dB
SI-SDR           ``10 log10(|a s|² / |e - a s|²)`` with ``a = <s, e> / |s|²`` [2]_
silence          ``10 log10(sum |e|² / sum |x|²)`` over the frames of 20 ms in which the mean square
                 of ``s`` is below -60 dBFS: how much of what the others play is left where this
                 stem is silent.  After the predicted energy at silence (PES) of [3]_, which is the
                 level of ``e`` by itself, frame by frame, where ``s`` is exactly zero
BSS Eval         version 3 of [4]_, of the mono downmix, by mir_eval
================ ===================================================================

.. [1] Y. Mitsufuji et al.: "Music demixing challenge 2021", Frontiers in Signal Processing 1, 2022.
.. [2] J. Le Roux, S. Wisdom, H. Erdogan, J. R. Hershey: "SDR - half-baked or well done?",
   ICASSP 2019.
.. [3] K. Schulze-Forster, C. Doire, G. Richard, R. Badeau: "Weakly informed audio source
   separation", WASPAA 2019.
.. [4] E. Vincent, R. Gribonval, C. Févotte: "Performance measurement in blind audio source
   separation", IEEE TASLP 14(4), 2006.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from typing import Self

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.errors import MissingExtraError

#: Seconds of the frames in which a stem sounds or is silent.
SILENCE_SECONDS = 0.02
#: Mean square below which it is silent: -60 dBFS.
_SILENT = 1e-6
#: A share of energy that is rounding, of single precision.
ROUNDING = 1e-14
#: Keeps the SDR finite.
_SDR_FLOOR = 1e-7
#: No other ratio is further from zero, in dB.
_LARGEST = 100.0


def decibels(numerator: float, denominator: float) -> float:
    """Return a ratio of energies in dB, within -100 to 100; nothing over nothing is -100."""
    if numerator <= 0:
        return -_LARGEST
    if denominator <= 0:
        return _LARGEST
    ratio = 10 * (np.log10(numerator) - np.log10(denominator))
    return float(np.clip(ratio, -_LARGEST, _LARGEST))


@dataclass(frozen=True)
class StemEnergies:
    """What the measures of one stem are made of; those of two blocks add up.

    Attributes
    ----------
    reference, estimate, error : float
        Sums of the squares of s, e and s - e.
    product : float
        Sum of s times e.
    silent_estimate, silent_mixture : float
        Sums of the squares of e and x where s is silent.
    """

    reference: float
    estimate: float
    error: float
    product: float
    silent_estimate: float
    silent_mixture: float

    def __add__(self, other: Self) -> "StemEnergies":
        return StemEnergies(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def sdr(self) -> float:
        """In dB."""
        return float(10 * np.log10((self.reference + _SDR_FLOOR) / (self.error + _SDR_FLOOR)))

    @property
    def si_sdr(self) -> float | None:
        """In dB; None if the reference is silent."""
        if self.reference <= 0:
            return None
        target = self.product**2 / self.reference
        return decibels(target, self.estimate - target)

    @property
    def silence(self) -> float | None:
        """In dB; None where nothing but this stem ever sounds."""
        if self.silent_mixture <= 0:
            return None
        return decibels(self.silent_estimate, self.silent_mixture)


def stem_energies(
    reference: FloatArray, estimate: FloatArray, mixture: FloatArray, *, frame_length: int
) -> StemEnergies:
    """Measure a stem, or a block of it.

    Parameters
    ----------
    reference, estimate, mixture : ndarray, shape (C, n)
        The true stem, the estimated one, and what all stems add up to.
    frame_length : int
        Samples of the frames in which a stem is silent or not.  Blocks add up to the whole if all
        but the last are as long as some number of frames.

    Examples
    --------
    >>> s, x = np.array([[0.5, -0.5, 0.0, 0.0]]), np.array([[0.5, -0.5, 0.4, 0.3]])
    >>> found = stem_energies(s, 0.9 * s + 0.1 * x, x, frame_length=2)
    >>> round(found.sdr, 1), round(found.silence, 1)
    (23.0, -20.0)
    """
    n_channels, n_samples = reference.shape
    starts = np.arange(0, n_samples, frame_length)
    powers = [
        np.add.reduceat((x.astype(np.float64) ** 2).sum(axis=0), starts)
        if n_samples
        else np.zeros(0)
        for x in (reference, estimate, mixture)
    ]
    lengths = np.diff(np.append(starts, n_samples))
    is_silent = powers[0] < _SILENT * lengths * n_channels
    difference = reference.astype(np.float64) - estimate
    return StemEnergies(
        reference=float(powers[0].sum()),
        estimate=float(powers[1].sum()),
        error=float(np.vdot(difference, difference)),
        product=float(np.vdot(reference.astype(np.float64), estimate)),
        silent_estimate=float(powers[1][is_silent].sum()),
        silent_mixture=float(powers[2][is_silent].sum()),
    )


def bss_eval(references: FloatArray, estimates: FloatArray) -> list[tuple[float, float, float]]:
    """Measure stems by BSS Eval, version 3.

    Parameters
    ----------
    references, estimates : ndarray, shape (S, n)
        Mono; every reference sounds.

    Returns
    -------
    list of (SDR, SIR, SAR)
        In dB, within -100 to 100: with the filters of 512 taps that are allowed there, and with all
        references as what may interfere.  -100 for a silent estimate.

    Raises
    ------
    MissingExtraError
        If mir_eval is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is to be moved out of mir_eval
        separation = bss_eval_of_mir_eval()
        is_silent = np.logical_not(np.abs(estimates).max(axis=1) > 0)
        # each estimate is measured by itself, so anything may stand for a silent one
        sounding = np.where(is_silent.reshape(-1, 1), references, estimates)
        *found, _ = separation(references, sounding, compute_permutation=False)
    values = np.where(is_silent, -_LARGEST, np.clip(found, -_LARGEST, _LARGEST))
    return [(float(sdr), float(sir), float(sar)) for sdr, sir, sar in values.T]


def bss_eval_of_mir_eval() -> Callable[..., Sequence[FloatArray]]:
    """Return mir_eval's function, where there is one.

    Raises
    ------
    MissingExtraError
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from mir_eval.separation import bss_eval_sources
    except ImportError:
        raise MissingExtraError("BSS Eval", "eval") from None
    function: Callable[..., Sequence[FloatArray]] = bss_eval_sources
    return function
