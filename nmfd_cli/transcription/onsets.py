"""Where a hit begins, to a few milliseconds, and how loud it is: read off the samples around it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.bands import Bands
from nmfd_cli.core.drum_sounds.bank_templates import BankTemplates
from nmfd_cli.io.audio.recording import Recording

#: The window of the short transform in seconds; its hop is a quarter.
_WINDOW_SECONDS: Final = 512 / 44100
_HOPS_A_WINDOW: Final = 4
#: Frames over which a rise is measured.
_LAG: Final = 2
#: Where in the window of the frame with the steepest rise an onset is, as a share of it from the
#: newest sample back: the median over 1010 hits of 18 recordings rendered from the SoundFonts
#: (0.36 to 0.42 by class, half of all hits between 0.30 and 0.47).
_RISE_POSITION: Final = 0.38
#: Frames of a template that count as its attack.
_ATTACK_FRAMES: Final = 5
#: Seconds by which an onset may be moved.
_REACH_SECONDS: Final = 0.02
#: Seconds after an onset that its level is measured in.
_LEVEL_SECONDS: Final = 0.03
#: Samples a channel that are read at a time.
_BLOCK_SAMPLES: Final = 1 << 16


@dataclass(frozen=True)
class Onsets:
    """Onsets of hits, in the order in which they were given.

    Attributes
    ----------
    samples : ndarray of int, shape (n,)
        Where they begin.
    level : ndarray, shape (n,)
        Amplitude of the attack in the bins that tell most of the drum, linear.
    """

    samples: NDArray[np.intp]
    level: FloatArray


def refine_onsets(
    recording: Recording,
    seconds: Sequence[float],
    rows: Sequence[int],
    weights: FloatArray,
) -> Onsets:
    """Move each onset to the steepest rise near it.

    The rise is half-wave rectified flux of the root of the magnitude (S. Dixon: "Onset detection
    revisited", DAFx 2006, equation 2.4), weighted by `attack_weights`.

    Parameters
    ----------
    recording : Recording
    seconds : sequence of n floats
        Where the onsets are about, ascending.
    rows : sequence of n ints
        The row of `weights` that belongs to each.
    weights : ndarray, shape (C, K')
        See `attack_weights`.
    """
    geometry = _Geometry.at(recording.sample_rate)
    centres = np.rint(np.asarray(seconds) * recording.sample_rate).astype(np.intp)
    samples, level = np.empty(len(centres), np.intp), np.empty(len(centres))
    starts = centres - geometry.before
    for index, excerpt in enumerate(_excerpts(recording, starts, geometry.length)):
        place, level[index] = _steepest_rise(excerpt, weights[rows[index]], geometry)
        samples[index] = max(0, starts[index] + place)
    return Onsets(np.minimum(samples, recording.n_samples - 1), level)


@dataclass(frozen=True)
class _Geometry:
    """Lengths in samples: of the short transform, and of the excerpt around an onset.

    Attributes
    ----------
    n_fft, hop_length : int
    reach : int
        By how much an onset may be moved.
    tail : int
        Behind an onset, that its level is measured in.
    """

    n_fft: int
    hop_length: int
    reach: int
    tail: int

    @classmethod
    def at(cls, sample_rate: int) -> "_Geometry":
        reach, tail = round(_REACH_SECONDS * sample_rate), round(_LEVEL_SECONDS * sample_rate)
        return cls(*_transform(sample_rate), reach, tail)

    @property
    def before(self) -> int:
        """Samples of an excerpt before the onset: the first window ends before any place of it."""
        return self.reach + self.n_fft + _LAG * self.hop_length

    @property
    def length(self) -> int:
        """Samples of an excerpt: the last window begins behind the latest place and its level."""
        return self.before + self.reach + self.tail + self.n_fft


def _steepest_rise(
    excerpt: NDArray[np.float32], weights: FloatArray, geometry: _Geometry
) -> tuple[int, float]:
    """Return where in an excerpt (C, length) the onset is, and the level behind it."""
    n_fft, hop = geometry.n_fft, geometry.hop_length
    window = np.hanning(n_fft + 1)[:n_fft].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(excerpt, n_fft, axis=-1)[:, ::hop]
    power = np.square(np.abs(np.fft.rfft(frames * window, axis=-1))).mean(axis=0)
    root = np.sqrt(np.sqrt(power)) @ weights
    rise = np.maximum(root[_LAG:] - root[:-_LAG], 0)
    # the newest sample of frame i + _LAG lies n_fft + (i + _LAG) hop behind the start
    newest = n_fft + (np.arange(len(rise)) + _LAG) * hop
    places = newest - hop - round(_RISE_POSITION * n_fft)
    is_near = np.abs(places - geometry.before) <= geometry.reach
    best = int(np.argmax(np.where(is_near, rise, -1)))
    place = int(places[best]) if rise[best] > 0 else geometry.before
    begins = np.arange(len(root)) * hop
    behind = root[(begins >= place) & (begins < place + geometry.tail)]
    return place, float(np.square(behind).max(initial=0))


def attack_weights(
    bank: BankTemplates, drums: Sequence[str], bands: Bands, sample_rate: int
) -> FloatArray:
    """Return how much each bin of the short transform tells of each drum's attack, shape (C, K').

    The share that the drum has in the attacks of all drums: high where it sounds alone.
    """
    n_fft, _ = _transform(sample_rate)
    n_boxes = int(np.searchsorted(bank.grid.edges, _ATTACK_FRAMES))
    attack = bank.W[:, :, :n_boxes].sum(axis=2)
    spectra = np.stack([attack[:, bank.members(drum)].sum(axis=1) for drum in drums])
    spectra /= np.maximum(spectra.sum(axis=1, keepdims=True), 1e-12)
    share = spectra / np.maximum(spectra.sum(axis=0), 1e-12)
    hz = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    band_hz = bands.centres * sample_rate / bands.n_fft
    return np.stack([np.interp(hz, band_hz, row) for row in share]).astype(np.float32)


def _transform(sample_rate: int) -> tuple[int, int]:
    """Return window and hop of the short transform, in samples: about 12 ms, every 3 ms."""
    n_fft = max(16, 2 ** round(np.log2(_WINDOW_SECONDS * sample_rate)))
    return n_fft, n_fft // _HOPS_A_WINDOW


def _excerpts(
    recording: Recording, starts: NDArray[np.intp], length: int
) -> Iterator[NDArray[np.float32]]:
    """Yield excerpts (C, length) of a recording that passes by; around it is silence.

    Parameters
    ----------
    recording : Recording
    starts : ndarray of int, shape (n,)
        Ascending; may lie before the recording's first sample.
    length : int
    """
    if not len(starts):
        return
    kept = np.zeros((recording.n_channels, 0), dtype=np.float32)
    position = 0  # of the first sample that is kept
    waiting = 0
    for block in recording.blocks(_BLOCK_SAMPLES):
        kept = np.concatenate([kept, block.astype(np.float32)], axis=1)
        while waiting < len(starts) and starts[waiting] + length <= position + kept.shape[1]:
            yield _cut(kept, int(starts[waiting]) - position, length)
            waiting += 1
        if waiting == len(starts):
            return
        drop = min(max(0, int(starts[waiting]) - position), kept.shape[1])
        kept, position = kept[:, drop:], position + drop
    for start in starts[waiting:]:
        yield _cut(kept, int(start) - position, length)


def _cut(samples: NDArray[np.float32], start: int, length: int) -> NDArray[np.float32]:
    """Return samples from `start` on, zeros where there are none."""
    inside = samples[:, max(0, start) : max(0, start + length)]
    before = min(length, max(0, -start))
    return np.pad(inside, ((0, 0), (before, length - before - inside.shape[1])))
