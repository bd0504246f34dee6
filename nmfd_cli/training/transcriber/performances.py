"""Random drum performances: who is hit when, and how hard.

Grooves of many styles with fills, crashes, flams, rolls and ghost notes, played by hands that are
neither exact nor even; and performances without any pattern.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from nmfd_cli.training.transcriber.grooves import choose
from nmfd_cli.training.transcriber.player import PARTS, Hit, Player

#: Hits of one part closer than this are one, in seconds.
_CLOSEST: Final = 0.016


@dataclass(frozen=True)
class Performance:
    """Hits in the order of time; beats for accompaniment that keeps together with them."""

    hits: list[Hit]
    beat: float
    start: float


def _grooving(rng: np.random.Generator, duration: float) -> Performance:
    player = Player(rng, duration)
    player.play()
    hits = player.hits
    if rng.random() < 0.12:  # percussion that distracts
        step = player.meter.beat / int(rng.choice([1, 2, 4]))
        hits += [
            Hit(player.start + k * step, "other", float(rng.uniform(-8.0, 0.0)))
            for k in range(int(duration / step))
            if rng.random() < 0.7
        ]
    if rng.random() < 0.06:  # a part where only some play
        begin, end = np.sort(rng.uniform(0.0, duration, 2))
        silent = set(rng.choice(PARTS, len(PARTS) // 2, replace=False).tolist())
        hits = [hit for hit in hits if not (begin < hit.time < end and hit.part in silent)]
    return Performance(hits, player.meter.beat, player.start)


def _random(rng: np.random.Generator, duration: float) -> Performance:
    """Every part hit at random times."""
    hits = []
    for part in PARTS:
        usual = 0.9 if part in ("kick", "snare", "closed_hihat") else 0.35
        if rng.random() > usual:
            continue
        rate = np.exp(rng.uniform(np.log(0.3), np.log(5.0)))
        rate *= 0.4 if part.startswith(("crash", "tom", "ride_bell")) else 1.0
        times = np.cumsum(rng.exponential(1.0 / rate, int(2.0 * rate * duration) + 1))
        hits += [Hit(float(t), part, float(rng.uniform(-18.0, 0.0))) for t in times]
    return Performance(hits, float(rng.uniform(0.3, 0.9)), 0.0)


def _rolling(rng: np.random.Generator, duration: float) -> Performance:
    """Fast repeated hits of few parts, 30 to 110 ms apart, with swelling levels and pauses."""
    hits: list[Hit] = []
    for part in rng.choice(PARTS[:-1], int(rng.integers(1, 4)), replace=False):
        time = float(rng.uniform(0.0, 1.0))
        while time < duration:
            gap = float(np.exp(rng.uniform(np.log(0.032), np.log(0.11))))
            n_hits = int(rng.integers(3, 40))
            begin, end = rng.uniform(-20.0, 0.0, 2)
            uneven = rng.uniform(0.0, 0.1) * gap
            for k in range(n_hits):
                level = begin + (end - begin) * k / n_hits + float(rng.normal(0.0, 1.5))
                hits.append(Hit(time + float(rng.normal(0.0, uneven)), str(part), float(level)))
                time += gap
            time += float(rng.exponential(0.8))
    return Performance(hits, float(rng.uniform(0.3, 0.9)), 0.0)


def perform(rng: np.random.Generator, duration: float) -> Performance:
    """Draw a performance of some seconds: mostly grooves."""
    kind = choose(rng, {"groove": 0.86, "random": 0.07, "roll": 0.05, "none": 0.02})
    if kind == "none":
        return Performance([], float(rng.uniform(0.3, 0.9)), 0.0)
    makers = {"groove": _grooving, "random": _random, "roll": _rolling}
    drawn = makers[kind](rng, duration)
    kept: list[Hit] = []
    latest: dict[str, float] = {}
    for hit in sorted(drawn.hits):
        is_inside = 0.02 <= hit.time <= duration - 0.1
        if is_inside and hit.time - latest.get(hit.part, -1.0) >= _CLOSEST:
            latest[hit.part] = hit.time
            kept.append(hit)
    return Performance(kept, drawn.beat, drawn.start)
