"""The tempo of a drum transcription."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray

#: Beats a minute that are looked for.
SLOWEST, FASTEST = 55.0, 215.0
#: The tempo that is preferred where several fit, and how far from it one falls out of favour.
_PREFERRED, _OCTAVES = 120.0, 0.9
#: Steps of a beat, and beats of a bar (a bar of four is taken for granted).
STEPS_PER_BEAT = 4
BEATS_PER_BAR = 4
#: Fewer onsets than this have no tempo.
_FEWEST = 8
#: The least concentration of the onsets on the grid of steps, from 0 (anywhere) to 1 (exactly).
_LEAST_CONCENTRATION = 0.5
#: Onsets so many seconds apart still meet, as one standard deviation.
_TOLERANCE = 0.015


@dataclass(frozen=True)
class Tempo:
    """A steady tempo.

    Attributes
    ----------
    bpm : float
        Beats a minute.
    downbeat : float
        Seconds at which a bar begins, from 0 to less than the length of a bar.
    """

    bpm: float
    downbeat: float = 0.0

    @property
    def seconds_per_beat(self) -> float:
        return 60.0 / self.bpm

    def beats(self, seconds: float) -> FloatArray:
        """Return the times of all beats of a recording so many seconds long, ascending."""
        first = self.downbeat % self.seconds_per_beat
        return np.arange(first, seconds, self.seconds_per_beat)

    def is_downbeat(self, time: float) -> bool:
        """Whether a beat at `time` begins a bar."""
        beat = round((time - self.downbeat) / self.seconds_per_beat)
        return beat % BEATS_PER_BAR == 0


def estimate_tempo(onsets: Mapping[str, FloatArray]) -> Tempo | None:
    """Estimate a steady tempo from onsets.

    The autocorrelation of all onsets, each weighted by its velocity, is summed over one, two and
    four beats and weighted by how usual the tempo is, as in [1]_ from onsets instead of an
    envelope.  The best candidate is then refined, within two percent, to where the onsets fall most
    closely onto the grid of sixteenths, measured by the length of their mean phase vector [2]_.
    From onsets alone, twice or half the tempo may be as good: then the one closer to 120 is
    returned.

    Parameters
    ----------
    onsets : dict of str to ndarray, shape (n, 2)
        By drum: seconds and velocity, 1 to 127.  The kick weighs double in finding the bar.

    Returns
    -------
    Tempo or None
        None for fewer than eight onsets, and where they follow no grid: better no bar lines than
        wrong ones.

    References
    ----------
    .. [1] D. Ellis: "Beat tracking by dynamic programming", J. New Music Research 36(1), 2007.
    .. [2] N. I. Fisher: "Statistical analysis of circular data", Cambridge, 1993.
    """
    drums = [np.asarray(drum, dtype=np.float64).reshape(-1, 2) for drum in onsets.values()]
    hits = np.concatenate(drums) if drums else np.zeros((0, 2))
    if len(hits) < _FEWEST:
        return None
    times, weights = hits[:, 0], hits[:, 1] / 127.0
    bpm = _refined(times, weights, _coarse(times, weights))
    grid = _phase(times, weights, bpm * STEPS_PER_BEAT)
    if abs(grid) < _LEAST_CONCENTRATION:
        return None
    step = 60.0 / (bpm * STEPS_PER_BEAT)
    offset = float(np.angle(grid)) / (2 * np.pi) * step
    return Tempo(bpm, _downbeat(onsets, step, offset))


def _coarse(times: FloatArray, weights: FloatArray) -> float:
    """Return the tempo whose beats, twos and fours of beats separate the most onsets."""
    candidates = np.geomspace(SLOWEST, FASTEST, 400)
    longest = 4 * 60.0 / SLOWEST
    order = np.argsort(times)
    times, weights = times[order], weights[order]
    after = np.searchsorted(times, times + longest)
    first = np.repeat(np.arange(len(times)), after - np.arange(len(times)) - 1)
    second = np.concatenate([np.arange(i + 1, end) for i, end in enumerate(after)])
    lags = times[second] - times[first]
    products = weights[second] * weights[first]
    resolution = 0.001
    density = np.bincount(np.rint(lags / resolution).astype(int), weights=products)
    offsets = np.arange(-60, 61)
    kernel = np.exp(-0.5 * (offsets * resolution / _TOLERANCE) ** 2)
    density = np.convolve(np.pad(density, (0, 200)), kernel, mode="same")
    at = np.arange(len(density)) * resolution
    score = np.zeros(len(candidates))
    for beats, weight in ((1, 1.0), (2, 0.6), (4, 0.4), (0.5, 0.4)):
        score += weight * np.interp(beats * 60.0 / candidates, at, density, right=0.0)
    usual = np.exp(-0.5 * (np.log2(candidates / _PREFERRED) / _OCTAVES) ** 2)
    return float(candidates[np.argmax(score * usual)])


def _refined(times: FloatArray, weights: FloatArray, bpm: float) -> float:
    """Return the tempo within two percent on whose steps the onsets lie most closely."""
    span = max(float(np.ptp(times)), 1.0)
    # a hundredth of a step at the end of the recording
    finest = 0.01 * 60.0 / (bpm * STEPS_PER_BEAT) / span
    near = bpm * np.linspace(0.98, 1.02, int(min(0.04 / finest, 4000)) | 1)
    lengths = [abs(_phase(times, weights, candidate * STEPS_PER_BEAT)) for candidate in near]
    return float(near[np.argmax(lengths)])


def _phase(times: FloatArray, weights: FloatArray, per_minute: float) -> complex:
    """Return the mean phase vector of the onsets on a grid of so many points a minute."""
    turns = 2j * np.pi * times * per_minute / 60.0
    return complex(np.sum(weights * np.exp(turns)) / np.sum(weights))


def _downbeat(onsets: Mapping[str, FloatArray], step: float, offset: float) -> float:
    """Return where the bar begins: on the step of the bar that the kick favours most."""
    n_steps = STEPS_PER_BEAT * BEATS_PER_BAR
    weight_at: NDArray[np.float64] = np.zeros(n_steps)
    for drum, hits in onsets.items():
        for time, velocity in np.asarray(hits, dtype=np.float64).reshape(-1, 2):
            place = round((time - offset) / step) % n_steps
            weight_at[place] += velocity / 127.0 * (2.0 if drum == "kick" else 1.0)
    # a bar's first beat counts most, then its other beats, so that it does not begin off the beat
    beats = np.array([1.0 if s == 0 else 0.5 if s % STEPS_PER_BEAT == 0 else 0 for s in range(16)])
    support = [float(beats @ np.roll(weight_at, -place)) for place in range(n_steps)]
    return float((offset + int(np.argmax(support)) * step) % (n_steps * step))
