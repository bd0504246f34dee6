"""However a batch ends, what stands is whole, and the next run goes on to the same bytes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from batches import folders, make_recording, make_recordings, run, start_python, tree

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL"),
]

#: A program ends long before that, also on a machine with other work.
PATIENCE = 300


@contextmanager
def started(name: str, *arguments: str | Path) -> "Iterator[subprocess.Popen[str]]":
    """Hand out a program of `batches`, running; nothing of its session outlives the test."""
    code = f"import sys, batches; batches.{name}(sys.argv[1:])"
    pipes: dict[str, int] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with start_python(code, *arguments, **pipes) as process:
        try:
            yield process
        finally:
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)


def program(name: str, *arguments: str | Path) -> str:
    """Run a program of `batches` to its end and return what it printed."""
    with started(name, *arguments) as process:
        output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    return output.strip()


def test_killed_at_random_moments_and_resumed(tmp_path: Path) -> None:
    make_recordings(tmp_path / "in", 12)

    printed = program("main_random_kills", tmp_path / "in", tmp_path / "out", "25", "5")

    assert printed == "killed 25"
    expected = tree(tmp_path / "out" / "undisturbed")
    assert len(expected) == 12 * 3
    rounds = sorted((tmp_path / "out").glob("round_*"))
    assert rounds
    for place in rounds:
        assert tree(place) == expected
        assert ".nmfd.part" not in folders(place)


@pytest.mark.parametrize("earlier", ["nothing", "outdated"])
def test_cut_off_at_every_change_of_the_disk(tmp_path: Path, earlier: str) -> None:
    recording = make_recording(tmp_path / "in" / "a.wav")
    run([recording], tmp_path / "expected")

    printed = program("main_cut_everywhere", recording, tmp_path / "out", earlier)

    places = list((tmp_path / "out").glob("cut_*"))
    assert len(places) > 20
    assert printed == f"cut {len(places) - 1}"  # the last one came to its end
    for place in places:
        assert tree(place) == tree(tmp_path / "expected"), place.name
        assert folders(place) == ["a"]


@pytest.mark.parametrize("whom", ["session", "main"])
def test_processes_killed_and_resumed(tmp_path: Path, whom: str) -> None:
    """The whole session as by a power cut, or the main process, whose workers then end, too."""
    inputs = make_recordings(tmp_path / "in", 6)
    run(inputs, tmp_path / "expected")
    with started("main_batch", tmp_path / "in", tmp_path / "out", "2") as process:
        first = wait_for(tmp_path / "out", "t*/*.nmfd.json")
        kill = os.kill if whom == "main" else os.killpg
        kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE)  # until none of the session holds its output
    summary = run(inputs, tmp_path / "out", skip_existing=True)

    assert first
    assert summary.is_complete
    assert summary.skipped
    assert tree(tmp_path / "out") == tree(tmp_path / "expected")
    assert ".nmfd.part" not in folders(tmp_path / "out")


@pytest.mark.usefixtures("usual_signals")
def test_interrupt_ends_it_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    inputs = make_recordings(tmp_path / "in", 40)
    with started("main_batch", tmp_path / "in", tmp_path / "out", "2") as process:
        wait_for(tmp_path / "out", "t*/*.nmfd.json")
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: main process and workers
        _, errors = process.communicate(timeout=PATIENCE)

    assert process.returncode not in (0, 1)
    assert errors.count("Traceback") == 1  # the main process's own: workers are silent
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert ".nmfd.part" not in folders(tmp_path / "out")
    for folder in (tmp_path / "out").iterdir():
        assert len(list(folder.iterdir())) == 3
    assert len(list((tmp_path / "out").iterdir())) < len(inputs)


def wait_for(folder: Path, pattern: str) -> Path:
    """Wait until a file appears."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for path in folder.glob(pattern):
            return path
        time.sleep(0.005)
    raise AssertionError(f"no {pattern} in {folder}")
