"""A drummer: plays bars of a groove with fills, crashes, flams and ghost notes.

No hand is exact or even.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nmfd_cli.training.transcriber.grooves import (
    Groove,
    choose,
    draw_groove,
    redraw_drums,
    redraw_keeping,
)
from nmfd_cli.training.transcriber.meter import Meter, draw_meter

#: Parts of a performance; toms and crashes are several instruments.
PARTS: Final = (
    "kick", "snare", "sidestick", "closed_hihat", "half_open", "open_hihat", "pedal_hihat",
    *(f"tom{number}" for number in range(4)), "ride", "ride_bell", "crash0", "crash1", "clap",
    "other",
)  # fmt: skip
_HIHATS: Final = ("closed_hihat", "half_open", "open_hihat", "pedal_hihat")

_HANDS: Final = {
    "kick": "kick", "snare": "snare", "sidestick": "snare", "clap": "snare",
    **dict.fromkeys(_HIHATS, "hat"), "other": "hat", "ride": "cymbal", "ride_bell": "cymbal",
}  # fmt: skip


@dataclass(frozen=True, order=True)
class Hit:
    """A hit of a part.

    Attributes
    ----------
    time : float
        In seconds from the beginning.
    part : str
        One of `PARTS`.
    level : float
        In dB relative to a full hit, -34 to 1.5.
    """

    time: float
    part: str
    level: float


class Player:
    """Plays bars of a groove, with a hand's own lateness and unevenness."""

    def __init__(self, rng: np.random.Generator, duration: float) -> None:
        self.rng = rng
        self.duration = duration
        self.meter: Meter = draw_meter(rng)
        self.groove: Groove = draw_groove(self.meter, rng)
        self.hits: list[Hit] = []
        self.start = float(rng.uniform(0.0, 0.6))
        if rng.random() < 0.5:
            self.start -= float(rng.uniform(0.0, self.meter.bar))
        self._unevenness = float(rng.uniform(0.0, 0.012))
        hands = ("kick", "snare", "hat", "cymbal", "tom")
        self._lateness = {hand: float(rng.normal(0.0, 0.004)) for hand in hands}
        self._dynamics = float(rng.uniform(0.3, 1.6))
        self._draw_habits()

    def _draw_habits(self) -> None:
        rng = self.rng
        dance = self.groove.style == "dance"
        self._clap = (
            choose(rng, {"none": 6.0, "layer": 1, "alone": 1, "mix": 1})
            if dance
            else (choose(rng, {"none": 17.0, "layer": 1, "alone": 1, "mix": 1}))
        )
        self._backbeat = "sidestick" if rng.random() < 0.12 else "snare"
        self._open = float(rng.uniform(0.0, 0.25)) if rng.random() < 0.5 else 0.0
        self._open_slots = set(np.flatnonzero(rng.random(self.meter.n_slots) < 0.15).tolist())
        self._bell = float(rng.uniform(0.0, 0.4)) if rng.random() < 0.3 else 0.0
        self._fill = float(rng.uniform(0.2, 0.95)) if rng.random() < 0.85 else 0.0
        self._fill_every = int(rng.choice([1, 2, 4, 4, 8]))
        has_crashes = self.groove.has_cymbals and rng.random() < 0.75
        self._crash = float(rng.uniform(0.1, 0.9)) if has_crashes else 0.0

    def add(self, time: float, part: str, level: float, *, hand: str = "") -> None:
        hand = hand or _HANDS.get(part, part[:3].replace("cra", "cymbal"))
        late = self._lateness[hand] + self.rng.normal(0.0, self._unevenness)
        self.hit(time + late, part, level)

    def hit(self, time: float, part: str, level: float) -> None:
        """Add a hit at exactly this time."""
        loudness = level * self._dynamics + float(self.rng.normal(0.0, 1.2))
        self.hits.append(Hit(self.start + time, part, float(np.clip(loudness, -34.0, 1.5))))

    def play(self) -> None:
        rng, meter = self.rng, self.meter
        bar, is_other_section, was_fill = 0, False, False
        while self.start + bar * meter.bar < self.duration:
            if bar and bar % int(rng.choice([4, 8])) == 0:
                if rng.random() < 0.5:
                    redraw_drums(self.groove, meter, rng)
                if rng.random() < 0.5:
                    redraw_keeping(self.groove, meter, rng)
                is_other_section = not is_other_section
            is_fill = (bar + 1) % self._fill_every == 0 and rng.random() < self._fill
            n_slots = meter.n_slots
            if is_fill:
                length = meter.n_divisions * rng.choice([0.5, 1, 1, 2, 2, meter.n_beats])
                n_slots -= max(1, round(length))
            if (was_fill or bar % 4 == 0) and rng.random() < self._crash:
                self.add(meter.time(bar, 0), f"crash{rng.integers(2)}", float(rng.uniform(-4, 0)))
                if rng.random() < 0.8 and 0 not in self.groove.kick:
                    self.add(meter.time(bar, 0), "kick", float(rng.uniform(-3.0, 0.0)))
            is_break = rng.random() < 0.04
            for slot in range(max(0, n_slots)):
                self._play_slot(bar, slot, is_break=is_break, is_other_section=is_other_section)
            if is_fill:
                self._play_fill(bar, max(0, n_slots))
            was_fill = is_fill
            bar += 1

    def _play_slot(self, bar: int, slot: int, *, is_break: bool, is_other_section: bool) -> None:
        rng, groove = self.rng, self.groove
        time = self.meter.time(bar, slot)
        if not is_break or rng.random() < 0.3:
            if slot in groove.kick and rng.random() < 0.96:
                self.add(time, "kick", groove.kick[slot])
            elif rng.random() < 0.012:
                self.add(time, "kick", float(rng.uniform(-10.0, 0.0)))
            if slot in groove.snare and rng.random() < 0.97:
                self._play_snare(time, groove.snare[slot])
            elif slot in groove.ghosts and rng.random() < 0.85:
                self.add(time, "snare", groove.ghosts[slot])
            if slot in groove.toms and groove.has_toms:
                number, level = groove.toms[slot]
                self.add(time, f"tom{number}", level)
        keeper = groove.keeper
        if keeper == "changing":
            keeper = "ride" if is_other_section else "closed_hihat"
        is_foot_free = keeper not in _HIHATS or (slot not in groove.keeping and rng.random() < 0.5)
        if slot in groove.pedal and is_foot_free and rng.random() < 0.95:
            self.add(time, "pedal_hihat", groove.pedal[slot])
        if slot in groove.keeping and rng.random() < 0.985:
            self._keep_time(time, slot, keeper)

    def _play_snare(self, time: float, level: float) -> None:
        rng = self.rng
        part = self._backbeat if level > -9.0 else "snare"
        if self._clap == "alone" or (self._clap == "mix" and rng.random() < 0.5):
            part = "clap"
        self.add(time, part, level)
        if self._clap == "layer" and rng.random() < 0.9:
            self.add(time, "clap", level)
        if rng.random() < 0.04:  # a flam
            self.hit(time - rng.uniform(0.018, 0.04), "snare", level - float(rng.uniform(3, 10)))

    def _keep_time(self, time: float, slot: int, keeper: str) -> None:
        rng = self.rng
        level, part = self.groove.keeping[slot], keeper
        match keeper:
            case "none":
                return
            case "closed_hihat":
                if slot in self._open_slots and rng.random() < 3.0 * self._open:
                    part = "open_hihat"
                elif rng.random() < 0.01:
                    part = "pedal_hihat"
            case "half_open":
                part = choose(rng, {"half_open": 0.93, "closed_hihat": 0.04, "open_hihat": 0.03})
            case "ride":
                part = "ride_bell" if rng.random() < self._bell else "ride"
            case "crash":
                if not self.meter.is_on_beat(slot) and rng.random() < 0.8:
                    return
                part, level = "crash0", level - 2.0
            case "floor_tom":
                part = "tom3"
        self.add(time, part, level)

    def _play_fill(self, bar: int, first: int) -> None:
        rng, meter = self.rng, self.meter
        kinds = {"snare": 0.3, "roll": 0.12, "flam": 0.07, "kick": 0.06}
        if self.groove.has_toms:
            kinds |= {"tom": 0.45, "mixed": 0.25}
        kind = choose(rng, kinds)
        step = 0.5 if kind == "roll" else 2.0 if meter.n_divisions * 0.6 / meter.beat > 6 else 1.0
        for slot in np.arange(first, meter.n_slots, step):
            time = meter.time(bar, float(slot))
            progress = (slot - first) / max(1, meter.n_slots - first)
            if rng.random() < 0.92:
                self._fill_hit(time, kind, float(progress))
            if kind in ("tom", "snare") and rng.random() < 0.25:
                self.add(time, "kick", float(rng.uniform(-5.0, 0.0)))
            if rng.random() < 0.12:
                self.add(time, "pedal_hihat", float(rng.uniform(-6.0, 0.0)))

    def _fill_hit(self, time: float, kind: str, progress: float) -> None:
        rng = self.rng
        level = float(rng.uniform(-6.0, 0.0))
        tom = f"tom{min(3, int(progress * 4 + rng.uniform(0.0, 0.6)))}"
        part = {
            "tom": tom,
            "mixed": str(rng.choice(["snare", "kick", tom])),
            "kick": str(rng.choice(["snare", "kick"])),
        }.get(kind, "snare")
        if kind == "roll":
            level = -14.0 + 12.0 * progress + float(rng.uniform(-2.0, 2.0))
        self.add(time, part, level, hand="snare")
        if kind == "flam":
            second = "snare" if rng.random() < 0.6 or not self.groove.has_toms else tom
            self.hit(time - rng.uniform(0.02, 0.045), second, level - float(rng.uniform(2, 9)))
