"""What all drums get at last: the room they stand in, a cut where they have faded, their peak."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.signals import Band, Signal, band_noise


@dataclass(frozen=True)
class InRoom:
    """Where a drum stands; what all drums are.

    Attributes
    ----------
    room, room_t60 : float
        Level in dB (-inf for none) and decay of the room in seconds.
    """

    room: float = -np.inf
    room_t60: float = 0.3


def add_room(
    dry: Signal, rng: np.random.Generator, *, level: float, t60: float, sample_rate: int
) -> Signal:
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
    response = band_noise(bands, max(int(t60 * sample_rate), 1), rng, sample_rate=sample_rate)
    response *= 10.0 ** (level / 20.0) / np.sqrt(np.sum(response**2))
    n_fft = 1 << (len(dry) + len(response)).bit_length()
    wet = np.fft.irfft(np.fft.rfft(dry, n_fft) * np.fft.rfft(response, n_fft), n_fft)
    both: Signal = dry + wet[: len(dry)]
    return both


def finish(
    raw: Signal, *, sample_rate: int, longest: float = 1.5, floor: float = -54.0, peak: float = 0.9
) -> Signal:
    """Cut the sound where it has faded, with a short fade, and set its peak.

    Parameters
    ----------
    raw : ndarray, shape (n,)
    longest : float
        Longest duration, in seconds.
    floor : float
        Level below the peak, in dB, under which the end is cut off.
    peak : float
        Largest absolute sample of the result.

    Returns
    -------
    ndarray, shape (m,), m <= n
    """
    largest = np.max(np.abs(raw))
    loud = np.flatnonzero(np.abs(raw) > largest * 10.0 ** (floor / 20.0))
    cut: Signal = raw[: min(loud[-1] + 1, int(longest * sample_rate))] * (peak / largest)
    n_fade = len(cut) // 4
    cut[len(cut) - n_fade :] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, n_fade + 1) / n_fade)
    return cut


def finish_in_room(
    dry: Signal, place: InRoom, rng: np.random.Generator, *, sample_rate: int, longest: float
) -> Signal:
    """Add the room that a drum stands in, if any, and finish; see `add_room` and `finish`."""
    if np.isfinite(place.room):
        dry = add_room(dry, rng, level=place.room, t60=place.room_t60, sample_rate=sample_rate)
    return finish(dry, sample_rate=sample_rate, longest=longest)
