"""Signals wait while temporary things are made and removed, so that nothing of these is left."""

import io
import os
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nmfd_cli.io.staging import staging_directory
from nmfd_cli.io.temporary import temporary_file, temporary_folder
from nmfd_cli.io.transaction import Transaction
from nmfd_cli.report.page.sound import encode_tracks
from nmfd_cli.stop_signals import signals_held


class _Stopped(BaseException):
    pass


def _stop(number: int, frame: object) -> None:
    raise _Stopped


@pytest.fixture(autouse=True)
def stopping() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, _stop)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_signal_waits_until_the_end_and_comes_once() -> None:
    reached = []

    def work() -> None:
        with signals_held():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            reached.append("the end")

    with pytest.raises(_Stopped):
        work()
    assert reached == ["the end"]
    assert signal.getsignal(signal.SIGINT) is _stop


def test_without_a_signal_nothing_changes() -> None:
    before = {number: signal.getsignal(number) for number in signal.valid_signals()}
    with signals_held():
        pass
    assert {number: signal.getsignal(number) for number in signal.valid_signals()} == before


def test_an_error_within_comes_through_and_gives_the_signals_back() -> None:
    with pytest.raises(ValueError, match="within"), signals_held():
        raise ValueError("within")
    assert signal.getsignal(signal.SIGINT) is _stop


def test_other_threads_are_left_alone() -> None:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            with signals_held():
                pass
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert errors == []


@pytest.fixture
def signal_at_making(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary disk on which a signal comes as soon as anything has been made."""
    make = tempfile.mkdtemp
    make_here = Path.mkdir

    def mkdtemp(*args: object, **options: object) -> str:
        made = make(dir=tmp_path)
        signal.raise_signal(signal.SIGINT)
        return made

    def mkdir(path: Path, *args: object, **options: object) -> None:
        make_here(path, parents=True, exist_ok=True)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(tempfile, "mkdtemp", mkdtemp)
    monkeypatch.setattr(Path, "mkdir", mkdir)
    return tmp_path


def test_a_signal_right_after_a_folder_was_made_leaves_none(signal_at_making: Path) -> None:
    with pytest.raises(_Stopped), temporary_folder():
        pytest.fail("the signal was lost")
    assert list(signal_at_making.iterdir()) == []


def test_a_signal_right_after_a_staging_directory_was_made_leaves_none(
    signal_at_making: Path,
) -> None:
    with pytest.raises(_Stopped), Transaction(signal_at_making):
        pytest.fail("the signal was lost")
    assert list(signal_at_making.iterdir()) == []


def test_a_signal_while_a_temporary_disk_is_looked_for_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_here = os.open

    def open_and_signal(*args: Any, **options: Any) -> int:
        descriptor = open_here(*args, **options)
        signal.raise_signal(signal.SIGINT)
        return descriptor

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(os, "open", open_and_signal)
    with pytest.raises(_Stopped):
        temporary_file()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def signal_at_removal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary disk on which a signal comes as soon as anything is about to be removed."""

    def signalling(original: Callable[..., None]) -> Callable[..., None]:
        def remove(*args: Any, **options: Any) -> None:
            signal.raise_signal(signal.SIGINT)
            original(*args, **options)

        return remove

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    tempfile.gettempdir()  # tries it out with a file that goes again
    for name in ("unlink", "rmdir"):
        monkeypatch.setattr(os, name, signalling(getattr(os, name)))
    return tmp_path


@pytest.mark.parametrize("make", [staging_directory, lambda folder: temporary_folder()])
def test_a_signal_while_it_is_removed_leaves_nothing(
    signal_at_removal: Path, make: Callable[[Path], AbstractContextManager[Path]]
) -> None:
    with pytest.raises(_Stopped), make(signal_at_removal) as folder:
        (folder / "below").mkdir()
    assert list(signal_at_removal.iterdir()) == []


@pytest.mark.parametrize("audio", ["flac", "ogg"])
def test_a_signal_while_sound_is_encoded_is_not_lost(
    monkeypatch: pytest.MonkeyPatch, audio: str
) -> None:
    class Signalling(io.BytesIO):
        """A file in memory; libsndfile's C code calls it."""

        def write(self, content: Any) -> int:
            signal.raise_signal(signal.SIGINT)
            return super().write(content)

    monkeypatch.setattr(io, "BytesIO", Signalling)
    with pytest.raises(_Stopped):
        encode_tracks([np.zeros((1, 100_000), np.float32)], 8000, audio)
