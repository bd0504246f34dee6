"""The work on one recording of a batch: skipped if finished, else separated and moved in whole."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from warnings import warn

from nmfd_cli.batch.events import Done, Ended, Failed, Skipped
from nmfd_cli.batch.plan import Job
from nmfd_cli.batch.recorded_warnings import recorded_warnings
from nmfd_cli.batch.records import (
    manifest_for,
    report_of,
    result_files,
    stem_files,
)
from nmfd_cli.batch.separate import SeparationReport, separate_file
from nmfd_cli.errors import InputFileError, NmfdWarning, reason, trace
from nmfd_cli.io.audio.recording import open_recording
from nmfd_cli.io.audio.riff import clear_peak_time
from nmfd_cli.io.file_record import file_hash, is_unchanged
from nmfd_cli.io.transaction import Transaction
from nmfd_cli.output.manifest import Manifest, read_manifest
from nmfd_cli.output.recovery import known_results, recover

#: ``progress(stage, share)``
StageProgress = Callable[[str, float], None]


def run_job(index: int, job: Job, progress: StageProgress = lambda stage, share: None) -> Ended:
    """Do one job, whatever comes: failures are told, not raised.

    Parameters
    ----------
    index : int
        Its place in the batch.
    job : Job
    progress : callable, optional

    Returns
    -------
    Done, Skipped or Failed
    """
    begin = time.perf_counter()
    with recorded_warnings() as notes:
        try:
            report, is_new = _result(job, progress)
        except BrokenPipeError:
            raise  # the reader of standard output has gone: no failure of the recording
        except Exception as error:
            return Failed(index, job.input, tuple(notes), reason(error), trace(error))
    if is_new:
        return Done(index, job.input, tuple(notes), report, time.perf_counter() - begin)
    return Skipped(index, job.input, tuple(notes), report)


def _result(job: Job, progress: StageProgress) -> tuple[SeparationReport, bool]:
    """Return what stands now, and whether it was made just now."""
    if job.is_stream:
        return _separated(job, progress), True
    recover(job.out)
    recording = open_recording(job.input)
    sources = _sources(job)
    previous = read_manifest(job.out / job.manifest)
    # where nothing is replaced, somebody else may have done the same since it was planned
    keeps_finished = job.skip_existing or job.replaces_nothing
    if keeps_finished and previous is not None and _is_finished(job, previous, sources):
        return report_of(previous, job), False
    known = None if job.replaces_nothing else known_results(job.out / job.manifest)
    with Transaction(job.out, overwrite=job.output.overwrite, known=known) as files:
        for file in job.files:
            files.require(job.out / file)
        before = _stamp(recording.path)
        report = _separated(job, progress, files)
        if _stamp(recording.path) != before:
            raise InputFileError(job.input, "was changed while it was read")
        for stem in report.stems:
            clear_peak_time(files.staged(stem.path))
        manifest = manifest_for(job, report, sources, files, previous)
        files.commit(job.out / job.manifest, manifest.as_text())
    if previous is not None and previous.sources != sources:
        _warn_of_outdated(job, previous, manifest)
    return report, True


def _warn_of_outdated(job: Job, previous: Manifest, manifest: Manifest) -> None:
    """Tell of stems and reports of what stood there before that were not made anew."""
    new = {record.file for record in manifest.results}
    folder = (job.out / job.manifest).parent
    for stem in previous.stems:
        if stem.file not in new and (folder / stem.file).exists():
            warn(
                f"{folder / stem.file} is of an earlier separation, no part of the stems of now",
                NmfdWarning,
                stacklevel=2,
            )
    for report in previous.reports:
        if report.file not in new and (folder / report.file).exists():
            warn(
                f"{folder / report.file} shows an earlier separation, not the stems of now; "
                "--report --overwrite makes it anew",
                NmfdWarning,
                stacklevel=2,
            )


def _separated(
    job: Job, progress: StageProgress, files: Transaction | None = None
) -> SeparationReport:
    return separate_file(
        job.input,
        job.settings,
        job.output,
        score_path=job.score,
        command=job.command,
        files=files,
        progress=progress,
    )


def _sources(job: Job) -> dict[str, Any]:
    """Return what decides on the content of the stems."""
    return {
        "input": file_hash(Path(job.input)),
        "score": file_hash(Path(job.score)) if job.score else None,
        "kit": job.kit_hash,
        "settings": job.manifest_settings(),
    }


def _is_finished(job: Job, manifest: Manifest, sources: dict[str, Any]) -> bool:
    """Whether all files of a job stand complete, made of the same content and settings."""
    if manifest.sources != sources:
        return False
    audio = job.output.report_audio
    reports = [report for report in manifest.reports if report.audio == audio]
    written = {record.file: record for record in (*manifest.stems, *reports)}
    folder = (job.out / job.manifest).parent
    return all(
        file in written and is_unchanged(folder / file, written[file])
        for file in _wanted_files(job, manifest)
    )


def _wanted_files(job: Job, manifest: Manifest) -> list[str]:
    """Return all that a job would write, from the folder of the manifest of the same sources."""
    places = {stem.stem: stem.file for stem in manifest.stems}
    if not job.is_whole or not manifest.divided or not set(manifest.divided) <= places.keys():
        return result_files(job)
    stems = [places[stem] for stem in manifest.divided]
    return [*stems, *(file for file in result_files(job) if file not in stem_files(job))]


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {error.strerror or error}") from error
    return status.st_size, status.st_mtime_ns
