"""Threads that share numeric work out, on a BLAS that is held to one thread meanwhile.

BLAS's own threads wait for each other at the end of every matrix product, and what stands between
the products is left to one of them.  Here each thread takes a whole group of panels, products and
all.  Waiting threads sleep, so that a busy machine costs its share and no more.

How many threads there are is BLAS's setting: ``OPENBLAS_NUM_THREADS`` and its like, or what was set
at run time, with `threadpoolctl.threadpool_limits` for instance.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, Self

import numpy as np  # noqa: F401 - loads BLAS, which the controller is to find
from threadpoolctl import ThreadpoolController

#: More threads than this are of no use to what is shared out here.
MAX_WORKERS = 16

#: ``work(worker, item)``: do an item with the workspace of a worker.
Work = Callable[[int, int], None]


class WorkerPool:
    """The thread that calls, and others that help it.

    Parameters
    ----------
    n_workers : int
        All of them, the calling thread included.

    Examples
    --------
    >>> squares = [0] * 4
    >>> with WorkerPool(2) as pool:
    ...     pool.run(lambda worker, item: squares.__setitem__(item, item**2), 4)
    >>> squares
    [0, 1, 4, 9]
    """

    def __init__(self, n_workers: int) -> None:
        self.n_workers = n_workers
        self._helpers = ThreadPoolExecutor(n_workers - 1) if n_workers > 1 else None

    def run(self, work: Work, n_items: int) -> None:
        """Have every item done, in any order; a helper that has not begun is not waited for.

        What one of them raises is raised here, and the items that nobody has begun are left.
        """
        if self._helpers is None:
            for item in range(n_items):
                work(0, item)
            return
        items = deque(range(n_items))

        def take_items(worker: int) -> None:
            try:
                while items:
                    try:
                        item = items.popleft()
                    except IndexError:  # another thread took the last one
                        return
                    work(worker, item)
            except BaseException:
                items.clear()
                raise

        workers = range(1, min(self.n_workers, n_items))
        helping = [self._helpers.submit(take_items, worker) for worker in workers]
        try:
            take_items(0)
        finally:
            begun = [future for future in helping if not future.cancel()]
            wait(begun)
        for future in begun:
            future.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._helpers is not None:
            self._helpers.shutdown()


@contextmanager
def worker_pool() -> Iterator[WorkerPool]:
    """Yield a pool of as many threads as BLAS may use, which is held to one meanwhile."""
    with single_threaded_blas() as n_threads, WorkerPool(min(n_threads, MAX_WORKERS)) as pool:
        yield pool


class _Hold:
    """The one hold on BLAS that all who want it single-threaded share."""

    lock = threading.RLock()  # a generator may let go from within, when it is collected
    holders = 0
    n_threads = 1
    limiter: Any = None


@contextmanager
def single_threaded_blas() -> Iterator[int]:
    """Hold BLAS to one thread, and yield how many it may use otherwise.

    From several threads at once and within each other, too: the last to let go gives BLAS its
    threads back.  Where the library is not one that can be held, nothing changes and one is
    yielded: it then uses threads of its own.
    """
    is_held = False
    try:
        with _Hold.lock:
            if _Hold.holders == 0:
                # looked for anew, in a third of a millisecond: SciPy brings a BLAS of its own
                blas = ThreadpoolController().select(user_api="blas")
                numbers = [max(1, library.num_threads) for library in blas.lib_controllers]
                _Hold.n_threads = min(numbers, default=1)
                _Hold.limiter = blas.limit(limits=1)
            _Hold.holders += 1
            is_held = True
            n_threads = _Hold.n_threads
        yield n_threads
    finally:
        with _Hold.lock:
            _Hold.holders -= is_held
            if is_held and _Hold.holders == 0:
                _Hold.limiter.restore_original_limits()
