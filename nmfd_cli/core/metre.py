"""Which of the pulses of a performance is the beat, and where bars begin.

The pulses are counted as steps: the onsets of a performance lie on a grid of steps (`pulse`), and
a beat has some of them (`_STEPS`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from nmfd_cli.core.arrays import FloatArray

#: Beats a minute that are looked for.
SLOWEST, FASTEST = 50.0, 240.0
#: The tempo that is preferred where several fit, and how far from it one falls out of favour.
_PREFERRED, _OCTAVES = 120.0, 0.9
#: Steps that a beat may have, and how usual that is; those of five are what swing looks like.
_STEPS: Final = {1: 0.8, 2: 1.0, 3: 1.0, 4: 1.0, 5: 0.7, 6: 1.0, 8: 1.0, 10: 0.7, 12: 0.9}
#: How much a hit says about where beats are: drums that carry the metre, and all others.
_SAYS: Final = {"kick": 1.0, "snare": 1.5, "clap": 1.0, "side stick": 0.7}
_OTHERS_SAY: Final = 0.3
_SNARES: Final = ("snare", "clap", "side stick")
#: So much better a bar of three beats must explain a performance than one of four.
_FOR_THREE: Final = 0.1


@dataclass(frozen=True)
class Metre:
    """How steps make beats and bars.

    Attributes
    ----------
    beats_per_bar : int
        Three or four.
    first : int
        A step on which a bar begins.
    """

    steps_per_beat: int
    beats_per_bar: int
    first: int


def find_metre(steps: Mapping[str, FloatArray], seconds_per_step: float) -> Metre | None:
    """Find the beat among the multiples of a step.

    A beat is likely if the drums that carry the metre fall on it, if snares fall on every other
    one (the backbeat), and if it is not unusually fast or slow.

    Parameters
    ----------
    steps : dict of str to ndarray, shape (n, 2)
        By drum: the step of each hit, a whole number from 0, and its weight.

    Returns
    -------
    Metre or None
        None where no multiple is a tempo that is looked for.
    """
    n_steps = 1 + int(max((hits[:, 0].max() for hits in steps.values() if len(hits)), default=0))
    carrying, kicks, snares = (np.zeros(n_steps) for _ in range(3))
    for drum, hits in steps.items():
        at = hits[:, 0].astype(np.intp)
        np.add.at(carrying, at, _SAYS.get(drum, _OTHERS_SAY) * hits[:, 1])
        if drum in _SNARES or drum == "kick":
            np.add.at(kicks if drum == "kick" else snares, at, hits[:, 1])
    rated = []
    for size, likely in _STEPS.items():
        bpm = 60.0 / (size * seconds_per_step)
        if SLOWEST <= bpm <= FASTEST:
            usual = float(np.exp(-0.5 * (np.log2(bpm / _PREFERRED) / _OCTAVES) ** 2))
            rated.append((likely * usual * _evidence(carrying, kicks, snares, size), size))
    if not rated:
        return None
    size = max(rated)[1]
    phase = int(np.argmax(_folded(carrying, size)))
    n_beats = _beats_per_bar((kicks - snares)[phase::size])
    return Metre(size, n_beats, _downbeat(steps, carrying, size, n_beats))


def _evidence(carrying: FloatArray, kicks: FloatArray, snares: FloatArray, size: int) -> float:
    """Return how well hits agree with a beat of so many steps."""
    on_beat = _folded(carrying, size)
    total = float(on_beat.sum())
    if total == 0:
        return 0.0
    phase = int(np.argmax(on_beat))
    share = float(on_beat[phase]) / total
    chance = 1 / size
    clear = (share - chance) / (1 - chance) if size > 1 else 0.4
    return (0.2 + clear) * (0.3 + _backbeat(kicks, snares, phase, size))


def _backbeat(kicks: FloatArray, snares: FloatArray, phase: int, size: int) -> float:
    """Return how far snares are struck on the second and fourth of four beats, kicks on others.

    Snares on the first or third count against it, by half: rolls have no backbeat, but Motown has.
    """
    n_snares = float(snares.sum())
    if n_snares == 0:
        return 0.0
    beats = phase + size * np.arange(4)
    snare, kick = (_folded(hits, 4 * size)[beats] for hits in (snares, kicks))
    n_kicks = float(kick.sum()) or 1.0
    best = 0.0
    for first in (0, 1):
        after = min(snare[first + 1], snare[(first + 3) % 4])
        more = float(after) - 0.5 * float(max(snare[first], snare[first + 2]))
        apart = float(kick[first] + kick[first + 2]) / n_kicks
        best = max(best, 2 * more / n_snares * (0.3 + 0.7 * apart))
    return best


def _folded(values: FloatArray, period: int) -> FloatArray:
    """Return the sums of values at the same place of a period."""
    padded = np.zeros(-(-len(values) // period) * period)
    padded[: len(values)] = values
    return np.asarray(padded.reshape(-1, period).sum(axis=0))


def _beats_per_bar(beats: FloatArray) -> int:
    """Return three or four, of what is struck on each beat: kicks more than 0, snares less."""
    likeness = {n: _likeness(beats, n) for n in (2, 3, 4)}
    return 3 if likeness[3] > max(likeness[2], likeness[4]) + _FOR_THREE else 4


def _likeness(values: FloatArray, lag: int) -> float:
    """Return the correlation of a series with itself so many steps later."""
    if len(values) < 2 * lag:
        return 0.0
    first, second = values[:-lag] - values.mean(), values[lag:] - values.mean()
    norm = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / norm if norm else 0.0


def _downbeat(
    steps: Mapping[str, FloatArray], carrying: FloatArray, size: int, n_beats: int
) -> int:
    """Return where the bar begins: kick and crash on its first beat, snare on the second."""
    bar = size * n_beats
    folded = {drum: np.zeros(bar) for drum in steps}
    for drum, hits in steps.items():
        np.add.at(folded[drum], hits[:, 0].astype(np.intp) % bar, hits[:, 1])
    beats = np.zeros(bar)
    beats[::size] = 0.5
    kick, snare = beats.copy(), beats.copy()
    kick[0], snare[0] = 2.0, -1.0
    if n_beats == 4:
        kick[2 * size], snare[2 * size] = 1.0, 0.0
    else:
        snare[:] = np.where(snare > 0, 0.7, snare)
    others = beats + (np.arange(bar) == 0) * 0.5
    wanted = {"kick": kick, "crash": 2 * others, **dict.fromkeys(_SNARES, snare)}
    support = [
        sum(float(np.roll(wanted.get(drum, others), place) @ hits) for drum, hits in folded.items())
        for place in range(bar)
    ]
    phase = int(np.argmax(_folded(carrying, size)))  # a bar begins on a beat
    support[0] += 0.1 * sum(float(hits.sum()) for hits in folded.values())  # music begins there
    candidates = [place for place in range(bar) if place % size == phase % size]
    return max(candidates, key=lambda place: support[place])
