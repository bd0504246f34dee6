"""From descriptions to the templates of an STFT."""

import numpy as np

from nmfd_cli.core.drum_sounds.description import (
    BAND_EDGES,
    FREQUENCY_EDGES,
    TIME_EDGES,
    Description,
    Float32,
    Float64,
    centres,
    cumulative,
    decode,
    periodic_hann,
)
from nmfd_cli.errors import ParameterError

_LOBE_BINS = 8  # beyond them a Hann window leaks less than -80 dB
_LOBE_DETAIL = 16  # points a bin of the lobe's integral
_BLOCK_BINS = 32  # what a block reads and writes fits into the cache
_PHASES = 4  # onset places averaged: 4 and 16 differ by less than 0.1 dB


def templates(
    description: Description,
    *,
    n_fft: int,
    hop_length: int,
    sample_rate: float,
    n_frames: int,
) -> Float32:
    """Build the magnitudes that the described sounds have in an STFT of a periodic Hann window.

    This is the root of equation (1) in `nmfd_cli.core.drum_sounds`.

    Parameters
    ----------
    description : Description
        Of R sounds.
    n_fft : int
        Length of a frame, samples, at least 2.
    hop_length : int
        Samples from frame to frame, 1 to `n_fft`.
    sample_rate : float
        Hz.
    n_frames : int
        T, at least 1.

    Returns
    -------
    ndarray of float32, shape (n_fft // 2 + 1, R, n_frames)
        W, positive.  Its scale is that of ``abs(rfft(window * frame))`` of the sound as it was
        learned; frame 0 is the first whose window reaches the onset.

    Raises
    ------
    ParameterError
        If a number is out of its range.
    """
    _require_stft(n_fft, hop_length, n_frames, sample_rate=sample_rate)
    taper = periodic_hann(n_fft)
    weights = _cell_weights(taper, hop_length, n_frames, sample_rate=sample_rate)
    power = _band_power(description, weights)
    loudest = 0.5 * sample_rate**2 * 10.0 ** (description.level_db.astype(np.float64) / 10.0)
    spectrum = decode(description.spectrum).T * loudest.astype(np.float32)
    W = np.empty((n_fft // 2 + 1, len(description), n_frames), dtype=np.float32)
    _leak(spectrum, power, taper, sample_rate=sample_rate, out=W)
    return W


def _require_stft(n_fft: int, hop_length: int, n_frames: int, *, sample_rate: float) -> None:
    for name, value, least in (
        ("n_fft", n_fft, 2),
        ("hop_length", hop_length, 1),
        ("n_frames", n_frames, 1),
    ):
        if value < least:
            raise ParameterError(expected=f"at least {least}", found=str(value), setting=name)
    if hop_length > n_fft:
        raise ParameterError(
            expected=f"at most n_fft = {n_fft}", found=str(hop_length), setting="hop_length"
        )
    if not (sample_rate > 0.0 and np.isfinite(sample_rate)):
        raise ParameterError(expected="a positive sample rate", found=str(sample_rate))


def _cell_weights(taper: Float64, hop_length: int, n_frames: int, *, sample_rate: float) -> Float32:
    """Weigh the time cells in every frame, for every place of the onset: the mean of w^2 in a cell.

    Returns
    -------
    ndarray of float32, shape (n_cells, n_frames, _PHASES)
    """
    n_fft = len(taper)
    onset = n_fft - hop_length * (np.arange(_PHASES) + 0.5) / _PHASES  # in frame 0, samples
    begin = onset - hop_length * np.arange(n_frames)[:, None]
    edges = TIME_EDGES[:, None, None] * sample_rate
    until = np.interp(begin + edges, np.arange(n_fft + 1), cumulative(np.square(taper)))
    weights = np.diff(until, axis=0) / np.diff(edges, axis=0)
    return weights.astype(np.float32)


def _band_power(description: Description, weights: Float32) -> Float32:
    """Integrate the profiles over the frames: power in band b of frame t, (n_bands, R, T)."""
    profile = decode(description.profile) * np.diff(TIME_EDGES).astype(np.float32)
    profile /= profile.sum(axis=2, keepdims=True)
    profile = profile.transpose(1, 0, 2)
    n_bands, n_sounds, n_cells = profile.shape
    n_frames = weights.shape[1]
    rows = np.ascontiguousarray(profile).reshape(n_bands * n_sounds, n_cells)
    magnitude = np.zeros((len(rows), n_frames), dtype=np.float32)
    for phase in range(_PHASES):
        power = rows @ weights[:, :, phase]
        magnitude += np.sqrt(power, out=power)
    magnitude *= np.float32(1.0 / _PHASES)
    np.square(magnitude, out=magnitude)
    return magnitude.reshape(n_bands, n_sounds, n_frames)


def _leak(
    spectrum: Float32, power: Float32, taper: Float64, *, sample_rate: float, out: Float32
) -> None:
    """Spread cells over bins by the window's lobe: the integral over f of (1), and its root.

    Every block of bins is a product with those cells that lie within `_LOBE_BINS` of it.

    Parameters
    ----------
    spectrum : ndarray of float32, shape (n_cells, R)
    power : ndarray of float32, shape (n_bands, R, T)
    out : ndarray of float32, shape (K, R, T)
        Filled with magnitudes.
    """
    spacing = sample_rate / len(taper)
    frequencies = np.arange(len(out)) * spacing
    offsets, integral = _lobe_integral(taper)
    edges = np.minimum(FREQUENCY_EDGES, sample_rate / 2.0)
    columns = out.shape[1] * out.shape[2]
    flat = out.reshape(len(out), columns)
    tiny = np.float32(np.finfo(np.float32).tiny)
    for start in range(0, len(frequencies), _BLOCK_BINS):
        bins = frequencies[start : start + _BLOCK_BINS, None]
        low, high = bins[0, 0] - _LOBE_BINS * spacing, bins[-1, 0] + _LOBE_BINS * spacing
        first = max(np.searchsorted(edges, low, side="right") - 1, 0)
        last = min(np.searchsorted(edges, high), len(spectrum))
        near = edges[first : last + 1]
        share = np.diff(np.interp((near - bins) / spacing, offsets, integral))
        if low < 0.0:  # what leaks across 0 Hz from the negative frequencies
            share += np.diff(np.interp((near + bins) / spacing, offsets, integral))
        density = _on_cells(power, slice(first, last))
        density *= spectrum[first:last, :, None]
        block = flat[start : start + _BLOCK_BINS]
        np.matmul(share.astype(np.float32), density.reshape(len(density), columns), out=block)
        np.sqrt(np.maximum(block, tiny, out=block), out=block)


def _on_cells(power: Float32, cells: slice) -> Float32:
    """Interpolate from the bands' centres to the centres of some frequency cells, axis 0."""
    middle = centres(BAND_EDGES)
    place = np.interp(centres(FREQUENCY_EDGES)[cells], middle, np.arange(len(middle)))
    below = np.minimum(place.astype(np.intp), len(middle) - 2)
    share = (place - below).astype(np.float32)
    first, last = below.min(initial=len(middle)), below.max(initial=-2) + 2
    weights = np.zeros((len(place), max(last - first, 0)), dtype=np.float32)
    rows = np.arange(len(place))
    weights[rows, below - first] = 1.0 - share
    weights[rows, below - first + 1] = share
    n_sounds, n_frames = power.shape[1:]
    near = power[first:last].reshape(weights.shape[1], n_sounds * n_frames)
    return (weights @ near).reshape(len(place), n_sounds, n_frames)


def _lobe_integral(taper: Float64) -> tuple[Float64, Float64]:
    """Return offsets in bins and the share of the window's power that leaks to less than them."""
    n_padded = _LOBE_DETAIL * len(taper)
    half = np.square(np.abs(np.fft.rfft(taper, n_padded)))[: _LOBE_DETAIL * _LOBE_BINS + 1]
    lobe = np.concatenate([half[:0:-1], half])
    integral = cumulative(lobe)
    offsets = (np.arange(len(integral)) - len(integral) / 2.0 + 0.5) / _LOBE_DETAIL
    return offsets, integral / integral[-1]
