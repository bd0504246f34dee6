"""Worker processes, one a slot: the loss of one costs the recording it was at and no other.

`concurrent.futures` gives up on all its workers when one dies, without a word on whose fault it
was.  Here every worker has a pipe of its own, so that the end of a process says which recording
ended it, and no lock is shared that a dying process could keep.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from typing import Final, Self

from nmfd_cli.batch.plan import Job
from nmfd_cli.batch.results import Ended, Failed, OnEvent, Progress, Started
from nmfd_cli.batch.work import run_job
from nmfd_cli.errors import Progress as TellProgress

#: Shortest time between two progress events of one stage.
_PROGRESS_SECONDS: Final = 0.1
#: What tells the numeric libraries, when they are loaded, how many threads they may use.
THREAD_VARIABLES: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def run_in_pool(
    jobs: Mapping[int, Job], order: Sequence[int], n_workers: int, on_event: OnEvent
) -> None:
    """Do jobs in `n_workers` processes.

    Parameters
    ----------
    order : sequence of int
        Which one is begun first.
    on_event : callable
        Is called in the caller's thread.
    """
    waiting = deque(order)
    with _Pool(min(n_workers, len(order))) as pool:
        while waiting or pool.busy:
            while waiting and (slot := pool.free_slot()) is not None:
                index = waiting.popleft()
                slot.begin(index, jobs[index])
                on_event(Started(index, jobs[index].input))
            for event in pool.events():
                on_event(event)


class _Slot:
    """A worker process and the job that it is at."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, far_end = context.Pipe()
        self.process = context.Process(target=_serve, args=(far_end,), daemon=True)
        with _inherited(environment):
            self.process.start()
        far_end.close()  # so that its end is seen here
        self.job: tuple[int, Job] | None = None

    def begin(self, index: int, job: Job) -> None:
        self.job = (index, job)
        with suppress(OSError):  # it has died: told when its connection is read
            self.connection.send((index, job))

    def receive(self) -> Ended | Progress:
        """Return what the worker says; if it has died, that its job has failed."""
        assert self.job is not None
        try:
            event: Ended | Progress = self.connection.recv()
        except (EOFError, OSError):
            self.process.join()
            index, job = self.job
            event = Failed(index, job.input, (), _cause_of_death(self.process.exitcode))
        if isinstance(event, Ended):
            self.job = None
        return event

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()


class _Pool:
    """Slots that are filled when they are needed and emptied at the end."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._slots: list[_Slot] = []
        self._environment = thread_environment(size)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for slot in self._slots:
            slot.kill()

    @property
    def busy(self) -> list[_Slot]:
        return [slot for slot in self._slots if slot.job is not None]

    def free_slot(self) -> _Slot | None:
        """Return a worker without a job, a new one if there is room."""
        for slot in self._slots:
            if slot.job is None and slot.process.is_alive():
                return slot
        for slot in [slot for slot in self._slots if not slot.process.is_alive()]:
            if slot.job is None:
                slot.kill()
                self._slots.remove(slot)
        if len(self._slots) == self._size:
            return None
        self._slots.append(_Slot(self._environment))
        return self._slots[-1]

    def events(self) -> Iterator[Ended | Progress]:
        """Wait for workers to say something."""
        slot_of = {slot.connection: slot for slot in self.busy}
        for connection in wait(list(slot_of)):
            assert isinstance(connection, Connection)
            yield slot_of[connection].receive()


def thread_environment(n_workers: int) -> dict[str, str]:
    """Return the variables that divide the processors among workers; none if the user set one."""
    if any(name in os.environ for name in THREAD_VARIABLES):
        return {}
    threads = max(1, available_processors() // n_workers)
    return dict.fromkeys(THREAD_VARIABLES, str(threads))


def available_processors() -> int:
    """Return how many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _inherited(environment: Mapping[str, str]) -> Iterator[None]:
    """Start processes with more variables, and deaf to an interrupt: it is this one's to act."""
    resource_tracker.ensure_running()  # it would unblock the signal
    blocked = hasattr(signal, "pthread_sigmask")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if blocked else set()
    os.environ.update(environment)
    try:
        yield
    finally:
        for name in environment:
            del os.environ[name]
        if blocked:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _cause_of_death(code: int | None) -> str:
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        hint = ", perhaps for lack of memory" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}"
    return f"its process ended unexpectedly with code {code}"


def _serve(connection: Connection) -> None:
    """Do jobs until there are no more; the life of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            index, job = connection.recv()
            connection.send(run_job(index, job, throttled(partial(_tell, connection, index, job))))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            return


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _tell(connection: Connection, index: int, job: Job, stage: str, share: float) -> None:
    connection.send(Progress(index, job.input, stage, share))


def throttled(tell: TellProgress) -> TellProgress:
    """Pass progress on, but not more of it than somebody can watch."""
    last = ("", 0.0)

    def progress(stage: str, share: float) -> None:
        nonlocal last
        now = time.monotonic()
        if stage != last[0] or now - last[1] >= _PROGRESS_SECONDS:
            last = (stage, now)
            tell(stage, share)

    return progress
