"""Snare drum: two coupled heads, wires that buzz, the crack of the stick and a ringing rim."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.membrane import HEADS_RATIO, membrane_modes
from nmfd_cli.training.synthesis.parts import (
    Band,
    Signal,
    add_room,
    band_noise,
    finish,
    gliding_modes,
)


@dataclass(frozen=True)
class Snare:
    """How a snare drum is tuned, damped and struck.

    Attributes
    ----------
    frequency : float
        Lowest mode in Hz, 160 to 260.
    t60 : float
        Its decay in seconds.
    head : float
        Level of the membrane's modes in dB.
    glide, glide_time : float
        Excess of pitch at the onset and its time constant in seconds.
    tilt : float
        Slope of the modes, dB per octave.
    eccentricity : float
        Place of the stroke, 0 (centre) to 1.
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
        Level (as `wires`) and decay in seconds of the stroke's broad noise around 3 kHz.
    ring, ring_frequency, ring_t60 : float
        Level in dB, frequency in Hz and decay in seconds of the rim or of an undamped overtone.
    room, room_t60 : float
        Level in dB (-inf for none) and decay of the room in seconds.
    """

    frequency: float = 190.0
    t60: float = 0.28
    head: float = 0.0
    glide: float = 0.12
    glide_time: float = 0.015
    tilt: float = -7.0
    eccentricity: float = 0.5
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
    room: float = -np.inf
    room_t60: float = 0.3


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
    frequencies, amplitudes, t60 = membrane_modes(
        voice.frequency,
        t60=voice.t60,
        damping=0.6,
        tilt=voice.tilt,
        eccentricity=voice.eccentricity,
    )
    amplitudes = amplitudes * 10.0 ** (voice.head / 20.0)
    upper = 0.5 * 10.0 ** (voice.head / 20.0)
    ring = 10.0 ** (voice.ring / 20.0)
    return gliding_modes(
        np.append(
            frequencies,
            [
                HEADS_RATIO * voice.frequency,
                voice.ring_frequency,
                1.71 * voice.ring_frequency,
                2.64 * voice.ring_frequency,
            ],
        ),
        np.append(amplitudes, [upper, ring, 0.5 * ring, 0.3 * ring]),
        np.append(
            t60, [0.7 * voice.t60, voice.ring_t60, 0.8 * voice.ring_t60, 0.6 * voice.ring_t60]
        ),
        n_samples,
        glide=voice.glide,
        glide_time=voice.glide_time,
        sample_rate=sample_rate,
    )


def snare(voice: Snare, rng: np.random.Generator, *, sample_rate: int = 44100) -> Signal:
    """One stroke of a snare drum, or of its rim when `head` and `wires` are low.

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
    if np.isfinite(voice.room):
        sound = add_room(sound, rng, level=voice.room, t60=voice.room_t60, sample_rate=sample_rate)
    return finish(sound, sample_rate=sample_rate, longest=0.35)
