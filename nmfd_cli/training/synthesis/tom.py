"""Tom: a membrane that sings and glides a little, and the tap of the stick."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.finishing import finish_in_room
from nmfd_cli.training.synthesis.membrane import Head, struck_head
from nmfd_cli.training.synthesis.signals import Band, Signal, band_noise


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


def tom_bands(voice: Tom) -> list[Band]:
    """Spectral envelope of the stick's noise, from twice the pitch to 12 kHz."""

    def level(frequency: float) -> float:
        return voice.stick + voice.brightness * max(0.0, float(np.log2(frequency / 1000.0)))

    return [
        Band(2.5 * voice.frequency, level(1000.0) + 1.0, 2.0 * voice.stick_t60, 0.002),
        Band(1000.0, level(1000.0), voice.stick_t60, 0.001),
        Band(2500.0, level(2500.0) + 2.0, 0.7 * voice.stick_t60),
        Band(6000.0, level(6000.0), 0.5 * voice.stick_t60),
        Band(12000.0, level(12000.0) - 3.0, 0.4 * voice.stick_t60),
    ]


def tom(voice: Tom, rng: np.random.Generator, *, sample_rate: int = 44100) -> Signal:
    """One hit of a tom.

    Parameters
    ----------
    voice : Tom
    rng : numpy.random.Generator
        Source of the noise; the same state gives the same samples.
    sample_rate : int
        In Hz.

    Returns
    -------
    ndarray, shape (n,), range [-0.9, 0.9]
    """
    n_samples = int(1.1 * voice.t60 * sample_rate)
    head = struck_head(voice, n_samples, damping=voice.damping, sample_rate=sample_rate)
    sound = head + band_noise(tom_bands(voice), n_samples, rng, sample_rate=sample_rate)
    return finish_in_room(sound, voice, rng, sample_rate=sample_rate, longest=0.36)
