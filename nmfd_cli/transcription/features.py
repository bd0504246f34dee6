"""Log filterbank of a mono recording, every 10 ms, relative to the level around each frame.

Two spectra are taken at every frame: one with a long window (46 ms), which resolves pitches, and
one with a short window (12 ms), which resolves hits that follow each other closely.  Both are
summed in the same bands, 12 an octave where the bins allow it.

Windows and hop are constant in seconds, so that recordings of 22 to 96 kHz give comparable numbers.
A band above half of the sample rate is silent.

Nothing here depends on more of the recording than `CONTEXT_FRAMES` on either side of a frame: a
quiet verse is seen like a loud one.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.stft import windowed_spectra

HOP_SECONDS: Final = 0.01
FRAMES_PER_SECOND: Final = 100

_LONG_SECONDS: Final = 2048 / 44_100
_SHORT_SECONDS: Final = 512 / 44_100
_BIN_HZ: Final = 44_100 / 2048
#: Samples of the shortest transform: at rates of a few Hz nothing is told apart, nor asked for.
_LEAST_FFT: Final = 4
_LOWEST_HZ, _HIGHEST_HZ = 25.0, 17_500.0
_BLOCK_FRAMES: Final = 256

#: Added to every power: far below the noise of 16 bits.
_POWER_FLOOR: Final = 1e-16

#: Length of past and of future that decide what the local level is, in frames.
LEVEL_FRAMES: Final = 200
#: So many of the loudest frames do not count: a click of full level lasts five.
_OUTLIER_FRAMES: Final = 7
#: The reference is at most so far below the louder side, in dB: half a recording may be silent.
_LARGEST_STEP: Final = 30.0
_LOWEST_REFERENCE: Final = -80.0

#: What is kept of the level of a band, in dB relative to the reference.
_LOWEST, _HIGHEST = -75.0, 25.0
#: The level, in dB relative to the reference, that the network sees as zero.
_ZERO: Final = -65.0

#: A feature depends on no samples further away than this many frames.
CONTEXT_FRAMES: Final = LEVEL_FRAMES + 4


def _band_edges() -> NDArray[np.float64]:
    """Return the corners of the triangular bands in Hz, shape (n_bands + 2,), ascending."""
    semitones = 440.0 * 2.0 ** (np.arange(-48, 64) / 12.0)
    inside = semitones[(semitones > _LOWEST_HZ) & (semitones < _HIGHEST_HZ)]
    return np.unique(np.rint(inside / _BIN_HZ)) * _BIN_HZ


_EDGES: Final = _band_edges()
N_BANDS: Final = len(_EDGES) - 2

#: Channels of `band_levels` (long and short window) and of `network_input`.
N_WINDOWS: Final = 2
N_CHANNELS: Final = 3


@cache
def _transform_size(sample_rate: int) -> int:
    """Return the least product of 2, 3 and 5 that holds the long window."""
    size = max(_LEAST_FFT, round(_LONG_SECONDS * sample_rate))
    while 30 ** size.bit_length() % size:  # some other prime divides it
        size += 1
    return size


@cache
def _filterbank(sample_rate: int) -> NDArray[np.float32]:
    """Return the weights of the bins in each band, shape (n_bins, N_BANDS), sums 1 or 0."""
    n_fft = _transform_size(sample_rate)
    bins = (np.arange(n_fft // 2 + 1) * sample_rate / n_fft)[:, np.newaxis]
    low, centre, high = _EDGES[:-2], _EDGES[1:-1], _EDGES[2:]
    triangles = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre))
    weights = np.maximum(triangles, 0.0)
    return np.asarray(weights / np.maximum(weights.sum(axis=0), 1e-9), dtype=np.float32)


@cache
def _windows(sample_rate: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return both windows, centred in the transform; a full-scale sine has the power 1."""
    n_fft = _transform_size(sample_rate)
    windows = []
    for seconds in (_LONG_SECONDS, _SHORT_SECONDS):
        n = min(max(1, round(seconds * sample_rate)), n_fft)
        hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * (np.arange(n) + 0.5) / n)
        window = np.zeros(n_fft, dtype=np.float32)
        window[(n_fft - n) // 2 : (n_fft - n) // 2 + n] = hann / (0.5 * hann.sum())
        windows.append(window)
    return windows[0], windows[1]


def n_frames_of(n_samples: int, sample_rate: int) -> int:
    """Return how many frames a recording has: one every 10 ms, the first at its first sample."""
    return int(n_samples / (HOP_SECONDS * sample_rate)) + 1 if n_samples else 0


def frame_sample(frame: int, sample_rate: int) -> int:
    """Return the sample on which a frame is centred."""
    return round(frame * sample_rate / FRAMES_PER_SECOND)


def band_levels(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Return the level of each band at each frame.

    Parameters
    ----------
    samples : ndarray of float32, shape (n_samples,)
        Mono.  Frame t is centred on sample t / 100 * sample_rate; around the recording is silence.
    sample_rate : int
        In Hz.

    Returns
    -------
    ndarray of float32, shape (n_frames, N_WINDOWS, N_BANDS)
        In dB relative to a full-scale sine, at least -160.
    """
    n_frames = n_frames_of(len(samples), sample_rate)
    n_fft = _transform_size(sample_rate)
    bank = _filterbank(sample_rate)
    windows = _windows(sample_rate)
    padded = np.pad(np.asarray(samples, dtype=np.float32), n_fft)
    starts = [frame_sample(t, sample_rate) + n_fft - n_fft // 2 for t in range(n_frames)]
    excerpts = np.lib.stride_tricks.sliding_window_view(padded, n_fft)
    levels = np.empty((n_frames, N_WINDOWS, N_BANDS), dtype=np.float32)
    for begin in range(0, n_frames, _BLOCK_FRAMES):
        frames = excerpts[starts[begin : begin + _BLOCK_FRAMES]]
        for channel, window in enumerate(windows):
            spectrum = windowed_spectra(frames, window)
            power = (spectrum.real**2 + spectrum.imag**2) @ bank
            levels[begin : begin + len(frames), channel] = power
    levels += np.float32(_POWER_FLOOR)
    return np.asarray(10.0 * np.log10(levels), dtype=np.float32)


def local_reference(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the level that each frame is compared with.

    Past and future of two seconds each give a level: that of their eighth-loudest frame.  The
    quieter one counts, so that neither the hits before a loud part nor those after it are lost, but
    no less than 30 dB below the louder one.  What lies beyond either end is the recording mirrored.

    Parameters
    ----------
    levels : ndarray of float32, shape (n_frames, N_WINDOWS, N_BANDS)
        As `band_levels` gives them.

    Returns
    -------
    ndarray of float32, shape (n_frames,)
        Level of all bands together in dB, at least -80.
    """
    power = 10.0 ** (0.1 * levels[:, 0].astype(np.float32))
    loudness = 10.0 * np.log10(power.sum(axis=1) + np.float32(_POWER_FLOOR))
    n_frames = len(loudness)
    # "symmetric" repeats recordings that are shorter than what is missing
    padded = np.pad(loudness, LEVEL_FRAMES - 1, mode="symmetric")
    spans = np.lib.stride_tricks.sliding_window_view(padded, LEVEL_FRAMES)
    place = LEVEL_FRAMES - 1 - _OUTLIER_FRAMES
    ranked = np.concatenate(
        [
            np.partition(spans[begin : begin + 1000], place, axis=1)[:, place]
            for begin in range(0, len(spans), 1000)
        ]
    )
    past, future = ranked[:n_frames], ranked[LEVEL_FRAMES - 1 :][:n_frames]
    quieter, louder = np.minimum(past, future), np.maximum(past, future)
    reference = np.maximum(np.maximum(quieter, louder - _LARGEST_STEP), _LOWEST_REFERENCE)
    return np.asarray(reference, dtype=np.float32)


def network_input(levels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the network sees: levels relative to their surroundings, and their rises.

    Parameters
    ----------
    levels : ndarray of float32, shape (n_frames, N_WINDOWS, N_BANDS)
        As `band_levels` gives them; n_frames >= 1.

    Returns
    -------
    ndarray of float32, shape (n_frames, N_CHANNELS, N_BANDS)
        Level (-0.4 to 3.6), and its rise since the frame before (0 to 8) of either window.
    """
    reference = local_reference(levels)[:, np.newaxis, np.newaxis]
    now = np.clip(levels - reference, _LOWEST, _HIGHEST)
    before = np.empty_like(now)
    before[0] = now[0]
    before[1:] = np.clip(levels[:-1] - reference[1:], _LOWEST, _HIGHEST)
    rise = np.maximum(now - before, 0.0)
    channels = [(now[:, 0] - _ZERO) / 25.0, rise[:, 0] / 12.5, rise[:, 1] / 12.5]
    return np.stack(channels, axis=1).astype(np.float32)
