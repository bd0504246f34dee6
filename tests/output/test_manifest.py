"""The manifest: what counts as finished, whose a file is, and what is never overwritten."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from batches import TINY, make_recording, make_recordings, plan, run, tree

from nmfd_cli.batch.results import Event, Progress
from nmfd_cli.batch.run import run_jobs
from nmfd_cli.io.audio.riff import clear_peak_time
from nmfd_cli.io.existing import FileRecord, file_hash, is_ours, tree_hash
from nmfd_cli.output.manifest import manifest_name, read_manifest
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.settings.output import BatchSettings


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return make_recording(tmp_path / "in" / "a.wav")


@pytest.fixture
def out(tmp_path: Path, recording: Path) -> Path:
    """A folder with the finished results of the recording."""
    folder = tmp_path / "out"
    assert len(run([recording], folder).done) == 1
    return folder


def the_manifest(folder: Path) -> Path:
    (path,) = folder.rglob(".*.nmfd.json")
    return path


def test_tells_what_stems_were_made_of(out: Path, recording: Path) -> None:
    path = the_manifest(out)

    content = json.loads(path.read_text())

    assert path.parent == out / "a"
    assert path.name.startswith(".a-")
    assert content["format"] == 1
    assert content["version"] == "0.1.0"
    assert content["pattern"] == "{stem}.wav"
    assert content["input"] == {
        "name": "a.wav",
        "size": recording.stat().st_size,
        "sha256": file_hash(recording),
    }
    assert content["sources"]["settings"]["iterations"] == TINY.iterations
    assert content["sources"]["settings"]["format"] == "wav"
    assert content["sources"]["score"] is None
    for stem in content["stems"]:
        file = out / "a" / stem["file"]
        assert (stem["size"], stem["sha256"]) == (file.stat().st_size, file_hash(file))
    assert str(out.parent) not in path.read_text()


def test_same_work_gives_same_bytes_in_any_folder(
    tmp_path: Path, out: Path, recording: Path
) -> None:
    run([recording], tmp_path / "elsewhere")

    assert tree(tmp_path / "elsewhere") == tree(out)


def test_finished_recording_is_left_alone_also_after_its_results_moved(
    tmp_path: Path, out: Path, recording: Path
) -> None:
    done = run([recording], tmp_path / "again").done[0].result
    before = {file: file.stat().st_mtime_ns for file in out.rglob("*")}
    summary = run([recording], out, skip_existing=True)
    shutil.move(out, tmp_path / "moved")
    moved = run([recording], tmp_path / "moved", skip_existing=True)

    assert [skipped.input for skipped in summary.skipped] == [str(recording)]
    assert {tmp_path / "moved" / file.relative_to(out) for file in before} == set(
        (tmp_path / "moved").rglob("*")
    )
    report = moved.skipped[0].result
    assert report.recording == done.recording
    assert report.final_divergence == done.final_divergence
    assert [(s.stem, s.peak, s.energy_share) for s in report.stems] == [
        (s.stem, s.peak, s.energy_share) for s in done.stems
    ]
    assert all(stem.path.is_file() for stem in report.stems)


@pytest.mark.parametrize("damage", ["deleted", "emptied", "no manifest entry"])
def test_incomplete_results_are_made_again(out: Path, recording: Path, damage: str) -> None:
    expected = tree(out)
    stem = out / "a" / "component_1.wav"
    if damage == "deleted":
        stem.unlink()
    elif damage == "emptied":
        stem.write_bytes(b"")
    else:
        content = json.loads(the_manifest(out).read_text())
        content["former"].append({k: content["stems"][0][k] for k in ("file", "size", "sha256")})
        del content["stems"][0]
        the_manifest(out).write_text(json.dumps(content))

    summary = run([recording], out, skip_existing=True)

    assert len(summary.done) == 1
    assert tree(out) == expected


@pytest.mark.parametrize("is_shorter", [False, True])
def test_stem_that_somebody_changed_is_kept_aside(
    out: Path, recording: Path, is_shorter: bool
) -> None:
    expected = tree(out)
    stem = out / "a" / "component_1.wav"
    own_work = stem.read_bytes()[:-4] if is_shorter else stem.read_bytes() + b"own work"
    stem.write_bytes(own_work)

    summary = run([recording], out, skip_existing=True)

    (aside,) = (out / "a").glob("component_1.wav.changed-*")
    assert summary.done[0].warnings == (
        f"{stem} was changed after it was written; it is kept as {aside.name}",
    )
    assert aside.read_bytes() == own_work
    aside.unlink()
    assert tree(out) == expected


@pytest.mark.parametrize("has_manifest", [True, False])
def test_foreign_file_is_never_overwritten(out: Path, recording: Path, has_manifest: bool) -> None:
    stem = out / "a" / "component_1.wav"
    if has_manifest:
        content = json.loads(the_manifest(out).read_text())
        del content["stems"][0]
        the_manifest(out).write_text(json.dumps(content))
    else:
        the_manifest(out).unlink()
    before = tree(out)

    summary = run([recording], out, skip_existing=True)

    assert [failed.reason for failed in summary.failed] == [
        f"{stem}: exists and is no result of nmfd's; --overwrite replaces it"
    ]
    assert tree(out) == before
    assert len(run([recording], out, skip_existing=True, overwrite=True).done) == 1
    assert len(run([recording], out, skip_existing=True).skipped) == 1


OTHER = replace(TINY, iterations=3)


def test_what_another_process_has_moved_in_meanwhile_stays(tmp_path: Path, recording: Path) -> None:
    """Neither of two runs may replace anything: the one that comes later fails."""
    out = tmp_path / "out"
    first: dict[str, bytes] = {}

    def somebody_else(event: Event) -> None:
        if isinstance(event, Progress) and event.stage == "factorising" and not first:
            assert run([recording], out, settings=OTHER).is_complete
            first.update(tree(out / "a"))

    (failed,) = run([recording], out, on_event=somebody_else).failed

    assert failed.reason == f"{out}/a/component_1.wav: exists; --overwrite replaces it"
    assert tree(out) == {f"a/{name}": content for name, content in first.items()}


@pytest.mark.parametrize("settings", [TINY, OTHER])
def test_what_has_come_to_stand_since_the_plan_stays(
    tmp_path: Path, recording: Path, settings: SeparationSettings
) -> None:
    out = tmp_path / "out"
    jobs = plan([recording], out)
    run([recording], out, settings=settings)
    before = tree(out)

    summary = run_jobs(jobs, BatchSettings())

    assert tree(out) == before
    if settings == TINY:
        assert len(summary.skipped) == 1
    else:
        assert "component_1.wav: exists; --overwrite replaces it" in summary.failed[0].reason


def test_other_content_of_the_recording_is_done_again(out: Path, recording: Path) -> None:
    make_recording(recording, seed=1)

    assert len(run([recording], out, skip_existing=True).done) == 1
    assert len(run([recording], out, skip_existing=True).skipped) == 1


def test_other_settings_are_done_again(out: Path, recording: Path) -> None:
    other = replace(TINY, iterations=1)

    assert len(run([recording], out, skip_existing=True, settings=other).done) == 1
    assert len(run([recording], out, skip_existing=True, settings=other).skipped) == 1
    assert len(run([recording], out, skip_existing=True, subtype="pcm_16").done) == 1


def test_content_of_kit_and_score_counts_but_not_their_place(tmp_path: Path) -> None:
    recording = make_recording(tmp_path / "in" / "a.wav")
    kit, other_kit = tmp_path / "kit", tmp_path / "other_kit"
    for drum in ("kick", "snare"):
        make_recording(kit / drum / "one.wav", seed=len(drum))
    score, other_score = tmp_path / "score.csv", tmp_path / "other.csv"
    score.write_text("onset,drum\n0.01,kick\n0.1,snare\n")
    settings = replace(TINY, init=None, kit=str(kit))
    out = tmp_path / "out"

    def skips() -> bool:
        summary = run([recording], out, settings=settings, score=str(score), skip_existing=True)
        assert summary.is_complete, summary.failed[0].reason
        return bool(summary.skipped)

    assert not skips()
    assert skips()
    shutil.copytree(kit, other_kit)
    shutil.copy(score, other_score)
    settings, score = replace(settings, kit=str(other_kit)), other_score
    assert skips()
    score.write_text("onset,drum\n0.02,kick\n0.1,snare\n")
    assert not skips()
    make_recording(other_kit / "kick" / "one.wav", seed=9)
    assert not skips()


def test_back_and_forth_between_sets_of_stems(out: Path, recording: Path) -> None:
    """One stem is there already; stems of other settings stay known as ours."""
    three = replace(TINY, components=3)

    assert len(run([recording], out, skip_existing=True, stem="component_2").skipped) == 1
    assert len(run([recording], out, skip_existing=True, minus="component_2").done) == 1
    assert len(run([recording], out, skip_existing=True).skipped) == 1
    assert len(run([recording], out, skip_existing=True, settings=three).done) == 1
    assert len(run([recording], out, skip_existing=True).done) == 1
    assert len(run([recording], out, skip_existing=True, settings=three).done) == 1


@pytest.mark.parametrize(
    "filename", ["{track}_{stem}.{ext}", "{stem}/{track}.{ext}", "{parent}/{stem}-{track}.{ext}"]
)
def test_tracks_that_share_a_folder_have_manifests_of_their_own(
    tmp_path: Path, filename: str
) -> None:
    inputs = make_recordings(tmp_path / "in", 3)

    run(inputs, tmp_path / "out", filename=filename)
    (
        tmp_path / "out" / filename.format(track="t01", stem="component_1", ext="wav", parent="in")
    ).unlink()
    again = run(inputs, tmp_path / "out", filename=filename, skip_existing=True)

    assert len(list((tmp_path / "out").rglob(".*.nmfd.json"))) == 3
    assert [done.input for done in again.done] == [inputs[1]]
    assert len(again.skipped) == 2


@pytest.mark.skipif(sys.getfilesystemencoding() != "utf-8", reason="needs names in UTF-8")
def test_names_of_tracks_that_only_differ_far_behind() -> None:
    long = "é" * 120
    names = {manifest_name(track, track + "/{stem}.wav") for track in (long + "1", long + "2")}

    assert len(names) == 2
    assert all(len(name.encode()) <= 255 for name in names)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"format": 2}',
        b'{"format": 1}',
        b'{"format": 1, "stems": 3, "former": []}',
        b"[" * 100_000,
    ],
)
def test_what_is_no_manifest_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.nmfd.json"
    path.write_bytes(content)

    assert read_manifest(path) is None


@pytest.mark.parametrize("file", ["../x.wav", "/x.wav", ""])
def test_manifest_that_names_files_elsewhere_is_none(out: Path, file: str) -> None:
    content = json.loads(the_manifest(out).read_text())
    content["stems"][0]["file"] = file
    the_manifest(out).write_text(json.dumps(content))

    assert read_manifest(the_manifest(out)) is None


def test_whose_a_file_is(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"content")
    record = FileRecord("x", 7, file_hash(path))

    assert is_ours(path, [record])
    assert not is_ours(path, [])
    path.write_bytes(b"")
    assert is_ours(path, [record])
    assert not is_ours(path, [])
    path.write_bytes(b"conten")  # edited, and shorter
    assert not is_ours(path, [record])
    path.write_bytes(b"CONTENT")
    assert not is_ours(path, [record])


def test_hash_of_a_folder_sees_names_and_content(tmp_path: Path) -> None:
    folder = tmp_path / "kit"
    (folder / "kick").mkdir(parents=True)
    (folder / "kick" / "a.wav").write_bytes(b"1")
    hashes = [tree_hash(folder)]
    (folder / ".hidden").write_bytes(b"1")
    assert tree_hash(folder) == hashes[0]
    (folder / "kick" / "a.wav").write_bytes(b"2")
    hashes.append(tree_hash(folder))
    (folder / "kick" / "a.wav").rename(folder / "kick" / "b.wav")
    hashes.append(tree_hash(folder))

    assert len(set(hashes)) == 3


def test_time_of_day_is_removed_from_files_of_fractions(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    samples = np.linspace(-1, 1, 50)
    sf.write(path, samples, 8000, subtype="FLOAT")
    at = path.read_bytes().index(b"PEAK") + 12
    assert path.read_bytes()[at : at + 4] != bytes(4)

    clear_peak_time(path)

    assert path.read_bytes()[at : at + 4] == bytes(4)
    np.testing.assert_array_equal(sf.read(path)[0], samples.astype(np.float32))


@pytest.mark.parametrize("content", [b"", b"RIFF", b"fLaC0000000000", b"RIFF0000WAVE" + b"x" * 9])
def test_other_files_stay_as_they_are(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)

    clear_peak_time(path)

    assert path.read_bytes() == content


def test_stems_of_an_earlier_separation_are_told(out: Path, recording: Path) -> None:
    summary = run([recording], out, settings=replace(TINY, components=1), overwrite=True)

    (done,) = summary.done
    stale = out / "a" / "component_2.wav"
    assert stale.exists()
    assert done.warnings == (f"{stale} is of an earlier separation and no part of these stems",)
