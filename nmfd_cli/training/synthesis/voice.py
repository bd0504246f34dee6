"""What all drums have in common: a room, a cut where they have faded, their peak."""

from dataclasses import dataclass
from typing import ClassVar
from zlib import crc32

import numpy as np

from nmfd_cli.training.synthesis.signals import SAMPLE_RATE, Band, Signal, band_noise


def voice_generator(*names: str | int) -> np.random.Generator:
    """Random generator of a sound, seeded by its name: adding one voice changes no other."""
    return np.random.default_rng(crc32("/".join(map(str, names)).encode()))


@dataclass(frozen=True)
class Voice:
    """A drum and where it stands.

    Attributes
    ----------
    longest : float
        Longest duration of a hit, in seconds.
    room, room_t60 : float
        Level in dB (-inf for none) and decay of the room in seconds.
    """

    longest: ClassVar[float]

    room: float = -np.inf
    room_t60: float = 0.3

    def dry(self, rng: np.random.Generator) -> Signal:
        """Strike it once, without the room, at any level; the generator gives modes and noise."""
        raise NotImplementedError

    def one_shot(self, rng: np.random.Generator) -> Signal:
        """Strike it once.

        Returns
        -------
        ndarray, shape (n,), range [-0.9, 0.9]
            It starts with the hit and ends in silence; the same state of `rng` gives the same
            samples.
        """
        sound = self.dry(rng)
        if np.isfinite(self.room):
            sound = add_room(sound, rng, level=self.room, t60=self.room_t60)
        return finish(sound, longest=self.longest)


def add_room(dry: Signal, rng: np.random.Generator, *, level: float, t60: float) -> Signal:
    """Add the answer of a small room: exponentially decaying noise, duller as it decays.

    Parameters
    ----------
    dry : ndarray, shape (n,)
    level : float
        Root of the energy of the impulse response, relative to the direct sound, in dB.
    t60 : float
        Reverberation time at 500 Hz, in seconds.

    Returns
    -------
    ndarray, shape (n,)
        As long as the input: the caller appends zeros where the tail shall ring on.
    """
    bands = [Band(150.0, 0.0, 1.1 * t60, 0.004), Band(500.0, 3.0, t60, 0.004)]
    bands += [Band(3000.0, 8.0, 0.7 * t60, 0.004), Band(9000.0, 8.0, 0.4 * t60, 0.004)]
    response = band_noise(bands, max(int(t60 * SAMPLE_RATE), 1), rng)
    response *= 10.0 ** (level / 20.0) / np.sqrt(np.sum(response**2))
    n_fft = 1 << (len(dry) + len(response)).bit_length()
    wet = np.fft.irfft(np.fft.rfft(dry, n_fft) * np.fft.rfft(response, n_fft), n_fft)
    both: Signal = dry + wet[: len(dry)]
    return both


def finish(raw: Signal, *, longest: float = 1.5, floor: float = -54.0) -> Signal:
    """Cut a sound where it has faded, with a short fade, and set its peak to 0.9.

    Parameters
    ----------
    raw : ndarray, shape (n,)
    longest : float
        Longest duration, in seconds.
    floor : float
        Level below the peak, in dB, under which the end is cut off.

    Returns
    -------
    ndarray, shape (m,), m <= n
    """
    largest = np.max(np.abs(raw))
    loud = np.flatnonzero(np.abs(raw) > largest * 10.0 ** (floor / 20.0))
    cut: Signal = raw[: min(loud[-1] + 1, int(longest * SAMPLE_RATE))] * (0.9 / largest)
    n_fade = len(cut) // 4
    cut[len(cut) - n_fade :] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, n_fade + 1) / n_fade)
    return cut
