"""What is known of a recording before it is factorised."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.app.progress import Progress
from nmfd_cli.app.settings import SeparationSettings
from nmfd_cli.core.nmfconv.engine.target import Target
from nmfd_cli.core.stft import Stft
from nmfd_cli.io.audio import Recording
from nmfd_cli.io.notes import Score


@dataclass(frozen=True)
class Context:
    """What is known before the factorisation.

    Attributes
    ----------
    target : Target
        The magnitude spectrogram.
    recording : Recording
    stft : Stft
    score : Score or None
    settings : SeparationSettings
    progress : callable
        Is told how far listening is.
    """

    target: Target
    recording: Recording
    stft: Stft
    score: Score | None
    settings: SeparationSettings
    progress: Progress

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        return self.recording.sample_rate

    @property
    def n_frames(self) -> int:
        """M."""
        return self.target.shape[1]

    @property
    def seconds_per_frame(self) -> float:
        return self.stft.hop_length / self.sample_rate


# quoted: to name the type would import what takes time and few need
def random_generator(settings: SeparationSettings, stream: int) -> "np.random.Generator | None":
    """Return the generator of random starts; the reference toolbox's numbers have none.

    Parameters
    ----------
    settings : SeparationSettings
    stream : int
        Starts of different streams have nothing in common.
    """
    if settings.seed is None:
        return None
    return np.random.default_rng([settings.seed, stream])
