"""Where the hits of a stem begin, how long they last and how clean they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray

#: Seconds around a transcribed onset within which the attack is looked for.
_BEFORE, _AFTER = 0.016, 0.02
#: Seconds on either side of an attack whose energies are compared, and what is as good as silence
#: beside the loudest of them.
_SIDE, _SILENCE = 0.005, 0.01
#: The first rise is the attack that is so large beside the largest, in dB.
_FIRST = 0.7
#: Seconds after the attack that tell how loud and how clean a hit is.
JUDGED: Final = 0.1
#: Seconds from a frame to the next in which stems are compared, and frames at a time.
_FRAME, _BLOCK = 0.01, 256
#: The power of other stems in a clean hit beside its own: -15 dB.
_BLEED = 0.0316
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
    clean : ndarray of n ints
        Samples until that, too, or until other stems drown it.
    levels : ndarray, shape (n,)
        Root of the energy in `JUDGED` seconds, all channels together.
    purity : ndarray, shape (n,), 0 to 1
        The share of the stem in the power of all stems in that time, at its own frequencies.
    """

    starts: NDArray[np.intp]
    gaps: NDArray[np.intp]
    clean: NDArray[np.intp]
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


@dataclass(frozen=True)
class Shares:
    """How much of a stem's power is its own, as far as the stems tell.

    Where stems have powers ``p`` in a bin, a mask passes the share ``m = p_k / sum p`` of stem k,
    and of what it passes ``1 - m`` is expected to be of other stems.

    Attributes
    ----------
    power, own : ndarray, shape (F,)
        In frames `hop` samples apart, over all channels and bins: ``sum p_k`` and ``sum m p_k``.
    hop : int
    """

    power: FloatArray
    own: FloatArray
    hop: int

    def frames(self, start: int, length: int) -> slice:
        """Return the frames whose centres are in a stretch of samples, at least one."""
        first = min(-(-max(start, 0) // self.hop), len(self.power) - 1)
        return slice(first, max((start + length - 1) // self.hop, first) + 1)

    def purity(self, start: int, length: int) -> float:
        """Return the share of its own in the power of a stretch of a stem, 0 to 1."""
        part = self.frames(start, length)
        return float(self.own[part].sum() / max(self.power[part].sum(), _TINY))

    def clean(self, start: int, length: int) -> int:
        """Return after how many samples others come within 15 dB of all of a hit, or its attack."""
        part = self.frames(start, length)
        own, bleed = self.own[part].cumsum(), (self.power - self.own)[part].cumsum()
        judged = min(round(JUDGED / _FRAME), len(own) - 1)
        most = max(_BLEED, float(bleed[judged] / max(own[judged], _TINY)))
        dirty = bleed[judged:] > most * own[judged:] * (1 + 1e-9)
        end = (part.start + judged + int(np.argmax(dirty))) * self.hop - start
        return min(length, end) if dirty.any() else length


def is_clean(purity: FloatArray, best: float) -> NDArray[np.bool_]:
    """Return in which hits others are 15 dB below, or hardly louder than in the best (3 dB)."""
    clean: NDArray[np.bool_] = purity >= min(1 / (1 + _BLEED), best / (2 - best))
    return clean


def shares_of(stems: Sequence[FloatArray], sample_rate: int) -> list[Shares]:
    """Compare the powers of stems (C, n) in frames of 20 ms."""
    hop = round(_FRAME * sample_rate)
    n_frames = stems[0].shape[1] // hop + 1
    power, own = np.zeros((2, len(stems), n_frames))
    window = np.hanning(2 * hop)
    for first in range(0, n_frames, _BLOCK):
        count = min(_BLOCK, n_frames - first)
        powers = []
        for stem in stems:
            halves = excerpt(stem, (first - 1) * hop, (count + 1) * hop).reshape(len(stem), -1, hop)
            framed = np.concatenate([halves[:, :-1], halves[:, 1:]], axis=2) * window
            powers.append(np.square(np.abs(np.fft.rfft(framed))).sum(axis=0))
        total = np.maximum(np.sum(powers, axis=0), _TINY)
        for index, one in enumerate(powers):
            power[index, first : first + count] = one.sum(axis=1)
            own[index, first : first + count] = (one * one / total).sum(axis=1)
    return [Shares(*one, hop) for one in zip(power, own, strict=True)]


def find_hits(stem: FloatArray, onsets: FloatArray, shares: Shares, sample_rate: int) -> Hits:
    """Find the attacks of a stem's hits near their transcribed onsets.

    Parameters
    ----------
    stem : ndarray, shape (C, n)
    onsets : ndarray, shape (n,)
        Seconds, ascending.
    shares : Shares
        Of the stem.
    sample_rate : int
        In Hz.
    """
    starts = np.array([_attack(stem, onset, sample_rate) for onset in onsets], dtype=np.intp)
    n_samples = stem.shape[1]
    ends = np.append(starts[1:], n_samples) if len(starts) else starts
    gaps = np.clip(ends - starts, 1, round(LONGEST * sample_rate))
    judged = np.minimum(gaps, round(JUDGED * sample_rate))
    stretches = list(zip(starts.tolist(), judged.tolist(), strict=True))
    levels = [float(np.linalg.norm(excerpt(stem, *one))) for one in stretches]
    purity = [shares.purity(*one) for one in stretches]
    clean = [shares.clean(*one) for one in zip(starts.tolist(), gaps.tolist(), strict=True)]
    return Hits(starts, gaps, np.array(clean, dtype=np.intp), np.array(levels), np.array(purity))


def _attack(stem: FloatArray, onset: float, sample_rate: int) -> int:
    """Return the sample near an onset before and after which the energies differ most."""
    before, after, side = (round(t * sample_rate) for t in (_BEFORE, _AFTER, _SIDE))
    first = round(onset * sample_rate) - before
    power = np.square(excerpt(stem, first - side, before + after + 2 * side)).sum(axis=0)
    until = np.append(0.0, power.cumsum())
    energy = until[side:] - until[:-side]
    silence = _SILENCE * float(energy[side:].max()) + _TINY
    rise = np.log((energy[side:] + silence) / (energy[:-side] + silence))
    if rise.max() <= 0:
        place = before
    else:
        place = int(np.argmax(rise >= _FIRST * rise.max()))
        place += int(np.argmax(rise[place : place + side]))
    return max(0, min(first + place, int(stem.shape[1]) - 1))
