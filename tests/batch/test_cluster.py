"""The same batch on a real Dask cluster of processes, some of which are killed."""

import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from batches import TINY, make_recording, make_recordings, plan, run, tree, with_tests

from nmfd_cli.batch import cluster
from nmfd_cli.batch.plan import Job
from nmfd_cli.batch.results import Done, Ended, Event, Failed, Started
from nmfd_cli.batch.run import BatchSummary, run_jobs
from nmfd_cli.batch.work import run_job
from nmfd_cli.errors import MissingExtraError, NmfdError, ParameterError
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.settings.output import BatchSettings

pytestmark = pytest.mark.slow

needs_dask = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None,
    reason="needs the extra of Dask: pip install 'nmfd-cli[dask]'",
)
#: Starting a cluster takes less than that, also on a machine with other work.
PATIENCE = 120


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler that answers may take its time."""
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", PATIENCE)


class Cluster:
    """A scheduler and two worker processes without nannies, in their own working folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = ""
        self.workers: list[subprocess.Popen[bytes]] = []
        self._scheduler: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start all of it and wait until the workers are there."""
        contact = self.folder / "scheduler.json"
        port = ("--port", "0", "--scheduler-file", str(contact))
        host = ("--no-dashboard", "--dashboard-address", "127.0.0.1:0", "--host", "127.0.0.1")
        self._scheduler = self._process("scheduler", *host, *port, "--no-show")
        self.address = address_in(contact, self._scheduler)
        options = (*host, "--no-nanny", "--nthreads", "1")
        self.workers = [self._process("worker", self.address, *options) for _ in range(2)]
        with cluster._client(self.address) as client:
            client.wait_for_workers(2, timeout=PATIENCE)

    def _process(self, *arguments: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments],
            cwd=self.folder,
            env={**with_tests(os.environ), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def stop(self) -> None:
        for process in (*self.workers, self._scheduler):
            if process is not None:
                process.kill()
                process.wait()


def address_in(contact: Path, scheduler: "subprocess.Popen[bytes]") -> str:
    """Return the address that a scheduler tells in a file once it listens."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and scheduler.poll() is None:
        with suppress(OSError, ValueError):  # not there yet, or not whole
            return str(json.loads(contact.read_text())["address"])
        time.sleep(0.02)
    raise AssertionError("the scheduler does not say that it listens")


@contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    folder.mkdir()
    running = Cluster(folder)
    try:
        running.start()
        yield running
    finally:
        running.stop()


def dying_once(index: int, job: Job, topic: str, version: str) -> object:
    """Do a job on a worker; the first that is in the middle of one dies and leaves its number.

    It has finished none before, so none is found finished by who does its work again.
    """

    def run_and_die(index: int, job: Job, progress: Callable[[str, float], None]) -> Ended:
        def report_and_die(stage: str, share: float) -> None:
            progress(stage, share)
            if stage == "factorising" and is_first(Path("died")):
                os.kill(os.getpid(), signal.SIGKILL)

        return run_job(index, job, report_and_die)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nmfd_cli.batch.cluster.run_job", run_and_die)
        return cluster._run_on_worker(index, job, topic, version)


def is_first(mark: Path) -> bool:
    """Leave the number of this process, unless another has."""
    try:
        with mark.open("x") as file:
            file.write(str(os.getpid()))
    except FileExistsError:
        return False
    return True


@needs_dask
def test_same_bytes_as_processes_with_a_worker_killed_in_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    make_recordings(tmp_path / "in", 8)
    (tmp_path / "in" / "bad.wav").write_text("no audio")
    inputs = [str(Path("in") / path.name) for path in sorted((tmp_path / "in").iterdir())]
    expected = run(inputs, Path("expected"), jobs=2)
    jobs = plan(inputs, Path("out"))
    events: list[Event] = []
    monkeypatch.setattr(cluster, "_run_on_worker", dying_once)

    with running_cluster(tmp_path / "cluster") as running:
        batch = BatchSettings(scheduler=running.address)
        summary = run_jobs(jobs, batch, events.append)
        again = run_jobs(plan(inputs, Path("out"), skip_existing=True), batch)
        died = int((running.folder / "died").read_text())
        (killed,) = (worker for worker in running.workers if worker.pid == died)
        (other,) = (worker for worker in running.workers if worker.pid != died)
        assert killed.wait(PATIENCE) == -signal.SIGKILL
        assert other.poll() is None

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
    reports = [done.result for done in summary.done]
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
    monkeypatch.setattr(cluster, "_run_on_worker", deadly)
    inputs = [make_recording(tmp_path / "in" / "deadly.wav")]

    with running_cluster(tmp_path / "cluster") as running:
        batch = BatchSettings(scheduler=running.address)
        lost = run_jobs(plan(inputs, tmp_path / "out"), batch)
        for worker in running.workers:
            assert worker.wait(PATIENCE) == -signal.SIGSEGV
        monkeypatch.setattr(cluster, "NO_WORKER_SECONDS", 1.0)
        monkeypatch.setattr(cluster, "_LOOK_SECONDS", 0.2)
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
    with socket.socket() as taken:  # nobody listens there, and nobody else can
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        no_answer = f"^scheduler: no Dask scheduler answers at {address}"

        with pytest.raises(ParameterError, match=no_answer):
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
    paths = (sent.input, sent.settings.kit, str(sent.out))
    assert paths == tuple(str(tmp_path / part) for part in ("in/a.wav", "kit", "out"))
    for sent_path, path in ((sent.input, "in/a.wav"), (f"{sent.out}/a.wav", "out/a.wav")):
        error = NmfdError("broken", path=sent_path)
        failed = cluster.as_given(Failed(0, sent.input, (), str(error), error=error), job)
        assert isinstance(failed, Failed)
        assert (failed.input, failed.reason) == ("in/a.wav", f"{path}: broken")
