"""Patterns of one bar, drawn at random in many styles.

A bar has slots (`Meter`); a pattern says in which slots a drum is hit, and how loud in dB relative
to a full hit.
"""

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from nmfd_cli.training.transcriber.meter import Meter

#: Slot -> level in dB.
Pattern = dict[int, float]

_STYLES: Final = {
    "rock": 0.20, "funk": 0.16, "jazz": 0.09, "dance": 0.12, "latin": 0.07, "metal": 0.08,
    "train": 0.04, "tribal": 0.06, "half-time": 0.09, "random": 0.09,
}  # fmt: skip

#: What keeps the time, and how often.
_KEEPERS: Final = {
    "closed_hihat": 0.36, "ride": 0.20, "changing": 0.12, "none": 0.03, "open_hihat": 0.05,
    "half_open": 0.13, "other": 0.04, "crash": 0.05, "floor_tom": 0.02,
}  # fmt: skip

_BACKBEATS: Final = {2: (1,), 3: (1,), 4: (1, 3), 5: (1, 3), 6: (3,)}


def choose(rng: np.random.Generator, weights: dict[str, float]) -> str:
    """Draw a key with the probability that its value says."""
    shares = np.array(list(weights.values()))
    return str(rng.choice(list(weights), p=shares / shares.sum()))


@dataclass
class Groove:
    """Patterns of one bar.

    Attributes
    ----------
    style, keeper : str
        `keeper` is the articulation that keeps the time, or how it changes.
    kick, snare, ghosts, pedal, keeping : Pattern
    toms : dict
        Slot -> (which tom, level).
    """

    style: str
    keeper: str
    has_toms: bool
    has_cymbals: bool
    kick: Pattern = field(default_factory=dict)
    snare: Pattern = field(default_factory=dict)
    ghosts: Pattern = field(default_factory=dict)
    pedal: Pattern = field(default_factory=dict)
    keeping: Pattern = field(default_factory=dict)
    toms: dict[int, tuple[int, float]] = field(default_factory=dict)


def draw_groove(meter: Meter, rng: np.random.Generator) -> Groove:
    """Draw style, what keeps the time, and all patterns."""
    style = choose(rng, _STYLES)
    has_toms = style == "tribal" or bool(rng.random() < 0.7)
    has_cymbals = bool(rng.random() < (0.92 if style == "jazz" else 0.8))
    keeper = choose(rng, _KEEPERS)
    if style == "jazz" and rng.random() < 0.75:
        keeper = "ride"
    if style == "metal" and rng.random() < 0.4:
        keeper = str(rng.choice(["crash", "ride", "open_hihat"]))
    if not has_cymbals and keeper in ("ride", "changing", "crash"):
        keeper = "closed_hihat"
    if not has_toms and keeper == "floor_tom":
        keeper = "closed_hihat"
    groove = Groove(style, keeper, has_toms, has_cymbals)
    redraw_drums(groove, meter, rng)
    redraw_keeping(groove, meter, rng)
    return groove


def redraw_drums(groove: Groove, meter: Meter, rng: np.random.Generator) -> None:
    """Draw new patterns of all that does not keep the time."""
    groove.kick = _kick(groove.style, meter, rng)
    groove.snare = _snare(groove.style, meter, rng)
    groove.ghosts = _ghosts(groove, meter, rng)
    groove.pedal = _pedal(groove, meter, rng)
    groove.toms = {}
    if groove.style == "tribal":
        groove.toms = {
            slot: (int(rng.integers(4)), float(rng.uniform(-8.0, 0.0)))
            for slot in range(meter.n_slots)
            if rng.random() < 0.45
        }


def _some(
    meter: Meter, rng: np.random.Generator, share: float, *, low: float, high: float = 0.0
) -> Pattern:
    """Draw each slot with a probability, at a level between two in dB."""
    chosen = np.flatnonzero(rng.random(meter.n_slots) < share)
    return {int(slot): float(rng.uniform(low, high)) for slot in chosen}


def _on_beats(meter: Meter, rng: np.random.Generator, *, low: float, high: float = 0.0) -> Pattern:
    return {
        beat * meter.n_divisions: float(rng.uniform(low, high)) for beat in range(meter.n_beats)
    }


def _kick(style: str, meter: Meter, rng: np.random.Generator) -> Pattern:
    if style == "dance":
        return _some(meter, rng, 0.05, low=-8.0, high=-2.0) | _on_beats(meter, rng, low=-1.0)
    if style == "jazz":
        feathered = _on_beats(meter, rng, low=-18.0, high=-8.0) if rng.random() < 0.35 else {}
        return feathered | _some(meter, rng, 0.08, low=-10.0)
    if style == "metal":
        step = int(rng.choice([1, 2]))
        return {s: v for s, v in _some(meter, rng, 0.85, low=-4.0).items() if s % step == 0}
    if style == "train":
        return {
            slot: level
            for slot, level in _on_beats(meter, rng, low=-4.0).items()
            if (slot // meter.n_divisions) % 2 == 0 or rng.random() < 0.3
        }
    density = rng.uniform(0.02, 0.35) * (1.4 if style == "funk" else 1.0)
    pattern = {0: float(rng.uniform(-2.0, 0.0))}
    for slot in range(1, meter.n_slots):
        weight = 1.0 if meter.is_on_beat(slot) else 0.8 if meter.is_offbeat(slot) else 0.35
        if rng.random() < density * weight:
            pattern[slot] = float(rng.uniform(-6.0, 0.0))
    return pattern


def _snare(style: str, meter: Meter, rng: np.random.Generator) -> Pattern:
    if style == "jazz":
        return _some(meter, rng, rng.uniform(0.03, 0.2), low=-20.0, high=-2.0)
    if style == "train":
        half = max(1, meter.n_divisions // 2)
        brushed = _some(meter, rng, 0.9, low=-5.0)
        return {s: v - 10.0 * ((s // half) % 2 == 0) for s, v in brushed.items()}
    beats: tuple[int, ...] = _BACKBEATS[meter.n_beats]
    if style == "half-time" and meter.n_beats == 4:
        beats = (2,)
    if style == "metal" and rng.random() < 0.4:
        beats = tuple(range(meter.n_beats))
    share = 0.5 if style == "tribal" else 1.0
    pattern: Pattern = {}
    if rng.random() < 0.35:
        pattern = _some(meter, rng, 0.08, low=-8.0)
    if style == "random":
        pattern |= _some(meter, rng, 0.12, low=-12.0)
    for beat in beats:
        if rng.random() < share:
            pattern[beat * meter.n_divisions] = float(rng.uniform(-2.0, 0.0))
    return pattern


def _ghosts(groove: Groove, meter: Meter, rng: np.random.Generator) -> Pattern:
    """Soft hits of the snare between the others, 10 to 30 dB below them."""
    often = groove.style in ("funk", "rock", "half-time")
    if rng.random() > (0.6 if often else 0.2):
        return {}
    softest = rng.uniform(-30.0, -16.0)
    drawn = _some(meter, rng, rng.uniform(0.08, 0.45), low=softest, high=-9.0)
    return {
        slot: level
        for slot, level in drawn.items()
        if slot not in groove.snare and (rng.random() < 0.4 or not meter.is_on_beat(slot))
    }


def _pedal(groove: Groove, meter: Meter, rng: np.random.Generator) -> Pattern:
    is_free = groove.keeper in ("ride", "changing", "floor_tom", "crash", "none", "other")
    if rng.random() > (0.75 if is_free or groove.style in ("jazz", "tribal") else 0.1):
        return {}
    return {
        slot: level
        for slot, level in _on_beats(meter, rng, low=-8.0).items()
        if (slot // meter.n_divisions) % 2 == 1 or rng.random() < 0.25
    }


def redraw_keeping(groove: Groove, meter: Meter, rng: np.random.Generator) -> None:
    """Draw a new pattern of what keeps the time."""
    kinds = {"8": 0.42, "16": 0.2, "4": 0.13, "off": 0.07, "jazz": 0.1, "random": 0.08}
    kind = choose(rng, kinds)
    if groove.style == "jazz" and rng.random() < 0.7:
        kind = "jazz"
    if groove.style == "dance" and rng.random() < 0.4:
        kind = "off"
    accent = float(rng.uniform(0.0, 9.0))
    last = meter.n_divisions - 1

    def is_hit(slot: int) -> bool:
        beat, place = divmod(slot, meter.n_divisions)
        match kind:
            case "16":
                return True
            case "4":
                return place == 0
            case "8":
                return place == 0 or meter.is_offbeat(slot)
            case "off":
                return meter.is_offbeat(slot)
            case "jazz":
                return place == 0 or (beat % 2 == 1 and place == last)
        return bool(rng.random() < 0.5)

    groove.keeping = {
        slot: 0.0 if meter.is_on_beat(slot) else -accent - float(rng.uniform(0.0, 3.0))
        for slot in range(meter.n_slots)
        if is_hit(slot) and rng.random() < 0.97
    }
