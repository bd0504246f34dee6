"""Dividing a recording among its explained parts, block by block."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import ComplexArray, FloatArray
from nmfd_cli.core.masking import wiener_masks
from nmfd_cli.core.nmfconv.engine.shifts import TimeGrid, stack_shifts, with_history
from nmfd_cli.core.nmfconv.engine.target import Target, frames_of
from nmfd_cli.core.spatial import SpatialModel, SpatialStatistics, multichannel_wiener
from nmfd_cli.core.stft import Stft
from nmfd_cli.core.threads import WorkerPool, worker_pool

#: Frames that are divided at a time.
_FRAMES_AT_A_TIME = 32


@dataclass(frozen=True)
class StemModel:
    """What a factorisation says of each stem.

    Attributes
    ----------
    W : ndarray, shape (K, R, T)
    H : ndarray, shape (R, M)
    scale : float
        What ``sum_t W_t shift(H, t)`` is to be multiplied by to approximate the spectrogram.
    stem_of : tuple of R ints
        The stem each component belongs to, from 0 to S - 1; S is the residual.
    n_stems : int
        S, the stems asked for.
    has_residual : bool
        One more stem takes what the spectrogram exceeds the model by, and components of its own.
    grid : TimeGrid, optional
        How the frames of the templates are tied; T then counts boxes.
    accompaniment : Target, optional
        A model of the residual, of the spectrogram's scale, instead of what exceeds the others.
    """

    W: FloatArray
    H: FloatArray
    scale: float
    stem_of: tuple[int, ...]
    n_stems: int
    has_residual: bool = False
    grid: TimeGrid | None = None
    accompaniment: Target | None = None

    def panel(self, magnitude: FloatArray, start: int) -> FloatArray:
        """Return the stems' models (S or S + 1, K, m) for a panel of the spectrogram (K, m).

        As in spectra, the bins of a frame are neighbours in memory.
        """
        K, m = magnitude.shape
        by_frame = np.zeros((self.n_stems + self.has_residual, m, K), dtype=magnitude.dtype)
        models = np.swapaxes(by_frame, 1, 2)
        owners = np.asarray(self.stem_of)
        grid = self.grid or TimeGrid.plain(self.W.shape[2])
        for stem, model in enumerate(models):
            members = owners == stem
            if members.any():
                templates = self.W[:, members].reshape(K, -1)
                history = with_history(self.H[members], grid, start, start + m)
                stack = stack_shifts(history, grid).reshape(-1, m)
                np.matmul(stack.T, templates.T, out=model.T)
        if self.accompaniment is not None:
            models[-1] += frames_of(self.accompaniment, start, start + m) / self.scale
        elif self.has_residual and self.scale > 0:
            models[-1] += np.maximum(magnitude / self.scale - models.sum(axis=0), 0)
        return models


def magnitude_of(spectrum: ComplexArray) -> FloatArray:
    """Return one magnitude (K, m) for all channels (C, K, m): the root of their mean power.

    Unlike the magnitude of a downmix it does not lose what is out of phase between channels.
    """
    if spectrum.shape[0] == 1:
        magnitude: FloatArray = np.abs(spectrum[0])
        return magnitude
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    root: FloatArray = np.sqrt(power.mean(axis=0))
    return root


def measure_space(
    stft: Stft, sample_blocks: Iterable[NDArray[np.float64]], model: StemModel, alpha: float
) -> SpatialModel | None:
    """Measure where the stems of a recording stand: a pass before `divide`, of like arguments.

    Returns
    -------
    SpatialModel or None
        None where the masks alone tell the stems apart: without two channels that differ.
    """
    statistics: SpatialStatistics | None = None
    start = 0
    with worker_pool() as pool:
        for spectrum in stft.blocks(block.astype(np.float32) for block in sample_blocks):
            if spectrum.shape[0] != 2:
                return None
            masks = wiener_masks(model.panel(magnitude_of(spectrum), start), alpha)
            start += spectrum.shape[-1]
            statistics = statistics or SpatialStatistics(len(masks), spectrum.shape[1])
            statistics.add(spectrum, masks, pool)
    return statistics.model() if statistics else None


def divide(
    stft: Stft,
    sample_blocks: Iterable[NDArray[np.float64]],
    model: StemModel,
    alpha: float,
    *,
    space: SpatialModel | None = None,
) -> Iterator[tuple[NDArray[np.float64], FloatArray]]:
    """Divide a recording by alpha-Wiener masks, or by the multichannel filter they are part of.

    Parameters
    ----------
    stft : Stft
        The one the model was made with.
    sample_blocks : iterable of ndarrays, shape (C, any)
        The recording.
    model : StemModel
    alpha : float
        Power of the models in the masks.
    space : SpatialModel, optional
        Where the stems stand between two channels; without it the masks alone divide.

    Yields
    ------
    mixture : ndarray, shape (C, n)
        The recording, delayed to where the stems have got to.
    stems : ndarray, shape (S or S + 1, C, n)
        Stems that add up to the mixture, to within float32's precision.
    """
    mixture = SampleQueue()
    adder = _OverlapAdder(stft)
    start = 0
    with worker_pool() as pool:
        for spectrum in stft.blocks(_recorded(sample_blocks, mixture)):
            models = model.panel(magnitude_of(spectrum), start)
            samples = adder.add(_divided(stft, spectrum, models, alpha, pool=pool, space=space))
            start += spectrum.shape[-1]
            ready = mixture.take(samples.shape[-1])
            if ready.shape[-1]:
                yield ready, samples[..., : ready.shape[-1]]


def _divided(
    stft: Stft,
    spectrum: ComplexArray,
    models: FloatArray,
    alpha: float,
    *,
    pool: WorkerPool,
    space: SpatialModel | None,
) -> FloatArray:
    """Return what each model (S, K, m) gets of frames (C, K, m), as overlapping samples.

    Some frames at a time go all the way, lest intermediate results go through memory.
    """
    n_frames, hop = spectrum.shape[-1], stft.hop_length
    starts = range(0, n_frames, _FRAMES_AT_A_TIME)
    parts: dict[int, FloatArray] = {}

    def divide_frames(_worker: int, item: int) -> None:
        frames = slice(starts[item], starts[item] + _FRAMES_AT_A_TIME)
        x, masks = spectrum[..., frames], wiener_masks(models[..., frames], alpha)
        stems = masks[:, None] * x if space is None else multichannel_wiener(x, masks, space)
        parts[item] = stft.overlap_add(stems)

    pool.run(divide_frames, len(starts))
    n_samples = stft.overlap + n_frames * hop
    samples = np.zeros((len(models), len(spectrum), n_samples), dtype=parts[0].dtype)
    for item, start in enumerate(starts):
        part = parts[item]
        samples[..., start * hop : start * hop + part.shape[-1]] += part
    return samples


class SampleQueue:
    """Samples (..., any) that wait for the stems to catch up."""

    def __init__(self) -> None:
        self._waiting: list[NDArray[Any]] = []

    def put(self, block: NDArray[Any]) -> None:
        self._waiting.append(block)

    def take(self, n_samples: int) -> NDArray[Any]:
        """Return the next samples, as many as asked for or as there are."""
        joined = self._waiting[0]
        if len(self._waiting) > 1:
            joined = np.concatenate(self._waiting, axis=-1)
        self._waiting = [joined[..., n_samples:]]
        return joined[..., :n_samples]


def _recorded(blocks: Iterable[NDArray[np.float64]], queue: SampleQueue) -> Iterator[FloatArray]:
    for block in blocks:
        queue.put(block)
        yield block.astype(np.float32)


class _OverlapAdder:
    """Joins what blocks of frames have become to samples, without a seam."""

    def __init__(self, stft: Stft) -> None:
        self._stft = stft
        self._waiting: NDArray[Any] | None = None
        self._to_drop = stft.overlap

    def add(self, samples: FloatArray) -> FloatArray:
        """Return the samples (..., n) that are complete with these of `Stft.overlap_add`."""
        overlap = self._stft.overlap
        if self._waiting is not None:
            samples[..., :overlap] += self._waiting
        complete = samples.shape[-1] - overlap
        self._waiting = samples[..., complete:]
        drop = min(self._to_drop, complete)
        self._to_drop -= drop
        return samples[..., drop:complete]
