"""Cymbals: a wash of dense modes that builds up and darkens as it decays, a ping, a bell."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.finishing import InRoom, finish_in_room
from nmfd_cli.training.synthesis.metal import plate, square_cluster
from nmfd_cli.training.synthesis.signals import Band, Signal, band_noise, damped_modes


@dataclass(frozen=True)
class Cymbal(InRoom):
    """How a cymbal is made and struck.

    Attributes
    ----------
    t60 : float
        Decay at 1 kHz in seconds, 1 (splash) to 6 (ride).
    bright_t60 : float
        Decay at 8 kHz in seconds; the high modes lose their energy first.
    edge : float
        Frequency in Hz from which on the wash sounds fully.
    body : float
        Level at 500 Hz in dB per octave band; the wash above `edge` is at 0 dB.
    brightness : float
        Slope above 6 kHz, dB per octave.
    build_up : float
        Time constant in seconds with which the highest modes appear.  A hard hit starts low and
        spreads upwards within 10 to 100 ms (Fletcher and Rossing, "The Physics of Musical
        Instruments", 2nd ed., chapter 20).
    ping, ping_frequency, ping_t60 : float
        Level in dB, centre in Hz and decay in seconds of the stick's tap.
    bell, bell_frequency, bell_t60 : float
        Level in dB, lowest frequency in Hz and decay in seconds of the bell's few clear partials.
    tonal : float
        Share of the power in separate modes, 0 to 1.
    n_modes : int
        Number of modes below 8 kHz.
    oscillators : tuple of float
        Frequencies in Hz of a machine's square waves; empty for an acoustic cymbal.
    """

    t60: float = 3.0
    bright_t60: float = 1.2
    edge: float = 3000.0
    body: float = -15.0
    brightness: float = 1.5
    build_up: float = 0.008
    ping: float = 0.0
    ping_frequency: float = 5000.0
    ping_t60: float = 0.06
    bell: float = -60.0
    bell_frequency: float = 700.0
    bell_t60: float = 1.5
    tonal: float = 0.4
    n_modes: int = 200
    oscillators: tuple[float, ...] = ()
    room_t60: float = 0.4


def cymbal_bands(voice: Cymbal) -> list[Band]:
    """Spectral envelope of the wash: higher bands rise later and decay sooner."""

    def band(frequency: float, level: float, rise: float) -> Band:
        place = np.log(frequency / 1000.0) / np.log(8.0)
        decay = voice.t60 * (voice.bright_t60 / voice.t60) ** float(np.clip(place, -0.3, 1.6))
        slope = voice.brightness * max(0.0, float(np.log2(frequency / 6000.0)))
        return Band(frequency, level + slope, decay, max(0.0004, rise * voice.build_up))

    return [
        band(250.0, voice.body - 4.0, 0.2),
        band(500.0, voice.body, 0.2),
        band(0.5 * voice.edge, 0.5 * voice.body, 0.3),
        band(voice.edge, 0.0, 0.5),
        band(max(6500.0, 1.5 * voice.edge), 0.0, 0.8),
        band(11000.0, 0.0, 1.0),
        band(16000.0, -2.0, 1.0),
    ]


def cymbal_bell(voice: Cymbal, n_samples: int, sample_rate: int) -> Signal:
    """The few strong partials of the bell, inharmonic as in a thick plate (ratios by ear)."""
    ratios = np.array([1.0, 1.51, 2.09, 2.83, 3.77, 4.71, 6.12])
    amplitudes = 10.0 ** (voice.bell / 20.0) * np.array([0.5, 0.6, 0.8, 1.0, 1.0, 0.8, 0.5])
    t60 = voice.bell_t60 * ratios**-0.5
    frequencies = voice.bell_frequency * ratios
    return damped_modes(
        frequencies,
        amplitudes,
        t60,
        phases=np.zeros(7),
        n_samples=n_samples,
        sample_rate=sample_rate,
    )


def cymbal(voice: Cymbal, rng: np.random.Generator, *, sample_rate: int = 44100) -> Signal:
    """One hit of a cymbal.

    Parameters
    ----------
    voice : Cymbal
    rng : numpy.random.Generator
        Source of modes and noise; the same state gives the same samples.
    sample_rate : int
        In Hz.

    Returns
    -------
    ndarray, shape (n,), range [-0.9, 0.9]
    """
    longest = 0.48
    n_samples = int(min(voice.t60, longest) * sample_rate)
    bands = cymbal_bands(voice)
    if voice.oscillators:
        sound = square_cluster(
            bands, voice.oscillators, n_samples, rng=rng, sample_rate=sample_rate
        )
        sound /= np.std(sound[:2000])
    else:
        sound = plate(
            bands,
            n_samples,
            rng,
            n_modes=voice.n_modes,
            lowest=200.0,
            tonal=voice.tonal,
            sample_rate=sample_rate,
        )
    peak = voice.ping_frequency
    tap = [Band(0.3 * peak, voice.ping - 12.0, 1.5 * voice.ping_t60)]
    tap += [Band(peak, voice.ping, voice.ping_t60)]
    tap += [Band(2.0 * peak, voice.ping - 1.0, 0.7 * voice.ping_t60)]
    sound += band_noise(tap, n_samples, rng, sample_rate=sample_rate)
    sound += cymbal_bell(voice, n_samples, sample_rate)
    return finish_in_room(sound, voice, rng, sample_rate=sample_rate, longest=longest)
