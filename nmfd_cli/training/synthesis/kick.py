"""Bass drum: a low membrane that glides down, the click of the beater and the air of the shell."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.finishing import finish_in_room
from nmfd_cli.training.synthesis.membrane import HEADS_RATIO, Head, struck_head
from nmfd_cli.training.synthesis.signals import Band, Signal, band_noise


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


def kick_bands(voice: Kick) -> list[Band]:
    """Spectral envelope of the noises: head and shell below, beater above."""
    peak = voice.click_frequency
    return [
        Band(120.0, voice.body + 8.0, voice.body_t60 * 1.4, 0.003),
        Band(300.0, voice.body, voice.body_t60, 0.002),
        Band(900.0, voice.body - 3.0, 0.6 * voice.body_t60, 0.001),
        Band(peak, voice.click, voice.click_t60),
        Band(2.0 * peak, voice.click - 4.0, 0.8 * voice.click_t60),
        Band(14000.0, voice.click - 16.0, 0.6 * voice.click_t60),
    ]


def kick(voice: Kick, rng: np.random.Generator, *, sample_rate: int = 44100) -> Signal:
    """One hit of a bass drum.

    Parameters
    ----------
    voice : Kick
    rng : numpy.random.Generator
        Source of the noises; the same state gives the same samples.
    sample_rate : int
        In Hz.

    Returns
    -------
    ndarray, shape (n,), range [-0.9, 0.9]
    """
    n_samples = int(1.1 * (voice.t60 + 0.1) * sample_rate)
    second_head = (
        HEADS_RATIO * voice.frequency,
        10.0 ** (voice.second_head / 20.0),
        0.6 * voice.t60,
    )
    head = struck_head(voice, n_samples, [second_head], damping=0.8, sample_rate=sample_rate)
    sound = head + band_noise(kick_bands(voice), n_samples, rng, sample_rate=sample_rate)
    if voice.drive > 0.0:
        sound = np.tanh((1.0 + voice.drive) * sound)
    return finish_in_room(sound, voice, rng, sample_rate=sample_rate, longest=0.4)
