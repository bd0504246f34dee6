"""Where stems stand in the stereo picture: the local Gaussian model of two channels.

Each bin of a stem is taken for a complex Gaussian vector with the covariance ``v_k R_k``: v_k(f, t)
its power, R_k the 2 x 2 covariance between the channels, which says from which direction the stem
comes and how diffuse it is.  The stems' posterior means given the mixture x are the multichannel
Wiener filter

    y_k = v_k R_k (sum_j v_j R_j)^-1 x                                        (equation 19 of [1]_)

and add up to x.  Where all R_k are equal it is the mask v_k / sum_j v_j, so the mask serves as v_k:
what the covariances add to it is direction only.

R_k is real (amplitude panning; a delay between microphones shows as a diffuse part) and is measured
in one pass over the recording, as the covariance of the mixture in those bins that the stem
dominates, over all of the spectrum and, for a stem that is no point, in bands.  A bin counts by its
magnitude: by its power the loud attacks, which come straight from the drum, would hide how diffuse
its reverberation is, and counting all bins alike, as maximum likelihood does, what is faint would
hide where the drum stands.

References
----------
.. [1] N. Q. K. Duong, E. Vincent, R. Gribonval: "Under-determined reverberant audio source
   separation using a full-rank spatial covariance model", IEEE TASLP 18(7), 2010.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import ComplexArray, FloatArray
from nmfd_cli.core.covariance import Covariances, diffuse_part, eigenvalues, sharpened
from nmfd_cli.core.threads import WorkerPool

#: Edges between the bands in which covariances are measured, as shares of the Nyquist frequency
#: (200 Hz to 12 kHz at 44.1 kHz).
_BAND_EDGES = np.geomspace(0.009, 0.55, 7)
#: How often a mask is squared to tell the bins that a stem dominates: its 32nd power.
_SQUARINGS = 5
#: Diffuse parts between which a stem turns from a point, with one covariance for all of the
#: spectrum, to an image whose covariance differs from band to band (-20.5 and -15.5 dB).
_POINT, _IMAGE = 0.009, 0.028
#: Diffuse part of a mixture (-40 dB) below which it is one channel at different gains.
_ONE_CHANNEL = 1e-4
#: Share of its magnitude that a stem must dominate in a band for the measurement to count in full.
_DOMINATED = 0.5

#: Frames that are measured at a time, lest intermediate results go through memory.
_FRAMES_AT_A_TIME = 32


@dataclass(frozen=True)
class SpatialModel:
    """The spatial covariance of each stem in each bin.

    Attributes
    ----------
    R : ndarray, shape (3, S, K)
        ``R[0]`` and ``R[1]``, the variances of the two channels, and ``R[2]``, their covariance;
        trace 2.
    """

    R: NDArray[np.float32]


def band_slices(n_bins: int) -> list[slice]:
    """Return the bins of each band, from low to high."""
    inner = np.round(_BAND_EDGES * (n_bins - 1)).astype(int)
    edges = np.unique([0, *inner, n_bins])
    return [slice(int(low), int(high)) for low, high in pairwise(edges)]


class SpatialStatistics:
    """Gathers a recording's spatial statistics, block by block.

    The sums run frame by frame, so that they do not depend on how the blocks are cut.

    Parameters
    ----------
    n_stems : int
        S.
    n_bins : int
        K.
    """

    def __init__(self, n_stems: int, n_bins: int) -> None:
        bands = band_slices(n_bins)
        self._starts = [band.start for band in bands]
        self._widths = [band.stop - band.start for band in bands]
        #: of each stem and band: covariance where it dominates, and magnitude where it is strongest
        self._sums = np.zeros((4, n_stems, len(bands)))

    def add(self, spectrum: ComplexArray, masks: FloatArray, pool: WorkerPool) -> None:
        """Take in frames.

        Parameters
        ----------
        spectrum : ndarray, shape (2, K, m)
        masks : ndarray, shape (S, K, m), in [0, 1]
            They add up to one.
        pool : WorkerPool
        """
        x, shares = np.swapaxes(spectrum, 1, 2), np.swapaxes(masks, 1, 2)
        sums = np.empty((*self._sums.shape, x.shape[1]))

        def add_frames(_worker: int, item: int) -> None:
            frames = slice(starts[item], starts[item] + _FRAMES_AT_A_TIME)
            values = _weighted(x[:, frames], shares[:, frames])
            strongest = shares[:, frames] == shares[:, frames].max(axis=0)
            for stem, is_its in enumerate(strongest):
                in_bands = np.add.reduceat(values * is_its, self._starts, axis=2)
                sums[:, stem, :, frames] = np.swapaxes(in_bands, 1, 2)

        starts = range(0, x.shape[1], _FRAMES_AT_A_TIME)
        pool.run(add_frames, len(starts))
        of_frames = np.concatenate([self._sums[..., None], sums], axis=-1)
        self._sums = np.cumsum(of_frames, axis=-1)[..., -1]

    def model(self) -> SpatialModel | None:
        """Return the stems' covariances; None where the picture has no width to tell them by.

        That is so in silence, and where one channel is the other at any gain: equal, inverted or
        silent.
        """
        covariance = np.moveaxis(self._sums[:3], 0, -1)
        whole = covariance.sum(axis=(0, 1))
        if not whole[:2].sum() > 0 or diffuse_part(whole) < _ONE_CHANNEL:
            return None
        R = _resolved(covariance, self._sums[3], whole)
        of_bins = np.repeat(R, self._widths, axis=1)  # (S, K, 3)
        return SpatialModel(np.ascontiguousarray(np.moveaxis(of_bins, -1, 0), dtype=np.float32))


def _resolved(
    covariance: Covariances, energy: NDArray[np.float64], whole: Covariances
) -> Covariances:
    """Return R (S, B, 3) from covariances (S, B, 3) and energies (S, B) of stems in bands.

    A point has the covariance of all its bands in each; an image that of the band, as far as the
    stem dominates enough of it.  A stem that dominates nothing takes the mixture's.
    """
    of_stem = covariance.sum(axis=1)
    of_stem = np.where(of_stem[:, :2].sum(axis=-1, keepdims=True) > 0, of_stem, whole)
    diffuse = np.clip((_level(diffuse_part(of_stem)) - _level(_POINT)) / _SPAN, 0, 1)
    dominated = covariance[..., :2].sum(axis=-1) / np.maximum(energy, np.finfo(float).tiny)
    share = (diffuse[:, None] * np.clip(dominated / _DOMINATED, 0, 1))[..., None]
    R: Covariances = (1 - share) * sharpened(of_stem)[:, None] + share * sharpened(covariance)
    return R


def direction_filter(model: SpatialModel, stem: int) -> NDArray[np.float32]:
    """Return what leaves of a signal the part that comes from a stem's direction.

    Of a point the projection onto its direction; of what is more diffuse all.

    Returns
    -------
    ndarray, shape (3, K)
        Symmetric matrices as ``model.R``.
    """
    covariance = model.R[:, stem].T.astype(np.float64)
    _, _, (difference, both) = eigenvalues(covariance)
    across = np.clip(diffuse_part(covariance) / _IMAGE, 0, 1)
    kept, turned = (1 + across) / 2, (1 - across) / 2
    filters = [kept + turned * difference, kept - turned * difference, turned * both]
    return np.stack(filters).astype(np.float32)


def _level(ratio: float | NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.log(np.maximum(ratio, 1e-30)))


_SPAN = float(_level(_IMAGE) - _level(_POINT))


def multichannel_wiener(
    spectrum: ComplexArray, masks: FloatArray, model: SpatialModel
) -> ComplexArray:
    """Divide frames among the stems by their powers and directions.

    Parameters
    ----------
    spectrum : ndarray, shape (2, K, m)
    masks : ndarray, shape (S, K, m), in [0, 1]
        The stems' shares of the power, which add up to one.
    model : SpatialModel

    Returns
    -------
    ndarray, shape (S, 2, K, m)
        Adds up to `spectrum`, to within the rounding of its precision.
    """
    x, shares = np.swapaxes(spectrum, 1, 2), np.swapaxes(masks, 1, 2)
    divided = np.empty((len(masks), *x.shape), dtype=spectrum.dtype)
    left, right, both = (np.einsum("smk,sk->mk", shares, entry) for entry in model.R)
    scale = 1 / (left * right - both * both)
    inner_left = (right * x[0] - both * x[1]) * scale
    inner_right = (left * x[1] - both * x[0]) * scale
    for share, (of_left, of_right, of_both), y in zip(
        shares, np.moveaxis(model.R, 1, 0), divided, strict=True
    ):
        np.multiply(of_left * inner_left + of_both * inner_right, share, out=y[0])
        np.multiply(of_both * inner_left + of_right * inner_right, share, out=y[1])
    remainder = x - divided.sum(axis=0)  # what the inverse lost to rounding
    for share, y in zip(shares, divided, strict=True):
        y += share * remainder
    return np.swapaxes(divided, 2, 3)


def _weighted(x: ComplexArray, masks: FloatArray) -> FloatArray:
    """Return the weighted covariance entries and the magnitude of bins, (4, m, K)."""
    left, right = x
    powers = _power(left), _power(right)
    both = left.real * right.real + left.imag * right.imag
    magnitude = np.sqrt(powers[0] + powers[1])
    weight = masks.max(axis=0)
    for _ in range(_SQUARINGS):
        weight *= weight
    weight /= np.maximum(magnitude, np.finfo(np.float32).tiny)
    return np.stack([*(weight * entry for entry in (*powers, both)), magnitude])


def _power(channel: ComplexArray) -> FloatArray:
    power: FloatArray = np.square(channel.real) + np.square(channel.imag)
    return power
