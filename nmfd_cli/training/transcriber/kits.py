"""A kit for one clip: an instrument for every part, prepared as it shall sound there."""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.training.transcriber.effects import Samples, filtered, log_uniform, shelf
from nmfd_cli.training.transcriber.instruments import (
    ACOUSTIC,
    MACHINE,
    SOUNDFONT,
    SYNTHESIS,
    Instrument,
)
from nmfd_cli.training.transcriber.takes import Prepared, prepared

_METAL: Final = ("closed_hihat", "open_hihat", "pedal_hihat", "ride", "ride_bell", "crash")

#: Kinds of kits: how often each occurs, and how likely it takes each group's sounds.
_KINDS: Final = (
    (0.46, {SOUNDFONT: 0.8, ACOUSTIC: 1.5, MACHINE: 0.1, SYNTHESIS: 0.3}),
    (0.24, {SOUNDFONT: 0.3, ACOUSTIC: 0.2, MACHINE: 1.5, SYNTHESIS: 0.3}),
    (0.08, {SOUNDFONT: 0.1, ACOUSTIC: 0.1, MACHINE: 0.1, SYNTHESIS: 1.0}),
    (0.22, {SOUNDFONT: 0.8, ACOUSTIC: 0.8, MACHINE: 0.8, SYNTHESIS: 0.5}),
)
_MACHINE_KIND: Final = 1


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
    """Chooses and prepares the parts of a performance."""

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
        is_thumping = name == "pedal_hihat" and rng.random() < 0.4
        layers = self._layers(instrument, self.thump() if is_thumping else None)
        return prepared(layers, instrument, rng, speed=speed, decay=decay, is_even=self.is_machine)

    def _layers(self, instrument: Instrument, below: Samples | None) -> list[Samples]:
        """Mix the microphones of an instrument at random, and at times a second one into it."""
        rng = self._rng
        gains = _gains(instrument, rng)
        mixed = [_mixed(layer, gains) for layer in instrument.layers]
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
