"""The work on one recording of a batch: skipped if finished, else separated and moved in whole."""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nmfd_cli.batch.plan import Job
from nmfd_cli.batch.results import (
    Done,
    Ended,
    Failed,
    Skipped,
    WrittenSeparation,
    file_names,
    manifest_for,
    result_of_manifest,
)
from nmfd_cli.errors import (
    InputFileError,
    NmfdError,
    Progress,
    Warn,
    cannot_read,
    no_progress,
    reason,
    trace,
)
from nmfd_cli.io.audio.recording import Recording, recording_at
from nmfd_cli.io.existing import file_hash, is_unchanged
from nmfd_cli.io.transaction import Sink, Transaction
from nmfd_cli.kits.find import shipped_kit
from nmfd_cli.output.manifest import Manifest, known_results, read_manifest, recover
from nmfd_cli.output.stem_writer import StemWriter, sample_format
from nmfd_cli.pipeline.separation import Consumer, FactorisedRecording, separate

if TYPE_CHECKING:
    from nmfd_cli.report.draft import ReportDraft


def run_job(index: int, job: Job, progress: Progress = no_progress) -> Ended:
    """Do one job, whatever comes: failures are told, not raised.

    Parameters
    ----------
    index : int
        Its place in the batch.

    Returns
    -------
    Done, Skipped or Failed
    """
    begin = time.perf_counter()
    warnings: list[str] = []
    try:
        result, is_new = do_job(job, progress=progress, warn=warnings.append)
    except BrokenPipeError:
        raise  # the reader of standard output has gone: no failure of the recording
    except Exception as error:
        known = error if isinstance(error, NmfdError) else None
        return Failed(index, job.input, tuple(warnings), reason(error), trace(error), known)
    if is_new:
        return Done(index, job.input, tuple(warnings), result, time.perf_counter() - begin)
    return Skipped(index, job.input, tuple(warnings), result)


def do_job(
    job: Job, *, progress: Progress = no_progress, warn: Warn
) -> tuple[WrittenSeparation, bool]:
    """Do one job, and return what stands now and whether it was made just now.

    Raises
    ------
    NmfdError
        If it cannot be done; nothing was written then.
    """
    with recording_at(job.input, warn=warn) as whole:
        recording = whole.between(job.settings.start, job.settings.end)
        if job.is_stream:
            return _streamed(job, recording, progress, warn), True
        recover(job.out, warn)
        sources = _sources(job)
        previous = read_manifest(job.places.manifest)
        # where nothing is replaced, somebody else may have done the same since it was planned
        keeps_finished = job.skip_existing or job.replaces_nothing
        if keeps_finished and previous is not None and _is_finished(job, previous, sources):
            return result_of_manifest(previous, job), False
        known = None if job.replaces_nothing else known_results(job.places.manifest)
        with Transaction(job.out, overwrite=job.output.overwrite, known=known, warn=warn) as files:
            for path in job.files:
                files.require(path)
            before = _stamp(job.input)
            result = _separated(job, recording, files, progress=progress, warn=warn)
            if _stamp(job.input) != before:
                raise InputFileError(job.input, "was changed while it was read")
            manifest = manifest_for(job, result, sources, files, previous)
            files.commit(job.places.manifest, manifest.as_text())
    if previous is not None and previous.sources != sources:
        _warn_of_outdated(job, previous, manifest, warn)
    return result, True


def _streamed(job: Job, recording: Recording, progress: Progress, warn: Warn) -> WrittenSeparation:
    """Separate what comes from or goes to a stream, of which no manifest tells."""
    from nmfd_cli.io.audio.streams import spooled_stdout  # what few need

    to_folder = Transaction(job.out, overwrite=job.output.overwrite)
    with spooled_stdout() if job.places.is_stream else to_folder as files:
        result = _separated(job, recording, files, progress=progress, warn=warn)
        files.commit()
    return result


def _separated(
    job: Job, recording: Recording, files: Sink, *, progress: Progress, warn: Warn
) -> WrittenSeparation:
    """Take the walk, with those as consumers that write files."""
    sample_format(recording, job.output)  # refuses before the work what could not be written
    if job.output.report:
        from nmfd_cli.report.page.sound import require_rate  # what few need, and takes time

        require_rate(job.output.report_audio, recording.sample_rate)
    kit = job.kit if job.kit is not None else shipped_kit()
    with ExitStack() as resources:
        separation = resources.enter_context(
            separate(
                recording,
                job.settings,
                kit=kit,
                score=job.score,
                track_divergence=job.output.report,
                progress=progress,
                warn=warn,
            )
        )
        _warn_of_late_notes(job, recording, warn)
        writer = StemWriter(
            resources,
            recording,
            separation.stem_names,
            output=job.output,
            places=job.places,
            files=files,
        )
        consumers: list[Consumer] = [writer]
        place = job.places.report
        report = _report(resources, job, separation, warn) if place is not None else None
        consumers += [report] if report is not None else []
        separation.feed(*consumers, progress=progress, stage="writing")
        if place is not None and report is not None:
            files.write(place, report.html())
        return WrittenSeparation(
            job.input,
            recording.facts,
            writer.finish(separation.onsets),
            float(separation.divergence[-1]) if separation.divergence.size else None,
            place,
        )


def _report(
    resources: ExitStack, job: Job, separation: FactorisedRecording, warn: Warn
) -> "ReportDraft":
    """Begin the report that is to stand beside the stems."""
    from nmfd_cli.report.draft import ReportDraft  # what few need, and takes time

    return ReportDraft(
        resources, separation, audio=job.output.report_audio, command=job.command, warn=warn
    )


def _warn_of_late_notes(job: Job, recording: Recording, warn: Warn) -> None:
    """Tell of a score that is longer than the recording: of another one, or not in seconds."""
    onsets = job.score.onsets if job.score is not None else ()
    n_late = sum(onset >= recording.seconds for onset in onsets)
    if n_late:
        warn(
            f"{job.score_path}: {n_late} of {len(onsets)} notes begin after the end of the "
            f"recording ({recording.seconds:.3f} s)"
        )


def _warn_of_outdated(job: Job, previous: Manifest, manifest: Manifest, warn: Warn) -> None:
    """Tell of stems and reports of what stood there before that were not made anew."""
    new = {record.file for record in manifest.results}
    folder = job.places.folder
    for stem in previous.stems:
        if stem.file not in new and (folder / stem.file).exists():
            warn(f"{folder / stem.file} is of an earlier separation and no part of these stems")
    for report in previous.reports:
        if report.file not in new and (folder / report.file).exists():
            warn(
                f"{folder / report.file} shows an earlier separation, not these stems; "
                "--report --overwrite makes it anew"
            )


def _sources(job: Job) -> dict[str, Any]:
    """Return what decides on the content of the stems."""
    return {
        "input": file_hash(Path(job.input)),
        "score": file_hash(Path(job.score_path)) if job.score_path else None,
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
    return all(
        file in written and is_unchanged(job.places.folder / file, written[file])
        for file in _wanted_files(job, manifest)
    )


def _wanted_files(job: Job, manifest: Manifest) -> list[str]:
    """Return all that a job would write, from the folder of the manifest of the same sources."""
    places = {stem.stem: stem.file for stem in manifest.stems}
    if not job.is_whole or not manifest.divided or not set(manifest.divided) <= places.keys():
        return file_names(job, job.files)
    report = [job.places.report] if job.places.report is not None else []
    return [*(places[stem] for stem in manifest.divided), *file_names(job, report)]


def _stamp(path: str) -> tuple[int, int]:
    try:
        status = Path(path).stat()
    except OSError as error:
        raise cannot_read(path, error) from error
    return status.st_size, status.st_mtime_ns
