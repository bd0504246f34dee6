"""Tom: a membrane that sings and glides a little, and the tap of the stick."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.membrane import membrane_modes
from nmfd_cli.training.synthesis.parts import (
    Band,
    Signal,
    add_room,
    band_noise,
    finish,
    gliding_modes,
)


@dataclass(frozen=True)
class Tom:
    """How a tom is tuned, damped and struck.

    Attributes
    ----------
    frequency : float
        Settled pitch in Hz: 70 to 100 floor, 100 to 150 middle, 150 to 220 high.
    t60 : float
        Decay of the lowest mode in seconds.
    glide, glide_time : float
        Excess of pitch at the onset and its time constant in seconds.
    tilt : float
        Slope of the modes, dB per octave.
    eccentricity : float
        Place of the stroke, 0 (centre) to 1.
    damping : float
        Exponent with which higher modes decay faster.
    stick : float
        Level of the stroke's noise in dB per octave band, against a lowest mode of amplitude 1.
    brightness : float
        Slope of that noise above 1 kHz, dB per octave.
    stick_t60 : float
        Its decay at 1 kHz, in seconds.
    room, room_t60 : float
        Level in dB (-inf for none) and decay of the room in seconds.
    """

    frequency: float = 120.0
    t60: float = 0.9
    glide: float = 0.12
    glide_time: float = 0.05
    tilt: float = -7.0
    eccentricity: float = 0.5
    damping: float = 0.8
    stick: float = -14.0
    brightness: float = -2.0
    stick_t60: float = 0.25
    room: float = -np.inf
    room_t60: float = 0.3


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
    """One stroke of a tom.

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
    frequencies, amplitudes, t60 = membrane_modes(
        voice.frequency,
        t60=voice.t60,
        damping=voice.damping,
        tilt=voice.tilt,
        eccentricity=voice.eccentricity,
    )
    head = gliding_modes(
        frequencies,
        amplitudes,
        t60,
        n_samples,
        glide=voice.glide,
        glide_time=voice.glide_time,
        sample_rate=sample_rate,
    )
    sound = head + band_noise(tom_bands(voice), n_samples, rng, sample_rate=sample_rate)
    if np.isfinite(voice.room):
        sound = add_room(sound, rng, level=voice.room, t60=voice.room_t60, sample_rate=sample_rate)
    return finish(sound, sample_rate=sample_rate, longest=0.36)
