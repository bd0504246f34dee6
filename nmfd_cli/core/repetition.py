"""What a drum machine repeats: a Gaussian model of stems whose means are known waveforms.

Where the hits of a stem repeat one waveform h, the stem is no zero-mean noise: its mean is

    m_k(t) = sum_n g_n h(t - t_n)

and its posterior mean given the mixture x is ``m_k + W_k (x - sum_j m_j)``, with the same filter
W_k, mask or multichannel, as without means ([1]_, section 10.6): what no waveform explains is
divided as before, so stems add up to the mixture whatever the waveforms are.

The waveforms are learned by expectation and maximisation: a share of what the waveforms so far
leave of each hit, the stem's mask, is averaged over the hits of a cluster, with most weight where
the stem is alone.  All stems learn at the same time, so that two that always play together share
what the masks cannot tell apart.  Each band of each frame is taken as far as the mean of the
*other* hits explains a hit there, by 3 dB not at all, by 7 dB in full: what varies from hit to hit,
as in velocity layers, is left to the masks.

References
----------
.. [1] S. M. Kay: "Fundamentals of Statistical Signal Processing: Estimation Theory", 1993.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.hit_alignment import LEAST_HITS, Hit, advance, cluster_hits
from nmfd_cli.core.hit_average import Piece, averaged, explained
from nmfd_cli.core.spatial import SpatialModel, direction_filter
from nmfd_cli.core.stft import Stft
from nmfd_cli.core.threads import worker_pool

_ROUNDS = 2
#: Longest waveform and how much of it lies before the onset, which may be given late, in seconds.
_LONGEST, _BEFORE = 0.5573, 0.0073
#: Share of its hits' energy below which a waveform is not used (4 dB).
_LEAST_EXPLAINED = 0.6
#: Energy of a frame beside the loudest one's (-50 dB) at which a waveform ends.
_INAUDIBLE = 1e-5
#: Onsets of a stem so near each other, in seconds, are one hit.
_SAME_HIT = 0.02268
#: Samples that a delay by a fraction of one may ring on for.
_RINGING = 128


@dataclass
class _Waveform:
    """One repeated waveform of a stem.

    Attributes
    ----------
    stem : int
    hits : list of Hit
        From where its first sample is played, a little before their onsets.
    n_frames : list of int
        Frames of each hit before the next one of its stem.
    gains : ndarray, shape (N,)
    samples : ndarray, shape (C, L)
    """

    stem: int
    hits: list[Hit]
    n_frames: list[int]
    gains: NDArray[np.float32]
    samples: NDArray[np.float32]


def repeated_means(
    x: FloatArray,
    onsets: Sequence[NDArray[np.intp]],
    masks: FloatArray,
    stft: Stft,
    *,
    sample_rate: int,
    space: SpatialModel | None = None,
) -> NDArray[np.float32] | None:
    """Return what of each stem repeated waveforms explain.

    Parameters
    ----------
    x : ndarray, shape (C, n)
        The mixture, or a section of it of some ten seconds.
    onsets : sequence of ndarrays of int
        Where the hits of each stem begin, in samples, ascending; those of further stems, as of a
        residual, may be missing.
    masks : ndarray, shape (S, K, M), in [0, 1]
        The stems' shares of each bin of the mixture's STFT.
    stft : Stft
        The one that the masks belong to.
    sample_rate : int
        In Hz.
    space : SpatialModel, optional
        Keeps waveforms of points to their direction.

    Returns
    -------
    ndarray, shape (S, C, n + L), or None
        The stems' means, with the tails of the last hits; None if no stem repeats.
    """
    shares = [np.ascontiguousarray(mask.T) for mask in masks[: len(onsets)]]
    of_stems: list[list[_Waveform]] = [[] for _ in onsets]
    with worker_pool() as pool:

        def find(_worker: int, stem: int) -> None:
            of_stem = _waveforms(
                x, stem, onsets[stem], share=shares[stem], stft=stft, sample_rate=sample_rate
            )
            of_stems[stem] = list(of_stem)

        pool.run(find, len(onsets))
        found = list(chain.from_iterable(of_stems))
        if not found:
            return None
        rest = np.pad(x.astype(np.float32), ((0, 0), (0, round(_LONGEST * sample_rate))))
        means = np.zeros((len(masks), *rest.shape), dtype=np.float32)

        def learn(_worker: int, item: int) -> None:
            waveform = found[item]
            direction = None if space is None else direction_filter(space, waveform.stem)
            _learn(waveform, rest, shares[waveform.stem], stft=stft, direction=direction)

        for _ in range(_ROUNDS):
            before = [(list(waveform.gains), waveform.samples) for waveform in found]
            pool.run(learn, len(found))
            for waveform, (gains, samples) in zip(found, before, strict=True):
                for start, change in _changes(waveform, gains, samples):
                    _add(means[waveform.stem], start, change)
                    _add(rest, start, -change)
            found = [waveform for waveform in found if waveform.samples.size]
    return means if found else None


def _waveforms(
    x: FloatArray,
    stem: int,
    onsets: NDArray[np.intp],
    *,
    share: FloatArray,
    stft: Stft,
    sample_rate: int,
) -> Iterator[_Waveform]:
    """Yield the still silent waveforms of a stem, one a cluster of its hits."""
    longest, before, same_hit = (
        round(seconds * sample_rate) for seconds in (_LONGEST, _BEFORE, _SAME_HIT)
    )
    hop, least = stft.hop_length, -(-stft.n_fft // stft.hop_length)
    onsets = onsets[np.diff(onsets, prepend=-same_hit) >= same_hit]
    if len(onsets) < LEAST_HITS:
        return
    for hits in cluster_hits(x, onsets, share, hop_length=hop, sample_rate=sample_rate):
        following = np.searchsorted(onsets, [hit.onset + same_hit for hit in hits])
        ends = np.append(onsets, x.shape[1])[following] - [hit.onset for hit in hits]
        n_frames = np.clip((ends + before) // hop, 0, longest // hop)
        enough = int(np.sort(n_frames)[-LEAST_HITS])  # as long as there are enough to compare
        if enough >= least:
            yield _Waveform(
                stem=stem,
                hits=[replace(hit, onset=hit.onset - before) for hit in hits],
                n_frames=[min(n, enough) for n in n_frames],
                gains=np.array([hit.gain for hit in hits], dtype=np.float32),
                samples=np.zeros((x.shape[0], enough * hop), dtype=np.float32),
            )


def _learn(
    waveform: _Waveform,
    rest: FloatArray,
    share: FloatArray,
    *,
    stft: Stft,
    direction: NDArray[np.float32] | None,
) -> None:
    """Learn a waveform and its gains from what all waveforms so far leave of the mixture."""
    known = np.swapaxes(
        stft.transform(np.pad(waveform.samples, ((0, 0), (stft.overlap, 0)))), -1, -2
    )
    pieces = [
        _piece(rest, share, hit, n_frames=frames, stft=stft, direction=direction)
        for hit, frames in zip(waveform.hits, waveform.n_frames, strict=True)
    ]
    gains = waveform.gains
    change, weight, certainty = averaged(pieces, gains, known)
    mean = known + change
    fit = explained(pieces, gains, known, mean=mean, weight=weight)
    learned = (known + certainty * change) * fit.trust
    energy = np.square(np.abs(learned)).sum(axis=(0, 2))
    audible = np.flatnonzero(energy > _INAUDIBLE * energy.max())
    if fit.share < _LEAST_EXPLAINED or not len(audible):
        waveform.samples = waveform.samples[:, :0]
        return
    waveform.gains = fit.gains
    n_frames = int(audible[-1]) + 1
    waveform.n_frames = [min(n, n_frames) for n in waveform.n_frames]
    frames = np.swapaxes(learned[:, :n_frames].astype(np.complex64), -1, -2)
    waveform.samples = np.ascontiguousarray(
        stft.overlap_add(frames)[:, stft.overlap :], dtype=np.float32
    )


def _piece(
    rest: FloatArray,
    share: FloatArray,
    hit: Hit,
    *,
    n_frames: int,
    stft: Stft,
    direction: NDArray[np.float32] | None,
) -> Piece:
    """Cut out a hit, in frames that begin with it."""
    samples = np.zeros((rest.shape[0], stft.overlap + n_frames * stft.hop_length), dtype=np.float32)
    _add(samples, stft.overlap - hit.onset, rest)
    frames = (
        np.swapaxes(stft.transform(samples), -1, -2)
        if n_frames
        else np.zeros((rest.shape[0], 0, stft.n_bins), dtype=np.complex64)
    )
    if direction is not None:
        left, right, both = direction
        frames = np.stack(
            [left * frames[0] + both * frames[1], both * frames[0] + right * frames[1]]
        )
    if hit.fraction:
        frames = frames * advance(hit.fraction, stft.n_bins)
    first = round(hit.onset / stft.hop_length)
    shares = np.zeros((n_frames, stft.n_bins), dtype=np.float32)
    low, high = max(0, first), min(len(share), first + n_frames)
    if high > low:
        shares[low - first : high - first] = share[low:high]
    return Piece.of(frames, shares)


def _changes(
    waveform: _Waveform, gains: Sequence[float], samples: FloatArray
) -> Iterator[tuple[int, FloatArray]]:
    """Yield where a waveform is played, and what has changed there against former ones."""
    for hit, new, old in zip(waveform.hits, waveform.gains, gains, strict=True):
        change = -np.float32(old) * samples
        change[:, : waveform.samples.shape[1]] += new * waveform.samples
        yield hit.onset, _delayed(change, hit.fraction)


def _delayed(samples: FloatArray, fraction: float) -> FloatArray:
    """Delay (C, n) by a fraction of a sample."""
    if not fraction:
        return samples
    n_fft = 1 << (samples.shape[1] + _RINGING).bit_length()
    spectrum = np.fft.rfft(samples, n_fft, norm="ortho") * advance(-fraction, n_fft // 2 + 1)
    return np.fft.irfft(spectrum, n_fft, norm="ortho")[:, : samples.shape[1]]


def _add(total: FloatArray, start: int, samples: FloatArray) -> None:
    """Add samples (C, m) to a recording (C, n), from `start` on, as far as they overlap."""
    low, high = max(0, start), min(total.shape[1], start + samples.shape[1])
    if high > low:
        total[:, low:high] += samples[:, low - start : high - start]
