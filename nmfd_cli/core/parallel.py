"""Threads for element-wise work, as many as the matrix products use."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

#: What sets the threads of the usual BLAS libraries, the most specific first.
_SETTINGS = (
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "OMP_NUM_THREADS",
)
#: Rows a thread works on at a time: few enough that a core's cache holds them between two steps.
_ROWS = 64
#: Below so many entries a second thread costs more than it saves.
_LEAST_ENTRIES = 1 << 17


def blas_threads() -> int:
    """Return how many threads the matrix products use: as set, or one a processor."""
    for name in _SETTINGS:
        value = os.environ.get(name, "")
        if value.isdecimal() and int(value) > 0:
            return int(value)
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class RowWorkers:
    """Works through the rows of a matrix in chunks, on several threads where that pays.

    NumPy lets go of the interpreter's lock while it computes, so plain threads do.

    Parameters
    ----------
    n_entries : int
        Of the matrices to come.
    """

    def __init__(self, n_entries: int) -> None:
        self._n_threads = blas_threads() if n_entries >= _LEAST_ENTRIES else 1
        helpers = self._n_threads - 1
        self._pool = ThreadPoolExecutor(helpers, "nmfd-rows") if helpers else None

    def add_up(self, work: Callable[[slice], float], n_rows: int) -> float:
        """Call ``work(rows)`` for all rows and return the sum of what it returns."""
        chunks = [slice(row, row + _ROWS) for row in range(0, n_rows, _ROWS)]
        if self._pool is None:
            return sum(map(work, chunks))
        shares = [chunks[first :: self._n_threads] for first in range(self._n_threads)]
        futures = [self._pool.submit(_sum, work, share) for share in shares[1:]]
        return _sum(work, shares[0]) + sum(future.result() for future in futures)


def _sum(work: Callable[[slice], float], chunks: list[slice]) -> float:
    return sum(map(work, chunks))
