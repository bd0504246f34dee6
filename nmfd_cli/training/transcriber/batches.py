"""Excerpts of clips, changed at random, as the training sees them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from nmfd_cli.training.synthesis.signals import SAMPLE_RATE
from nmfd_cli.training.transcriber.augmentation import augmented
from nmfd_cli.training.transcriber.effects import gain_of, noise_floor
from nmfd_cli.training.transcriber.pool import Pool
from nmfd_cli.training.transcriber.targets import frame_targets
from nmfd_cli.transcription.features import (
    FRAMES_PER_SECOND,
    LEVEL_FRAMES,
    N_BANDS,
    N_CHANNELS,
    band_levels,
    network_input,
)
from nmfd_cli.transcription.vocabulary import N_OUTPUTS

#: Share of excerpts that are noise alone.
_NOISE_SHARE: Final = 0.04


@dataclass(frozen=True)
class TrainingSettings:
    """How to train.

    Attributes
    ----------
    minutes : float
        Length of the whole training; interruptions do not count.
    n_clips, n_frames : int
        Size of a batch of each process.
    rate : float
        Largest learning rate.
    seed : int
    checkpoint_minutes : float
        Between two checkpoints.
    """

    minutes: float
    n_clips: int = 5
    n_frames: int = 500
    rate: float = 2e-3
    seed: int = 0
    checkpoint_minutes: float = 4.0


class Batches:
    """Draws excerpts of a pool, changed at random."""

    def __init__(self, pool: Pool, settings: TrainingSettings, rng: np.random.Generator) -> None:
        self._pool, self._settings, self._rng = pool, settings, rng
        self._targets: dict[int, NDArray[np.float16]] = {}

    def draw(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return inputs (n_clips, n_frames, N_CHANNELS, N_BANDS) and targets."""
        n_clips, n_frames = self._settings.n_clips, self._settings.n_frames
        inputs = np.empty((n_clips, n_frames, N_CHANNELS, N_BANDS), dtype=np.float32)
        targets = np.empty((n_clips, n_frames, N_OUTPUTS), dtype=np.float32)
        for place in range(n_clips):
            if self._rng.random() < _NOISE_SHARE:
                inputs[place], targets[place] = self._noise(), 0.0
            else:
                inputs[place], targets[place] = self._excerpt()
        return torch.from_numpy(inputs), torch.from_numpy(targets)

    def _excerpt(self) -> tuple[NDArray[np.float32], NDArray[np.float16]]:
        """Draw an excerpt of a clip: what the network sees, and its targets."""
        n_frames = self._settings.n_frames
        clip = int(self._rng.integers(len(self._pool)))
        levels = self._pool.levels[clip]
        begin = int(self._rng.integers(0, len(levels) - n_frames + 1))
        first = max(0, begin - LEVEL_FRAMES)
        excerpt = np.array(levels[first : begin + n_frames + LEVEL_FRAMES], dtype=np.float32)
        seen = network_input(augmented(excerpt, self._rng))
        return seen[begin - first :][:n_frames], self._targets_of(clip)[begin : begin + n_frames]

    def _noise(self) -> NDArray[np.float32]:
        """Draw noise in which nobody plays."""
        n_frames = self._settings.n_frames
        n_samples = n_frames * SAMPLE_RATE // FRAMES_PER_SECOND
        noise = noise_floor(n_samples, self._rng) * gain_of(self._rng.uniform(-110.0, -10.0))
        return network_input(band_levels(noise.astype(np.float32), SAMPLE_RATE)[:n_frames])

    def _targets_of(self, clip: int) -> NDArray[np.float16]:
        if clip not in self._targets:
            rows, n_frames = self._pool.rows[clip], len(self._pool.levels[clip])
            self._targets[clip] = frame_targets(rows, n_frames).astype(np.float16)
        return self._targets[clip]
