"""The tempos of a MIDI file that is written, and its ticks of times."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

_TICKS_PER_BEAT: Final = 960
LONGEST_TICK: Final = 0.0005
_MOST_TICKS: Final = (1 << 15) - 1
#: What begins so early, in seconds, begins with the file.
_AT_ONCE: Final = 0.06
#: A bar before the music may not be faster, in beats a minute.
_FASTEST_PICKUP: Final = 960.0


@dataclass(frozen=True)
class TempoMap:
    """From each of some ticks on, a tempo.

    Attributes
    ----------
    tempos : tuple of (int, int)
        Ticks, ascending from 0, and microseconds a beat.
    seconds : tuple of float
        Of those ticks, as the tempos make them.
    metres : tuple of (int, int)
        Ticks, and beats of a bar from there on.
    """

    ticks_per_beat: int
    tempos: tuple[tuple[int, int], ...]
    seconds: tuple[float, ...]
    metres: tuple[tuple[int, int], ...] = ()

    def tick(self, seconds: float) -> int:
        """Return the nearest tick of a time, 0 or later."""
        place = max(0, bisect_right(self.seconds, seconds) - 1)
        tick, beat = self.tempos[place]
        return tick + round((seconds - self.seconds[place]) * 1e6 / beat * self.ticks_per_beat)

    def time(self, tick: int) -> float:
        """Return the seconds at a tick."""
        place = max(0, bisect_right(self.tempos, tick, key=lambda tempo: tempo[0]) - 1)
        begin, beat = self.tempos[place]
        return self.seconds[place] + (tick - begin) * beat / 1e6 / self.ticks_per_beat


def steady(bpm: float, *, longest_tick: float = LONGEST_TICK) -> TempoMap:
    """Return the map of one tempo: bars begin with the file.

    Parameters
    ----------
    bpm : float
        Beats a minute.
    longest_tick : float
        Seconds that a tick lasts at most; more ticks than a file can count are not kept.
    """
    beat = round(60e6 / bpm)
    return TempoMap(_ticks_per_beat(beat, longest_tick), ((0, beat),), (0.0,))


def drifting(beat_times: Sequence[float], beats_per_bar: int) -> TempoMap:
    """Return a map with a tempo for each beat, so that bars of the file are bars of the music.

    The time before the first beat becomes a bar, or a single beat where that would be too fast.

    Parameters
    ----------
    beat_times : sequence of float
        Seconds, 0 or more, rising, at least two; the first begins a bar.
    """
    beats = list(beat_times)
    n_before, metres = 0, [(0, beats_per_bar)]
    if beats[0] < _AT_ONCE:
        beats[0] = 0.0
    else:
        n_before = beats_per_bar if 60 * beats_per_bar / beats[0] <= _FASTEST_PICKUP else 1
    longest = max(b - a for a, b in pairwise(beats))
    if n_before:
        longest = max(longest, beats[0] / n_before)
    ticks_per_beat = _ticks_per_beat(round(longest * 1e6))
    if 0 < n_before < beats_per_bar:
        metres = [(0, n_before), (n_before * ticks_per_beat, beats_per_bar)]
    tempos, seconds, now = [], [], 0.0
    lengths = [(0, n_before, beats[0])] if n_before else []
    lengths += [(n_before + index, 1, end) for index, end in enumerate(beats[1:])]
    for first, n_beats, end in lengths:
        beat = max(1, round((end - now) * 1e6 / n_beats))  # what rounding took, the next gives
        tempos.append((first * ticks_per_beat, beat))
        seconds.append(now)
        now += n_beats * beat / 1e6
    return TempoMap(ticks_per_beat, tuple(tempos), tuple(seconds), tuple(metres))


def _ticks_per_beat(beat: int, longest_tick: float = LONGEST_TICK) -> int:
    """Return how many ticks a beat of so many microseconds has, none of them too long."""
    ticks = _TICKS_PER_BEAT
    while beat / 1e6 / ticks > longest_tick and 2 * ticks <= _MOST_TICKS:
        ticks *= 2
    return ticks
