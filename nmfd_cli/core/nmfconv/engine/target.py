"""Targets: the spectrogram to be factorised, seen panel by panel and shared out among threads."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.threads import MAX_WORKERS, WorkerPool, worker_pool

#: Entries of a panel.  What is made of it should fit a core's cache, and a product of a panel take
#: longer than the calls around it: 1 << 17 to 1 << 19 make little difference.
PANEL_ENTRIES = 3 << 17

#: So many panels at least, where they do not become shorter than this: threads share them out.
_LEAST_PANELS = 4
_LEAST_FRAMES = 256

#: Panels are shared out in at most so many groups of neighbours.  The groups decide in which order
#: sums are made, so that the bits are the same for any number of threads.
_MAX_GROUPS = MAX_WORKERS
#: Multiplications of a product from which a group is worth handing over to another thread.
_GROUP_WORK = 3e7


class Target(Protocol):
    """A non-negative spectrogram V of K bins and M frames, seen panel by panel.

    Every entry is above zero: silence is given as the least positive number.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """(K, M)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""

    @property
    def total(self) -> float:
        """The sum of all entries."""

    @property
    def panel_frames(self) -> int:
        """Frames of every panel but the last, which may be shorter."""

    @property
    def in_memory(self) -> bool:
        """Whether all of it lies in memory."""

    def panel(self, index: int, scratch: FloatArray | None = None) -> FloatArray:
        """Return a panel (K, m), C-contiguous; from several threads at once, too.

        Parameters
        ----------
        scratch : ndarray, at least K * panel_frames entries, optional
            Where the panel may be put if it does not lie in memory; it holds as long as this does.
        """


@dataclass(frozen=True)
class Panel:
    """Frames ``start:stop`` of a target."""

    index: int
    start: int
    stop: int


def panels_of(target: Target) -> list[Panel]:
    """Return all panels of a target, in order."""
    n_frames, length = target.shape[1], target.panel_frames
    starts = range(0, n_frames, length)
    return [Panel(i, start, min(start + length, n_frames)) for i, start in enumerate(starts)]


class ArrayTarget:
    """A target in memory.

    Parameters
    ----------
    V : ndarray, shape (K, M), finite, at least zero
        Left as it is: copied, but for a single panel as it stands, so that panels are contiguous.
    panel_frames : int, optional
        The length of a panel; by default `usual_panel_frames`.
    """

    in_memory = True

    def __init__(
        self, V: FloatArray, dtype: np.dtype[Any], panel_frames: int | None = None
    ) -> None:
        self.shape: tuple[int, int] = (V.shape[0], V.shape[1])
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.panel_frames = min(panel_frames or usual_panel_frames(*self.shape), V.shape[1])
        cut = [V[:, panel.start : panel.stop] for panel in panels_of(self)]
        self._panels = [np.ascontiguousarray(panel, dtype=self.dtype) for panel in cut]
        # rows are added up in their own precision, the few sums of rows in double precision
        sums = [panel.sum(axis=1) for panel in self._panels]
        self.total = float(np.sum(sums, dtype=np.float64))
        least = self.dtype.type(least_entry(self.total, self.dtype))
        self._panels = [p if p.min() >= least else np.maximum(p, least) for p in self._panels]

    def panel(self, index: int, scratch: FloatArray | None = None) -> FloatArray:
        return self._panels[index]


def usual_panel_frames(n_bins: int, n_frames: int) -> int:
    """Return a length of panels that fit a core's cache, the last about as long as the others."""
    fitting = max(_LEAST_FRAMES, PANEL_ENTRIES // n_bins)
    n_panels = max(-(-n_frames // fitting), min(_LEAST_PANELS, n_frames // _LEAST_FRAMES), 1)
    return -(-n_frames // n_panels)


def excerpt(target: Target, n_frames: int) -> tuple[Target, NDArray[np.intp]]:
    """Return panels of a target, spread over all of it, that have about so many frames together.

    Parameters
    ----------
    n_frames : int
        The whole target is taken if it has no more.

    Returns
    -------
    Target
        The panels, one behind the other.
    ndarray, shape (m,)
        Which frames they are.
    """
    if target.in_memory and target.shape[1] <= n_frames:
        return target, np.arange(target.shape[1])
    panels = panels_of(target)
    every = max(1, round(target.shape[1] / n_frames))
    chosen = panels[(len(panels) - 1) % every // 2 :: every]
    V = np.concatenate([target.panel(panel.index) for panel in chosen], axis=1)
    frames = np.concatenate([np.arange(panel.start, panel.stop) for panel in chosen])
    return ArrayTarget(V, target.dtype), frames


def frames_of(target: Target, start: int, stop: int) -> FloatArray:
    """Return frames ``start ... stop - 1`` of a target, shape (K, stop - start)."""
    length = target.panel_frames
    parts = [
        target.panel(index)[:, max(start - index * length, 0) : stop - index * length]
        for index in range(start // length, (stop - 1) // length + 1)
    ]
    return np.concatenate(parts, axis=1)


def least_entry(total: float, dtype: np.dtype[Any]) -> float:
    """Return what stands for zero in a target of this sum: its logarithm exists, its share not."""
    return max((total or 1.0) * 1e-30, float(np.finfo(dtype).tiny))


def is_small(n_bins: int, n_frames: int, n_rows: int) -> bool:
    """Whether products of (K, R T) by (R T, M) are over before another thread would have begun.

    BLAS's own threads, which do not sleep between products, still help with these; unless it is
    held to one, the last bits of a result then depend on their number.
    """
    return float(n_bins) * n_frames * n_rows < _GROUP_WORK


@contextmanager
def pool_for(target: Target, n_rows: int) -> Iterator[WorkerPool]:
    """Yield the threads that the sweeps over a target pay for, with R T rows of templates."""
    if is_small(*target.shape, n_rows):
        with WorkerPool(1) as pool:
            yield pool
    else:
        with worker_pool() as pool:
            yield pool


def array_target(V: FloatArray, n_comp: int, n_template_frames: int) -> ArrayTarget:
    """Return V (K, M) as a target cut into panels for R templates of T frames.

    Small ones are one panel; and panels are longer than templates, as products with long ones go
    through FFTs over both.
    """
    K, M = V.shape
    if is_small(K, M, n_comp * n_template_frames):
        return ArrayTarget(V, V.dtype, M)
    return ArrayTarget(V, V.dtype, max(usual_panel_frames(K, M), 2 * n_template_frames))


def grouped(target: Target, n_rows: int) -> list[list[Panel]]:
    """Return the panels in groups: neighbours, about as many in each, for R T rows of templates."""
    panels = panels_of(target)
    work = float(n_rows) * target.shape[0] * target.shape[1]
    wanted = min(_MAX_GROUPS, len(panels), max(1, round(work / _GROUP_WORK)))
    n_groups = 1 << (wanted.bit_length() - 1)  # shared out evenly among 2, 4, 8 threads
    borders = np.linspace(0, len(panels), n_groups + 1).round().astype(int)
    return [panels[low:high] for low, high in pairwise(borders)]
