"""From hits that are alike to the sound that stands for them."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.one_shots.aligning import Group, align
from nmfd_cli.core.one_shots.excerpts import JUDGED, LONGEST, Hits, excerpt, is_clean

#: Seconds from the first sample to the attack, over which the sound fades in.
FADE_IN: Final = 0.001
#: Seconds over which it fades out where the next hit cuts it, and where it has died away.
_FADE_CUT, _FADE_OUT = 0.01, 0.03
#: It has died away so far below its peak, in dB.
_DIED_AWAY = -60.0
#: Once below this, what grows again by so much is no longer this hit, in dB.
_TAIL, _GROWTH = -30.0, 6.0
#: Seconds of the frames in which that is looked at.
_FRAME = 0.01
#: Waveforms so alike, by their correlation, tell where one hit begins beside another.
_ALIGNED = 0.5
#: Single hits of a group that are kept to be played in turn.
_MOST_TAKES = 3
#: A take is so long, in seconds, unless no hit is.
_LONG_ENOUGH = 0.12
#: Hits that a mean is made of, at most: the cleanest.
_MOST_AVERAGED = 64
_TINY = 1e-20


@dataclass(frozen=True)
class OneShot:
    """One sound of a drum.

    Attributes
    ----------
    samples : ndarray, shape (C, L)
        From silence to silence once it is `finished`.
    level : float
        Root of its energy in the first tenth of a second, all channels together.
    made_of : ndarray of ints
        The hits of the stem that it was made of.
    confidence : float, 0 to 1
        The share of its own drum in the power of the recording where those are, at its frequencies.
    """

    samples: FloatArray
    level: float
    made_of: NDArray[np.intp]
    confidence: float


@dataclass(frozen=True)
class Sound:
    """Hits that are alike, with the one-shots that stand for them.

    Attributes
    ----------
    members : ndarray of m ints
        Which hits of the stem.
    starts : ndarray of ints, shape (takes, m)
        The sample at which each one-shot would begin for each hit: `lead` before the attack, so
        where that is the first sample, before the recording.
    gains : ndarray, shape (m,)
        How loud each hit is beside the first one-shot.
    lead : int
        Samples from there to the attack.
    repeats : bool
        Whether the hits are one waveform again and again: then there is one one-shot, their mean.
    takes : tuple of OneShot
        The best first; they are played in turn.
    likeness : float, 0 to 1
        The median correlation of the hits' waveforms.
    """

    members: NDArray[np.intp]
    starts: NDArray[np.intp]
    gains: FloatArray
    lead: int
    repeats: bool
    takes: tuple[OneShot, ...]
    likeness: float

    @property
    def levels(self) -> FloatArray:
        """How loud each hit is: the root of its energy in a tenth of a second, shape (m,)."""
        return self.gains * self.takes[0].level


def cut(stem: FloatArray, hits: Hits, group: Group, sample_rate: int) -> Sound:
    """Make the one-shots of a group of hits of a stem (C, n), not yet faded at their ends.

    Hits that repeat a waveform become their mean.  Of others the best are kept, and where one is
    played for another it begins where the waveforms agree, if they do, else at the attack.
    """
    members, lead = group.members, round(FADE_IN * sample_rate)
    if group.repeats:
        chosen, aligned = [0], [group]
    else:
        chosen = _takes(hits, members, sample_rate)
        aligned = [align(stem, hits, members, sample_rate, first=members[k]) for k in chosen]
    starts = np.stack(
        [
            np.where(one.correlations >= _ALIGNED, one.starts, hits.starts[members])
            for one in aligned
        ]
    )
    # none is before the recording, so one that seems to be a little is found early, as all are
    starts += int(np.clip(-starts.min(), 0, lead))
    starts = np.clip(starts, 0, stem.shape[1] - 1) - lead
    takes = []
    for k, first in zip(chosen, starts, strict=True):
        lengths = hits.clean[members] + hits.starts[members] - first
        lengths = np.clip(lengths, 2, round(LONGEST * sample_rate))
        used = np.array([k])
        if group.repeats:
            used = np.flatnonzero(group.correlations >= group.least)[:_MOST_AVERAGED]
        samples = _mean(stem, first[used], lengths[used], hits.purity[members[used]])
        purity = float(np.median(hits.purity[members[used]]))
        takes.append(OneShot(samples, level_of(samples, sample_rate), members[used], purity))
    gains = hits.levels[members] / max(takes[0].level, _TINY)
    others = np.delete(aligned[0].correlations, chosen[0])
    likeness = float(np.median(others)) if len(others) else 1.0
    return Sound(members, starts, gains, lead, group.repeats, tuple(takes), likeness)


def finished(sound: Sound, sample_rate: int) -> Sound:
    """Return the sound with one-shots that end where they have died away and fade at both ends."""
    takes = []
    for take in sound.takes:
        samples = _finished(take.samples, sound.lead, sample_rate)
        takes.append(replace(take, samples=samples, level=level_of(samples, sample_rate)))
    gains = sound.levels / max(takes[0].level, _TINY)
    return replace(sound, takes=tuple(takes), gains=gains)


def level_of(samples: FloatArray, sample_rate: int) -> float:
    """Return the root of the energy of a one-shot (C, L) in its first tenth of a second."""
    return float(np.linalg.norm(samples[:, : round(JUDGED * sample_rate)]))


def _takes(hits: Hits, members: NDArray[np.intp], sample_rate: int) -> list[int]:
    """Return which members are clean and long enough to be played in turn, the best first."""
    purity, room = hits.purity[members], hits.clean[members]
    good = is_clean(purity, purity.max())
    good &= room >= min(round(_LONG_ENOUGH * sample_rate), int(room[good].max()))
    return [int(k) for k in np.flatnonzero(good)][:_MOST_TAKES]


def _mean(
    stem: FloatArray,
    starts: NDArray[np.intp],
    lengths: NDArray[np.intp],
    purity: FloatArray,
) -> FloatArray:
    """Return the mean of hits, each fitted to the first and counted until the next hit cuts it.

    With amplitudes ``a`` and weights ``w`` (the purity), ``sum w a x / sum w a^2``: the least
    squares where hits are scaled copies of one sound.
    """
    longest = int(lengths.max())
    total, weight = np.zeros((stem.shape[0], longest)), np.full(longest, _TINY)
    reference = excerpt(stem, int(starts[0]), int(lengths[0]))
    for start, length, own in zip(starts, lengths, purity, strict=True):
        piece = excerpt(stem, int(start), int(length))
        n = min(piece.shape[1], reference.shape[1])
        energy = max(float(np.vdot(reference[:, :n], reference[:, :n])), _TINY)
        amplitude = float(np.vdot(reference[:, :n], piece[:, :n])) / energy
        if amplitude <= 0:
            continue
        shape = own**2 * np.minimum(np.arange(int(length), 0, -1) / (0.2 * length), 1.0)
        total[:, :length] += shape * amplitude * piece
        weight[:length] += shape * amplitude**2
    mean: FloatArray = total / weight
    return mean


def _finished(samples: FloatArray, lead: int, sample_rate: int) -> FloatArray:
    """End a sound where it has died away, and fade both ends."""
    n_frame = max(1, round(_FRAME * sample_rate))
    n_frames = max(1, samples.shape[1] // n_frame)
    power = [np.square(part).mean() for part in np.array_split(samples, n_frames, axis=1)]
    level = 10 * np.log10(np.maximum(power, _TINY))
    peak = int(level.argmax())
    end, died = samples.shape[1], False
    lowest = level[peak]
    for frame in range(peak, n_frames):
        lowest = min(lowest, level[frame])
        below = level[frame] - level[peak]
        grown = lowest - level[peak] < _TAIL and level[frame] - lowest > _GROWTH
        if below < _DIED_AWAY or grown:
            end = max(1, frame if not grown else peak + int(level[peak : frame + 1].argmin()))
            end, died = min(samples.shape[1], end * n_frame), True
            break
    n_out = min(round((_FADE_OUT if died else _FADE_CUT) * sample_rate), end // 2)
    finished: FloatArray = samples[:, :end].copy()
    if n_out:
        finished[:, -n_out:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, n_out + 1) / n_out)
    n_in = min(lead, end - n_out)
    finished[:, :n_in] *= 0.5 - 0.5 * np.cos(np.pi * np.arange(n_in) / max(n_in, 1))
    return finished
