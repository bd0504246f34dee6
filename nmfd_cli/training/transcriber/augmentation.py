"""What changes a clip anew each time that it is seen: levels, tone, noise, band limits.

Everything acts on band levels in dB, before they are related to the local level.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.transcription.features import N_BANDS

Levels = NDArray[np.float32]

_SILENT: Final = -160.0
#: Natural logarithm of ten over ten: from dB to nepers of power.
_NEPER: Final = 0.2302585


def _tone(rng: np.random.Generator) -> NDArray[np.float32]:
    """Draw a smooth curve over the bands, in dB."""
    n_points = int(rng.integers(2, 9))
    heights = rng.normal(0.0, rng.uniform(0.0, 6.0), n_points)
    curve = np.interp(np.linspace(0, n_points - 1, N_BANDS), np.arange(n_points), heights)
    return np.asarray(curve, dtype=np.float32)


def level_curve(rng: np.random.Generator, n_frames: int) -> NDArray[np.float32]:
    """Draw how the level changes in time: steps or slopes of up to 36 dB."""
    n_changes = int(rng.integers(1, 4))
    times = np.sort(rng.uniform(0, n_frames, n_changes))
    heights = np.concatenate([[0.0], rng.uniform(-36.0, 0.0, n_changes)])
    rng.shuffle(heights)
    length = 2.0 if rng.random() < 0.6 else rng.uniform(20.0, 300.0)
    points = np.sort(np.concatenate([times, times + length]))
    curve = np.interp(np.arange(n_frames), points, np.repeat(heights, 2)[1:-1])
    return np.asarray(curve, dtype=np.float32)


def _with_noise(levels: Levels, rng: np.random.Generator) -> Levels:
    """Add the power of a noise floor, 25 to 65 dB below the loudest tenth of frames."""
    reference = np.percentile(levels[:, 0].max(axis=1), 90)
    floor = reference - rng.uniform(30.0, 70.0) + _tone(rng)
    flicker = rng.normal(0.0, 1.5, levels.shape).astype(np.float32)
    # the short window spreads noise over a quarter as many bins: its level is 6 dB higher
    noise = floor + flicker + np.array([0.0, 6.0], dtype=np.float32)[:, np.newaxis]
    both = np.logaddexp(_NEPER * levels, _NEPER * noise.astype(np.float32)) / _NEPER
    return np.asarray(both, dtype=np.float32)


def augmented(levels: Levels, rng: np.random.Generator) -> Levels:
    """Return a changed copy of band levels, shape (n_frames, 2, N_BANDS), in dB."""
    changed = levels.astype(np.float32)
    if rng.random() < 0.7:
        changed += _tone(rng)
    if rng.random() < 0.35:
        changed += level_curve(rng, len(changed))[:, np.newaxis, np.newaxis]
    if rng.random() < 0.35:
        changed = _with_noise(changed, rng)
    if rng.random() < 0.2:  # another pitch of everything: twelve bands an octave
        shift = int(rng.choice([-2, -1, 1, 2]))
        changed = np.roll(changed, shift, axis=2)
    if rng.random() < 0.1:  # sample rates of 16 to 32 kHz: nothing above
        changed[:, :, int(rng.integers(N_BANDS - 18, N_BANDS)) :] = _SILENT
    if rng.random() < 0.1:
        top = changed.max()
        changed = top + (changed - top) * np.float32(rng.uniform(0.75, 1.2))
    changed += np.float32(rng.uniform(-40.0, 10.0))
    return np.maximum(changed, _SILENT)
