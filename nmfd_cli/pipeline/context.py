"""What is known of a recording before it is factorised."""

from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from nmfd_cli.core.drum_sounds.kit import Kit
from nmfd_cli.core.nmfconv.engine.target import Target
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import Progress
from nmfd_cli.io.audio.recording import Recording
from nmfd_cli.io.score.notes import Score
from nmfd_cli.settings.definitions import SeparationSettings


@dataclass(frozen=True)
class Context:
    """What is known before the factorisation.

    Attributes
    ----------
    recording : Recording
    target : Target
        Its magnitude spectrogram.
    stft : Stft
        The one that was made with.
    settings : SeparationSettings
    kit : Kit
        The drum sounds to start from.
    score : Score or None
        What is played when.
    progress : callable
    resources : ExitStack
        Whose end gives temporary disk free.
    free : frozenset of str
        Drums that play at times of which nothing is known: what the score was transcribed with does
        not know them.
    """

    recording: Recording
    target: Target
    stft: Stft
    settings: SeparationSettings
    kit: Kit
    score: Score | None
    progress: Progress
    resources: ExitStack
    free: frozenset[str] = frozenset()

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
        """The hop, in seconds."""
        return self.stft.hop_length / self.sample_rate


# quoted: to name the type would import what takes time and few need
def random_generator(settings: SeparationSettings, stream: int) -> "np.random.Generator | None":
    """Return the generator of random factors; the reference toolbox's numbers have none.

    Parameters
    ----------
    settings : SeparationSettings
    stream : int
        Generators of different streams have nothing in common.
    """
    if settings.seed is None:
        return None
    return np.random.default_rng([settings.seed, stream])
