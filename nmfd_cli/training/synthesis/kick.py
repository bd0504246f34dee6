"""Bass drum: a low membrane that glides down, the click of the beater and the air of the shell."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.membrane import HEADS_RATIO, Head, struck_head
from nmfd_cli.training.synthesis.signals import SAMPLE_RATE, Band, Signal, band_noise


@dataclass(frozen=True)
class Kick(Head):
    """How a bass drum is tuned, damped and struck.

    Attributes
    ----------
    frequency, t60 : float
        45 to 80 Hz for acoustic drums, 40 to 60 for machines; 0.3 s with a pillow inside, 0.8 open,
        1.5 "808".
    second_head : float
        Level in dB of the mode in which the two heads move against each other, 1.81 times higher;
        low for a single head and for machines.
    click : float
        Level of the beater in dB per octave band, against a lowest mode of amplitude 1.
    click_frequency : float
        Where the click is strongest in Hz: 1500 for felt, 4500 for wood or plastic.
    click_t60 : float
        Decay of the click in seconds.
    body : float
        Level of the noise of head and shell from 200 to 1000 Hz, in dB as `click`.
    body_t60 : float
        Its decay in seconds.
    drive : float
        Saturation, 0 for none: tanh of the sound times 1 + drive.
    """

    frequency: float = 58.0
    t60: float = 0.5
    glide: float = 0.5
    glide_time: float = 0.02
    tilt: float = -12.0
    eccentricity: float = 0.35
    second_head: float = -8.0
    click: float = -16.0
    click_frequency: float = 3000.0
    click_t60: float = 0.1
    body: float = -20.0
    body_t60: float = 0.22
    drive: float = 0.2

    longest = 0.4

    def bands(self) -> list[Band]:
        """Spectral envelope of the noises: head and shell below, beater above."""
        peak = self.click_frequency
        return [
            Band(120.0, self.body + 8.0, self.body_t60 * 1.4, 0.003),
            Band(300.0, self.body, self.body_t60, 0.002),
            Band(900.0, self.body - 3.0, 0.6 * self.body_t60, 0.001),
            Band(peak, self.click, self.click_t60),
            Band(2.0 * peak, self.click - 4.0, 0.8 * self.click_t60),
            Band(14000.0, self.click - 16.0, 0.6 * self.click_t60),
        ]

    def dry(self, rng: np.random.Generator) -> Signal:
        n_samples = int(1.1 * (self.t60 + 0.1) * SAMPLE_RATE)
        level = 10.0 ** (self.second_head / 20.0)
        second_head = (HEADS_RATIO * self.frequency, level, 0.6 * self.t60)
        head = struck_head(self, n_samples, [second_head], damping=0.8)
        sound = head + band_noise(self.bands(), n_samples, rng)
        return np.tanh((1.0 + self.drive) * sound) if self.drive > 0.0 else sound
