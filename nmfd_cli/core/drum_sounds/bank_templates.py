"""Templates of many sounds in bands, and which of them are most active in a recording."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.bands import Bands
from nmfd_cli.core.drum_sounds.description import Description
from nmfd_cli.core.drum_sounds.rebuilding import templates
from nmfd_cli.core.nmfconv.engine.shifts import TimeGrid
from nmfd_cli.core.stft import Stft


@dataclass(frozen=True)
class BankTemplates:
    """Templates of several sounds, in bands.

    Attributes
    ----------
    W : ndarray, shape (F, R, T), float32
        Of sum one over bands and frames; T counts the boxes of `grid`.
    drums : tuple of R str
        The class of each.
    """

    W: FloatArray
    drums: tuple[str, ...]
    grid: TimeGrid

    def of(self, classes: Sequence[str]) -> "BankTemplates":
        """Return the templates of some classes, in the order of the classes."""
        return self.taken([r for drum in classes for r in self.members(drum)])

    def members(self, drum: str) -> list[int]:
        """Return the indices of a class's templates."""
        return [r for r, name in enumerate(self.drums) if name == drum]

    def rows(self, classes: Sequence[str]) -> list[int]:
        """Return the index of each template's class among some classes."""
        return [classes.index(drum) for drum in self.drums]

    def taken(self, indices: Sequence[int]) -> "BankTemplates":
        """Return the templates at these indices."""
        drums = tuple(self.drums[r] for r in indices)
        return BankTemplates(self.W[:, list(indices)], drums, self.grid)


def ringing_grid(head: int, seconds: float, hop_seconds: float) -> TimeGrid:
    """Return a grid that is fine at the attack and widens as a sound rings on.

    After the head, boxes double their width after every two.

    Parameters
    ----------
    head : int
        Frames at full resolution.
    seconds : float
        How long templates are in all; at least the head.
    hop_seconds : float
        Seconds a frame.
    """
    edges = list(range(head + 1))
    width, n_frames = 2, round(seconds / hop_seconds)
    while edges[-1] + width <= n_frames:
        edges.append(edges[-1] + width)
        if edges[-1] + width <= n_frames:
            edges.append(edges[-1] + width)
        width *= 2
    return TimeGrid(tuple(edges))


#: To be raised with every change of what `bank_templates` returns, lest one is taken from a cache
#: that an older release has filled; a test compares.
TEMPLATES_VERSION = 1


def bank_templates(
    description: Description, stft: Stft, grid: TimeGrid, *, sample_rate: float
) -> NDArray[np.float32]:
    """Build the templates of described sounds for an STFT, in bands.

    Parameters
    ----------
    description : Description
        Of R sounds.
    sample_rate : float
        In Hz.

    Returns
    -------
    ndarray, shape (F, R, T), float32
        Of sum one over bands and frames.
    """
    frames = templates(
        description,
        n_fft=stft.n_fft,
        hop_length=stft.hop_length,
        sample_rate=sample_rate,
        n_frames=grid.n_frames,
    )
    boxes = np.add.reduceat(frames, grid.edges[:-1], axis=2) / np.asarray(grid.widths, np.float32)
    W = Bands(stft.n_fft, sample_rate).add_up(boxes)
    W /= (W @ np.asarray(grid.widths, np.float32)).sum(axis=0)[:, None]
    return W.astype(np.float32, copy=False)


#: Classes that are several instruments under one name: high and low toms, ride and crash.
SEVERAL = frozenset({"tom", "cymbal"})


def most_active(
    bank: BankTemplates, H: FloatArray, n_templates: int, n_of_several: int
) -> list[int]:
    """Return the templates of each class that are most active in a recording.

    Parameters
    ----------
    bank : BankTemplates
        Of R templates.
    H : ndarray, shape (R, M)
        Their activations.
    n_templates, n_of_several : int
        How many of each class, at most: of one that is one instrument, and of `SEVERAL`.

    Returns
    -------
    list of int
        In the order of the bank.
    """
    activity = H.sum(axis=1)
    chosen: list[int] = []
    for drum in dict.fromkeys(bank.drums):
        members = bank.members(drum)
        number = n_of_several if drum in SEVERAL else n_templates
        chosen += sorted(members, key=lambda r: -activity[r])[:number]
    return sorted(chosen)
