"""What is known of a recording before it is factorised, its spectrogram above all."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.division import magnitude_of
from nmfd_cli.core.drum_sounds.kit import Kit
from nmfd_cli.core.nmfconv.engine.target import ArrayTarget, Target, usual_panel_frames
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import Progress
from nmfd_cli.io.audio.recording import Recording
from nmfd_cli.io.score.notes import Score
from nmfd_cli.settings.definitions import SeparationSettings

#: Frames that are transformed, or divided among stems, at a time.
BLOCK_FRAMES = 256


@dataclass(frozen=True)
class Context:
    """What is known before the factorisation.

    Attributes
    ----------
    target : Target
        Its magnitude spectrogram.
    stft : Stft
        The one that was made with.
    kit : Kit
        The drum sounds to start from.
    score : Score or None
        What is played when.
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
    stream : int
        Generators of different streams have nothing in common.
    """
    if settings.seed is None:
        return None
    return np.random.default_rng([settings.seed, stream])


def spectrogram_of(
    recording: Recording,
    stft: Stft,
    settings: SeparationSettings,
    resources: ExitStack,
    progress: Progress,
) -> Target:
    """Return the magnitude spectrogram of all channels together: in memory if it is short."""
    n_samples = 0

    def read() -> Iterator[FloatArray]:
        nonlocal n_samples
        for block in recording.blocks(BLOCK_FRAMES * stft.hop_length):
            n_samples += block.shape[-1]
            yield block.astype(np.float32)
            progress("reading", n_samples / recording.n_samples)

    shape = stft.n_bins, stft.n_frames(recording.n_samples)
    panels = (magnitude_of(spectrum) for spectrum in stft.blocks(read()))
    in_memory = recording.seconds <= settings.block_seconds
    return kept(panels, shape, np.dtype(settings.precision), resources if not in_memory else None)


def kept(
    panels: Iterable[FloatArray],
    shape: tuple[int, int],
    dtype: "np.dtype[np.floating]",
    resources: ExitStack | None,
) -> Target:
    """Keep a spectrogram that comes panel by panel.

    Parameters
    ----------
    panels : iterable of ndarrays, shape (K, any)
    shape : tuple of int
        (K, M), of all of them together.
    resources : ExitStack or None
        Whose end gives the temporary disk free; None keeps it in memory.
    """
    if resources is None:
        V = np.empty(shape, dtype=dtype)
        start = 0
        for panel in panels:
            V[:, start : start + panel.shape[1]] = panel
            start += panel.shape[1]
        return ArrayTarget(V, V.dtype)
    from nmfd_cli.io.spool import SpooledSpectrogram  # what long recordings need

    spool = SpooledSpectrogram(shape[0], usual_panel_frames(*shape), dtype)
    resources.enter_context(spool)
    for panel in panels:
        spool.append(panel)
    return spool
