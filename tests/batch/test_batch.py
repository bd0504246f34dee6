"""Inputs, plans and batches: what is meant, what is refused, and what becomes of the rest."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import soundfile as sf
from batches import (
    TINY,
    TINY_STEMS,
    folders,
    make_recording,
    make_recordings,
    plan,
    run,
    tree,
    with_tests,
)
from disks import without_links

from nmfd_cli.batch import processes as pool
from nmfd_cli.batch.failed_list import write_failed_list
from nmfd_cli.batch.inputs import expand_inputs
from nmfd_cli.batch.plan import Job, score_beside
from nmfd_cli.batch.processes import THREAD_VARIABLES, thread_environment
from nmfd_cli.batch.results import Done, Ended, Event, Failed, Progress, Started
from nmfd_cli.batch.run import BatchSummary, run_jobs
from nmfd_cli.batch.work import run_job
from nmfd_cli.errors import InputFileError, NmfdError, OutputError, ParameterError
from nmfd_cli.settings.output import BatchSettings

ODD_NAMES = [
    "-dash.wav",
    "two words.wav",
    'it\'s "quoted".wav',
    "take[1]*?.wav",
    "{track}{{.wav",
    "x" * 196 + ".wav",
    "no_ending",
    "a\nb\tc.wav",
]
if sys.getfilesystemencoding() == "utf-8":
    ODD_NAMES.append("größe 録音.wav")
if sys.platform == "linux":
    ODD_NAMES.append(os.fsdecode(b"dr\xffms.wav"))


class Usage(NamedTuple):
    """How full a disk is."""

    total: int
    used: int
    free: int


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")


# inputs


def test_folder_stands_for_its_audio_files_sorted(tmp_path: Path) -> None:
    touch(tmp_path, "b.WAV", "a.flac", "c.mp3", "notes.txt", ".hidden.wav", ".nmfd-1-0.wav.part")
    touch(tmp_path, "below/d.wav", ".hidden/e.wav", ".nmfd.part/f.wav")

    alone = expand_inputs([str(tmp_path)])
    all_below = expand_inputs([str(tmp_path)], recursive=True)

    names = [f"{tmp_path}/{name}" for name in ("a.flac", "b.WAV", "c.mp3")]
    assert list(alone) == names
    assert list(all_below) == [*names, f"{tmp_path}/below/d.wav"]


def test_stems_of_earlier_runs_are_no_recordings(tmp_path: Path) -> None:
    recording = make_recording(tmp_path / "a.wav")
    for filename in ("{track}/{stem}.{ext}", "{stem}/{track}_{stem}.{ext}"):
        run([recording], tmp_path, filename=filename)

    assert expand_inputs([str(tmp_path)], recursive=True) == (str(recording),)


def test_links_in_a_circle_are_followed_once(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.wav")
    (tmp_path / "in" / "again").symlink_to(tmp_path / "in")

    assert expand_inputs([str(tmp_path)], recursive=True) == (f"{tmp_path}/in/a.wav",)


def test_patterns_that_no_shell_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    touch(tmp_path, "b.wav", "a.wav", "a.txt", "below/c.wav", ".hidden.wav", "[x].wav", "x.wav")

    assert expand_inputs(["[ab].*"]) == ("a.wav", "b.wav")
    assert expand_inputs(["**/c.wav"]) == ("below/c.wav",)
    assert expand_inputs(["be*"]) == ("below/c.wav",)
    assert expand_inputs(["[x].wav"]) == ("[x].wav",)  # a file of that name comes first
    assert expand_inputs(["a.txt"]) == ("a.txt",)  # named as such, whatever its ending


def test_each_recording_once_in_the_order_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    touch(tmp_path, "a.wav", "b.wav")

    assert expand_inputs(["b.wav", "./a.wav", "*.wav", str(tmp_path / "a.wav"), "-", "-"]) == (
        "b.wav",
        "./a.wav",
        "-",
    )


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_through_the_whole_batch(tmp_path: Path, name: str) -> None:
    recording = make_recording(tmp_path / "in" / name)

    inputs = expand_inputs([str(recording)])
    summary = run(inputs, tmp_path / "out")
    again = run(inputs, tmp_path / "out", skip_existing=True)

    assert summary.is_complete, summary.failed[0].reason
    stems = {stem.path for stem in summary.done[0].result.stems}
    assert stems == {tmp_path / "out" / recording.stem / f"{stem}.wav" for stem in TINY_STEMS}
    assert len(again.skipped) == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nothing.wav", "{0}/nothing.wav: no such file or folder"),
        ("*.flac", "{0}/*.flac: expected audio files, found none"),
        ("*.txt", "{0}/*.txt: expected audio files, found none among what it matches"),
        (
            "upper",
            "{0}/upper: expected audio files in this folder, found none; "
            "--recursive looks into the folders below",
        ),
        ("empty", "{0}/empty: expected audio files in this folder, found none"),
        ("x" * 300, "{0}/" + "x" * 300 + ": cannot be read: File name too long"),
    ],
)
def test_inputs_that_are_refused(tmp_path: Path, given: str, message: str) -> None:
    touch(tmp_path, "a.txt", "upper/lower/b.wav", "empty/notes.txt")

    with pytest.raises(InputFileError) as caught:
        expand_inputs([str(tmp_path / given)])

    assert str(caught.value) == message.format(tmp_path)


# plans


def test_jobs_travel(tmp_path: Path) -> None:
    jobs = plan(make_recordings(tmp_path / "in", 2), tmp_path / "out")

    assert pickle.loads(pickle.dumps(jobs)) == jobs
    assert [job.seconds for job in jobs] == [0.2, 0.22]
    assert jobs[0].files == tuple(tmp_path / "out" / "t00" / f"{stem}.wav" for stem in TINY_STEMS)


def test_two_recordings_that_would_write_one_file(tmp_path: Path) -> None:
    paths = [make_recording(tmp_path / folder / "a.wav") for folder in ("one", "two")]

    with pytest.raises(ParameterError) as caught:
        plan(paths, tmp_path / "out")

    assert str(caught.value) == (
        f"{paths[0]} and {paths[1]} would both write {tmp_path}/out/a/component_1.wav; "
        "--filename '{parent}/{track}/{stem}.{ext}' can tell them apart"
    )
    jobs = plan(paths, tmp_path / "out", filename="{parent}/{track}/{stem}.{ext}")
    assert [job.files[0].relative_to(tmp_path / "out").as_posix() for job in jobs] == [
        "one/a/component_1.wav",
        "two/a/component_1.wav",
    ]


def test_existing_results_are_refused_before_any_work(tmp_path: Path) -> None:
    inputs = make_recordings(tmp_path / "in", 2)
    run(inputs[1:], tmp_path / "out")
    before = tree(tmp_path)

    with pytest.raises(OutputError) as caught:
        plan(inputs, tmp_path / "out")

    assert str(caught.value) == (
        f"{tmp_path}/out/t01/component_1.wav: exists; --overwrite replaces it, "
        "--skip-existing keeps what is complete"
    )
    assert plan(inputs, tmp_path / "out", overwrite=True)
    assert plan(inputs, tmp_path / "out", skip_existing=True)
    assert tree(tmp_path) == before


def test_no_stem_replaces_what_is_read(tmp_path: Path) -> None:
    recording = make_recording(tmp_path / "component_1.wav")

    with pytest.raises(OutputError, match="expected to write a file, found a file that is to be"):
        plan([recording], tmp_path, filename="{stem}.{ext}", overwrite=True)


def test_no_stem_replaces_a_sound_of_the_kit(tmp_path: Path) -> None:
    recording = make_recording(tmp_path / "a.wav")
    make_recording(tmp_path / "kit" / "kick" / "component_1.wav")
    settings = replace(TINY, kit=str(tmp_path / "kit"))

    with pytest.raises(OutputError, match=r"component_1\.wav: .* found a file that is to be read"):
        plan(
            [recording],
            tmp_path / "kit" / "kick",
            filename="{stem}.{ext}",
            overwrite=True,
            settings=settings,
        )


def test_folder_where_a_stem_belongs(tmp_path: Path) -> None:
    recording = make_recording(tmp_path / "a.wav")
    (tmp_path / "out" / "a" / "component_1.wav").mkdir(parents=True)

    with pytest.raises(OutputError, match="expected to write a file, found a folder of that name"):
        plan([recording], tmp_path / "out", overwrite=True)


def test_preset_and_date_in_names_are_those_of_the_plan(tmp_path: Path) -> None:
    recording = make_recording(tmp_path / "a.wav")

    (job,) = plan([recording], tmp_path, filename="{preset}/{{date}}/{date}/{stem}", preset="best")

    first = job.files[0].relative_to(tmp_path)
    day = first.parts[2]
    assert first.as_posix() == f"best/{{date}}/{day}/component_1"
    assert len(day) == 10


def test_scores_beside_the_recordings(tmp_path: Path) -> None:
    inputs = make_recordings(tmp_path / "in", 2)
    for path, drum in zip(inputs, ("kick", "snare"), strict=True):
        Path(path).with_suffix(".csv").write_text(f"onset,drum\n0.05,{drum}\n")
    settings = replace(TINY, init=None)

    jobs = plan(inputs, tmp_path / "out", score_pattern="{track}.csv", settings=settings)

    assert [job.score_path for job in jobs] == [
        str(Path(path).with_suffix(".csv")) for path in inputs
    ]
    assert [job.stems for job in jobs] == [("kick", "other"), ("snare", "other")]
    assert [job.score.drums for job in jobs if job.score] == [("kick",), ("snare",)]
    assert score_beside("x/y/a.b.wav", "../{parent}/{track}.tsv") == "x/y/../y/a.b.tsv"


def test_scores_that_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = make_recordings(tmp_path / "in", 3)
    out = tmp_path / "out"
    Path(inputs[0]).with_suffix(".csv").write_text("onset,drum\n0.05,kick\n")

    with pytest.raises(InputFileError) as missing:
        plan(inputs, out, score_pattern="{track}.csv")
    with pytest.raises(ParameterError) as field:
        plan(inputs, out, score_pattern="{stem}.csv")
    with pytest.raises(ParameterError) as template:
        plan(inputs, out, score_pattern="{track.csv")
    with pytest.raises(ParameterError) as both:
        plan(inputs, out, score_pattern="{track}.csv", score="x.csv")

    assert str(missing.value) == (
        f"{tmp_path}/in/t01.csv: no such file or folder; 1 more of the scores are missing"
    )
    monkeypatch.chdir(tmp_path)
    Path("t01.csv").write_text("onset,drum\n0.05,kick\n")
    with pytest.raises(InputFileError, match=r"; t01.csv in the working directory is found by an"):
        plan(inputs, out, score_pattern="{track}.csv")
    assert str(field.value) == "score_pattern: expected fields {track}, {parent}, found {stem}"
    assert str(template.value).startswith("score_pattern: '{track.csv' is not a template: ")
    assert str(both.value) == "score: expected either --score or --score-pattern, found both"


# batches


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.slow
def test_a_corrupt_file_among_good_ones(tmp_path: Path, jobs: int) -> None:
    inputs = make_recordings(tmp_path / "in", 4)
    Path(inputs[1]).write_text("no audio")
    cut = Path(inputs[2])
    cut.write_bytes(cut.read_bytes()[:30])
    Path(inputs[3]).unlink()
    events: list[Event] = []

    summary = run(inputs, tmp_path / "out", jobs=jobs, on_event=events.append)

    assert [done.input for done in summary.done] == [inputs[0]]
    assert [failed.input for failed in summary.failed] == inputs[1:]
    reasons = [failed.reason for failed in summary.failed]
    assert all(
        reason.startswith(f"{path}: ") for path, reason in zip(inputs[1:], reasons, strict=True)
    )
    assert reasons[2] == f"{inputs[3]}: no such file or folder"
    assert not summary.is_complete
    assert summary.audio_seconds == 0.2
    assert {file.parent.name for file in (tmp_path / "out").rglob("*.wav")} == {"t00"}
    assert folders(tmp_path / "out") == ["t00"]
    check_events(events, 4)


def check_events(events: list[Event], count: int) -> None:
    """Each recording begins once, goes on, and ends once."""
    for index in range(count):
        own = [event for event in events if event.index == index]
        assert isinstance(own[0], Started)
        assert isinstance(own[-1], Ended)
        assert all(isinstance(event, Progress) for event in own[1:-1])
        shares = [event.share for event in own if isinstance(event, Progress)]
        assert all(0 <= share <= 1 for share in shares)
        assert shares or isinstance(own[-1], Failed)


@pytest.mark.slow
def test_processes_give_the_same_bytes_longest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    inputs = make_recordings(tmp_path / "in", 5)
    events: list[Event] = []

    alone = run(inputs, tmp_path / "one")
    together = run(inputs, tmp_path / "two", jobs=2, on_event=events.append)

    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert [done.input for done in together.done] == [done.input for done in alone.done] == inputs
    begun = [event.index for event in events if isinstance(event, Started)]
    assert begun == [4, 3, 2, 1, 0]
    check_events(events, 5)


def test_threads_are_divided_among_processes_unless_the_user_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nmfd_cli.batch.processes.available_processors", lambda: 8)
    for name in THREAD_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    assert thread_environment(4) == dict.fromkeys(THREAD_VARIABLES, "2")
    assert set(thread_environment(100).values()) == {"1"}
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    assert thread_environment(4) == {}


@pytest.mark.slow
def test_a_worker_that_dies_costs_its_own_file_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = make_recordings(tmp_path / "in", 6)
    jobs = plan(inputs, tmp_path / "out")
    victims = {1: signal.SIGSEGV, 4: signal.SIGKILL}
    processes: list[BaseProcess] = []
    begin = pool._Slot.begin

    def remember(slot: Any, index: int, job: Job) -> None:
        processes.append(slot.process)
        if index in victims:  # held, lest it is done before it dies
            os.kill(slot.process.pid, signal.SIGSTOP)
            os.waitpid(slot.process.pid, os.WUNTRACED)
        begin(slot, index, job)
        if index in victims:
            os.kill(slot.process.pid, victims[index])
            os.kill(slot.process.pid, signal.SIGCONT)

    monkeypatch.setattr(pool._Slot, "begin", remember)
    summary = run_jobs(jobs, BatchSettings(jobs=2))

    assert [(failed.index, failed.reason) for failed in summary.failed] == [
        (1, "its process was ended by SIGSEGV"),
        (4, "its process was ended by SIGKILL, perhaps for lack of memory"),
    ]
    assert [done.index for done in summary.done] == [0, 2, 3, 5]
    assert folders(tmp_path / "out") == ["t00", "t02", "t03", "t05"]
    assert all(process.exitcode is not None for process in processes)


@pytest.mark.slow
def test_warnings_of_workers_come_with_the_events(tmp_path: Path) -> None:
    inputs = make_recordings(tmp_path / "in", 2)
    silent = make_recording(tmp_path / "in" / "silent.wav", seconds=0.1)
    content = bytearray(silent.read_bytes())
    content[44:] = bytes(len(content) - 44)
    silent.write_bytes(content)

    for jobs in (1, 2):
        summary = run([*inputs, silent], tmp_path / f"out{jobs}", jobs=jobs)
        assert [done.warnings for done in summary.done] == [
            (),
            (),
            (f"{silent}: silence; its stems are silent too",),
        ]


def once_written(act: Callable[[], object]) -> Callable[[str, float], None]:
    """Return a callback for progress in which something happens when the stems are whole."""

    def progress(stage: str, share: float) -> None:
        if (stage, share) == ("writing", 1):
            act()

    return progress


def test_recording_that_vanishes_or_changes_in_the_middle(tmp_path: Path) -> None:
    gone = make_recording(tmp_path / "in" / "gone.wav")
    changed = make_recording(tmp_path / "in" / "changed.wav")
    jobs = plan([gone, changed], tmp_path / "out")

    first = run_job(0, jobs[0], once_written(gone.unlink))
    shorter = once_written(lambda: make_recording(changed, seconds=0.1))
    second = run_job(1, jobs[1], shorter)

    assert isinstance(first, Failed)
    assert first.reason == f"{gone}: cannot be read: No such file or directory"
    assert isinstance(second, Failed)
    assert second.reason == f"{changed}: was changed while it was read"
    assert tree(tmp_path / "out") == {}
    assert ".nmfd.part" not in folders(tmp_path / "out")


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root writes anywhere")
def test_folder_that_turns_read_only(tmp_path: Path) -> None:
    recording = make_recording(tmp_path / "in" / "a.wav")
    out = tmp_path / "out"
    run([recording], out)
    before = tree(out)
    (job,) = plan([recording], out, overwrite=True)

    ended = run_job(0, job, once_written(lambda: (out / "a").chmod(0o555)))

    (out / "a").chmod(0o755)
    assert isinstance(ended, Failed)
    assert ended.reason == f"{out}/a/component_1.wav: cannot write: Permission denied"
    assert tree(out) == before
    assert folders(out) == ["a"]


@pytest.mark.parametrize("has_links", [True, False])
@pytest.mark.parametrize("call", range(3))
def test_disk_that_refuses_a_move(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int, has_links: bool
) -> None:
    """As a folder that turns read-only or a full disk, at every move into the folder."""
    if not has_links:
        without_links(monkeypatch)
    recording = make_recording(tmp_path / "in" / "a.wav")
    out = tmp_path / "out"
    run([recording], out, settings=replace(TINY, iterations=1))
    before = tree(out)
    rename, count = Path.replace, 0

    def refuse(path: Path, target: Path) -> Path:
        nonlocal count
        between = out / "a" in (path.parent, Path(target).parent)
        count += between
        if between and count == call + 1:
            raise PermissionError(13, "Permission denied", str(path), None, str(target))
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    summary = run([recording], out, overwrite=True)

    (failed,) = summary.failed
    place, _, reason = failed.reason.partition(": ")
    assert reason == "cannot write: Permission denied"
    assert Path(place).parent == out / "a"  # not in the staging directory
    assert tree(out) == before
    assert folders(out) == ["a"]


def test_full_disk_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = make_recording(tmp_path / "in" / "a.wav")

    def refuse(*_: object) -> None:
        raise sf.LibsndfileError(2)  # "System error."

    monkeypatch.setattr("soundfile.SoundFile.write", refuse)
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(9, 9, 0))
    summary = run([recording], tmp_path / "out")

    assert [failed.reason for failed in summary.failed] == [
        f"{tmp_path}/out/a: cannot write: No space left on device"
    ]
    assert not (tmp_path / "out").exists()


def test_output_folder_that_cannot_be_made(tmp_path: Path) -> None:
    recording = make_recording(tmp_path / "in" / "a.wav")
    (tmp_path / "file").write_text("")

    summary = run([recording], tmp_path / "file" / "out")

    assert [failed.reason for failed in summary.failed] == [
        f"{tmp_path}/file: expected a folder for the results, found a file"
    ]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (MemoryError(), "out of memory; a smaller --block-seconds works from temporary disk"),
        (OSError(28, "No space left on device", "x"), "x: No space left on device"),
        (NmfdError("a  name as it is"), "a  name as it is"),
        (
            ZeroDivisionError("a fault"),
            "unexpected ZeroDivisionError: a fault; this is a fault of nmfd, "
            "NMFD_DEBUG=1 shows where it happened",
        ),
    ],
)
def test_whatever_goes_wrong_is_one_line(tmp_path: Path, error: Exception, reason: str) -> None:
    def fail() -> None:
        raise error

    recording = make_recording(tmp_path / "in" / "a.wav")
    (job,) = plan([recording], tmp_path / "out")

    ended = run_job(0, job, once_written(fail))

    assert isinstance(ended, Failed)
    assert ended.reason == reason
    assert ("in fail" in ended.trace) is isinstance(error, ZeroDivisionError)
    assert not (tmp_path / "out").exists()


def test_stream_is_handed_through(tmp_path: Path) -> None:
    """Standard input has no manifest: there is nothing to compare it with."""
    recording = make_recording(tmp_path / "a.wav")
    code = (
        "import sys, batches, pathlib;"
        "s = batches.run(['-'], pathlib.Path(sys.argv[1]));"
        "sys.exit(0 if s.is_complete else s.failed[0].reason)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "out")],
        input=recording.read_bytes(),
        capture_output=True,
        env=with_tests(os.environ),
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert sorted(tree(tmp_path / "out")) == [f"stdin/{stem}.wav" for stem in TINY_STEMS]


def test_failed_list(tmp_path: Path) -> None:
    inputs = make_recordings(tmp_path / "in", 2)
    Path(inputs[0]).write_text("")
    summary = run(inputs, tmp_path / "out")

    write_failed_list(tmp_path / "failed.txt", summary)
    assert (tmp_path / "failed.txt").read_text() == (
        f"{inputs[0]}\texpected an audio file, found an empty one\n"
    )
    write_failed_list(tmp_path / "failed.txt", BatchSummary((), (), (), 0.0))
    assert (tmp_path / "failed.txt").read_text() == ""
    with pytest.raises(OutputError):
        write_failed_list(tmp_path / "in" / "t01.wav" / "failed.txt", summary)


@pytest.mark.skipif(sys.platform != "linux", reason="needs names that are not UTF-8")
def test_failed_list_holds_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    names = [os.fsdecode(b"a\xff.wav"), "b\nb\tb.wav"]
    touch(folder, *names)
    summary = run([folder / name for name in names], tmp_path / "out")

    write_failed_list(tmp_path / "failed.txt", summary)

    reason = b"\texpected an audio file, found an empty one\n"
    first, second = os.fsencode(folder) + b"/a\xff.wav", os.fsencode(folder) + rb"/b\nb\tb.wav"
    assert (tmp_path / "failed.txt").read_bytes() == first + reason + second + reason


def test_stems_of_integers_add_up_to_the_recording(tmp_path: Path) -> None:
    import soundfile as sf

    recording = make_recording(tmp_path / "a.wav")

    (done,) = run([recording], tmp_path / "out", subtype="pcm_16").done

    assert isinstance(done, Done)
    stems = [sf.read(stem.path, dtype="int16")[0] for stem in done.result.stems]
    np.testing.assert_array_equal(sum(stems), sf.read(recording, dtype="int16")[0])
