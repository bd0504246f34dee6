"""stderr, kept silent while a noisy decoder works."""

import gc
import os
import subprocess
import sys
from pathlib import Path
from shlex import quote
from threading import Event, Thread

import pytest

from nmfd_cli.io.audio.decoder import silenced


def test_it_does_without_a_stderr() -> None:
    code = "from nmfd_cli.io.audio.decoder import silenced\nwith silenced(True): pass"
    done = subprocess.run(["sh", "-c", f"{quote(sys.executable)} -c '{code}' 2>&-"], check=False)
    assert done.returncode == 0
    with silenced(False):
        pass


def n_open_files() -> int:
    gc.collect()  # lest what other tests left is closed between two counts
    return len(list(Path("/dev/fd").iterdir()))


def test_stderr_speaks_again_after_two_threads(capfd: pytest.CaptureFixture[str]) -> None:
    is_second_in, is_first_out = Event(), Event()

    def second() -> None:
        with silenced(True):
            is_second_in.set()
            is_first_out.wait(60)
            os.write(2, b"noise of the second\n")

    thread = Thread(target=second)
    n_open = n_open_files()
    os.write(2, b"before\n")
    with silenced(True):
        os.write(2, b"noise of the first\n")
        thread.start()
        assert is_second_in.wait(60)
    is_first_out.set()
    thread.join(60)
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"
    assert n_open_files() == n_open


def test_stderr_speaks_again_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="broken"), silenced(True), silenced(True):
        raise ValueError("broken")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"
