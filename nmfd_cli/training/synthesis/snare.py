"""Snare drum: two coupled heads, wires that buzz, the crack of the stick and a ringing rim."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.membrane import HEADS_RATIO, Head, struck_head
from nmfd_cli.training.synthesis.signals import SAMPLE_RATE, Band, Signal, band_noise


@dataclass(frozen=True)
class Snare(Head):
    """How a snare drum is tuned, damped and struck.

    Attributes
    ----------
    frequency : float
        160 to 260 Hz.
    head : float
        Level of the membrane's modes in dB.
    wires : float
        Level of the wires in dB per octave band, against a lowest mode of amplitude 1; -60 turns
        them off.
    wires_t60 : float
        Their decay at 2 kHz in seconds.
    wires_low : float
        Frequency in Hz from which on they sound fully.
    brightness : float
        Slope of the wires above 2 kHz, dB per octave.
    wires_rise : float
        Time constant with which the wires start to buzz in seconds: the lower head answers late.
    crack, crack_t60 : float
        Level (as `wires`) and decay in seconds of the hit's broad noise around 3 kHz.
    ring, ring_frequency, ring_t60 : float
        Level in dB, frequency in Hz and decay in seconds of the rim or of an undamped overtone.
    """

    frequency: float = 190.0
    t60: float = 0.28
    head: float = 0.0
    glide: float = 0.12
    glide_time: float = 0.015
    tilt: float = -7.0
    wires: float = -10.0
    wires_t60: float = 0.3
    wires_low: float = 500.0
    brightness: float = 0.0
    wires_rise: float = 0.0012
    crack: float = -8.0
    crack_t60: float = 0.05
    ring: float = -60.0
    ring_frequency: float = 900.0
    ring_t60: float = 0.25

    longest = 0.35

    def bands(self) -> tuple[list[Band], list[Band]]:
        """Spectral envelopes of the wires and of the crack."""

        def wire(frequency: float, decay: float, offset: float = 0.0) -> Band:
            slope = self.brightness * max(0.0, float(np.log2(frequency / 2000.0)))
            level = self.wires + offset + slope
            return Band(frequency, level, decay * self.wires_t60, self.wires_rise)

        low = self.wires_low
        wires = [wire(0.6 * low, 1.0, -6.0), wire(low, 1.1), wire(2000.0, 1.0), wire(5000.0, 0.9)]
        wires += [wire(9000.0, 0.8), wire(13000.0, 0.7, -5.0), wire(17000.0, 0.6, -14.0)]
        crack = [Band(350.0, self.crack - 8.0, 1.6 * self.crack_t60)]
        crack += [Band(1200.0, self.crack - 2.0, 1.2 * self.crack_t60)]
        crack += [Band(3000.0, self.crack, self.crack_t60)]
        crack += [Band(10000.0, self.crack - 4.0, 0.7 * self.crack_t60)]
        return wires, crack

    def heads(self, n_samples: int) -> Signal:
        """Modes of the batter head, the upper one of the pair of heads, the ring."""
        upper = 0.5 * 10.0 ** (self.head / 20.0)
        ring = 10.0 ** (self.ring / 20.0)
        more = [
            (HEADS_RATIO * self.frequency, upper, 0.7 * self.t60),
            (self.ring_frequency, ring, self.ring_t60),
            (1.71 * self.ring_frequency, 0.5 * ring, 0.8 * self.ring_t60),
            (2.64 * self.ring_frequency, 0.3 * ring, 0.6 * self.ring_t60),
        ]
        return struck_head(self, n_samples, more, damping=0.6, level=self.head)

    def dry(self, rng: np.random.Generator) -> Signal:
        n_samples = int(1.2 * max(self.t60, self.wires_t60, self.ring_t60) * SAMPLE_RATE)
        wires, crack = self.bands()
        sound = self.heads(n_samples)
        sound += band_noise(wires, n_samples, rng)
        sound += band_noise(crack, n_samples, rng)
        return sound
