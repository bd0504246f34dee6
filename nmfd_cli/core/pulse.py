"""The finest regular pulse of a performance, followed through its drift."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray

#: Seconds of a step that are looked for: from sixteenths at 250 to eighths at 65 beats a minute.
_SHORTEST, _LONGEST = 0.06, 0.46
#: Neighbouring candidates differ so much.
_RATIO: Final = 1.003
#: Spans in which a tempo is taken for steady, and from one to the next, in seconds.
_SPAN, _HOP = 6.0, 3.0
#: Within a span a step may differ so much from that of the whole.
_DRIFT: Final = 0.04
#: Onsets that follow the grid from before, by which the next are foreseen, in steps.
_MEMORY: Final = 8.0
#: The weight of second differences of the grid, the fourth power of the steps it is smoothed over.
_STIFFNESS: Final = 9.0**4
_MOST_CANDIDATES: Final = 6


@dataclass(frozen=True)
class Pulse:
    """A grid of steps and where onsets lie on it.

    Attributes
    ----------
    times : ndarray, shape (S,)
        Seconds of step 0, 1, ...; rising.
    steps : ndarray of int, shape (n,)
        The step of each onset.
    concentration : float
        How closely onsets lie on the grid: 1 exactly, 0 anywhere.
    """

    times: FloatArray
    steps: NDArray[np.intp]
    concentration: float

    @property
    def seconds_per_step(self) -> float:
        """On average."""
        return float(self.times[-1] - self.times[0]) / (len(self.times) - 1)


def find_pulse(times: FloatArray, weights: FloatArray) -> Pulse | None:
    """Find the grid on which onsets lie most closely.

    In spans of some seconds the length of the mean phase vector of the onsets [1]_ is taken for
    each length of a step, with some tolerance from span to span; the best are followed through the
    recording, each onset foreseen from those before it, and smoothed.

    Parameters
    ----------
    times : ndarray, shape (n,)
        Onsets in seconds, ascending; at least two at different times.
    weights : ndarray, shape (n,)
        More than 0.

    References
    ----------
    .. [1] N. I. Fisher: "Statistical analysis of circular data", Cambridge, 1993.
    """
    n_candidates = 1 + round(np.log(_LONGEST / _SHORTEST) / np.log(_RATIO))
    candidates = np.geomspace(_SHORTEST, _LONGEST, n_candidates)
    spans = _spans(times)
    lengths = np.stack([_concentrations(times[a:b], weights[a:b], candidates) for a, b in spans])
    counts = np.array([b - a for a, b in spans], dtype=float)
    wide = max(1, round(_DRIFT / np.log(_RATIO)))
    near = np.max([np.roll(lengths, by, axis=1) for by in range(-wide, wide + 1)], axis=0)
    score = counts @ near / counts.sum() * candidates**0.1
    pulses = []
    for peak in _peaks(score):
        first = lengths[0]
        low, high = max(0, peak - wide), peak + wide + 1
        step = float(candidates[low + int(np.argmax(first[low:high]))])
        pulses.append(_followed(times, weights, step))
    found = [pulse for pulse in pulses if pulse is not None]
    return max(found, key=lambda p: p.concentration * p.seconds_per_step**0.1, default=None)


def _spans(times: FloatArray) -> list[tuple[int, int]]:
    starts = np.arange(times[0], max(times[-1] - _SPAN / 2, times[0] + 1e-9), _HOP)
    found = [
        (int(a), int(b))
        for a, b in zip(
            np.searchsorted(times, starts), np.searchsorted(times, starts + _SPAN), strict=True
        )
    ]
    return [(a, b) for a, b in found if b - a >= 4] or [(0, len(times))]


def _concentrations(times: FloatArray, weights: FloatArray, steps: FloatArray) -> FloatArray:
    turns = np.exp(2j * np.pi * (times - times[0])[None, :] / steps[:, None])
    return np.asarray(np.abs(turns @ weights) / weights.sum())


def _peaks(score: FloatArray) -> list[int]:
    """Return the highest local maxima, the best first."""
    inner = score[1:-1]
    is_peak = (inner >= score[:-2]) & (inner >= score[2:])
    peaks = 1 + np.flatnonzero(is_peak)
    peaks = peaks if len(peaks) else np.array([int(np.argmax(score))])
    best: list[int] = []
    for peak in peaks[np.argsort(-score[peaks])]:
        if all(abs(int(peak) - other) > 12 for other in best):
            best.append(int(peak))
        if len(best) == _MOST_CANDIDATES:
            break
    return best


def _followed(times: FloatArray, weights: FloatArray, step: float) -> Pulse | None:
    """Follow a grid from onset to onset, and smooth it."""
    first = times <= times[0] + _SPAN
    angle = np.angle(np.sum(weights[first] * np.exp(2j * np.pi * times[first] / step)))
    origin = float(angle) / (2 * np.pi) * step
    origin += round((times[0] - origin) / step) * step
    numbers = np.empty(len(times), dtype=np.intp)
    expected, length, last = origin, step, 0
    # sums of a weighted regression that forgets: time against step, seen from the last onset
    sums = np.array([8.0, -8.0 * 8, 8.0 * 8 * 8 * 1.5])  # of 1, x, x x: a past of steady steps
    moments = np.array([0.0, 0.0])  # of y, x y, where y is the deviation from the grid so far
    for index, (time, weight) in enumerate(zip(times, weights, strict=True)):
        number = last + round((time - expected) / length)
        number = max(number, last) if index else number
        moved = number - last
        if moved:
            fade = 0.5 ** (moved / _MEMORY)
            one, x, xx = sums
            y, xy = moments
            sums = fade * np.array([one, x - moved * one, xx - 2 * moved * x + moved**2 * one])
            moments = fade * np.array([y, xy - moved * y])
            expected += moved * length
        error = float(time) - expected
        if abs(error) < 0.35 * length:
            sums[0] += weight
            moments[0] += weight * error
            one, x, xx = sums
            determinant = one * xx - x * x
            offset = (xx * moments[0] - x * moments[1]) / determinant
            slope = (one * moments[1] - x * moments[0]) / determinant
            # the grid turns to the regression: what is left of deviations is none
            moments = moments - offset * np.array([one, x]) - slope * np.array([x, xx])
            expected += offset
            length += slope
        last, numbers[index] = number, number
        if not 0.8 * step < length < 1.25 * step:
            return None
    return _smoothed(times, weights, numbers - numbers[0])


def _smoothed(times: FloatArray, weights: FloatArray, numbers: NDArray[np.intp]) -> Pulse | None:
    """Place the steps so that onsets lie closely on them and their lengths change little."""
    from scipy.linalg import solveh_banded

    n = int(numbers[-1]) + 1
    if n < 4:
        return None
    diagonals = np.zeros((3, n))  # upper form of the normal equations, ridge for steps in pauses
    right = np.zeros(n)
    share = weights / weights.mean()
    np.add.at(diagonals[2], numbers, share)
    np.add.at(right, numbers, share * times)
    line = np.polyfit(numbers, times, 1, w=np.sqrt(weights))
    for a, b, value in (
        (0, 0, 1), (1, 1, 4), (2, 2, 1), (0, 1, -2), (1, 2, -2), (0, 2, 1)
    ):  # fmt: skip
        diagonals[2 - (b - a), b : n - 2 + b] += _STIFFNESS * value
    diagonals[2] += 1e-9
    right += 1e-9 * np.polyval(line, np.arange(n))
    grid = solveh_banded(diagonals, right)
    if np.diff(grid).min() <= 0:
        return None
    lengths = np.gradient(grid)[numbers]
    turns = np.exp(2j * np.pi * (times - grid[numbers]) / lengths)
    concentration = float(np.real(np.sum(weights * turns)) / weights.sum())
    return Pulse(grid, numbers, concentration)
