"""When strokes begin: peaks of activations, and their place to a few milliseconds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.bands import Bands
from nmfd_cli.core.division import magnitude_of
from nmfd_cli.core.drum_sounds.bank_templates import BankTemplates
from nmfd_cli.core.stft import Stft

#: The fine STFT's window in seconds; its hop is a quarter.
_FINE_SECONDS = 512 / 44100
_HOPS_A_WINDOW = 4
#: Fine frames over which a rise is measured.
_LAG = 2
#: Where in the window of the frame with the steepest rise an onset is, as a share of it from the
#: newest sample back: the median over 1010 strokes of 18 recordings rendered from the SoundFonts
#: (0.36 to 0.42 by class, half of all strokes between 0.30 and 0.47).
_RISE_POSITION = 0.38
#: Frames of the template that count as its attack.
_ATTACK_FRAMES = 5
#: Activation frames around a peak in which its onset is looked for.
_BEFORE, _BEHIND = 1.0, 2.0
#: Strokes of one class that are closer than this are one, in seconds.
_CLOSEST = 0.03


@dataclass(frozen=True)
class Peaks:
    """Strokes of one class.

    Attributes
    ----------
    samples : ndarray, shape (n,), int
        Where they begin, rising.
    strength : ndarray, shape (n,)
        The activation of each, relative to the strongest.
    """

    samples: NDArray[np.intp]
    strength: FloatArray

    def above(self, threshold: float) -> "Peaks":
        """Return the strokes that are at least so strong."""
        return self.those(self.strength >= threshold)

    def those(self, chosen: NDArray[np.bool_]) -> "Peaks":
        """Return the strokes that a mask (n,) chooses."""
        return Peaks(self.samples[chosen], self.strength[chosen])

    def frames(self, hop_length: int, n_frames: int) -> NDArray[np.intp]:
        """Return the frames in which they begin, below `n_frames`."""
        return np.minimum(self.samples // hop_length, n_frames - 1)


def fine_stft(sample_rate: float) -> Stft:
    """Return the short STFT in which onsets are placed: about 12 ms, a frame every 3 ms."""
    n_fft = max(16, 2 ** round(np.log2(_FINE_SECONDS * sample_rate)))
    return Stft(n_fft, n_fft // _HOPS_A_WINDOW)


def attack_weights(
    bank: BankTemplates, classes: Sequence[str], bands: Bands, fine: Stft, sample_rate: float
) -> FloatArray:
    """Return how much each fine bin tells of each class's attack, shape (C, K').

    The share that the class has in the attacks of all classes: high where it sounds alone.
    """
    n_boxes = int(np.searchsorted(bank.grid.edges, _ATTACK_FRAMES))
    attack = bank.W[:, :, :n_boxes].sum(axis=2)
    spectra = np.stack([attack[:, bank.members(drum)].sum(axis=1) for drum in classes])
    spectra /= np.maximum(spectra.sum(axis=1, keepdims=True), 1e-12)
    share = spectra / np.maximum(spectra.sum(axis=0), 1e-12)
    hz = np.arange(fine.n_bins) * sample_rate / fine.n_fft
    band_hz = bands.centres * sample_rate / bands.n_fft
    return np.stack([np.interp(hz, band_hz, row) for row in share]).astype(np.float32)


def fine_roots(fine: Stft, sample_blocks: Iterable[FloatArray]) -> Iterator[FloatArray]:
    """Yield the roots of the magnitudes of a recording in the fine STFT, (K', any).

    Parameters
    ----------
    fine : Stft
    sample_blocks : iterable of ndarrays, shape (n_channels, any)
    """
    for spectrum in fine.blocks(sample_blocks):
        yield np.sqrt(magnitude_of(spectrum))


def attack_rises(roots: Iterable[FloatArray], weights: FloatArray) -> FloatArray:
    """Return how steeply each class's bins rise, frame by frame of the fine STFT.

    Half-wave rectified flux of the root of the magnitude, weighted by `attack_weights`.

    Parameters
    ----------
    roots : iterable of ndarrays, shape (K', any)
        See `fine_roots`.
    weights : ndarray, shape (C, K')

    Returns
    -------
    ndarray, shape (C, n_fine_frames)
    """
    level = np.concatenate([weights @ root for root in roots], axis=1)
    for row in level:  # in place, one by one: those of a long recording are long
        row[_LAG:] = np.maximum(row[_LAG:] - row[:-_LAG], 0)
    level[:, :_LAG] = 0
    return level


def pick_peaks(
    activation: FloatArray, rises: FloatArray, stft: Stft, fine: Stft, sample_rate: float
) -> Peaks:
    """Find the strokes of one class.

    Parameters
    ----------
    activation : ndarray, shape (M,)
        What all its templates are activated by.
    rises : ndarray, shape (n_fine_frames,)
        A row of `attack_rises`.
    stft, fine : Stft
        Of the activation and of the rises.
    sample_rate : float
        In Hz.
    """
    around = neighbourhood(activation, 3)  # a stroke may lie over three frames
    reach = max(1, round(0.035 * sample_rate / stft.hop_length))
    padded = np.pad(around, reach)
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(axis=1)
    frames = np.flatnonzero((around >= highest) & (around > 0))
    if frames.size == 0:
        return Peaks(np.empty(0, dtype=np.intp), np.empty(0))
    strength = around[frames] / around.max()
    near = activation[np.clip(frames[:, None] + [-1, 0, 1], 0, len(activation) - 1)]
    frames = np.clip(frames + near.argmax(axis=1) - 1, 0, len(activation) - 1)
    fine_frames = _steepest(rises, frames, stft.hop_length / fine.hop_length)
    newest = (fine_frames + 1) * fine.hop_length
    samples = np.maximum(0, newest - fine.hop_length - round(_RISE_POSITION * fine.n_fft))
    return _apart(samples, strength, rises[fine_frames], round(_CLOSEST * sample_rate))


def neighbourhood(row: FloatArray, width: int) -> FloatArray:
    """Return the sum over `width` frames around each frame (M,), fewer at the borders."""
    summed: FloatArray = np.convolve(row, np.ones(width))
    return summed[width // 2 : width // 2 + len(row)]


def _steepest(rises: FloatArray, frames: NDArray[np.intp], ratio: float) -> NDArray[np.intp]:
    """Return the fine frame with the steepest rise around each frame."""
    offsets = np.arange(int((_BEFORE + _BEHIND) * ratio))
    first = np.ceil((frames - _BEFORE) * ratio).astype(np.intp)
    candidates = np.clip(first[:, None] + offsets, 0, len(rises) - 1)
    best: NDArray[np.intp] = candidates[np.arange(len(frames)), rises[candidates].argmax(axis=1)]
    return best


def _apart(
    samples: NDArray[np.intp], strength: FloatArray, rise: FloatArray, closest: int
) -> Peaks:
    """Keep of strokes that are too close to be two the one that rises more steeply."""
    kept: list[int] = []
    for index in np.argsort(samples, kind="stable"):
        if kept and samples[index] - samples[kept[-1]] < closest:
            if rise[index] > rise[kept[-1]]:
                kept[-1] = index
        else:
            kept.append(index)
    return Peaks(samples[kept], strength[kept])
