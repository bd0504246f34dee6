"""The hits in a recording of one drum by itself."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nmfd_cli.core.drum_sounds.description import Float64
from nmfd_cli.errors import ParameterError

_FRAME = 0.002  # seconds; the precision of an onset
_BEFORE = 0.05  # seconds that a hit must stand out from
_RISE_DB = 9.0  # how far it must
_QUIETEST_DB = -24.0  # re the loudest hit: softer ones are handling noise or bleed
_APART = 0.2  # seconds; what follows sooner (a flam, hands that clap) belongs to the hit
_ATTACK = 0.01  # seconds in which a hit reaches its level
_FLOOR_DB = -120.0


def find_hits(recording: ArrayLike, sample_rate: float) -> list[int]:
    """Find where the hits in a recording of one drum begin.

    The recording is differenced, which lifts the attack over what rings on, and its level taken in
    frames of 2 ms.  A hit begins where the next 10 ms are 9 dB louder than the 50 ms before, within
    24 dB of the loudest such place and at least 0.2 s after the hit before it.

    Parameters
    ----------
    recording : array_like, shape (n_samples,) or (n_samples, n_channels)
        Full scale 1.
    sample_rate : float
        Hz.

    Returns
    -------
    list of int
        First samples of the hits, ascending; empty for silence.

    Raises
    ------
    ParameterError
        If the recording has another shape.

    Examples
    --------
    >>> import numpy as np
    >>> clicks = np.zeros(44_100)
    >>> clicks[[8820, 30870]] = 1.0
    >>> find_hits(clicks, 44_100)
    [8800, 30800]
    """
    samples = np.asarray(recording, dtype=np.float64)
    samples = samples[:, None] if samples.ndim == 1 else samples
    if samples.ndim != 2:
        raise ParameterError(
            expected="a recording of shape (n_samples,) or (n_samples, n_channels)",
            found=str(samples.shape),
        )
    n_frame = max(1, round(_FRAME * sample_rate))
    power = _frame_power(samples, n_frame)
    if not power.size or power.max() <= 0.0:
        return []
    n_attack, n_before = round(_ATTACK / _FRAME), round(_BEFORE / _FRAME)
    floor = power.max() * 10.0 ** (_FLOOR_DB / 10.0)
    ahead = _running_mean(np.concatenate([power, np.zeros(n_attack)]), n_attack)[: len(power)]
    behind = _running_mean(np.concatenate([np.zeros(n_before), power]), n_before)[: len(power)]
    rise = 10.0 * np.log10((ahead + floor) / (behind + floor))
    loud = ahead > ahead.max() * 10.0 ** (_QUIETEST_DB / 10.0)
    return [n_frame * _sharpest(power, n) for n in _apart((rise > _RISE_DB) & loud)]


def _frame_power(samples: Float64, n_frame: int) -> Float64:
    """Return the mean square of the differenced samples in frames, over all channels."""
    steps = np.square(np.diff(samples, axis=0, prepend=0.0)).mean(axis=1)
    n_frames = -(-len(steps) // n_frame)
    padded = np.pad(steps, (0, n_frames * n_frame - len(steps)))
    power: Float64 = padded.reshape(n_frames, n_frame).mean(axis=1)
    return power


def _running_mean(values: Float64, length: int) -> Float64:
    """Return the means of `length` values from each place on; as many as fit."""
    until = np.concatenate([[0.0], values.cumsum()])
    means: Float64 = np.maximum(until[length:] - until[:-length], 0.0) / length
    return means


def _apart(candidates: NDArray[np.bool_]) -> list[int]:
    """Return the first of the candidates, and each that comes long enough after the one before."""
    chosen: list[int] = []
    for place in np.flatnonzero(candidates):
        if not chosen or place - chosen[-1] >= round(_APART / _FRAME):
            chosen.append(int(place))
    return chosen


def _sharpest(power: Float64, place: int) -> int:
    """Return the frame within the attack from `place` on in which the hit begins."""
    attack = power[place : place + round(_ATTACK / _FRAME)]
    return place + int(np.argmax(attack > 0.1 * attack.max()))
