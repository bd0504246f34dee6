"""The report beside the stems: one of the files, made by the same walk, never replaced unasked."""

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from shlex import quote
from typing import Any

import pytest
from batches import TINY, make_recording, plan, run, tree
from click.testing import CliRunner

from nmfd_cli.batch.results import Event, Progress
from nmfd_cli.batch.run import BatchSummary
from nmfd_cli.cli.main import cli
from nmfd_cli.errors import OutputError, ParameterError
from nmfd_cli.io.resources import shipped
from nmfd_cli.report import draft as report_draft
from nmfd_cli.report.draft import report_file
from nmfd_cli.settings.output import OutputSettings

STEMS = {"component_1.wav", "component_2.wav"}


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return make_recording(tmp_path / "loop.wav")


def files(folder: Path) -> set[str]:
    """Names of the visible files below a folder."""
    return {Path(name).name for name in tree(folder) if not Path(name).name.startswith(".")}


def only_report(summary: BatchSummary) -> Path:
    (done,) = summary.done
    assert done.result.report is not None
    return done.result.report


def test_the_report_is_the_one_of_nmfd_report(tmp_path: Path, recording: Path) -> None:
    (job,) = plan([recording], tmp_path / "out", report=True, command="nmfd it")
    assert job.places.report == tmp_path / "out" / "loop" / "report.html"
    path = only_report(run([recording], tmp_path / "out", report=True, command="nmfd it"))
    assert path == tmp_path / "out" / "loop" / "report.html"
    assert files(tmp_path / "out") == STEMS | {"report.html"}
    report_file(recording, tmp_path / "alone.html", TINY, command="nmfd it", audio="auto")
    assert path.read_bytes() == (tmp_path / "alone.html").read_bytes()


@pytest.mark.parametrize(
    ("filename", "place"),
    [
        ("{track}/{stem}.{ext}", "loop/report.html"),
        ("{track}-{stem}.{ext}", "loop-report.html"),
        ("{stem}/{track}.{ext}", "report/loop.html"),
        ("{track}.{stem}", "loop.report.html"),
    ],
)
def test_it_stands_where_the_stems_stand(
    tmp_path: Path, recording: Path, filename: str, place: str
) -> None:
    path = only_report(run([recording], tmp_path / "out", report=True, filename=filename))
    assert path.relative_to(tmp_path / "out").as_posix() == place
    again = run([recording], tmp_path / "out", report=True, filename=filename, skip_existing=True)
    assert len(again.skipped) == 1


def test_one_stem_alone_has_the_whole_report(tmp_path: Path, recording: Path) -> None:
    path = only_report(run([recording], tmp_path / "out", report=True, stem="component_2"))
    assert files(tmp_path / "out") == {"component_2.wav", "report.html"}
    assert "component_1" in path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_processes_write_the_same_reports(tmp_path: Path) -> None:
    inputs = [make_recording(tmp_path / f"t{n}.wav", seed=n) for n in range(3)]
    assert run(inputs, tmp_path / "one", report=True, command="nmfd it").is_complete
    assert run(inputs, tmp_path / "two", report=True, command="nmfd it", jobs=2).is_complete
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_nothing_is_replaced_unasked(tmp_path: Path, recording: Path) -> None:
    mine = tmp_path / "out" / "loop" / "report.html"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"report\.html: exists; --overwrite replaces it"):
        plan([recording], tmp_path / "out", report=True)
    (failed,) = run([recording], tmp_path / "out", report=True, skip_existing=True).failed
    assert "report.html: exists and is no result of nmfd's" in failed.reason
    assert files(tmp_path / "out") == {"report.html"}
    assert mine.read_text(encoding="utf-8") == "mine"
    assert run([recording], tmp_path / "out", report=True, overwrite=True).is_complete
    assert mine.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_finished_means_with_the_report_that_is_asked_for(tmp_path: Path, recording: Path) -> None:
    out = tmp_path / "out"

    def is_skipped(**options: Any) -> bool:
        summary = run([recording], out, skip_existing=True, **options)
        assert summary.is_complete
        return len(summary.skipped) == 1

    assert not is_skipped()
    assert is_skipped()
    assert not is_skipped(report=True)
    assert is_skipped(report=True)
    assert is_skipped()
    assert not is_skipped(report=True, report_audio="none")
    assert is_skipped(report=True, report_audio="none")
    (out / "loop" / "report.html").unlink()
    assert is_skipped()
    assert not is_skipped(report=True, report_audio="none")
    skipped = run([recording], out, skip_existing=True, report=True, report_audio="none").skipped[0]
    assert skipped.result.report == out / "loop" / "report.html"


def test_a_report_that_no_longer_fits_its_stems_is_told_of(tmp_path: Path, recording: Path) -> None:
    out = tmp_path / "out"
    other = replace(TINY, iterations=3)
    path = only_report(run([recording], out, report=True))

    def warnings(**options: Any) -> tuple[str, ...]:
        (done,) = run([recording], out, overwrite=True, **options).done
        return done.warnings

    assert warnings() == ()  # the same again: it fits
    assert warnings(settings=other) == (
        f"{path} shows an earlier separation, not these stems; --report --overwrite makes it anew",
    )
    assert warnings(settings=other) == ()  # said once
    assert warnings(settings=TINY, report=True) == ()
    path.unlink()
    assert warnings(settings=other) == ()


def test_two_recordings_with_one_place_for_the_report_are_refused(tmp_path: Path) -> None:
    inputs = [make_recording(tmp_path / name / "loop.wav") for name in ("a", "b")]
    with pytest.raises(ParameterError, match=r"would both write .*loop/"):
        plan(inputs, tmp_path / "out", report=True)


def test_sound_of_no_report_is_refused(recording: Path) -> None:
    result = CliRunner().invoke(cli, ["separate", str(recording), "--report-audio", "ogg"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "nmfd: error: --report-audio: expected --report beside it; try nmfd separate --help\n"
    )


def test_standard_output_holds_no_report() -> None:
    with pytest.raises(ParameterError, match="report: expected a folder"):
        OutputSettings(out="-", stem="kick", report=True)


def test_long_recordings_are_shown_without_sound(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_draft, "LONGEST_SECONDS", 0.1)
    summary = run([recording], tmp_path / "out", report=True)
    (note,) = summary.done[0].warnings
    assert re.fullmatch(
        rf"{recording}: its report has pictures but no sound: it is longer than \d+ minutes; "
        "--report-audio ogg embeds it",
        note,
    )
    page = only_report(summary).read_text(encoding="utf-8")
    assert 'id="sound-0"' not in page
    assert "--picture-2:url(" in page
    asked = run([recording], tmp_path / "asked", report=True, report_audio="flac")
    assert asked.done[0].warnings == ()
    assert 'id="sound-0"' in only_report(asked).read_text(encoding="utf-8")


def test_a_rate_that_no_sound_has_is_shown_without(tmp_path: Path) -> None:
    recording = make_recording(tmp_path / "loop.wav", seconds=0.001, rate=700_000)
    summary = run([recording], tmp_path / "out", report=True)
    assert summary.done[0].warnings == (
        f"{recording}: its report has pictures but no sound: neither FLAC nor Vorbis knows "
        "700000 Hz",
    )
    assert 'id="sound-0"' not in only_report(summary).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("rate", "audio", "message"),
    [
        (700_000, "flac", "expected up to 65535 Hz (655350 Hz in steps of 10) for flac, found "
         "700000 Hz; --report-audio none needs none"),
        (4000, "ogg", "expected 8000 to 192000 Hz for ogg, found 4000 Hz; --report-audio flac "
         "knows it"),
    ],
)  # fmt: skip
def test_sound_that_does_not_know_the_rate_is_refused_before_the_work(
    tmp_path: Path, rate: int, audio: str, message: str
) -> None:
    events: list[Event] = []
    stages: list[str] = []
    recording = make_recording(tmp_path / "loop.wav", rate=rate, seconds=0.01)
    (failed,) = run(
        [recording], tmp_path / "out", report=True, report_audio=audio, on_event=events.append
    ).failed
    assert failed.reason == f"sound of the report: {message}"
    with pytest.raises(OutputError, match=re.escape(f"sound of the report: {message}")):
        report_file(
            recording,
            tmp_path / "alone.html",
            TINY,
            audio=audio,
            progress=lambda stage, share: stages.append(stage),
        )
    assert not stages
    assert not any(isinstance(event, Progress) for event in events)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["loop.wav"]


def test_blocks_draw_the_same_pictures(tmp_path: Path, recording: Path) -> None:
    settings = replace(TINY, iterations=0)
    pages = []
    for name, block_seconds in (("whole", 60.0), ("blocks", 0.1)):
        blocks = replace(settings, block_seconds=block_seconds)
        path = only_report(run([recording], tmp_path / name, settings=blocks, report=True))
        pages.append(re.findall(r"--picture-\d:url\([^)]+\)", path.read_text(encoding="utf-8")))
    assert len(pages[0]) == 3
    assert pages[0] == pages[1]


def test_the_command_says_how_it_was_made(tmp_path: Path) -> None:
    recording = make_recording(tmp_path / "a b.wav")
    mine = tmp_path / "mine.toml"
    mine.write_text('description = "x"\niterations = 1\nn_fft = 128\n', encoding="utf-8")
    settings = ["--init", "random", "--preset", str(mine), "--hop-length", "64"]
    arguments = ["separate", str(recording), "-o", str(tmp_path), "--report", "--json", "-q"]
    result = CliRunner().invoke(cli, [*arguments, *settings])
    assert result.exit_code == 0, result.output
    (found,) = json.loads(result.stdout)["recordings"]
    page = Path(found["report"]).read_text(encoding="utf-8")
    command = unescape(re.sub("<[^>]*>", "", re.findall(r"<pre>(.*?)</pre>", page)[0]))
    given, preset, out = (quote(str(path)) for path in (recording, mine, tmp_path))
    assert command.startswith(
        f"nmfd separate {given} --preset {preset} --out {out} --report --init "
    )
    assert "<title>a b.wav – separated</title>" in page


@pytest.mark.slow
def test_a_blind_run_is_finished_once_what_sounds_is_written(tmp_path: Path) -> None:
    demo = shipped("data", "demo", "drums.wav")
    options = ["separate", str(demo), "-o", str(tmp_path), "--skip-existing"]
    first, second = (CliRunner().invoke(cli, options) for _ in range(2))
    assert first.exit_code == second.exit_code == 0
    assert "finished already" not in first.stderr
    assert "finished already" in second.stderr
