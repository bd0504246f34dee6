"""Files appear whole or not at all, whatever happens at whatever instant."""

import errno
import itertools
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from batches import folders, tree
from disks import acting_at_change, killed_at, refused_at, without_links

from nmfd_cli.errors import NmfdError, OutputError
from nmfd_cli.io.existing import FileRecord, file_hash
from nmfd_cli.io.staging import STAGING_FOLDER, remove_abandoned
from nmfd_cli.io.transaction import Transaction, write_file

NAMES = ("a", "below/b", "below/deep/c")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
Before = dict[str, bytes]
BEFORE: tuple[Before, ...] = ({}, {"a": b"old a"}, {name: f"old {name}".encode() for name in NAMES})
NEW = {name: f"new {name}".encode() for name in NAMES}


def filled(folder: Path, content: Before) -> Path:
    for name, data in content.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def write_new(folder: Path, names: Sequence[str] = NAMES) -> None:
    with Transaction(folder, overwrite=True) as files:
        for name in names:
            files.write(folder / name, NEW[name])
        files.commit()


def everything(folder: Path) -> dict[str, bytes | None]:
    """Return all files and folders."""
    return {**tree(folder), **dict.fromkeys(folders(folder))}


def test_nothing_stands_before_the_commit_and_all_after_it(tmp_path: Path) -> None:
    out = tmp_path / "made" / "out"
    with Transaction(out) as files:
        files.write(out / "a", "ä")
        place = files.place(out / "below" / "b.wav")
        place.write_bytes(b"sound")
        assert files.staged(out / "below" / "b.wav") == place
        assert place.suffix == ".wav"
        assert not (out / "a").exists()
        assert not (out / "below").exists()
        files.commit()
        assert tree(out / "below") == {"b.wav": b"sound"}
    assert tree(out) == {"a": "ä".encode(), "below/b.wav": b"sound"}
    assert not (out / STAGING_FOLDER).exists()


@pytest.mark.parametrize("before", BEFORE)
def test_left_without_a_commit_nothing_has_changed(tmp_path: Path, before: Before) -> None:
    filled(tmp_path, before)
    expected = everything(tmp_path)

    with Transaction(tmp_path / "below" / "made", overwrite=True) as files:
        files.write(tmp_path / "below" / "made" / "deeper" / "x", "content")

    assert everything(tmp_path) == expected


def test_the_longest_name_that_a_disk_knows(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 251 + ".csv")

    write_file(path, "content")

    assert path.read_text() == "content"


def test_a_file_is_replaced_only_on_request(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_file(path, "one")

    with pytest.raises(OutputError) as caught:
        write_file(path, "two")

    assert str(caught.value) == f"{path}: exists; --overwrite replaces it"
    assert (caught.value.path, caught.value.hint) == (str(path), "--overwrite replaces it")
    write_file(path, "two", overwrite=True)
    assert tree(tmp_path) == {"a": b"two"}


def test_a_file_that_appears_meanwhile_stays(tmp_path: Path) -> None:
    def work() -> None:
        with Transaction(tmp_path) as files:
            files.write(tmp_path / "a", "ours")
            files.write(tmp_path / "b", "ours")
            (tmp_path / "b").write_text("of somebody else")
            files.commit()

    with pytest.raises(OutputError, match="b: exists"):
        work()
    assert tree(tmp_path) == {"b": b"of somebody else"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_or_a_file_in_the_way(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    expected = everything(tmp_path)

    with pytest.raises(OutputError, match="folder: expected to write a file, found a folder"):
        write_file(tmp_path / "folder", "", overwrite=overwrite)
    with pytest.raises(OutputError) as caught:
        write_file(tmp_path / "file" / "x" / "y", "", overwrite=overwrite)
    assert str(caught.value) == (
        f"{tmp_path}/file: expected a folder for the results, found a file"
    )
    with (
        pytest.raises(OutputError, match="file: expected a folder for the results, found a file"),
        Transaction(tmp_path, overwrite=overwrite) as files,
    ):
        files.place(tmp_path / "file" / "x")
    assert everything(tmp_path) == expected


def known_as(content: bytes, folder: Path) -> Callable[[Path], list[FileRecord]]:
    path = folder / "written"
    path.write_bytes(content)
    record = FileRecord("a", len(content), file_hash(path))
    path.unlink()
    return lambda path: [record]


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_somebody_changed_is_kept(tmp_path: Path, overwrite: bool) -> None:
    said: list[str] = []
    known, path = known_as(b"ours", tmp_path), tmp_path / "a"

    def replace_with(content: str) -> dict[str, bytes]:
        with Transaction(tmp_path, overwrite=overwrite, known=known, warn=said.append) as files:
            files.write(path, content)
            files.commit()
        return tree(tmp_path)

    path.write_bytes(b"ours")
    assert replace_with("next") == {"a": b"next"}  # as it was written
    assert replace_with("next") == {"a": b"next"}  # the same
    path.write_bytes(b"")
    assert replace_with("next") == {"a": b"next"}  # cut off by a power failure
    path.write_bytes(b"own work")
    aside = f"a.changed-{file_hash(path)[:8]}"
    found = replace_with("next")
    kept = {} if overwrite else {aside: b"own work"}
    assert found == {"a": b"next", **kept}
    assert said == [f"{path} was changed after it was written; it is kept as {a}" for a in kept]


def test_what_is_known_to_be_of_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("foreign")
    with pytest.raises(OutputError) as caught, Transaction(tmp_path, known=lambda _: []) as files:
        files.place(path)
    assert str(caught.value) == (
        f"{path}: exists and is no result of nmfd's; --overwrite replaces it"
    )
    assert tree(tmp_path) == {"a": b"foreign"}


def test_what_comes_from_others_meanwhile_is_kept(tmp_path: Path) -> None:
    said: list[str] = []
    with Transaction(tmp_path, known=lambda _: [], warn=said.append) as files:
        files.write(tmp_path / "a", "ours")
        files.write(tmp_path / "b", "the same")
        (tmp_path / "a").write_text("foreign")
        (tmp_path / "b").write_text("the same")
        files.commit()
    assert sorted(tree(tmp_path).values()) == [b"foreign", b"ours", b"the same"]
    assert len(said) == 1


@pytest.mark.slow
@needs_fork
@pytest.mark.parametrize("has_links", [True, False])
@pytest.mark.parametrize("names", [NAMES[:1], NAMES], ids=["one", "several"])
@pytest.mark.parametrize("before", BEFORE, ids=["nothing", "one before", "all before"])
def test_killed_at_any_change_each_file_is_old_or_new(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: Before,
    names: Sequence[str],
    has_links: bool,
) -> None:
    if not has_links:
        without_links(monkeypatch)
    for at in itertools.count():
        out = filled(tmp_path / str(at), before)
        out.mkdir(exist_ok=True)
        was_killed = killed_at(at, lambda: write_new(out, names))  # noqa: B023 - called here
        for name in NAMES:
            expected = {before.get(name), NEW[name]} if name in names else {before.get(name)}
            path = out / name
            assert (path.read_bytes() if path.exists() else None) in expected, (at, name)
        remove_abandoned(out)
        assert not (out / STAGING_FOLDER).exists(), at
        if not was_killed:
            break
    assert at > 5
    assert tree(out) == {**before, **{name: NEW[name] for name in names}}


@pytest.mark.parametrize("has_links", [True, False])
@pytest.mark.parametrize("before", BEFORE, ids=["nothing", "one before", "all before"])
def test_where_a_change_of_the_disk_fails_nothing_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: Before, has_links: bool
) -> None:
    if not has_links:
        without_links(monkeypatch)
    n_refused = 0
    for at in range(40):
        out = filled(tmp_path / str(at), before)
        out.mkdir(exist_ok=True)
        expected = everything(out)
        error = refused_at(at, lambda: write_new(out))  # noqa: B023 - called here
        if error is None:
            remove_abandoned(out)  # where the disk refused to remove something
            assert tree(out) == {**before, **NEW}, at
        else:
            n_refused += 1
            assert error.message == "cannot write: No space left on device"
            assert STAGING_FOLDER not in str(error)
            assert everything(out) == expected, at
    assert n_refused >= 2 + len(NAMES)


@pytest.fixture
def stopping() -> Iterator[type[BaseException]]:
    class Stopped(BaseException):
        pass

    def stop(*_: object) -> None:
        raise Stopped

    before = signal.signal(signal.SIGINT, stop)
    yield Stopped
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("before", BEFORE[1:], ids=["one before", "all before"])
def test_stopped_at_any_change_all_is_old_or_all_is_new(
    tmp_path: Path, before: Before, stopping: type[BaseException], after: bool
) -> None:
    def stop() -> None:
        signal.raise_signal(signal.SIGINT)

    n_old = n_new = 0
    for at in range(40):
        out = filled(tmp_path / str(at), before)
        out.mkdir(exist_ok=True)
        expected = everything(out)
        try:
            with acting_at_change(at, stop, after=after):
                write_new(out)
        except stopping:
            is_old = everything(out) == expected
            n_old += is_old
            n_new += not is_old
            assert is_old or tree(out) == {**before, **NEW}, at
            assert not (out / STAGING_FOLDER).exists()
    assert n_old
    assert n_new


def test_a_full_disk_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(NmfdError) as caught:
        write_file(tmp_path / "made" / "a", "content")
    assert str(caught.value) == f"{tmp_path}/made/a: cannot write: No space left on device"
    assert everything(tmp_path) == {}
