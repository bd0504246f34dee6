"""The short-time Fourier transform, and its way back without a loss."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import ComplexArray, FloatArray, working_dtype
from nmfd_cli.errors import ParameterError

#: The least overlap-add weight, relative to the largest, from which a sample is still restored.
_LEAST_WEIGHT = 1e-3

Sample = TypeVar("Sample", int, NDArray[np.intp])


def windowed_spectra(frames: FloatArray, window: FloatArray) -> ComplexArray:
    """Return the spectra (..., n_fft // 2 + 1) of windowed frames (..., n_fft), at their precision.

    The factor of "forward" has the type of the frames; without one NumPy transforms float32 by way
    of float64, which takes four times as long.
    """
    spectra: ComplexArray = np.fft.rfft(frames * (len(window) * window), norm="forward")
    return spectra


@dataclass(frozen=True)
class Stft:
    """An STFT with a periodic Hann window whose frames are counted by their newest samples.

    Frame m is the first whose window reaches samples ``m hop_length ... (m + 1) hop_length - 1``:
    it looks at samples ``(m + 1) hop_length - n_fft ... (m + 1) hop_length - 1``.  An event at
    sample n therefore begins in frame ``n // hop_length``, and a recording has as many frames as it
    takes for each of its samples to lie under every window that can reach it.

    Parameters
    ----------
    n_fft : int
        Length of the window and the transform, in samples.
    hop_length : int
        Samples from frame to frame; at most so many that the windows still cover all samples.

    Raises
    ------
    ParameterError
        If a number is not possible.
    """

    n_fft: int
    hop_length: int

    def __post_init__(self) -> None:
        if self.n_fft < 4:
            raise ParameterError(
                expected="at least 4 samples", found=str(self.n_fft), setting="n_fft"
            )
        if not 1 <= self.hop_length <= self.n_fft:
            raise ParameterError(
                expected=f"1 to {self.n_fft} samples (n_fft)",
                found=str(self.hop_length),
                setting="hop_length",
            )
        weight = self._overlap_weight()
        if weight.min() < _LEAST_WEIGHT * weight.max():
            raise ParameterError(
                f"windows of {self.n_fft} samples do not overlap enough at a hop of "
                f"{self.hop_length}",
                hint=f"expected at most about {self.n_fft * 3 // 4}",
                setting="hop_length",
            )

    @property
    def n_bins(self) -> int:
        """K, the bins from zero to the Nyquist frequency."""
        return self.n_fft // 2 + 1

    @property
    def overlap(self) -> int:
        """Samples that a frame shares with the one before, ``n_fft - hop_length``."""
        return self.n_fft - self.hop_length

    @cached_property
    def window(self) -> FloatArray:
        """The periodic Hann window (n_fft,), float64."""
        phase = 2 * np.pi * np.arange(self.n_fft) / self.n_fft
        window: FloatArray = 0.5 - 0.5 * np.cos(phase)
        return window

    def n_frames(self, n_samples: int) -> int:
        """Return M for a recording of so many samples."""
        return 0 if n_samples < 1 else (n_samples - 1 + self.overlap) // self.hop_length + 1

    def frame_of(self, sample: Sample) -> Sample:
        """Return the first frame whose window reaches a sample, or each of an array of them."""
        return sample // self.hop_length

    def transform(self, x: FloatArray) -> ComplexArray:
        """Transform samples to frames.

        Parameters
        ----------
        x : ndarray, shape (..., n_samples)
            Samples that frames ``0 ... M - 1`` look at: the first `overlap` of them lie before
            frame zero's own.  ``n_samples >= n_fft``; what does not fill a last hop is left out.

        Returns
        -------
        ndarray, shape (..., K, M)
            complex64 for float32 samples, complex128 for all else.
        """
        frames = np.lib.stride_tricks.sliding_window_view(x, self.n_fft, axis=-1)
        frames = frames[..., :: self.hop_length, :]
        spectrum = windowed_spectra(frames, self.window.astype(working_dtype(x)))
        wanted = np.complex64 if x.dtype == np.float32 else np.complex128
        return np.swapaxes(spectrum.astype(wanted, copy=False), -1, -2)

    def magnitude(self, x: FloatArray) -> FloatArray:
        """Return the magnitude spectrogram (K, M) of a whole mono recording (n_samples,)."""
        return np.abs(self.transform(self.padded(x)))

    def padded(self, x: FloatArray) -> FloatArray:
        """Put zeros around a whole recording, so that `transform` gives all of its frames.

        Parameters
        ----------
        x : ndarray, shape (..., n_samples)
        """
        n_samples = x.shape[-1]
        needed = self.overlap + self.n_frames(n_samples) * self.hop_length
        around = (self.overlap, needed - self.overlap - n_samples)
        return np.pad(x, [(0, 0)] * (x.ndim - 1) + [around])

    def blocks(self, sample_blocks: Iterable[FloatArray]) -> Iterator[ComplexArray]:
        """Transform a recording that comes in blocks.

        Parameters
        ----------
        sample_blocks : iterable of ndarrays, shape (n_channels, any)

        Yields
        ------
        ndarray, shape (n_channels, K, m)
            All M frames, in order; as many at a time as the samples so far allow.
        """
        n_samples = n_frames = 0
        waiting: FloatArray | None = None
        for block in sample_blocks:
            if waiting is None:
                waiting = np.zeros((block.shape[0], self.overlap), dtype=block.dtype)
            waiting = np.concatenate([waiting, block], axis=-1)
            n_samples += block.shape[-1]
            m = (waiting.shape[-1] - self.overlap) // self.hop_length
            if m:
                yield self.transform(waiting[:, : self.overlap + m * self.hop_length])
                waiting = waiting[:, m * self.hop_length :]
                n_frames += m
        missing = self.n_frames(n_samples) - n_frames
        if waiting is not None and missing > 0:
            needed = self.overlap + missing * self.hop_length
            yield self.transform(np.pad(waiting, ((0, 0), (0, needed - waiting.shape[-1]))))

    def overlap_add(self, spectrum: ComplexArray) -> FloatArray:
        """Transform frames back and add them up, weighted so that nothing is lost.

        The weighted overlap-add of [1]_: each frame is windowed once more and each sample divided
        by the sum of the squared windows over it.

        Parameters
        ----------
        spectrum : ndarray, shape (..., K, m)

        Returns
        -------
        ndarray, shape (..., overlap + m hop_length)
            Samples from `overlap` before the first frame's own.  Whole are those that all of their
            frames are here for: with frames to follow, the last `overlap` wait for them; with
            frames before, the first `overlap` are to be added to what was left waiting.

        References
        ----------
        .. [1] D. Griffin, J. Lim: "Signal estimation from modified short-time Fourier transform",
           IEEE TASSP 32(2), 1984.
        """
        n_frames = spectrum.shape[-1]
        hop = self.hop_length
        dtype = np.float32 if spectrum.dtype == np.complex64 else np.float64
        frames = np.fft.irfft(np.swapaxes(spectrum, -1, -2), self.n_fft, axis=-1)
        frames = frames.astype(dtype, copy=False)
        frames *= self._synthesis_window().astype(dtype)
        n_parts = -(-self.n_fft // hop)
        total = np.zeros((*spectrum.shape[:-2], n_frames + n_parts - 1, hop), dtype=dtype)
        for part in range(n_parts):
            piece = frames[..., part * hop : (part + 1) * hop]
            total[..., part : part + n_frames, : piece.shape[-1]] += piece
        flat = total.reshape(*spectrum.shape[:-2], -1)
        return flat[..., : self.overlap + n_frames * hop]

    def inverse(self, spectrum: ComplexArray, n_samples: int) -> FloatArray:
        """Return the whole recording (..., n_samples) of a spectrogram (..., K, M)."""
        return self.overlap_add(spectrum)[..., self.overlap : self.overlap + n_samples]

    def _overlap_weight(self) -> FloatArray:
        """Return the sum of squared windows over each sample of a hop, shape (hop_length,)."""
        squares = np.zeros(-(-self.n_fft // self.hop_length) * self.hop_length)
        squares[: self.n_fft] = self.window**2
        weight: FloatArray = squares.reshape(-1, self.hop_length).sum(axis=0)
        return weight

    def _synthesis_window(self) -> FloatArray:
        window = self.window
        weight = np.resize(self._overlap_weight(), self.n_fft)
        return window / weight
