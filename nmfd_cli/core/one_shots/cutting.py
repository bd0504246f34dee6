"""From hits that are alike to the sound that stands for them."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.one_shots.excerpts import JUDGED, LONGEST, Hits, excerpt, find_attack
from nmfd_cli.core.one_shots.likeness import Group

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
#: Seconds beyond which a hit is not the better for being longer.
_ROOM = 0.5
#: Single hits of a group that are kept to be played in turn.
_MOST_TAKES = 3
#: A take is so long, in seconds, unless no hit is, and so clean beside the cleanest.
_LONG_ENOUGH, _CLEAN_ENOUGH = 0.12, 0.85
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
    members, starts : ndarray of m ints
        Which hits of the stem, and the sample at which a one-shot begins for each: `lead` before
        the attack, so where that is the first sample, before the recording.
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

    @property
    def confidence(self) -> float:
        """That of the best take."""
        return self.takes[0].confidence


def cut(stem: FloatArray, hits: Hits, group: Group, sample_rate: int) -> Sound:
    """Make the one-shots of a group of hits of a stem (C, n), not yet faded at their ends."""
    likeness = float(np.median(group.correlations[1:])) if len(group.members) > 1 else 1.0
    if not group.repeats:
        group = _best_first(hits, group, is_aligned=likeness >= _ALIGNED, sample_rate=sample_rate)
    before = round(2 * FADE_IN * sample_rate)
    first = excerpt(stem, int(group.starts[0]) - before, round(0.03 * sample_rate))
    lead = round(FADE_IN * sample_rate)
    attacks = group.starts + find_attack(first, sample_rate) - before
    # none is before the recording, so one that seems to be a little is found early, as all are
    attacks += int(np.clip(-attacks.min(), 0, lead))
    starts = np.clip(attacks, 0, stem.shape[1] - 1) - lead
    lengths = hits.gaps[group.members] + hits.starts[group.members] - starts
    lengths = np.clip(lengths, 2, round(LONGEST * sample_rate))
    if group.repeats:
        samples = _mean(stem, starts, lengths, hits.purity[group.members])
        used = [(samples, group.members[:_MOST_AVERAGED])]
    else:
        chosen = _takes(hits, group, lengths, sample_rate)
        used = [
            (excerpt(stem, int(starts[k]), int(lengths[k])), group.members[k : k + 1])
            for k in chosen
        ]
    takes = tuple(
        OneShot(
            samples,
            level_of(samples, sample_rate),
            members,
            float(np.median(hits.purity[members])),
        )
        for samples, members in used
    )
    gains = hits.levels[group.members] / max(takes[0].level, _TINY)
    return Sound(group.members, starts, gains, lead, group.repeats, takes, likeness)


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


def _best_first(hits: Hits, group: Group, *, is_aligned: bool, sample_rate: int) -> Group:
    """Return a group with its cleanest hits first; of two that are alike so the longer is better.

    Where waveforms have nothing in common, each hit begins at its own attack.
    """
    room = np.minimum(hits.gaps[group.members], _ROOM * sample_rate)
    order = np.argsort(-hits.purity[group.members] * room**0.25, kind="stable")
    starts = group.starts if is_aligned else hits.starts[group.members]
    return Group(group.members[order], starts[order], group.correlations[order])


def _takes(hits: Hits, group: Group, lengths: NDArray[np.intp], sample_rate: int) -> list[int]:
    """Return which members, the best first, are long and clean enough to be played in turn."""
    purity = hits.purity[group.members]
    least = min(round(_LONG_ENOUGH * sample_rate), int(lengths.max()))
    good = [0] + [
        k
        for k in range(1, len(group.members))
        if lengths[k] >= least
        and purity[k] >= _CLEAN_ENOUGH * purity[0]
        and 0.5 <= hits.levels[group.members[k]] / max(hits.levels[group.members[0]], _TINY) <= 2
    ]
    return good[:_MOST_TAKES]


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
    for start, length, own in list(zip(starts, lengths, purity, strict=True))[:_MOST_AVERAGED]:
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
