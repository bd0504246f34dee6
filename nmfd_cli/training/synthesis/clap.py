"""Hand clap: a few bursts of noise a hundredth of a second apart, and the room's answer."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.signals import SAMPLE_RATE, Band, Signal, band_noise
from nmfd_cli.training.synthesis.voice import Voice


@dataclass(frozen=True)
class Clap(Voice):
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

    longest = 0.45

    def bands(self, level: float, t60: float) -> list[Band]:
        """Spectral envelope of a burst or of the tail."""
        low, high = self.frequency * 2.0**-self.width, self.frequency * 2.0**self.width
        slope = self.brightness * float(np.log2(14000.0 / high))
        return [
            Band(0.5 * low, level - 14.0, t60),
            Band(low, level - 3.0, t60),
            Band(high, level, t60),
            Band(14000.0, level + slope, 0.8 * t60),
        ]

    def dry(self, rng: np.random.Generator) -> Signal:
        n_samples = int(self.longest * SAMPLE_RATE)
        sound = np.zeros(n_samples)
        firsts = [round(start * SAMPLE_RATE) for start in self.bursts]
        strength = rng.uniform(0.7, 1.0, len(self.bursts))
        burst = self.bands(0.0, self.burst_t60)
        for first, gain in zip(firsts, strength, strict=True):
            sound[first:] += gain * band_noise(burst, n_samples - first, rng)
        tail = self.bands(self.tail, self.tail_t60)
        sound[firsts[-1] :] += band_noise(tail, n_samples - firsts[-1], rng)
        return sound
