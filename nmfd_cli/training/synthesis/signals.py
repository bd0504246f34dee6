"""The two signals every drum is made of, decaying modes and decaying noise.

Times are in seconds, ``t60`` is the time in which a sound falls by 60 dB, levels are in dB.
Signals are one-dimensional float64 arrays of samples at `SAMPLE_RATE`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float64]

SAMPLE_RATE = 44_100

LN_60_DB = np.log(1000.0)
"""Natural logarithm of an amplitude ratio of 60 dB."""


@dataclass(frozen=True)
class Band:
    """An anchor of a spectral envelope that decays at its own pace.

    Attributes
    ----------
    frequency : float
        Centre of the band, in Hz.
    level : float
        Level of an octave around it at the onset, in dB; 0 dB is a root mean square of 1.  A row
        of bands of one level is therefore pink.
    t60 : float
        Decay time, in seconds.
    rise : float
        Time constant of the attack, in seconds.
    """

    frequency: float
    level: float
    t60: float
    rise: float = 0.0004


def decay(n_samples: int, t60: float, rise: float) -> Signal:
    """Exponential decay after an exponential attack, (1 - exp(-t / rise)) 1000^(-t / t60).

    Returns
    -------
    ndarray, shape (n_samples,), range [0, 1]
    """
    t = np.arange(n_samples) / SAMPLE_RATE
    envelope: Signal = np.exp(-LN_60_DB * t / t60) * -np.expm1(-t / rise)
    return envelope


def crossfades(bands: Sequence[Band], frequencies: Signal) -> Signal:
    """Weights that interpolate between the bands, linear in log-frequency.

    They sum to one between the first and the last band; outside, the sound falls by 12 dB per
    octave downwards and 24 dB per octave upwards.

    Parameters
    ----------
    bands : sequence of Band
        With rising frequencies.
    frequencies : ndarray, shape (n,)
        In Hz.

    Returns
    -------
    ndarray, shape (len(bands), n), range [0, 1]
    """
    safe = np.maximum(frequencies, 1.0)
    anchors = np.log([band.frequency for band in bands])
    rows = [np.interp(np.log(safe), anchors, row) for row in np.eye(len(bands))]
    below = np.minimum(1.0, safe / bands[0].frequency) ** 2
    above = np.minimum(1.0, bands[-1].frequency / safe) ** 4
    weights: Signal = np.stack(rows) * below * above
    return weights


def octave_gain(frequencies: Signal) -> Signal:
    """Root of the power density, per Hz, of pink noise with unit power in every octave.

    An octave around f is f ln 2 wide for small steps, hence 1 / sqrt(f ln 2).
    """
    gain: Signal = 1.0 / np.sqrt(np.maximum(frequencies, 20.0) * np.log(2.0))
    return gain


def band_noise(bands: Sequence[Band], n_samples: int, rng: np.random.Generator) -> Signal:
    """Gaussian noise whose spectral envelope and decay follow the bands.

    Returns
    -------
    ndarray, shape (n_samples,)
    """
    n_fft = 1 << max(n_samples - 1, 1).bit_length()
    frequencies: Signal = np.fft.rfftfreq(n_fft, 1.0 / SAMPLE_RATE).astype(np.float64)
    white = np.fft.rfft(rng.standard_normal(n_fft)) * np.sqrt(SAMPLE_RATE / 2.0)
    pink = white * octave_gain(frequencies)
    noise = np.zeros(n_samples)
    for band, weight in zip(bands, crossfades(bands, frequencies), strict=True):
        part = np.fft.irfft(pink * weight, n_fft)[:n_samples]
        envelope = decay(n_samples, band.t60, band.rise)
        noise += part * envelope * 10.0 ** (band.level / 20.0)
    return noise


def damped_modes(
    frequencies: Signal,
    amplitudes: Signal,
    t60: Signal,
    *,
    phases: Signal,
    n_samples: int,
) -> Signal:
    """Sum of exponentially damped sines of constant frequency; modes near Nyquist are left out.

    A damped sine is a geometric series, so a block of samples follows from the block's first sample
    times one fixed row of powers, and all modes together are one matrix product.

    Parameters
    ----------
    frequencies, amplitudes, t60, phases : ndarray, shape (n_modes,)
        In Hz, linear, seconds and radians.

    Returns
    -------
    ndarray, shape (n_samples,)
    """
    block = 256
    kept = frequencies < 0.48 * SAMPLE_RATE
    poles = (2j * np.pi * frequencies[kept] - LN_60_DB / t60[kept]) / SAMPLE_RATE
    first = amplitudes[kept] * np.exp(1j * phases[kept])
    blocks = np.arange(0, n_samples, block)
    starts = np.exp(np.outer(blocks, poles)) * first
    within = np.exp(np.outer(poles, np.arange(block)))
    modes: Signal = (starts @ within).imag.ravel()[:n_samples]
    return modes


def gliding_modes(
    frequencies: Signal,
    amplitudes: Signal,
    t60: Signal,
    *,
    n_samples: int,
    glide: float,
    glide_time: float,
) -> Signal:
    """Sum of damped sines that start sharp and settle: f(t) = f (1 + glide exp(-t / glide_time)).

    A struck membrane is stretched by its own deflection, so all of its modes fall in pitch together
    (Fletcher and Rossing, "The Physics of Musical Instruments", 2nd ed., chapter 18).

    Parameters
    ----------
    frequencies, amplitudes, t60 : ndarray, shape (n_modes,)
        In Hz (after settling), linear and seconds.
    glide : float
        Relative excess of frequency at the onset, >= 0.
    glide_time : float
        Time constant of the glide, in seconds.

    Returns
    -------
    ndarray, shape (n_samples,)
    """
    t = np.arange(n_samples) / SAMPLE_RATE
    warped = t - glide * glide_time * np.expm1(-t / glide_time)
    modes = np.zeros(n_samples)
    for frequency, amplitude, time in zip(frequencies, amplitudes, t60, strict=True):
        if frequency * (1.0 + glide) < 0.48 * SAMPLE_RATE:
            fall = np.exp(-LN_60_DB * t / time)
            modes += amplitude * fall * np.sin(2.0 * np.pi * frequency * warped)
    return modes
