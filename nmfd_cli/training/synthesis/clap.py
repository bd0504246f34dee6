"""Hand clap: a few bursts of noise a hundredth of a second apart, and the room's answer."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.finishing import InRoom, finish_in_room
from nmfd_cli.training.synthesis.signals import Band, Signal, band_noise


@dataclass(frozen=True)
class Clap(InRoom):
    """How hands clap.

    Attributes
    ----------
    bursts : tuple of float
        Starts of the bursts in seconds; the last is followed by the tail.
    burst_t60 : float
        Decay of a burst in seconds.
    tail, tail_t60 : float
        Level in dB (the bursts are at 0 dB) and decay in seconds of the tail.
    frequency : float
        Centre of the band in Hz, 900 to 2000.
    width : float
        How far the band reaches, in octaves to each side before it falls.
    brightness : float
        Slope above the band, dB per octave.
    """

    bursts: tuple[float, ...] = (0.0, 0.010, 0.020, 0.030)
    burst_t60: float = 0.04
    tail: float = -6.0
    tail_t60: float = 0.25
    frequency: float = 1200.0
    width: float = 0.8
    brightness: float = -5.0


def clap_bands(voice: Clap, level: float, t60: float) -> list[Band]:
    """Spectral envelope of a burst or of the tail."""
    low, high = voice.frequency * 2.0**-voice.width, voice.frequency * 2.0**voice.width
    slope = voice.brightness * float(np.log2(14000.0 / high))
    return [
        Band(0.5 * low, level - 14.0, t60),
        Band(low, level - 3.0, t60),
        Band(high, level, t60),
        Band(14000.0, level + slope, 0.8 * t60),
    ]


def clap(voice: Clap, rng: np.random.Generator, *, sample_rate: int = 44100) -> Signal:
    """One clap of several hands.

    Parameters
    ----------
    voice : Clap
    rng : numpy.random.Generator
        Source of the noises; the same state gives the same samples.
    sample_rate : int
        In Hz.

    Returns
    -------
    ndarray, shape (n,), range [-0.9, 0.9]
    """
    longest = 0.45
    n_samples = int(longest * sample_rate)
    sound = np.zeros(n_samples)
    strength = rng.uniform(0.7, 1.0, len(voice.bursts))
    for start, gain in zip(voice.bursts, strength, strict=True):
        first = round(start * sample_rate)
        bands = clap_bands(voice, 0.0, voice.burst_t60)
        burst = band_noise(bands, n_samples - first, rng, sample_rate=sample_rate)
        sound[first:] += gain * burst
    first = round(voice.bursts[-1] * sample_rate)
    bands = clap_bands(voice, voice.tail, voice.tail_t60)
    sound[first:] += band_noise(bands, n_samples - first, rng, sample_rate=sample_rate)
    return finish_in_room(sound, voice, rng, sample_rate=sample_rate, longest=longest)
