"""Hi-hat, closed, open or by foot; acoustic as a pair of plates, machine as square waves."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.finishing import InRoom, finish_in_room
from nmfd_cli.training.synthesis.metal import plate, square_cluster
from nmfd_cli.training.synthesis.signals import Band, Signal, band_noise


@dataclass(frozen=True)
class HiHat(InRoom):
    """How a hi-hat is made and struck.

    Attributes
    ----------
    t60 : float
        Decay at 7 kHz in seconds: 0.05 to 0.35 closed, 0.6 to 3 open.
    edge : float
        Frequency in Hz from which on the metal sounds fully, 3000 to 8000.
    body : float
        Level between 300 and 1000 Hz in dB per octave band; the metal above `edge` is at 0 dB.
    brightness : float
        Slope above 8 kHz, dB per octave.
    stick : float
        Level in dB of a short broad tap at the onset.
    tonal : float
        Share of the power in separate modes, 0 to 1.
    n_modes : int
        Number of modes below 8 kHz.
    rise : float
        Time constant of the attack in seconds; 0.004 when the foot closes it.
    oscillators : tuple of float
        Frequencies in Hz of a machine's square waves; empty for an acoustic hi-hat.
    """

    t60: float = 0.2
    edge: float = 5000.0
    body: float = -17.0
    brightness: float = 0.0
    stick: float = -6.0
    tonal: float = 0.3
    n_modes: int = 120
    rise: float = 0.0006
    oscillators: tuple[float, ...] = ()
    room_t60: float = 0.25


def hihat_bands(voice: HiHat) -> list[Band]:
    """Spectral envelope of the metal, from the bow's low modes to the shimmer."""

    def bright(frequency: float) -> float:
        return voice.brightness * max(0.0, float(np.log2(frequency / 8000.0)))

    long, rise = voice.t60, voice.rise
    return [
        Band(350.0, voice.body, 0.9 * long, rise),
        Band(900.0, voice.body - 1.0, 0.8 * long, rise),
        Band(0.5 * voice.edge, 0.5 * voice.body, 0.9 * long, rise),
        Band(voice.edge, -2.0, long, rise),
        Band(max(8500.0, 1.3 * voice.edge), bright(8500.0), long, rise),
        Band(13000.0, bright(13000.0), 0.9 * long, rise),
        Band(18000.0, bright(18000.0), 0.75 * long, rise),
    ]


def hihat(voice: HiHat, rng: np.random.Generator, *, sample_rate: int = 44100) -> Signal:
    """One hit of a hi-hat.

    Parameters
    ----------
    voice : HiHat
    rng : numpy.random.Generator
        Source of modes and noise; the same state gives the same samples.
    sample_rate : int
        In Hz.

    Returns
    -------
    ndarray, shape (n,), range [-0.9, 0.9]
    """
    longest = 0.4
    n_samples = int(min(1.2 * voice.t60 + 0.02, longest) * sample_rate)
    bands = hihat_bands(voice)
    if voice.oscillators:
        sound = square_cluster(
            bands, voice.oscillators, n_samples, rng=rng, sample_rate=sample_rate
        )
        sound += (
            0.2 * np.std(sound[:1000]) * band_noise(bands, n_samples, rng, sample_rate=sample_rate)
        )
    else:
        sound = plate(
            bands,
            n_samples,
            rng,
            n_modes=voice.n_modes,
            lowest=300.0,
            tonal=voice.tonal,
            sample_rate=sample_rate,
        )
        tap = [Band(500.0, voice.stick - 8.0, 0.05), Band(2500.0, voice.stick - 3.0, 0.03)]
        tap += [Band(7000.0, voice.stick, 0.025), Band(14000.0, voice.stick, 0.02)]
        sound += band_noise(tap, n_samples, rng, sample_rate=sample_rate)
    return finish_in_room(sound, voice, rng, sample_rate=sample_rate, longest=longest)
