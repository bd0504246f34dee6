"""What a process had finished making is moved in by the next one, all of it or nothing."""

import itertools
import os
from pathlib import Path

import pytest
from batches import tree
from disks import killed_at, refused_at, without_links

from nmfd_cli.io.existing import file_hash
from nmfd_cli.io.staging import STAGING_FOLDER
from nmfd_cli.io.transaction import Transaction
from nmfd_cli.output.manifest import Manifest, StemRecord, known_results, read_manifest, recover

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
STEMS = ("kick", "snare")
#: A track may be called like what a staging directory holds.
FOLDER = "lock"
MANIFEST = f"{FOLDER}/.lock-0.nmfd.json"


def write_results(out: Path, version: str, *, only_free: bool = False) -> None:
    """Write two stems and their manifest."""
    known = None if only_free else known_results(out / MANIFEST)
    with Transaction(out, known=known, warn=lambda message: None) as files:
        records = []
        for stem in STEMS:
            path = out / FOLDER / f"{stem}.wav"
            files.write(path, f"{stem} {version}")
            staged = files.staged(path)
            size = staged.stat().st_size
            records.append(StemRecord(path.name, size, file_hash(staged), stem, 1.0, 0.5))
        manifest = Manifest(version, "{stem}.wav", {}, {}, {}, None, tuple(records))
        files.commit(out / MANIFEST, manifest.as_text())


def results(version: str) -> dict[str, bytes]:
    return {f"{FOLDER}/{stem}.wav": f"{stem} {version}".encode() for stem in STEMS}


def stems_in(out: Path) -> dict[str, bytes]:
    """Return all files but the manifest, which is sound and names them."""
    found = tree(out)
    if MANIFEST in found:
        manifest = read_manifest(out / MANIFEST)
        assert manifest is not None
        assert {file.decode().split()[1] for name, file in found.items() if name.endswith(".wav")
                } == {manifest.version}  # fmt: skip
        del found[MANIFEST]
    return found


@pytest.mark.slow
@needs_fork
@pytest.mark.parametrize("has_links", [True, False])
@pytest.mark.parametrize("earlier", ["nothing", "results", "changed results"])
def test_killed_at_any_change_all_is_old_or_all_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, earlier: str, has_links: bool
) -> None:
    if not has_links:
        without_links(monkeypatch)
    outcomes = []
    for at in itertools.count():
        out = tmp_path / str(at)
        if earlier != "nothing":
            write_results(out, "one")
        if earlier == "changed results":
            edit(out)
        before = tree(out)
        was_killed = killed_at(at, lambda: write_results(out, "two"))  # noqa: B023 - called here
        # the next process may be killed, too
        killed_at(at % 7, lambda: recover(out, warn=lambda message: None))  # noqa: B023
        recover(out, warn=lambda message: None)

        is_new = tree(out) != before
        outcomes.append(is_new)
        if is_new:
            stems = stems_in(out)
            asides = [name for name in stems if ".changed-" in name]
            assert [stems.pop(name) for name in asides] == [b"kick one edited"] * (
                earlier == "changed results"
            )
            assert stems == results("two"), at
        assert not (out / STAGING_FOLDER).exists(), at
        if not was_killed:
            break
    assert outcomes == sorted(outcomes)  # once the manifest is written it is finished
    assert outcomes.count(False) > 3
    assert outcomes.count(True) > 3


def edit(out: Path) -> None:
    (out / FOLDER / "kick.wav").write_bytes(b"kick one edited")


@pytest.mark.parametrize("has_links", [True, False])
@pytest.mark.parametrize("is_edited", [False, True])
def test_where_the_disk_refuses_a_change_all_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_edited: bool, has_links: bool
) -> None:
    if not has_links:
        without_links(monkeypatch)
    n_refused = 0
    for at in range(24):
        out = tmp_path / str(at)
        write_results(out, "one")
        if is_edited:
            edit(out)
        before = tree(out)
        error = refused_at(at, lambda: write_results(out, "two"))  # noqa: B023 - called here
        n_refused += error is not None
        assert (tree(out) == before) == (error is not None), at
        recover(out)
        assert (tree(out) == before) == (error is not None), at
    assert n_refused > 6


@pytest.mark.slow
@needs_fork
@pytest.mark.parametrize("refused", [16, 20], ids=["second stem", "manifest"])
def test_killed_while_moves_are_taken_back(tmp_path: Path, refused: int) -> None:
    n_killed = 0
    for at in range(refused + 1, refused + 13):
        out = tmp_path / str(at)
        write_results(out, "one")
        n_killed += killed_at(
            at,
            lambda: refused_at(refused, lambda: write_results(out, "two")),  # noqa: B023
        )
        recover(out)
        assert stems_in(out) in (results("one"), results("two")), at
    assert n_killed > 6


@pytest.mark.parametrize("length", range(0, 420, 20))
def test_nothing_moves_in_before_the_manifest_is_whole(tmp_path: Path, length: int) -> None:
    write_results(tmp_path, "one")
    before = tree(tmp_path)
    staging = tmp_path / STAGING_FOLDER / "0123"
    (staging / FOLDER).mkdir(parents=True)
    (staging / ".lock").touch()
    for name, content in results("two").items():
        (staging / name).write_bytes(content)
    text = before[MANIFEST].replace(b'"one"', b'"two"')
    assert len(text) > 420
    (staging / MANIFEST).write_bytes(text[:length])

    recover(tmp_path)

    assert tree(tmp_path) == before


def test_of_a_living_process_nothing_moves_in(tmp_path: Path) -> None:
    with Transaction(tmp_path) as files:
        files.write(tmp_path / MANIFEST, "{}")
        recover(tmp_path)
        assert files.staged(tmp_path / MANIFEST).exists()
    assert not (tmp_path / FOLDER).exists()


def test_what_another_process_moved_in_meanwhile_is_known(tmp_path: Path) -> None:
    """Also its results may be replaced, once it has said that they are its own."""
    with Transaction(tmp_path, known=known_results(tmp_path / MANIFEST)) as files:
        path = tmp_path / FOLDER / "kick.wav"
        files.write(path, "kick two")
        write_results(tmp_path, "one")
        files.commit()
    assert tree(tmp_path)[f"{FOLDER}/kick.wav"] == b"kick two"
    assert len(tree(tmp_path)) == 3
