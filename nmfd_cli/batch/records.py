"""Between reports of what was done and the manifests that outlive them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nmfd_cli import __version__
from nmfd_cli.batch.plan import Job
from nmfd_cli.batch.separate import SeparationReport, StemReport
from nmfd_cli.io.audio.recording import Recording
from nmfd_cli.io.file_record import FileRecord, file_hash
from nmfd_cli.io.transaction import Transaction
from nmfd_cli.output.manifest import Manifest, ReportRecord, StemRecord


def stem_files(job: Job) -> list[str]:
    """Return where the stems of a job stand, from its manifest's folder."""
    folder = Path(job.manifest).parent
    return [Path(stem).relative_to(folder).as_posix() for stem in job.stems]


def result_files(job: Job) -> list[str]:
    """Return where all that a job writes stands, from its manifest's folder."""
    folder = Path(job.manifest).parent
    return [Path(file).relative_to(folder).as_posix() for file in job.files]


def manifest_for(
    job: Job,
    report: SeparationReport,
    sources: Mapping[str, Any],
    files: Transaction,
    previous: Manifest | None,
) -> Manifest:
    """Describe the stems of a job.

    Parameters
    ----------
    job : Job
    report : SeparationReport
    sources : mapping
        What the stems were made of.
    files : Transaction
        With the stems.
    previous : Manifest or None
        What stands there from earlier runs: its other stems are kept, as stems if they were made of
        the same, else as former files.
    """
    folder = (job.out / job.manifest).parent
    stems = tuple(_stem_record(stem, folder, files.staged(stem.path)) for stem in report.stems)
    recording = report.recording
    manifest = Manifest(
        version=__version__,
        pattern=job.pattern,
        input={
            "name": recording.path.name,
            "size": recording.path.stat().st_size,
            "sha256": sources["input"],
        },
        sources=sources,
        recording={
            "sample_rate": recording.sample_rate,
            "n_channels": recording.n_channels,
            "n_samples": recording.n_samples,
            "subtype": recording.subtype,
        },
        final_divergence=report.final_divergence,
        stems=stems,
        divided=tuple(stem.stem for stem in report.stems) if job.is_whole else (),
        reports=_report_records(report, folder, files, job.output.report_audio),
    )
    return _with_earlier(manifest, previous) if previous else manifest


def _stem_record(stem: StemReport, folder: Path, staged: Path) -> StemRecord:
    return StemRecord(
        file=stem.path.relative_to(folder).as_posix(),
        size=staged.stat().st_size,
        sha256=file_hash(staged),
        stem=stem.stem,
        peak=stem.peak,
        energy_share=stem.energy_share,
        onsets=stem.onsets,
    )


def _report_records(
    report: SeparationReport, folder: Path, files: Transaction, audio: str
) -> tuple[ReportRecord, ...]:
    if report.report is None:
        return ()
    file = report.report.relative_to(folder).as_posix()
    staged = files.staged(report.report)
    return (ReportRecord(file, staged.stat().st_size, file_hash(staged), audio),)


def _with_earlier(manifest: Manifest, previous: Manifest) -> Manifest:
    new = {record.file for record in manifest.results}
    stems = tuple(record for record in previous.stems if record.file not in new)
    reports = tuple(record for record in previous.reports if record.file not in new)
    former = tuple(record for record in previous.former if record.file not in new)
    if previous.sources == manifest.sources:
        return replace(
            manifest,
            stems=(*manifest.stems, *stems),
            divided=manifest.divided or previous.divided,
            reports=(*manifest.reports, *reports),
            former=former,
        )
    outdated = (FileRecord(one.file, one.size, one.sha256) for one in (*stems, *reports))
    return replace(manifest, former=(*former, *outdated))


def report_of(manifest: Manifest, job: Job) -> SeparationReport:
    """Return the report of a job whose results stand already."""
    folder = (job.out / job.manifest).parent
    written = {record.file: record for record in manifest.stems}
    stems = tuple(
        StemReport(
            record.stem, folder / record.file, record.peak, record.energy_share, record.onsets
        )
        for record in (written[file] for file in stem_files(job) if file in written)
    )
    recording = Recording(path=Path(job.input), **manifest.recording)
    report = job.out / job.report if job.report is not None else None
    return SeparationReport(job.input, recording, stems, manifest.final_divergence, report)


def relocated(report: SeparationReport, place: Path, out: Path) -> SeparationReport:
    """Return a report whose files are named in one folder with their names in another."""
    stems = tuple(replace(stem, path=out / stem.path.relative_to(place)) for stem in report.stems)
    page = out / report.report.relative_to(place) if report.report is not None else None
    return replace(report, stems=stems, report=page)
