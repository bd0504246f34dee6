"""Cymbals: a wash of dense modes that builds up and darkens as it decays, a ping, a bell."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.metal import plate, square_cluster
from nmfd_cli.training.synthesis.signals import SAMPLE_RATE, Band, Signal, band_noise, damped_modes
from nmfd_cli.training.synthesis.voice import Voice


@dataclass(frozen=True)
class Cymbal(Voice):
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

    longest = 0.48

    def bands(self) -> list[Band]:
        """Spectral envelope of the wash: higher bands rise later and decay sooner."""

        def band(frequency: float, level: float, rise: float) -> Band:
            place = np.log(frequency / 1000.0) / np.log(8.0)
            decay = self.t60 * (self.bright_t60 / self.t60) ** float(np.clip(place, -0.3, 1.6))
            slope = self.brightness * max(0.0, float(np.log2(frequency / 6000.0)))
            return Band(frequency, level + slope, decay, max(0.0004, rise * self.build_up))

        return [
            band(250.0, self.body - 4.0, 0.2),
            band(500.0, self.body, 0.2),
            band(0.5 * self.edge, 0.5 * self.body, 0.3),
            band(self.edge, 0.0, 0.5),
            band(max(6500.0, 1.5 * self.edge), 0.0, 0.8),
            band(11000.0, 0.0, 1.0),
            band(16000.0, -2.0, 1.0),
        ]

    def tap(self) -> list[Band]:
        """Spectral envelope of the stick's tap."""
        peak, level, t60 = self.ping_frequency, self.ping, self.ping_t60
        below, above = Band(0.3 * peak, level - 12.0, 1.5 * t60), 2.0 * peak
        return [below, Band(peak, level, t60), Band(above, level - 1.0, 0.7 * t60)]

    def bell_partials(self, n_samples: int) -> Signal:
        """The few strong partials of the bell, inharmonic as in a thick plate (ratios by ear)."""
        ratios = np.array([1.0, 1.51, 2.09, 2.83, 3.77, 4.71, 6.12])
        amplitudes = 10.0 ** (self.bell / 20.0) * np.array([0.5, 0.6, 0.8, 1.0, 1.0, 0.8, 0.5])
        t60 = self.bell_t60 * ratios**-0.5
        frequencies = self.bell_frequency * ratios
        phases = np.zeros(7)
        return damped_modes(frequencies, amplitudes, t60, phases=phases, n_samples=n_samples)

    def dry(self, rng: np.random.Generator) -> Signal:
        return self.ringing(rng, self.longest, lowest=200.0)

    def ringing(self, rng: np.random.Generator, longest: float, *, lowest: float) -> Signal:
        """Strike it once, of modes from `lowest` (Hz) on, for at most `longest` seconds."""
        n_samples = int(min(self.t60, longest) * SAMPLE_RATE)
        bands = self.bands()
        if self.oscillators:
            sound = square_cluster(bands, self.oscillators, n_samples, rng=rng)
            sound /= np.std(sound[:2000])
        else:
            modes, tonal = self.n_modes, self.tonal
            sound = plate(bands, n_samples, rng, n_modes=modes, lowest=lowest, tonal=tonal)
        sound += band_noise(self.tap(), n_samples, rng)
        sound += self.bell_partials(n_samples)
        return sound
