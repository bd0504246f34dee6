"""Where the hits of a stem begin, how long they last and how clean they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray

#: Seconds around a transcribed onset within which the attack is looked for.
_BEFORE, _AFTER = 0.012, 0.025
#: Seconds over which the level is smoothed to find it, and its share of the peak there.
_SMOOTHED, _ATTACK_SHARE = 0.0005, 0.1
#: Seconds after the attack that tell how loud and how clean a hit is.
JUDGED: Final = 0.1
#: No one-shot lasts longer, in seconds.
LONGEST: Final = 5.0
_TINY = 1e-20


@dataclass(frozen=True)
class Hits:
    """The hits of one stem.

    Attributes
    ----------
    starts : ndarray of n ints
        The first samples of their attacks, ascending.
    gaps : ndarray of n ints
        Samples until the next hit, the end of the recording or `LONGEST`.
    levels : ndarray, shape (n,)
        Root of the energy in `JUDGED` seconds, all channels together.
    purity : ndarray, shape (n,), 0 to 1
        The share of the stem in the power of all stems in that time, at its own frequencies.
    """

    starts: NDArray[np.intp]
    gaps: NDArray[np.intp]
    levels: FloatArray
    purity: FloatArray

    def __len__(self) -> int:
        return len(self.starts)


def excerpt(track: FloatArray, start: int, length: int) -> FloatArray:
    """Return ``length`` samples (C, length) of a track (C, n) from `start`; 0 beyond its ends."""
    piece = np.zeros((track.shape[0], length))
    first, last = max(start, 0), min(start + length, track.shape[1])
    if last > first:
        piece[:, first - start : last - start] = track[:, first:last]
    return piece


def find_hits(
    stems: Sequence[FloatArray], index: int, onsets: FloatArray, sample_rate: int
) -> Hits:
    """Find the attacks of a stem's hits near their transcribed onsets.

    Parameters
    ----------
    stems : sequence of ndarrays, shape (C, n)
    index : int
        The stem whose hits they are.
    onsets : ndarray, shape (n,)
        Seconds, ascending.
    sample_rate : int
        In Hz.
    """
    stem = stems[index]
    starts = np.array([_attack(stem, onset, sample_rate) for onset in onsets], dtype=np.intp)
    n_samples = stem.shape[1]
    ends = np.append(starts[1:], n_samples) if len(starts) else starts
    gaps = np.clip(ends - starts, 1, round(LONGEST * sample_rate))
    judged = np.minimum(gaps, round(JUDGED * sample_rate))
    powers = [
        [_spectrum(other, int(start), int(n)) for other in stems]
        for start, n in zip(starts, judged, strict=True)
    ]
    levels = [
        float(np.linalg.norm(excerpt(stem, int(start), int(n))))
        for start, n in zip(starts, judged, strict=True)
    ]
    purity = [_share(spectra, index) for spectra in powers]
    return Hits(starts, gaps, np.array(levels), np.array(purity))


def _spectrum(track: FloatArray, start: int, length: int) -> FloatArray:
    """Return the power of a piece of a track in bins of some 40 Hz."""
    piece = excerpt(track, start, length)
    power: FloatArray = np.square(np.abs(np.fft.rfft(piece))).sum(axis=0)
    return np.add.reduceat(power, np.arange(0, len(power), 4))


def _share(powers: Sequence[FloatArray], index: int) -> float:
    """Return the mean share of one stem in the power of all, where its own power is."""
    own = powers[index]
    mask = own / np.maximum(np.sum(powers, axis=0), _TINY)
    return float(np.vdot(own, mask) / max(float(own.sum()), _TINY))


def find_attack(piece: FloatArray, sample_rate: int) -> int:
    """Return the first sample of a piece (C, n) whose level comes near the peak of all of it."""
    n_smoothed = max(1, round(_SMOOTHED * sample_rate))
    level = np.sqrt(np.square(piece).sum(axis=0))
    if level.max(initial=0.0) <= 0:
        return 0
    # the mean of the samples ahead: the level rises no earlier than the sound
    ahead = np.convolve(level, np.ones(n_smoothed) / n_smoothed)[n_smoothed - 1 :]
    return int(np.argmax(ahead >= _ATTACK_SHARE * ahead.max()))


def _attack(stem: FloatArray, onset: float, sample_rate: int) -> int:
    before, after = round(_BEFORE * sample_rate), round(_AFTER * sample_rate)
    first = round(onset * sample_rate) - before
    # what sounds already must not be taken for the attack: only what is added to it counts
    piece = excerpt(stem, first, before + after)
    level = np.square(piece).sum(axis=0)
    floor = np.sqrt(level[: before // 2].mean())
    rise = np.maximum(np.sqrt(level) - 2 * floor, 0.0)[None]
    place = find_attack(rise, sample_rate) if rise.any() else before
    return max(0, min(first + place, int(stem.shape[1]) - 1))
