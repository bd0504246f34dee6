"""Threads that share the numeric work out among themselves.

The numeric library's own threads wait for each other at the end of every matrix product, and what
stands between the products is left to one of them.  Here each thread takes a whole part of a sweep,
products and all, on a library that is held to one thread meanwhile.  Waiting threads sleep, so that
a busy machine costs its share and no more.

How many threads there are is the numeric library's setting: ``OPENBLAS_NUM_THREADS`` and its like,
or what was set at run time.
"""

import ctypes
import importlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from queue import SimpleQueue
from typing import Self

import numpy as np

#: More threads than this are of no use to what is shared out here.
MOST_THREADS = 16

#: ``work(worker, item)``: do an item with what belongs to a worker.
Work = Callable[[int, int], None]

#: Names that builds of OpenBLAS give to the functions that tell and set their threads.
_NAMES = (
    "scipy_openblas_{}_num_threads64_",
    "scipy_openblas_{}_num_threads",
    "openblas_{}_num_threads64_",
    "openblas_{}_num_threads",
)


@cache
def _library() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """Return what tells and sets the numeric library's threads, or None where neither is found."""
    core = "numpy._core" if hasattr(np, "_core") else "numpy.core"
    module = importlib.import_module(f"{core}._multiarray_umath")
    try:
        library = ctypes.CDLL(str(module.__file__))  # looks in what it is linked to, too
    except OSError:
        return None
    for name in _NAMES:
        if hasattr(library, name.format("set")):
            return getattr(library, name.format("get")), getattr(library, name.format("set"))
    return None


class _Holders:
    """Those who hold the numeric library to one thread at present, and what it had before."""

    lock = threading.RLock()  # a generator may let go from within, when it is collected
    count = 0
    n_threads = 1


@contextmanager
def library_on_one_thread() -> Iterator[int]:
    """Hold the numeric library to one thread, and yield how many it is allowed otherwise.

    Where it cannot be held (no OpenBLAS) nothing changes and one is yielded: it then uses threads
    of its own.
    """
    library = _library()
    if library is None:
        yield 1
        return
    get, set_ = library
    is_held = False
    try:
        with _Holders.lock:
            if _Holders.count == 0:
                _Holders.n_threads = max(1, get())
                set_(1)
            _Holders.count += 1
            is_held = True
            n_threads = _Holders.n_threads
        yield n_threads
    finally:
        with _Holders.lock:
            _Holders.count -= is_held
            if _Holders.count == 0:
                set_(_Holders.n_threads)


class _Round:
    """Items that the threads of a team take one after the other, until none is left."""

    def __init__(self, work: Work, n_items: int) -> None:
        self._work = work
        self._items = iter(range(n_items))
        self._n_left = n_items
        self._counting = threading.Lock()
        self._all_done = threading.Lock()
        self._all_done.acquire()
        self._error: BaseException | None = None

    def take_part(self, worker: int) -> None:
        """Do items as long as there are any."""
        while (item := self._next()) is not None:
            try:
                if self._error is None:
                    self._work(worker, item)
            except BaseException as error:
                self.give_up(error)
            self._count()

    def _next(self) -> int | None:
        with self._counting:
            return next(self._items, None)

    def _count(self) -> None:
        with self._counting:
            self._n_left -= 1
            if self._n_left == 0:
                self._all_done.release()

    def give_up(self, error: BaseException) -> None:
        """Leave the items that nobody has begun, for the first of all errors."""
        with self._counting:
            self._error = self._error or error

    def wait(self) -> None:
        """Wait for the last item; raise what one of them has raised."""
        self._all_done.acquire()
        try:
            if self._error is not None:
                raise self._error
        finally:
            self._error = None  # it holds this frame, and all that the work knows


class Team:
    """The thread that calls, and others that help it.

    Parameters
    ----------
    n_threads : int
        All of them, the calling one included.

    Examples
    --------
    >>> squares = [0] * 4
    >>> with Team(2) as team:
    ...     team.run(lambda worker, item: squares.__setitem__(item, item**2), 4)
    >>> squares
    [0, 1, 4, 9]
    """

    def __init__(self, n_threads: int) -> None:
        self._queues: list[SimpleQueue[_Round | None]] = [
            SimpleQueue() for _ in range(n_threads - 1)
        ]
        for worker, queue in enumerate(self._queues, 1):
            threading.Thread(target=_help, args=(worker, queue), daemon=True).start()

    @property
    def n_threads(self) -> int:
        return len(self._queues) + 1

    def run(self, work: Work, n_items: int) -> None:
        """Have every item done, in any order; a helper that comes too late is not waited for."""
        if n_items == 0:
            return
        round_ = _Round(work, n_items)
        for queue in self._queues[: n_items - 1]:
            queue.put(round_)
        try:
            round_.take_part(0)
            round_.wait()
        except BaseException as error:  # an interrupt strikes anywhere
            round_.give_up(error)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for queue in self._queues:
            queue.put(None)


def _help(worker: int, queue: "SimpleQueue[_Round | None]") -> None:
    while (round_ := queue.get()) is not None:
        round_.take_part(worker)
        del round_  # and what its work holds


@contextmanager
def numeric_team() -> Iterator[Team]:
    """Yield a team of as many threads as the numeric library may use, which is held to one."""
    with library_on_one_thread() as n_threads, Team(min(n_threads, MOST_THREADS)) as team:
        yield team
