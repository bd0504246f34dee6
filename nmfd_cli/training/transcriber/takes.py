"""The sounds of a part as it is prepared for a clip: filtered, transposed, in several levels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.training.synthesis.signals import SAMPLE_RATE
from nmfd_cli.training.transcriber.effects import Samples, filtered, random_equaliser, shelf
from nmfd_cli.training.transcriber.instruments import LEAD, Instrument, onset_power
from nmfd_cli.transcription.features import band_levels


@dataclass(frozen=True)
class Take:
    """One sound of a prepared part.

    Attributes
    ----------
    samples : ndarray, shape (n_samples,)
        The onset is at sample `LEAD`.
    power : float
        Of its first 100 ms, in dB.
    onset_levels : ndarray, shape (n_bands,)
        Of the long window, 10 to 30 ms after the onset, in dB.
    """

    samples: Samples
    power: float
    onset_levels: NDArray[np.float32]


@dataclass(frozen=True)
class Prepared:
    """A part of the kit: takes by level.

    Attributes
    ----------
    levels : ndarray, shape (n_layers,)
        In dB relative to a full hit.
    takes : list of list of Take
        Of each layer.
    pitch : float
        Strongest frequency between 50 and 400 Hz, in Hz.
    """

    levels: NDArray[np.float64]
    takes: list[list[Take]]
    pitch: float

    def choose(self, level: float, rng: np.random.Generator) -> Take:
        """Draw a take among those recorded at about this level."""
        distances = np.abs(self.levels - level)
        near = np.argsort(distances)[:3]
        near = near[distances[near] <= max(5.0, float(distances.min()))]
        takes = self.takes[int(rng.choice(near))]
        return takes[int(rng.integers(len(takes)))]


def prepared(
    layers: list[Samples],
    instrument: Instrument,
    rng: np.random.Generator,
    *,
    speed: float,
    decay: float,
    is_even: bool,
) -> Prepared:
    """Filter, transpose and shorten all layers; make softer, duller ones where there are few.

    Parameters
    ----------
    speed : float
        Of playing the sound.
    decay : float
        Additional decay in dB per 100 ms.
    is_even : bool
        Whether every hit sounds the same, as those of a machine.
    """
    equaliser = random_equaliser(rng, 3.5) if rng.random() < 0.75 else None
    places = list(range(len(layers)))
    if len(places) > 6:
        places = sorted(set(rng.choice(places, 5, replace=False).tolist()) | {0, len(layers) - 1})
    softer = [(0.0, 0.0)]
    if len(places) <= 2 and not is_even:
        softer = [(0.0, 0.0), (-9.0, -3.0), (-19.0, -6.5)]
    levels: list[float] = []
    takes: list[list[Take]] = []
    for place in places:
        for level, dullness in softer:
            n_takes = 1 if is_even or len(places) > 3 else 2
            levels.append(instrument.levels[place] + level)
            takes.append([])
            for _ in range(n_takes):
                brightness = dullness + (0.0 if is_even else rng.normal(0.0, 0.6))
                own_speed = speed * (1.0 if is_even else np.exp(rng.normal(0.0, 0.004)))
                sound = _processed(layers[place], equaliser, own_speed, brightness, decay)
                takes[-1].append(_take(sound))
    return Prepared(np.array(levels), takes, _pitch(takes[-1][0].samples))


def _processed(
    sound: Samples,
    equaliser: NDArray[np.float64] | None,
    speed: float,
    brightness: float,
    decay: float,
) -> Samples:
    n_samples = int((len(sound) - 1) / speed)
    # the onset stays where it is
    places = LEAD + (np.arange(n_samples) - LEAD) * speed
    moved = np.interp(places, np.arange(len(sound)), sound).astype(np.float32)
    sections = [] if equaliser is None else list(equaliser)
    if abs(brightness) > 0.3:
        sections.append(shelf("high", 5000.0, brightness))
    if sections:
        moved = filtered(moved, np.array(sections))
    if decay:
        moved = moved * np.exp(-decay * 0.115 * np.arange(n_samples, dtype=np.float32) / 4410.0)
    return np.asarray(moved, dtype=np.float32)


def _take(sound: Samples) -> Take:
    head = np.pad(sound[: 2 * 2048], (0, 1))
    return Take(sound, onset_power(sound), band_levels(head, SAMPLE_RATE)[1:4, 0].max(axis=0))


def _pitch(sound: Samples) -> float:
    """Return the strongest frequency of a sound between 50 and 400 Hz."""
    excerpt = sound[SAMPLE_RATE // 50 :][: SAMPLE_RATE // 4]
    spectrum = np.abs(np.fft.rfft(excerpt * np.hanning(len(excerpt)), 4 * SAMPLE_RATE // 4))
    frequencies = np.arange(len(spectrum), dtype=np.float64)
    inside = (frequencies > 50.0) & (frequencies < 400.0)
    return float(frequencies[inside][np.argmax(spectrum[inside])]) if len(excerpt) > 100 else 120.0
