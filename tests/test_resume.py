"""However a batch ends, what stands is whole, and the next run goes on to the same bytes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from batches import folders, make_recording, make_recordings, run, start_python, tree

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")

#: Kill tests end long before that.
PATIENCE = 60


def program(name: str, *arguments: str | Path) -> str:
    """Run a program of `batches` to its end and return what it printed."""
    code = f"import sys, batches; batches.{name}(sys.argv[1:])"
    process = start_python(code, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
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
    code = "import sys, batches; batches.main_batch(sys.argv[1:])"
    arguments = (tmp_path / "in", tmp_path / "out", "2")
    process = start_python(code, *arguments, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == "begin\n"
    first = wait_for(tmp_path / "out", "t*/*.nmfd.json")

    os.kill(process.pid, signal.SIGKILL) if whom == "main" else os.killpg(
        process.pid, signal.SIGKILL
    )
    process.wait()
    process.stdout.close()
    wait_for_end_of_session(process.pid)
    summary = run(inputs, tmp_path / "out", skip_existing=True)

    assert first
    assert summary.is_complete
    assert summary.skipped
    assert tree(tmp_path / "out") == tree(tmp_path / "expected")
    assert ".nmfd.part" not in folders(tmp_path / "out")


def test_interrupt_ends_it_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    inputs = make_recordings(tmp_path / "in", 40)
    code = "import sys, batches; batches.main_batch(sys.argv[1:])"
    process = start_python(
        code, tmp_path / "in", tmp_path / "out", "2", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
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


def wait_for_end_of_session(session: int) -> None:
    """Wait until no process of a session lives; one that waits to be buried does not."""
    end = time.monotonic() + PATIENCE
    while _alive(session):
        assert time.monotonic() < end
        time.sleep(0.01)


def _alive(session: int) -> bool:
    listing = subprocess.run(
        ["ps", "-o", "stat=", "-s", str(session)], capture_output=True, text=True, check=False
    )
    return any(not line.startswith("Z") for line in listing.stdout.split())
