"""The tempo of a drum transcription: where its beats and bars are, also where it drifts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.metre import Metre, find_metre
from nmfd_cli.core.pulse import Pulse, find_pulse

#: Fewer onsets than this have no tempo.
_FEWEST: Final = 8
#: The least concentration of the onsets on the grid of steps, from 0 (anywhere) to 1 (exactly).
_LEAST_CONCENTRATION: Final = 0.5
#: Onsets so close, in seconds, are one.
_TOGETHER: Final = 0.02
#: Beats that are so far from a steady tempo, in seconds, drift.
_DRIFT: Final = 0.02


@dataclass(frozen=True)
class Tempo:
    """A tempo, steady or with the beats of a playing that drifts.

    Attributes
    ----------
    bpm : float
        Beats a minute, on average.
    downbeat : float
        Seconds at which a bar begins, from 0 to less than the length of a bar.
    beat_times : tuple of float
        Seconds of the beats of a drifting performance, the first of them at `downbeat`; empty for a
        steady one.
    """

    bpm: float
    downbeat: float = 0.0
    beats_per_bar: int = 4
    beat_times: tuple[float, ...] = field(default=())

    @property
    def seconds_per_beat(self) -> float:
        """On average."""
        return 60.0 / self.bpm

    @property
    def is_steady(self) -> bool:
        """Whether all beats are of one length."""
        return not self.beat_times

    def beats(self, seconds: float) -> FloatArray:
        """Return the times of all beats of a recording so many seconds long, ascending."""
        first = self.number_at(0.0)
        last = self.number_at(seconds)
        times = self._times(np.arange(np.ceil(first - 1e-9), np.floor(last) + 1))
        return np.asarray(times[(times >= -1e-9) & (times < seconds)])

    def is_downbeat(self, time: float) -> bool:
        """Whether a beat at `time` begins a bar."""
        return round(self.number_at(time)) % self.beats_per_bar == 0

    def number_at(self, time: float) -> float:
        """Return the number of a beat at some time, with its fraction; 0 is the first downbeat."""
        if self.is_steady:
            return (time - self.downbeat) / self.seconds_per_beat
        known = np.array(self.beat_times)
        if time < known[0]:
            return float((time - known[0]) / (known[1] - known[0]))
        if time > known[-1]:
            return float(len(known) - 1 + (time - known[-1]) / (known[-1] - known[-2]))
        return float(np.interp(time, known, np.arange(len(known))))

    def _times(self, numbers: FloatArray) -> FloatArray:
        """Return the times of beats by their numbers."""
        if self.is_steady:
            return self.downbeat + numbers * self.seconds_per_beat
        known = np.array(self.beat_times)
        last = len(known) - 1
        times = np.interp(numbers, np.arange(len(known)), known)
        early, late = numbers < 0, numbers > last
        times[early] = known[0] + numbers[early] * (known[1] - known[0])
        times[late] = known[-1] + (numbers[late] - last) * (known[-1] - known[-2])
        return np.asarray(times)


def estimate_tempo(onsets: Mapping[str, FloatArray]) -> Tempo | None:
    """Estimate the tempo of onsets: a pulse that they follow, and the beat that it is part of.

    From onsets alone, twice or half the tempo may be as good: then backbeats decide, and the one
    closer to 120.

    Parameters
    ----------
    onsets : dict of str to ndarray, shape (n, 2)
        By drum class or articulation: seconds and velocity, 1 to 127.

    Returns
    -------
    Tempo or None
        None for fewer than eight onsets, and where they follow no grid: better no bar lines than
        wrong ones.
    """
    drums = {
        drum: np.asarray(hits, dtype=np.float64).reshape(-1, 2) for drum, hits in onsets.items()
    }
    hits = np.concatenate([*drums.values(), np.zeros((0, 2))])
    if len(hits) < _FEWEST:
        return None
    times, weights = _together(hits)
    if len(times) < _FEWEST // 2 or (pulse := find_pulse(times, weights)) is None:
        return None
    if pulse.concentration < _LEAST_CONCENTRATION:
        return None
    metre = find_metre(_on_steps(drums, pulse), pulse.seconds_per_step)
    return _tempo(pulse, metre) if metre is not None else None


def _together(hits: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the times at which anything is hit, ascending, and how much is."""
    order = np.argsort(hits[:, 0], kind="stable")
    times, weights = hits[order, 0], hits[order, 1] / 127.0
    group = np.concatenate([[0], np.cumsum(np.diff(times) > _TOGETHER)])
    total = np.bincount(group, weights=weights)
    return np.bincount(group, weights=weights * times) / total, np.sqrt(total)


def _on_steps(drums: Mapping[str, FloatArray], pulse: Pulse) -> dict[str, FloatArray]:
    """Return the nearest step of each hit, and its weight."""
    numbers = np.arange(len(pulse.times))
    found = {}
    for drum, hits in drums.items():
        steps = np.rint(np.interp(hits[:, 0], pulse.times, numbers))
        found[drum] = np.column_stack([steps, hits[:, 1] / 127.0])
    return found


def _tempo(pulse: Pulse, metre: Metre) -> Tempo:
    """Return the tempo of the beats of a pulse."""
    bar = metre.steps_per_beat * metre.beats_per_bar
    numbers = np.arange(len(pulse.times))
    slope, origin = np.polyfit(numbers, pulse.times, 1)
    step_seconds = float(slope)
    bpm = 60.0 / (step_seconds * metre.steps_per_beat)
    residual = pulse.times - np.polyval((slope, origin), numbers)
    downbeat = float(origin + metre.first * slope)
    if float(np.abs(residual).max()) <= _DRIFT:
        return Tempo(bpm, downbeat % (bar * step_seconds), metre.beats_per_bar)
    first, last = numbers[0], numbers[-1]
    start = metre.first - bar * int((metre.first - first) // bar)  # the first in the music
    ends = (pulse.times[0], pulse.times[-1])
    edges = pulse.times[1] - pulse.times[0], pulse.times[-1] - pulse.times[-2]
    while _extended(start - bar, pulse.times, ends, edges) >= 0:  # bars of the silence before
        start -= bar
    beats = np.arange(start, last + metre.steps_per_beat, metre.steps_per_beat)
    times = tuple(float(_extended(beat, pulse.times, ends, edges)) for beat in beats)
    return Tempo(bpm, times[0], metre.beats_per_bar, times)


def _extended(
    step: float, times: FloatArray, ends: tuple[float, float], edges: tuple[float, float]
) -> float:
    """Return the time of a step, also before the first and behind the last."""
    last = len(times) - 1
    if step < 0:
        return float(ends[0] + step * edges[0])
    if step > last:
        return float(ends[1] + (step - last) * edges[1])
    return float(times[int(step)])
