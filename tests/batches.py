"""Small batches, and programs that run them and are cut off on the way, for several tests."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from nmfd_cli.batch.inputs import expand_inputs
from nmfd_cli.batch.plan import Job, plan_jobs
from nmfd_cli.batch.processes import THREAD_VARIABLES
from nmfd_cli.batch.results import Done, Event, OnEvent, WrittenSeparation
from nmfd_cli.batch.run import BatchSummary, run_jobs
from nmfd_cli.batch.work import do_job
from nmfd_cli.errors import Warn, warn_python
from nmfd_cli.io.audio.decoder import file_name
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.settings.output import BatchSettings, OutputSettings

#: As little work as there can be that still has all stations.
TINY = SeparationSettings(
    init="random", components=2, iterations=2, n_fft=128, hop_length=64, template_frames=2
)
TINY_STEMS = ("component_1", "component_2")

#: Seconds that a program waits to be ended; it is sooner, also on a machine with other work.
WAITING = 600


def make_recording(path: Path, *, seed: int = 0, seconds: float = 0.3, rate: int = 8000) -> Path:
    """Write decaying noise as 16-bit mono."""
    path.parent.mkdir(parents=True, exist_ok=True)
    n = int(seconds * rate)
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, n)
    samples = noise * np.exp(-np.arange(n) / rate * 8)
    integers = np.rint(samples * 32767).astype(np.int16)
    sf.write(file_name(path), integers, rate, format="WAV", subtype="PCM_16")
    return path


def make_recordings(folder: Path, count: int) -> list[str]:
    """Write recordings of different lengths; returns their paths, sorted."""
    return [
        str(make_recording(folder / f"t{n:02}.wav", seed=n, seconds=0.2 + 0.02 * n))
        for n in range(count)
    ]


def plan(inputs: Sequence[str | Path], out: Path, **options: Any) -> tuple[Job, ...]:
    """Plan tiny jobs; options are of the output or of the plan."""
    own = {name: options.pop(name) for name in list(options) if name in OutputSettings.names()}
    settings = options.pop("settings", TINY)
    paths = [str(path) for path in inputs]
    return plan_jobs(paths, settings, OutputSettings(out=str(out), **own), **options)


def run(
    inputs: Sequence[str | Path],
    out: Path,
    *,
    jobs: int = 1,
    on_event: OnEvent = lambda event: None,
    **options: Any,
) -> BatchSummary:
    """Plan tiny jobs and do them."""
    return run_jobs(plan(inputs, out, **options), BatchSettings(jobs=jobs), on_event)


def written(
    source: str | Path,
    settings: SeparationSettings,
    output: OutputSettings,
    *,
    score: str | Path | None = None,
    warn: Warn = warn_python,
) -> WrittenSeparation:
    """Separate one recording into files, or raise what keeps it from being done."""
    score_path = str(score) if score is not None else None
    (job,) = plan_jobs([str(source)], settings, output, score=score_path, warn=warn)
    result, is_new = do_job(job, warn=warn)
    assert is_new
    return result


def tree(folder: Path) -> dict[str, bytes]:
    """Return the content of all files below a folder, hidden ones too."""
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def folders(folder: Path) -> list[str]:
    """Return all folders below a folder, hidden ones too."""
    return sorted(f.relative_to(folder).as_posix() for f in folder.rglob("*") if f.is_dir())


def with_tests(environment: Mapping[str, str]) -> dict[str, str]:
    """Return variables with which a program may import this module and the tests of batches."""
    known = environment.get("PYTHONPATH")
    here = Path(__file__).parent
    folders = [str(here), str(here / "batch"), *([known] if known else [])]
    return {**environment, "PYTHONPATH": os.pathsep.join(folders)}


def start_python(code: str, *arguments: str | Path, **options: Any) -> "subprocess.Popen[str]":
    """Start Python on a line of code, in a session of its own; it may import this module."""
    # threads of the numeric library would forbid to fork, and change the last bits
    one_thread = dict.fromkeys(THREAD_VARIABLES, "1")
    environment = with_tests({**os.environ, **one_thread})
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        text=True,
        start_new_session=True,
        env=environment,
        **options,
    )


def main_batch(arguments: Sequence[str]) -> None:
    """Do a folder's recordings: FOLDER OUT PROCESSES.

    Once half of them are done it waits to be ended from outside: whoever does that may take his
    time and still finds it in the middle.
    """
    folder, out, processes = arguments
    jobs = plan(expand_inputs([folder]), Path(out), skip_existing=True)
    n_left = len(jobs) // 2

    def wait_in_the_middle(event: Event) -> None:
        nonlocal n_left
        n_left -= isinstance(event, Done)
        if n_left == 0:
            time.sleep(WAITING)

    run_jobs(jobs, BatchSettings(jobs=int(processes)), wait_in_the_middle)


def _ignore_power_cuts() -> None:
    """Do not wait for the disk, which takes most of the time: a kill loses no written byte."""
    os.fsync = lambda fd: None


def in_child(work: Callable[[], object]) -> int:
    """Fork, work there, and return the child's identity; it ends without any clean-up."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return child


def main_random_kills(arguments: Sequence[str]) -> None:
    """Kill batches at random moments and go on: FOLDER OUT KILLS SEED; prints how many it was.

    A batch that ends undisturbed is begun anew in another folder below OUT.
    """
    folder, out, kills, seed = arguments
    _ignore_power_cuts()
    inputs = expand_inputs([folder])
    chance = random.Random(int(seed))
    duration = _undisturbed_seconds(inputs, Path(out) / "undisturbed")
    count = rounds = 0
    while count < int(kills):
        place = Path(out) / f"round_{rounds}"
        child = in_child(lambda: run(inputs, place, skip_existing=True))  # noqa: B023 - forked here
        time.sleep(chance.uniform(0, duration))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        was_killed = os.WIFSIGNALED(status)
        count += was_killed
        rounds += not was_killed
        duration *= 1.1 if was_killed else 0.7  # the machine may have become slower, or faster
    for place in Path(out).glob("round_*"):
        summary = run(inputs, place, skip_existing=True)
        assert summary.is_complete, [failed.reason for failed in summary.failed]
    print(f"killed {count}", flush=True)


def _undisturbed_seconds(inputs: Sequence[str], out: Path) -> float:
    begin = time.perf_counter()
    run(inputs, out)
    return time.perf_counter() - begin


#: What of `os` changes the disk: a program is cut off before and after each of these calls.
CUTS = ("replace", "link", "mkdir", "rmdir", "unlink", "fsync")


def main_cut_everywhere(arguments: Sequence[str]) -> None:
    """End a batch at its n-th change of the disk, for all n: INPUT OUT EARLIER.

    EARLIER says what stands there before: nothing, or results of other settings.
    Prints how many cuts there were.
    """
    path, out, earlier = arguments
    _ignore_power_cuts()
    cut = 0
    while True:
        place = Path(out) / f"cut_{cut}"
        if earlier == "outdated":
            run([path], place, settings=SeparationSettings(**{**vars(TINY), "iterations": 1}))
        child = in_child(lambda: _cut_off(path, place, cut))  # noqa: B023 - forked here
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == 0:
            break
        summary = run([path], place, skip_existing=True)
        assert summary.is_complete, [failed.reason for failed in summary.failed]
        cut += 1
    print(f"cut {cut}", flush=True)


def _cut_off(path: str, place: Path, cut: int) -> None:
    calls = 0

    def counted(original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            number, calls = calls, calls + 2
            if number == cut:
                os._exit(9)
            try:
                return original(*args, **kwargs)
            finally:  # also of calls that find that there is nothing to do
                if number + 1 == cut:
                    os._exit(9)

        return call

    for name in CUTS:
        setattr(os, name, counted(getattr(os, name)))
    run([path], place, skip_existing=True)
