"""Snare drum: two coupled heads, wires that buzz, the crack of the stick and a ringing rim."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.finishing import finish_in_room
from nmfd_cli.training.synthesis.membrane import HEADS_RATIO, Head, struck_head
from nmfd_cli.training.synthesis.signals import Band, Signal, band_noise


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


def snare_bands(voice: Snare) -> tuple[list[Band], list[Band]]:
    """Spectral envelopes of the wires and of the crack."""

    def wire(frequency: float, decay: float, offset: float = 0.0) -> Band:
        slope = voice.brightness * max(0.0, float(np.log2(frequency / 2000.0)))
        level = voice.wires + offset + slope
        return Band(frequency, level, decay * voice.wires_t60, voice.wires_rise)

    low = voice.wires_low
    wires = [wire(0.6 * low, 1.0, -6.0), wire(low, 1.1), wire(2000.0, 1.0), wire(5000.0, 0.9)]
    wires += [wire(9000.0, 0.8), wire(13000.0, 0.7, -5.0), wire(17000.0, 0.6, -14.0)]
    crack = [Band(350.0, voice.crack - 8.0, 1.6 * voice.crack_t60)]
    crack += [Band(1200.0, voice.crack - 2.0, 1.2 * voice.crack_t60)]
    crack += [Band(3000.0, voice.crack, voice.crack_t60)]
    crack += [Band(10000.0, voice.crack - 4.0, 0.7 * voice.crack_t60)]
    return wires, crack


def snare_heads(voice: Snare, n_samples: int, sample_rate: int) -> Signal:
    """The tonal part: modes of the batter head, the upper one of the pair of heads, the ring."""
    upper = 0.5 * 10.0 ** (voice.head / 20.0)
    ring = 10.0 ** (voice.ring / 20.0)
    more = [
        (HEADS_RATIO * voice.frequency, upper, 0.7 * voice.t60),
        (voice.ring_frequency, ring, voice.ring_t60),
        (1.71 * voice.ring_frequency, 0.5 * ring, 0.8 * voice.ring_t60),
        (2.64 * voice.ring_frequency, 0.3 * ring, 0.6 * voice.ring_t60),
    ]
    return struck_head(
        voice, n_samples, more, damping=0.6, level=voice.head, sample_rate=sample_rate
    )


def snare(voice: Snare, rng: np.random.Generator, *, sample_rate: int = 44100) -> Signal:
    """One hit of a snare drum, or of its rim when `head` and `wires` are low.

    Parameters
    ----------
    voice : Snare
    rng : numpy.random.Generator
        Source of the noises; the same state gives the same samples.
    sample_rate : int
        In Hz.

    Returns
    -------
    ndarray, shape (n,), range [-0.9, 0.9]
    """
    n_samples = int(1.2 * max(voice.t60, voice.wires_t60, voice.ring_t60) * sample_rate)
    wires, crack = snare_bands(voice)
    sound = snare_heads(voice, n_samples, sample_rate)
    sound += band_noise(wires, n_samples, rng, sample_rate=sample_rate)
    sound += band_noise(crack, n_samples, rng, sample_rate=sample_rate)
    return finish_in_room(sound, voice, rng, sample_rate=sample_rate, longest=0.35)
