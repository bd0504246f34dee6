"""A kit for one clip: an instrument for every part, prepared as it shall sound there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.training.transcriber.effects import filtered, log_uniform, random_equaliser, shelf
from nmfd_cli.training.transcriber.sounds import (
    ACOUSTIC,
    LEAD,
    MACHINE,
    SOUNDFONT,
    SYNTHESIS,
    Instrument,
    onset_power,
)
from nmfd_cli.transcription.features import band_levels

SAMPLE_RATE: Final = 44_100
Samples = NDArray[np.float32]

_METAL: Final = ("closed_hihat", "open_hihat", "pedal_hihat", "ride", "ride_bell", "crash")

#: Kinds of kits: how often each occurs, and how likely it takes each group's sounds.
_KINDS: Final = (
    (0.46, {SOUNDFONT: 0.8, ACOUSTIC: 1.5, MACHINE: 0.1, SYNTHESIS: 0.3}),
    (0.24, {SOUNDFONT: 0.3, ACOUSTIC: 0.2, MACHINE: 1.5, SYNTHESIS: 0.3}),
    (0.08, {SOUNDFONT: 0.1, ACOUSTIC: 0.1, MACHINE: 0.1, SYNTHESIS: 1.0}),
    (0.22, {SOUNDFONT: 0.8, ACOUSTIC: 0.8, MACHINE: 0.8, SYNTHESIS: 0.5}),
)
_MACHINE_KIND: Final = 1


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


class Instruments:
    """What kits are chosen from: instruments by articulation and group."""

    def __init__(self, instruments: Iterable[Instrument]) -> None:
        self._by_articulation: dict[str, dict[str, list[Instrument]]] = {}
        for one in instruments:
            groups = self._by_articulation.setdefault(one.articulation, {})
            groups.setdefault(one.group, []).append(one)

    def choose(
        self, articulation: str, weights: Mapping[str, float], rng: np.random.Generator
    ) -> Instrument:
        """Draw a group that has the articulation, then a source of it, then an instrument."""
        groups = self._by_articulation[articulation]
        names = list(groups)
        n_layers = [sum(len(one.layers) for one in groups[name]) for name in names]
        shares = np.array([weights[g] for g in names]) * np.minimum(1.0, np.array(n_layers) / 3.0)
        shares += 1e-3
        group = groups[names[int(rng.choice(len(names), p=shares / shares.sum()))]]
        if rng.random() < 0.5:
            sources = sorted({one.source for one in group})
            source = sources[int(rng.integers(len(sources)))]
            group = [one for one in group if one.source == source]
        return group[int(rng.integers(len(group)))]


class Kit:
    """Chooses and prepares the parts of a performance.

    Parameters
    ----------
    instruments : Instruments
    rng : numpy.random.Generator
    """

    def __init__(self, instruments: Instruments, rng: np.random.Generator) -> None:
        self._instruments = instruments
        self._rng = rng
        shares = np.array([share for share, _ in _KINDS])
        self._kind = int(rng.choice(len(_KINDS), p=shares / shares.sum()))
        self.is_machine = self._kind == _MACHINE_KIND and bool(rng.random() < 0.8)
        low = [rng.uniform(2.0, 7.0), rng.uniform(0.0, 3.0), rng.uniform(-4.0, 0.0)]
        self._tom_shifts = [*low, rng.uniform(-9.0, -3.0)]
        self._tom: Instrument | None = None
        self._parts: dict[str, Prepared] = {}

    def part(self, name: str) -> Prepared:
        """Return a part, prepared at its first use."""
        if name not in self._parts:
            self._parts[name] = self._prepare(name)
        return self._parts[name]

    def _instrument(self, articulation: str) -> Instrument:
        weights = _KINDS[self._kind][1]
        if articulation != "tom":
            return self._instruments.choose(articulation, weights, self._rng)
        if self._tom is None or self._rng.random() < 0.3:
            self._tom = self._instruments.choose(articulation, weights, self._rng)
        return self._tom

    def _prepare(self, name: str) -> Prepared:
        rng = self._rng
        articulation, shift, decay = name.rstrip("0123"), 0.0, 0.0
        if name.startswith("tom"):
            shift = self._tom_shifts[int(name[3])] * rng.uniform(0.6, 1.2)
        elif name == "half_open":
            articulation, decay = "open_hihat", log_uniform(rng, 2.0, 35.0)
        elif name == "closed_hihat" and rng.random() < 0.2:
            articulation, decay = "open_hihat", rng.uniform(35.0, 110.0)
        elif name == "pedal_hihat" and rng.random() < 0.4:
            articulation = "closed_hihat"
        instrument = self._instrument(articulation)
        if decay == 0.0 and articulation != "crash" and rng.random() < 0.3:
            decay = rng.uniform(2.0, 25.0) * (0.2 if articulation in _METAL else 1.0)
        if not (self.is_machine and rng.random() < 0.5):
            shift += rng.normal(0.0, 2.5 if articulation in _METAL else 1.7)
        speed = float(2.0 ** (np.clip(shift, -9.0, 8.0) / 12.0))
        layers = self._layers(instrument, _thump(name, self, rng))
        return _prepared(
            layers,
            instrument,
            rng,
            speed=speed,
            decay=decay,
            is_even=self.is_machine,
        )

    def _layers(self, instrument: Instrument, below: Samples | None) -> list[Samples]:
        """Mix the microphones of an instrument at random, and at times a second one into it."""
        rng = self._rng
        mixed = [
            _mixed(layer, gains)
            for gains in [_gains(instrument, rng)]
            for layer in instrument.layers
        ]
        is_layered = instrument.articulation in ("kick", "snare", "clap", "closed_hihat", "crash")
        if is_layered and rng.random() < 0.12:
            second = self._instrument(instrument.articulation)
            sound = _mixed(second.layers[-1], _gains(second, rng)) * 10.0 ** rng.uniform(-0.6, 0.0)
            mixed = [_sum(layer, sound.astype(np.float32)) for layer in mixed]
        if below is not None:
            mixed = [_sum(layer, below) for layer in mixed]
        return mixed

    def thump(self) -> Samples:
        """Return the dull sound of a foot on a pedal."""
        rng = self._rng
        articulation = str(rng.choice(["kick", "tom", "sidestick"]))
        instrument = self._instruments.choose(articulation, _KINDS[self._kind][1], rng)
        sound = _mixed(instrument.layers[-1], _gains(instrument, rng))
        dull = filtered(sound, shelf("high", rng.uniform(200.0, 900.0), -30.0)[np.newaxis])
        return np.asarray(dull * 10.0 ** (rng.uniform(-25.0, -6.0) / 20.0), dtype=np.float32)


def _thump(name: str, kit: Kit, rng: np.random.Generator) -> Samples | None:
    return kit.thump() if name == "pedal_hihat" and rng.random() < 0.4 else None


def _gains(instrument: Instrument, rng: np.random.Generator) -> NDArray[np.float64]:
    n_channels = instrument.layers[0].shape[0]
    return np.sqrt(rng.dirichlet(np.ones(n_channels))) if n_channels > 1 else np.ones(1)


def _mixed(layer: Samples, gains: NDArray[np.float64]) -> Samples:
    return np.asarray(gains.astype(np.float32) @ layer, dtype=np.float32)


def _sum(first: Samples, second: Samples) -> Samples:
    longer, shorter = (first, second) if len(first) >= len(second) else (second, first)
    both = longer.copy()
    both[: len(shorter)] += shorter
    return both


def _prepared(
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
    levels, takes = [], []
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
