"""Thin metal that shimmers: dense inharmonic modes over noise, shared by hi-hat and cymbal."""

from collections.abc import Sequence

import numpy as np

from nmfd_cli.training.synthesis.signals import (
    SAMPLE_RATE,
    Band,
    Signal,
    band_noise,
    crossfades,
    damped_modes,
    octave_gain,
)

MACHINE_OSCILLATORS = (205.3, 304.4, 369.6, 522.7, 540.0, 800.0)
"""Frequencies in Hz of the six square waves behind the TR-808's cymbal and hi-hats.

Werner, Abel and Smith, "The TR-808 cymbal: a physically-informed, circuit-bendable, digital model",
Proceedings of the International Computer Music Conference, 2014."""


def plate_frequencies(
    n_modes: int, lowest: float, highest: float, *, rng: np.random.Generator
) -> Signal:
    """Frequencies of a thin plate's modes: on average equally dense at all frequencies.

    The modal density of a plate does not depend on frequency (Fletcher and Rossing, "The Physics of
    Musical Instruments", 2nd ed., chapter 3); the places are drawn one by one, jittered around
    an equal spacing.

    Returns
    -------
    ndarray, shape (n_modes,)
        In Hz, within [lowest, highest].
    """
    places: Signal = (np.arange(n_modes) + rng.random(n_modes)) / n_modes
    return lowest + (highest - lowest) * places


def square_partials(oscillators: Sequence[float], highest: float) -> tuple[Signal, Signal]:
    """Odd harmonics of square waves, frequencies in Hz and amplitudes 1 / k, up to `highest`."""
    rows = [(f * k, 1.0 / k) for f in oscillators for k in range(1, int(highest / f) + 1, 2)]
    frequencies, amplitudes = np.array(rows).T
    return frequencies, amplitudes


def along_bands(bands: Sequence[Band], frequencies: Signal) -> tuple[Signal, Signal]:
    """Gain and decay time of a mode at each frequency, read from the bands."""
    weights = crossfades(bands, frequencies)
    gains = weights.T @ np.array([10.0 ** (band.level / 20.0) for band in bands])
    anchors = np.log([band.frequency for band in bands])
    t60 = np.exp(np.interp(np.log(frequencies), anchors, np.log([band.t60 for band in bands])))
    return gains, t60


def plate(
    bands: Sequence[Band],
    n_samples: int,
    rng: np.random.Generator,
    *,
    n_modes: int,
    lowest: float,
    tonal: float,
) -> Signal:
    """Struck plate: separate modes up to 8 kHz, over noise where they are too dense to tell apart.

    Parameters
    ----------
    bands : sequence of Band
        Spectral envelope and decay of the whole.
    n_modes : int
        Modes between `lowest` (Hz) and 8 kHz.
    tonal : float
        Share of the power that the modes carry below 8 kHz, in [0, 1].

    Returns
    -------
    ndarray, shape (n_samples,)
    """
    highest = 8000.0
    frequencies = plate_frequencies(n_modes, lowest, highest, rng=rng)
    gains, t60 = along_bands(bands, frequencies)
    spacing = (highest - lowest) / n_modes
    uneven = rng.rayleigh(np.sqrt(0.5), n_modes)
    amplitudes = np.sqrt(2.0 * spacing * tonal) * octave_gain(frequencies) * gains * uneven
    t60 = t60 * rng.uniform(0.7, 1.3, n_modes)
    phases = rng.uniform(0.0, 2.0 * np.pi, n_modes)
    modes = damped_modes(frequencies, amplitudes, t60, phases=phases, n_samples=n_samples)
    modes *= -np.expm1(-np.arange(n_samples) / (0.0004 * SAMPLE_RATE))
    noise = band_noise(bands, n_samples, rng)
    sound: Signal = modes + np.sqrt(1.0 - tonal) * noise
    return sound


def square_cluster(
    bands: Sequence[Band],
    oscillators: Sequence[float],
    n_samples: int,
    *,
    rng: np.random.Generator,
) -> Signal:
    """Drum machine's metal: free-running square waves, filtered and let decay as the bands say.

    Built from their partials, so nothing folds back from above Nyquist.

    Returns
    -------
    ndarray, shape (n_samples,)
    """
    frequencies, amplitudes = square_partials(oscillators, 0.48 * SAMPLE_RATE)
    gains, t60 = along_bands(bands, frequencies)
    phases = rng.uniform(0.0, 2.0 * np.pi, len(frequencies))
    cluster = damped_modes(frequencies, amplitudes * gains, t60, phases=phases, n_samples=n_samples)
    cluster *= -np.expm1(-np.arange(n_samples) / (0.0004 * SAMPLE_RATE))
    return cluster
