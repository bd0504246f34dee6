"""The cache gives what was computed, and never stands in the way."""

import multiprocessing
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nmfd_cli.core.drum_sounds.bank_templates import TEMPLATES_VERSION, bank_templates, ringing_grid
from nmfd_cli.core.drum_sounds.description import (
    BAND_EDGES,
    FREQUENCY_EDGES,
    TIME_EDGES,
    Description,
)
from nmfd_cli.core.stft import Stft
from nmfd_cli.io import cache
from nmfd_cli.io.cache import cached_array
from nmfd_cli.io.staging import STAGING_FOLDER

SHAPE = (3, 4)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "nmfd"


def numbers() -> NDArray[np.float32]:
    return np.arange(12, dtype=np.float32).reshape(SHAPE)


def refused() -> NDArray[np.float32]:
    raise AssertionError("made again")


def test_an_array_is_made_once(folder: Path) -> None:
    np.testing.assert_array_equal(cached_array("a", SHAPE, numbers), numbers())
    np.testing.assert_array_equal(cached_array("a", SHAPE, refused), numbers())
    with pytest.raises(AssertionError, match="made again"):
        cached_array("b", SHAPE, refused)
    assert sorted(path.name for path in folder.iterdir()) == ["a.npy"]


@pytest.mark.parametrize("length", [0, 1, 60, 128, 170])
def test_what_was_cut_off_is_made_again(folder: Path, length: int) -> None:
    cached_array("a", SHAPE, numbers)
    whole = (folder / "a.npy").read_bytes()
    assert len(whole) > 170
    (folder / "a.npy").write_bytes(whole[:length])
    np.testing.assert_array_equal(cached_array("a", SHAPE, numbers), numbers())
    assert (folder / "a.npy").read_bytes() == whole


@pytest.mark.parametrize(
    "place", [pytest.param(n, marks=[pytest.mark.slow] if n % 8 else []) for n in range(6, 128)]
)
def test_what_was_damaged_is_made_again(folder: Path, place: int) -> None:
    cached_array("a", SHAPE, numbers)
    whole = bytearray((folder / "a.npy").read_bytes())
    for damage in (0, 40, 255, whole[place] ^ 1):
        damaged = whole.copy()
        damaged[place] = damage
        (folder / "a.npy").write_bytes(damaged)
        np.testing.assert_array_equal(cached_array("a", SHAPE, numbers), numbers())


def test_what_looks_like_an_archive_is_made_again(folder: Path) -> None:
    folder.mkdir()
    (folder / "a.npy").write_bytes(b"PK\x03\x04" + bytes(200))
    np.testing.assert_array_equal(cached_array("a", SHAPE, numbers), numbers())
    np.testing.assert_array_equal(np.load(folder / "a.npy"), numbers())


@pytest.mark.parametrize(
    "other",
    [
        np.zeros((4, 3), np.float32),
        np.zeros(SHAPE),
        np.full(SHAPE, np.nan, np.float32),
        -np.ones(SHAPE, np.float32),
        np.array([[None]]),
    ],
    ids=["shape", "type", "nan", "negative", "object"],
)
def test_what_is_something_else_is_made_again(folder: Path, other: NDArray[np.float32]) -> None:
    folder.mkdir()
    np.save(folder / "a.npy", other)
    np.testing.assert_array_equal(cached_array("a", SHAPE, numbers), numbers())
    np.testing.assert_array_equal(np.load(folder / "a.npy"), numbers())


def test_a_folder_that_cannot_be_written_does_no_harm(folder: Path) -> None:
    folder.write_text("a file where the folder should be")
    np.testing.assert_array_equal(cached_array("a", SHAPE, numbers), numbers())
    assert folder.read_text() == "a file where the folder should be"


def test_a_full_disk_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    np.testing.assert_array_equal(cached_array("a", SHAPE, numbers), numbers())
    assert not folder.exists()


def test_only_so_much_is_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was wanted again stays longer than what was not."""
    monkeypatch.setattr(cache, "_MOST_BYTES", 400)  # two files
    for age, key in enumerate("ab", 1):
        cached_array(key, SHAPE, numbers)
        os.utime(folder / f"{key}.npy", (age, age))
    cached_array("a", SHAPE, refused)
    cached_array("c", SHAPE, numbers)
    assert sorted(path.name for path in folder.iterdir()) == ["a.npy", "c.npy"]


def test_what_is_too_much_by_itself_is_not_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_MOST_BYTES", 90)
    np.testing.assert_array_equal(cached_array("a", SHAPE, numbers), numbers())
    assert not folder.exists()


def test_what_a_killed_process_left_is_swept(folder: Path) -> None:
    left = folder / STAGING_FOLDER / "token"
    left.mkdir(parents=True)
    (left / ".lock").touch()
    (left / "b.npy").write_bytes(b"unfinished")
    cached_array("a", SHAPE, numbers)
    assert [path.name for path in folder.iterdir()] == ["a.npy"]


def fill(key: str) -> bool:
    return bool((cached_array(key, SHAPE, numbers) == numbers()).all())


@pytest.mark.slow
def test_processes_that_write_at_once(folder: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert all(pool.map(fill, ["same"] * 40, chunksize=1))
    assert sorted(path.name for path in folder.iterdir()) == ["same.npy"]


def test_templates_have_the_version_they_are_cached_under() -> None:
    """Where this fails, `bank_templates` returns something else: raise `TEMPLATES_VERSION`."""
    cells = (len(FREQUENCY_EDGES) - 1, len(BAND_EDGES) - 1, len(TIME_EDGES) - 1)
    rng = np.random.default_rng(5)
    description = Description(
        rng.integers(0, 40, (2, cells[0]), dtype=np.uint8),
        rng.integers(0, 40, (2, *cells[1:]), dtype=np.uint8),
        np.zeros(2, np.float32),
    )
    W = bank_templates(
        description, Stft(1024, 256), ringing_grid(4, 0.2, 256 / 44100), sample_rate=44100
    )
    weights = np.random.default_rng(6).random(W.shape)
    assert TEMPLATES_VERSION == 1
    assert float((W * weights).sum()) == pytest.approx(0.29804963, rel=1e-5)
