"""The same work on a Dask cluster, whose workers see the same files under the same paths."""

import importlib
import queue
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from nmfd_cli import __version__
from nmfd_cli.batch.plan import Job
from nmfd_cli.batch.processes import throttled
from nmfd_cli.batch.results import Done, Ended, Event, Failed, OnEvent, Progress, Skipped, Started
from nmfd_cli.batch.work import run_job
from nmfd_cli.errors import MissingExtraError, ParameterError, reason

#: How long a scheduler may take to answer.
CONNECT_SECONDS: Final = 20
#: How long a cluster may be without any worker before what is left is given up.
NO_WORKER_SECONDS: Final = 60.0
#: Jobs that wait at the scheduler; it loses order and time over many thousands.
MOST_SUBMITTED: Final = 1000

_LOOK_SECONDS: Final = 2.0


def run_on_cluster(
    jobs: Mapping[int, Job], order: Sequence[int], address: str, on_event: OnEvent
) -> None:
    """Do jobs on the workers of a scheduler.

    A job whose worker was lost is done again by another, as often as the scheduler allows
    (``distributed.scheduler.allowed-failures``, 3 if nobody set it); then it has failed.

    Parameters
    ----------
    order : sequence of int
        Which one is begun first.
    address : str
        For example ``tcp://host:8786``.
    on_event : callable
        Is called in the caller's thread.

    Raises
    ------
    MissingExtraError
        If Dask is not installed.
    ParameterError
        If no scheduler answers.
    """
    with _client(address) as client:
        _Dispatch(client, jobs, on_event).run(order)


def _distributed() -> Any:
    """Return Dask's package.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        raise MissingExtraError("--scheduler", "dask") from error


@contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        client = _distributed().Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        message = f"no Dask scheduler answers at {address}"
        raise ParameterError(message, setting="scheduler") from error
    try:
        yield client
    finally:
        client.close()


class _Dispatch:
    """Sends jobs, listens, and tells in the caller's thread what Dask tells in others."""

    def __init__(self, client: Any, jobs: Mapping[int, Job], on_event: OnEvent) -> None:
        self._client = client
        self._jobs = jobs
        self._on_event = on_event
        self._heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._futures: dict[int, Any] = {}
        self._topic = f"nmfd-{id(self)}-{time.time_ns()}"
        self._last_worker = time.monotonic()

    def run(self, order: Sequence[int]) -> None:
        """Do all jobs."""
        self._client.subscribe_topic(self._topic, lambda event: self._heard.put(event[1]))
        waiting = iter(order)
        try:
            self._submit(waiting)
            while self._futures:
                self._listen()
                self._submit(waiting)
                self._give_up_without_workers(waiting)
        finally:
            with suppress(Exception):  # the scheduler may be what failed
                self._client.cancel(list(self._futures.values()))
                self._client.unsubscribe_topic(self._topic)

    def _submit(self, waiting: Iterator[int]) -> None:
        while len(self._futures) < MOST_SUBMITTED and (index := next(waiting, None)) is not None:
            future = self._client.submit(
                _run_on_worker,
                index,
                located(self._jobs[index]),
                self._topic,
                __version__,
                key=f"{self._topic}-{index}",
                pure=False,
            )
            self._futures[index] = future
            future.add_done_callback(lambda _, index=index: self._heard.put(index))

    def _listen(self) -> None:
        """Tell what is heard next, if anything is within a while."""
        try:
            heard = self._heard.get(timeout=_LOOK_SECONDS)
        except queue.Empty:
            return
        self._last_worker = time.monotonic()
        if not isinstance(heard, int):
            index, stage, share = heard
            if index in self._futures:
                self._on_event(_under_way(index, self._jobs[index].input, stage, share))
        elif (future := self._futures.pop(heard, None)) is not None:
            self._on_event(self._outcome(heard, future))

    def _outcome(self, index: int, future: Any) -> Ended:
        job = self._jobs[index]
        error = future.exception()
        if error is None:
            return as_given(future.result(), job)
        return Failed(index, job.input, (), _cause(error))

    def _give_up_without_workers(self, waiting: Iterator[int]) -> None:
        now = time.monotonic()
        if now - self._last_worker < _LOOK_SECONDS:
            return
        if self._client.status == "running" and self._client.scheduler_info()["workers"]:
            self._last_worker = now
        elif now - self._last_worker > NO_WORKER_SECONDS:
            for index in (*self._futures, *waiting):
                cause = f"the cluster had no worker for {NO_WORKER_SECONDS:.0f} s"
                self._on_event(Failed(index, self._jobs[index].input, (), cause))
            self._futures.clear()


def _under_way(index: int, path: str, stage: str, share: float) -> Event:
    return Progress(index, path, stage, share) if stage else Started(index, path)


def _cause(error: BaseException) -> str:
    """Return as one line why a job has no result."""
    if isinstance(error, _distributed().scheduler.KilledWorker):
        return f"its worker was lost {error.args[2] + 1} times"
    return " ".join(f"the worker could not do it: {type(error).__name__}: {error}".split())


def located(job: Job) -> Job:
    """Return a job whose paths mean the same from any working folder."""
    score, settings = job.score_path, job.settings
    if settings.kit is not None:
        settings = replace(settings, kit=str(Path(settings.kit).absolute()))
    return replace(
        job,
        settings=settings,
        input=str(Path(job.input).absolute()),
        places=replace(job.places, out=job.out.absolute()),
        score_path=str(Path(score).absolute()) if score is not None else None,
    )


def as_given(event: Ended, job: Job) -> Ended:
    """Return what a worker says of a job with the paths as the user gave them."""
    if isinstance(event, (Done, Skipped)):
        result = event.result
        stems = tuple(replace(stem, path=_as_given(stem.path, job)) for stem in result.stems)
        result = replace(result, input=job.input, stems=stems, report=job.places.report)
        return replace(event, input=job.input, result=result)
    assert isinstance(event, Failed)
    error = event.error
    if error is not None and error.path is not None:
        error.path = str(_as_given(Path(error.path), job))
        return replace(event, input=job.input, reason=reason(error), error=error)
    return replace(event, input=job.input)


def _as_given(path: Path, job: Job) -> Path:
    """Return an absolute path as the job has it."""
    if path == Path(job.input).absolute():
        return Path(job.input)
    out = job.out.absolute()
    return job.out / path.relative_to(out) if path.is_relative_to(out) else path


def _run_on_worker(index: int, job: Job, topic: str, version: str) -> Ended:
    """Do a job where Dask sent it."""
    if version != __version__:
        cause = f"expected nmfd {version} on the workers, found {__version__}"
        return Failed(index, job.input, (), cause)
    worker = _distributed().get_worker()
    worker.log_event(topic, (index, "", 0.0))
    return run_job(
        index, job, throttled(lambda *progress: worker.log_event(topic, (index, *progress)))
    )
