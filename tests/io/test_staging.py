"""Staging directories are their process's own, and go with it."""

import os
import threading
from pathlib import Path

import pytest

from nmfd_cli.errors import OutputError
from nmfd_cli.io import staging
from nmfd_cli.io.staging import (
    STAGING_FOLDER,
    remove_abandoned,
    staging_directory,
)


def left_behind(folder: Path) -> Path:
    """Make what a process leaves that was killed."""
    path = folder / STAGING_FOLDER / "0123"
    (path / "below").mkdir(parents=True)
    (path / ".lock").touch()
    (path / "below" / "x.wav").write_bytes(b"unfinished")
    return path


def test_of_a_living_process_is_left_alone(tmp_path: Path) -> None:
    with staging_directory(tmp_path) as place:
        (place / "x.wav").write_bytes(b"unfinished")
        remove_abandoned(tmp_path)
        assert (place / "x.wav").exists()
    assert not (tmp_path / STAGING_FOLDER).exists()


def test_of_an_ended_process_is_removed_once_somebody_has_seen_it(tmp_path: Path) -> None:
    path = left_behind(tmp_path)
    seen: list[bytes] = []

    remove_abandoned(tmp_path, lambda found: seen.append((found / "below" / "x.wav").read_bytes()))

    assert seen == [b"unfinished"]
    assert not path.parent.exists()


def test_cut_off_before_its_lock_was_made(tmp_path: Path) -> None:
    (tmp_path / STAGING_FOLDER / "0123").mkdir(parents=True)
    remove_abandoned(tmp_path)
    assert not (tmp_path / STAGING_FOLDER).exists()


def test_without_locks_its_age_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "_lock", lambda descriptor: None)
    path = left_behind(tmp_path)
    for days, is_left in ((0, True), (2.9, True), (3.1, False)):
        for file in (path, *path.rglob("*")):
            then = file.stat().st_mtime - days * 86400
            os.utime(file, (then, then))
        remove_abandoned(tmp_path)
        assert path.exists() == is_left
        if is_left:
            for file in (path, *path.rglob("*")):
                os.utime(file)


def test_a_parent_that_others_make_and_remove_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`mkdir` finds it there; it is gone when `pathlib` looks whether it is a folder."""
    refused: list[Path] = []
    mkdir = os.mkdir

    def refuse_once(path: Path, *arguments: int) -> None:
        if Path(path).name == STAGING_FOLDER and not refused:
            refused.append(path)
            raise FileExistsError(17, "File exists", str(path))
        mkdir(path, *arguments)

    monkeypatch.setattr(os, "mkdir", refuse_once)
    with staging_directory(tmp_path) as place:
        assert place.is_dir()
    assert len(refused) == 1


def test_many_at_once_in_one_folder_that_comes_and_goes(tmp_path: Path) -> None:
    errors: list[Exception] = []

    def work() -> None:
        for number in range(50):
            try:
                with staging_directory(tmp_path / "made") as place:
                    (place / f"{number}").touch()
                    remove_abandoned(tmp_path / "made")
                    assert (place / f"{number}").exists()
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert not (tmp_path / "made" / STAGING_FOLDER).exists()


def test_where_no_folder_can_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "_lock", lambda _: False)  # as below /proc: never successful
    with pytest.raises(OutputError) as caught, staging_directory(tmp_path / "made"):
        pass
    assert str(caught.value) == f"{tmp_path / 'made'}: no folder or file can be made there"
