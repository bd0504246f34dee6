"""How the panels of a target are shared out among threads."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.engine.target import (
    ArrayTarget,
    Panel,
    Target,
    panels_of,
    usual_panel_frames,
)
from nmfd_cli.core.threads import MAX_WORKERS, WorkerPool, worker_pool

#: Panels are shared out in at most so many groups of neighbours.  The groups decide in which order
#: sums are made, so that the bits are the same for any number of threads.
_MAX_GROUPS = MAX_WORKERS
#: Multiplications of a product from which a group is worth handing over to another thread.
_GROUP_WORK = 3e7


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
