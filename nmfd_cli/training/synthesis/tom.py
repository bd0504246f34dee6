"""Tom: a membrane that sings and glides a little, and the tap of the stick."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.membrane import Head, struck_head
from nmfd_cli.training.synthesis.signals import SAMPLE_RATE, Band, Signal, band_noise


@dataclass(frozen=True)
class Tom(Head):
    """How a tom is tuned, damped and struck: floor 70 to 100 Hz, middle to 150, high to 220 Hz.

    Attributes
    ----------
    damping : float
        Exponent with which higher modes decay faster.
    stick : float
        Level of the hit's noise in dB per octave band, against a lowest mode of amplitude 1.
    brightness : float
        Slope of that noise above 1 kHz, dB per octave.
    stick_t60 : float
        Its decay at 1 kHz, in seconds.
    """

    damping: float = 0.8
    stick: float = -14.0
    brightness: float = -2.0
    stick_t60: float = 0.25

    longest = 0.36

    def bands(self) -> list[Band]:
        """Spectral envelope of the stick's noise, from twice the pitch to 12 kHz."""

        def level(frequency: float) -> float:
            return self.stick + self.brightness * max(0.0, float(np.log2(frequency / 1000.0)))

        return [
            Band(2.5 * self.frequency, level(1000.0) + 1.0, 2.0 * self.stick_t60, 0.002),
            Band(1000.0, level(1000.0), self.stick_t60, 0.001),
            Band(2500.0, level(2500.0) + 2.0, 0.7 * self.stick_t60),
            Band(6000.0, level(6000.0), 0.5 * self.stick_t60),
            Band(12000.0, level(12000.0) - 3.0, 0.4 * self.stick_t60),
        ]

    def dry(self, rng: np.random.Generator) -> Signal:
        n_samples = int(1.1 * self.t60 * SAMPLE_RATE)
        head = struck_head(self, n_samples, damping=self.damping)
        return head + band_noise(self.bands(), n_samples, rng)
