"""Dividing a recording whose stems repeat waveforms, in sections of some ten seconds.

Waveforms are learned anew in each section, so that memory does not grow with the recording; what
they leave of the mixture is divided as `division.divide` divides a mixture, and they are added to
what comes out.  Without a waveform the result is that of `divide`, bit for bit.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.division import SampleQueue, StemModel, divide, magnitude_of
from nmfd_cli.core.masking import wiener_masks
from nmfd_cli.core.repetition import repeated_means
from nmfd_cli.core.spatial import SpatialModel
from nmfd_cli.core.stft import Stft

#: Frames that are divided at a time.
_BLOCK_FRAMES = 256


@dataclass(frozen=True)
class Section:
    """A section of a recording.

    Attributes
    ----------
    mixture : ndarray, shape (C, n)
    means : ndarray, shape (S or S + 1, C, n)
        What of each stem repeated waveforms explain; zeros where nothing repeats.
    """

    mixture: NDArray[np.float64]
    means: NDArray[np.float32]


def section_frames(n_samples: int, sample_rate: int, hop_length: int, *, seconds: float) -> int:
    """Return the frames of each of the fewest equal sections of at most so many seconds."""
    n_frames = max(1, -(-n_samples // hop_length))
    n_sections = -(-n_samples // max(1, int(seconds * sample_rate))) or 1
    return -(-n_frames // n_sections)


def learn_sections(
    stft: Stft,
    sample_blocks: Iterable[NDArray[np.float64]],
    model: StemModel,
    alpha: float,
    *,
    onsets: Sequence[NDArray[np.intp]],
    n_frames: int,
    sample_rate: int,
    space: SpatialModel | None = None,
) -> Iterator[Section]:
    """Learn the repeated waveforms of a recording, section by section.

    Parameters
    ----------
    stft : Stft
    sample_blocks : iterable of ndarrays, shape (C, any)
        The recording, cut anyhow.
    model : StemModel
    alpha : float
        As for `divide`.
    onsets : sequence of S ndarrays of int
        Where the hits of each stem begin, in samples, ascending.
    n_frames : int
        Hops of a section.
    sample_rate : int
    space : SpatialModel, optional
    """
    length = n_frames * stft.hop_length
    start = 0
    tail: NDArray[np.float32] | None = None
    for mixture in recut(sample_blocks, length):
        stop = start + mixture.shape[-1]
        n_stems = model.n_stems + model.has_residual
        means = np.zeros((n_stems, *mixture.shape), dtype=np.float32)
        if tail is not None:
            _overlay(means, tail)
        rest = mixture - means.sum(axis=0)
        here = [of_stem[(of_stem >= start) & (of_stem < stop)] - start for of_stem in onsets]
        masks = _masks(rest, model, stft, first=start // stft.hop_length, alpha=alpha)
        found = repeated_means(rest, here, masks, stft, sample_rate=sample_rate, space=space)
        if found is not None:
            _overlay(means, found)
            tail = found[..., mixture.shape[-1] :]
        else:
            tail = None
        yield Section(mixture, means)
        start = stop


def divide_sections(
    stft: Stft,
    sections: Iterable[Section],
    model: StemModel,
    alpha: float,
    *,
    space: SpatialModel | None = None,
) -> Iterator[tuple[NDArray[np.float64], FloatArray]]:
    """Divide a recording with the means of its stems.

    Yields
    ------
    mixture : ndarray, shape (C, n)
    stems : ndarray, shape (S or S + 1, C, n)
        As `divide` has them.
    """
    mixtures, means = SampleQueue(), SampleQueue()

    def rest() -> Iterator[NDArray[np.float64]]:
        for section in sections:
            mixtures.put(section.mixture)
            means.put(section.means)
            left = section.mixture - section.means.sum(axis=0)
            yield from recut([left], _BLOCK_FRAMES * stft.hop_length)

    for left, stems in divide(stft, rest(), model, alpha, space=space):
        n_samples = left.shape[-1]
        yield mixtures.take(n_samples), stems + means.take(n_samples)


def recut(blocks: Iterable[NDArray[np.float64]], length: int) -> Iterator[NDArray[np.float64]]:
    """Yield a recording (C, any) that comes in any blocks in such of one length, the last rest."""
    waiting: list[NDArray[np.float64]] = []
    n_waiting = 0
    for block in blocks:
        waiting.append(block)
        n_waiting += block.shape[-1]
        if n_waiting >= length:
            joined = np.concatenate(waiting, axis=-1)
            whole = n_waiting - n_waiting % length
            for start in range(0, whole, length):
                yield joined[..., start : start + length]
            waiting, n_waiting = [joined[..., whole:]], n_waiting - whole
    if n_waiting:
        yield np.concatenate(waiting, axis=-1)


def _masks(
    mixture: FloatArray, model: StemModel, stft: Stft, *, first: int, alpha: float
) -> FloatArray:
    """Return the masks (S, K, m) of the frames that a section begins."""
    m = min(-(-mixture.shape[-1] // stft.hop_length), model.H.shape[1] - first)
    if model.has_residual:
        spectrum = stft.transform(stft.padded(mixture.astype(np.float32)))
        magnitude = magnitude_of(spectrum[..., :m])
    else:  # the models alone decide
        magnitude = np.zeros((stft.n_bins, m), dtype=np.float32)
    return wiener_masks(model.panel(magnitude, first), alpha)


def _overlay(total: FloatArray, samples: FloatArray) -> None:
    """Add what begins with `total`, as far as it reaches."""
    n_samples = min(total.shape[-1], samples.shape[-1])
    total[..., :n_samples] += samples[..., :n_samples]
