"""Hi-hat, closed, open or by foot; acoustic as a pair of plates, machine as square waves."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.metal import plate, square_cluster
from nmfd_cli.training.synthesis.signals import SAMPLE_RATE, Band, Signal, band_noise
from nmfd_cli.training.synthesis.voice import Voice


@dataclass(frozen=True)
class HiHat(Voice):
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

    longest = 0.4

    def bands(self) -> list[Band]:
        """Spectral envelope of the metal, from the bow's low modes to the shimmer."""

        def bright(frequency: float) -> float:
            return self.brightness * max(0.0, float(np.log2(frequency / 8000.0)))

        long, rise = self.t60, self.rise
        return [
            Band(350.0, self.body, 0.9 * long, rise),
            Band(900.0, self.body - 1.0, 0.8 * long, rise),
            Band(0.5 * self.edge, 0.5 * self.body, 0.9 * long, rise),
            Band(self.edge, -2.0, long, rise),
            Band(max(8500.0, 1.3 * self.edge), bright(8500.0), long, rise),
            Band(13000.0, bright(13000.0), 0.9 * long, rise),
            Band(18000.0, bright(18000.0), 0.75 * long, rise),
        ]

    def tap(self) -> list[Band]:
        """Spectral envelope of the stick's tap."""
        stick = self.stick
        tap = [Band(500.0, stick - 8.0, 0.05), Band(2500.0, stick - 3.0, 0.03)]
        return [*tap, Band(7000.0, stick, 0.025), Band(14000.0, stick, 0.02)]

    def dry(self, rng: np.random.Generator) -> Signal:
        n_samples = int(min(1.2 * self.t60 + 0.02, self.longest) * SAMPLE_RATE)
        bands = self.bands()
        if self.oscillators:
            sound = square_cluster(bands, self.oscillators, n_samples, rng=rng)
            return sound + 0.2 * np.std(sound[:1000]) * band_noise(bands, n_samples, rng)
        modes, tonal = self.n_modes, self.tonal
        sound = plate(bands, n_samples, rng, n_modes=modes, lowest=300.0, tonal=tonal)
        return sound + band_noise(self.tap(), n_samples, rng)
