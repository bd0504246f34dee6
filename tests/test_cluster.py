"""The same batch on a real Dask cluster of processes, some of which are killed."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from batches import TINY, make_recording, make_recordings, plan, run, tree

from nmfd_cli.app import cluster
from nmfd_cli.app.batch import BatchSummary, run_jobs
from nmfd_cli.app.batch_settings import BatchSettings
from nmfd_cli.app.events import Done, Event, Failed, Progress, Started
from nmfd_cli.app.settings import SeparationSettings
from nmfd_cli.errors import MissingExtraError, ParameterError

needs_dask = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None,
    reason="needs the extra of Dask: pip install 'nmfd-cli[dask]'",
)
#: Starting a cluster may take that long.
PATIENCE = 60
#: Enough work that a worker can be killed in the middle of it.
SLOW = replace(TINY, iterations=1500)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """A scheduler and two worker processes without nannies, in their own working folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = f"tcp://127.0.0.1:{free_port()}"
        port = self.address.rpartition(":")[2]
        self._scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard", "--no-show"
        )
        options = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--host", "127.0.0.1")
        self.workers = [self._start("worker", self.address, *options) for _ in range(2)]

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        tests = Path(__file__).parent
        environment = {
            **os.environ,
            "PYTHONPATH": str(tests),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            cwd=self._folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self, n_workers: int) -> None:
        """Wait until as many workers are there."""
        with cluster._client(self.address) as client:
            client.wait_for_workers(n_workers, timeout=PATIENCE)

    def stop(self) -> None:
        for process in (*self.workers, self._scheduler):
            process.kill()
            process.wait()


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    folder.mkdir()
    running = Cluster(folder)
    try:
        running.wait(2)
        yield running
    finally:
        running.stop()


@needs_dask
def test_same_bytes_as_processes_with_a_worker_killed_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    make_recordings(tmp_path / "in", 8)
    (tmp_path / "in" / "bad.wav").write_text("no audio")
    inputs = [str(Path("in") / path.name) for path in sorted((tmp_path / "in").iterdir())]
    expected = run(inputs, Path("expected"), jobs=2, settings=SLOW)
    jobs = plan(inputs, Path("out"), settings=SLOW)
    events: list[Event] = []

    with running_cluster(tmp_path / "cluster") as running:

        def on_event(event: Event) -> None:
            events.append(event)
            is_first_progress = sum(isinstance(each, Progress) for each in events) == 1
            if isinstance(event, Progress) and is_first_progress:
                os.kill(running.workers[0].pid, signal.SIGKILL)

        summary = run_jobs(jobs, BatchSettings(scheduler=running.address), on_event)
        again = run_jobs(
            plan(inputs, Path("out"), settings=SLOW, skip_existing=True),
            BatchSettings(scheduler=running.address),
        )

    assert running.workers[0].returncode == -signal.SIGKILL
    assert tree(tmp_path / "out") == tree(tmp_path / "expected")
    assert not (tmp_path / "out" / ".nmfd.part").exists()
    assert told(summary) == told(expected, "expected")
    assert [failed.reason for failed in summary.failed] == [
        failed.reason for failed in expected.failed
    ]
    assert {event.index for event in events if isinstance(event, Started)} == set(range(9))
    assert sum(isinstance(event, Done) for event in events) == 8
    assert len(again.skipped) == 8


def told(summary: BatchSummary, out: str = "out") -> list[object]:
    """Return what a summary tells, as if `out` were the folder of the results."""
    reports = [done.report for done in summary.done]
    return [
        (
            report.input,
            report.recording,
            [(stem.stem, str(stem.path).replace(out, "out", 1)) for stem in report.stems],
        )
        for report in reports
    ]


@needs_dask
def test_file_that_kills_every_worker_fails_and_a_cluster_without_workers_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "NO_WORKER_SECONDS", 1.0)
    monkeypatch.setattr(cluster, "_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(cluster, "_run_on_worker", deadly)
    inputs = [make_recording(tmp_path / "in" / "deadly.wav")]

    with running_cluster(tmp_path / "cluster") as running:
        batch = BatchSettings(scheduler=running.address)
        lost = run_jobs(plan(inputs, tmp_path / "out"), batch)
        for worker in running.workers:
            assert worker.wait(PATIENCE) == -signal.SIGSEGV
        given_up = run_jobs(plan(inputs, tmp_path / "out"), batch)

    assert [failed.reason for failed in lost.failed] == ["its worker was lost 2 times"]
    assert [failed.reason for failed in given_up.failed] == ["the cluster had no worker for 1 s"]
    assert not (tmp_path / "out").exists()


def deadly(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)
    time.sleep(PATIENCE)


@needs_dask
def test_scheduler_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    jobs = plan([make_recording(tmp_path / "a.wav")], tmp_path / "out")
    address = f"tcp://127.0.0.1:{free_port()}"

    with pytest.raises(ParameterError, match=f"^scheduler: no Dask scheduler answers at {address}"):
        run_jobs(jobs, BatchSettings(scheduler=address))


def test_extra_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    jobs = plan([make_recording(tmp_path / "a.wav")], tmp_path / "out")

    with pytest.raises(MissingExtraError, match=r"pip install 'nmfd-cli\[dask\]'"):
        run_jobs(jobs, BatchSettings(scheduler="tcp://127.0.0.1:1"))


def test_paths_reach_workers_as_absolute_ones_and_come_back_as_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_recording(Path("in") / "a.wav")
    settings: SeparationSettings = replace(TINY, kit="kit")
    make_recording(Path("kit") / "kick" / "one.wav")
    (job,) = plan(["in/a.wav"], Path("out"), settings=settings)

    sent = cluster.located(job)
    reason = f"{sent.input}: broken; {sent.out}/a: full"
    failed = cluster.as_given(Failed(0, sent.input, (), reason), job)

    paths = (sent.input, sent.settings.kit, sent.output.out)
    assert paths == tuple(str(tmp_path / part) for part in ("in/a.wav", "kit", "out"))
    assert failed == Failed(0, "in/a.wav", (), "in/a.wav: broken; out/a: full")
