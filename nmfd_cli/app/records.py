"""Between reports of what was done and the manifests that outlive them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from nmfd_cli import __version__
from nmfd_cli.app.jobs import Job
from nmfd_cli.app.separate import SeparationReport, StemReport
from nmfd_cli.io.audio import Recording
from nmfd_cli.io.manifest import FileRecord, Manifest, StemRecord, file_hash


def stem_files(job: Job) -> list[str]:
    """Return where the stems of a job stand, from its manifest's folder."""
    folder = Path(job.manifest).parent
    return [Path(stem).relative_to(folder).as_posix() for stem in job.stems]


def manifest_for(
    job: Job,
    report: SeparationReport,
    sources: Mapping[str, Any],
    place: Path,
    previous: Manifest | None,
) -> Manifest:
    """Describe the stems of a job.

    Parameters
    ----------
    job : Job
    report : SeparationReport
        Its stems lie in `place`.
    sources : mapping
        What the stems were made of.
    place : Path
        A workplace.
    previous : Manifest or None
        What stands there from earlier runs: its other stems are kept, as stems if they were made of
        the same, else as former files.
    """
    folder = place / Path(job.manifest).parent
    stems = tuple(_stem_record(stem, folder) for stem in report.stems)
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
    )
    return _with_earlier(manifest, previous) if previous else manifest


def _stem_record(stem: StemReport, folder: Path) -> StemRecord:
    return StemRecord(
        file=stem.path.relative_to(folder).as_posix(),
        size=stem.path.stat().st_size,
        sha256=file_hash(stem.path),
        stem=stem.stem,
        peak=stem.peak,
        energy_share=stem.energy_share,
    )


def _with_earlier(manifest: Manifest, previous: Manifest) -> Manifest:
    new = {record.file for record in manifest.stems}
    others = tuple(record for record in previous.stems if record.file not in new)
    former = tuple(record for record in previous.former if record.file not in new)
    if previous.sources == manifest.sources:
        return replace(manifest, stems=(*manifest.stems, *others), former=former)
    outdated = (FileRecord(other.file, other.size, other.sha256) for other in others)
    return replace(manifest, former=(*former, *outdated))


def report_of(manifest: Manifest, job: Job) -> SeparationReport:
    """Return the report of a job whose results stand already."""
    folder = (job.out / job.manifest).parent
    written = {record.file: record for record in manifest.stems}
    stems = tuple(
        StemReport(record.stem, folder / record.file, record.peak, record.energy_share)
        for record in (written[file] for file in stem_files(job))
    )
    recording = Recording(path=Path(job.input), **manifest.recording)
    return SeparationReport(job.input, recording, stems, manifest.final_divergence)


def relocated(report: SeparationReport, place: Path, out: Path) -> SeparationReport:
    """Return a report whose stems have moved from one folder to another."""
    stems = tuple(replace(stem, path=out / stem.path.relative_to(place)) for stem in report.stems)
    return replace(report, stems=stems)
