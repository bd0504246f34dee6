"""Many recordings: one after another, in processes, or on a cluster; told by events."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

from nmfd_cli.batch.plan import Job
from nmfd_cli.batch.results import Done, Ended, Event, Failed, OnEvent, Progress, Skipped, Started
from nmfd_cli.batch.work import run_job
from nmfd_cli.output.manifest import recover
from nmfd_cli.settings.output import BatchSettings


@dataclass(frozen=True)
class BatchSummary:
    """What became of a batch: how its jobs ended, in their order, and how long it took."""

    done: tuple[Done, ...]
    skipped: tuple[Skipped, ...]
    failed: tuple[Failed, ...]
    wall_seconds: float

    @property
    def audio_seconds(self) -> float:
        """Duration of all that was separated; what was skipped does not count."""
        return sum(done.result.recording.seconds for done in self.done)

    @property
    def is_complete(self) -> bool:
        """Whether the results of all recordings stand."""
        return not self.failed


def run_jobs(
    jobs: Sequence[Job],
    batch: BatchSettings,
    on_event: OnEvent = lambda event: None,
) -> BatchSummary:
    """Do all jobs; one that fails does not keep the others from being done.

    Parameters
    ----------
    on_event : callable, optional
        Is told what happens, in the caller's thread.  The longest recordings come first.

    Returns
    -------
    BatchSummary

    Raises
    ------
    MissingExtraError
        If a scheduler is named and Dask is not installed.
    ParameterError
        If the scheduler does not answer.
    """
    begin = perf_counter()
    ended: dict[int, Ended] = {}

    def tell(event: Event) -> None:
        if event.index in ended:
            return  # a worker that was given up has come back
        if isinstance(event, Ended):
            ended[event.index] = event
        on_event(event)

    numbered = dict(enumerate(jobs))
    with _clean_folders({job.out for job in jobs if not job.is_stream}):
        _choose(numbered, batch)(numbered, _longest_first(numbered), on_event=tell)
    in_order = [ended[index] for index in sorted(ended)]
    return BatchSummary(
        done=tuple(event for event in in_order if isinstance(event, Done)),
        skipped=tuple(event for event in in_order if isinstance(event, Skipped)),
        failed=tuple(event for event in in_order if isinstance(event, Failed)),
        wall_seconds=perf_counter() - begin,
    )


def _choose(jobs: Mapping[int, Job], batch: BatchSettings) -> partial[None]:
    if any(job.is_stream for job in jobs.values()):
        return partial(run_here)
    if batch.scheduler is not None:
        from nmfd_cli.batch.cluster import run_on_cluster  # needs an extra

        return partial(run_on_cluster, address=batch.scheduler)
    if batch.jobs == 1 or len(jobs) < 2:
        return partial(run_here)
    from nmfd_cli.batch.processes import run_in_pool  # what one recording does without

    return partial(run_in_pool, n_workers=batch.jobs)


def run_here(jobs: Mapping[int, Job], order: Sequence[int], on_event: OnEvent) -> None:
    """Do jobs one after another in this process."""
    for index in order:
        path = jobs[index].input
        on_event(Started(index, path))

        def progress(stage: str, share: float, index: int = index, path: str = path) -> None:
            on_event(Progress(index, path, stage, share))

        on_event(run_job(index, jobs[index], progress))


def _longest_first(jobs: Mapping[int, Job]) -> list[int]:
    """Return in which order to begin: a long recording that comes last would be waited for."""
    return sorted(jobs, key=lambda index: (-(jobs[index].seconds or 0.0), index))


@contextmanager
def _clean_folders(folders: set[Path]) -> Iterator[None]:
    """Take care of what dead processes left in folders of results, before and at the end."""
    missing = {above for out in folders for above in (out, *out.parents) if not above.exists()}
    for out in folders:
        recover(out)
    try:
        yield
    finally:
        for out in folders:
            recover(out)
        for folder in sorted(missing, reverse=True):
            with suppress(OSError):  # results stand there
                folder.rmdir()
