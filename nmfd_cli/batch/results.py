"""What becomes of a recording: as events, as JSON, and in the manifest that outlives it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from nmfd_cli import __version__
from nmfd_cli.batch.plan import Job
from nmfd_cli.errors import NmfdError
from nmfd_cli.io.audio.recording import AudioFacts
from nmfd_cli.io.existing import FileRecord, file_hash
from nmfd_cli.io.transaction import Transaction
from nmfd_cli.output.manifest import Manifest, ReportRecord, StemRecord
from nmfd_cli.output.stem_writer import WrittenStem
from nmfd_cli.settings.definitions import ACCOMPANIMENT, SeparationSettings
from nmfd_cli.settings.output import OutputSettings


@dataclass(frozen=True)
class WrittenSeparation:
    """The files that were written for one recording.

    Attributes
    ----------
    input : str
        The path that was given.
    final_divergence : float or None
        Of the normalised spectrogram, at the start of the last iteration.
    report : Path or None
        The report, if one was asked for.
    """

    input: str
    recording: AudioFacts
    stems: tuple[WrittenStem, ...]
    final_divergence: float | None
    report: Path | None = None

    @property
    def accompaniment_share(self) -> float | None:
        """The share of the energy that is not drums, where that was given a stem by itself."""
        shares = (stem.energy_share for stem in self.stems if stem.stem == ACCOMPANIMENT)
        return next(shares, None)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {
            "input": self.input,
            "sample_rate": self.recording.sample_rate,
            "channels": self.recording.n_channels,
            "samples": self.recording.n_samples,
            "seconds": self.recording.seconds,
            "final_divergence": self.final_divergence,
            "stems": [asdict(stem) | {"path": str(stem.path)} for stem in self.stems],
            "report": str(self.report) if self.report is not None else None,
        }


@dataclass(frozen=True)
class Event:
    """Something happened to a recording: its place in the batch, from 0, and its path as given."""

    index: int
    input: str


@dataclass(frozen=True)
class Started(Event):
    """Work on it began; on a cluster this may come again, when a worker was lost."""


@dataclass(frozen=True)
class Progress(Event):
    """The share of a station, from 0 to 1, is done."""

    stage: str
    share: float


@dataclass(frozen=True)
class Ended(Event):
    """Nothing more comes of it; the warnings are of what was found on the way."""

    warnings: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        raise NotImplementedError


@dataclass(frozen=True)
class Done(Ended):
    """Its stems were written, in so many seconds."""

    result: WrittenSeparation
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        return {"status": "done", **self.result.as_dict()}


@dataclass(frozen=True)
class Skipped(Ended):
    """Its stems stand complete already; the result is as when they were written."""

    result: WrittenSeparation

    def as_dict(self) -> dict[str, Any]:
        return {"status": "skipped", **self.result.as_dict()}


@dataclass(frozen=True)
class Failed(Ended):
    """Nothing was written for it.

    Attributes
    ----------
    reason : str
        One line.
    trace : str
        Where an error came from that was not expected, in many lines.
    error : NmfdError or None
        What the reason was rendered from, if it was expected.
    """

    reason: str
    trace: str = ""
    error: NmfdError | None = None

    def as_dict(self) -> dict[str, Any]:
        return {"status": "failed", "input": self.input, "error": self.reason}


OnEvent = Callable[[Event], None]


def settings_as_dict(settings: SeparationSettings, output: OutputSettings) -> dict[str, Any]:
    """Return every setting by name, and the version that they are of."""
    return {"version": __version__, **asdict(settings), **asdict(output)}


def file_names(job: Job, files: Iterable[Path]) -> list[str]:
    """Return what files are called from the manifest's folder."""
    return [path.relative_to(job.places.folder).as_posix() for path in files]


def manifest_for(
    job: Job,
    result: WrittenSeparation,
    sources: Mapping[str, Any],
    files: Transaction,
    previous: Manifest | None,
) -> Manifest:
    """Describe the stems of a job.

    Parameters
    ----------
    sources : mapping
        What the stems were made of.
    files : Transaction
        With the stems.
    previous : Manifest or None
        What stands there from earlier runs: its other stems are kept, as stems if they were made of
        the same, else as former files.
    """

    def written(path: Path) -> dict[str, Any]:
        (name,), staged = file_names(job, [path]), files.staged(path)
        return {"file": name, "size": staged.stat().st_size, "sha256": file_hash(staged)}

    stems = tuple(
        StemRecord(
            **written(stem.path),
            **{name: value for name, value in vars(stem).items() if name != "path"},
        )
        for stem in result.stems
    )
    reports = [result.report] if result.report is not None else []
    source = Path(job.input)
    manifest = Manifest(
        version=__version__,
        pattern=job.places.pattern,
        input={
            "name": source.name,
            "size": source.stat().st_size,
            "sha256": sources["input"],
        },
        sources=sources,
        recording=asdict(result.recording),
        final_divergence=result.final_divergence,
        stems=stems,
        divided=tuple(stem.stem for stem in result.stems) if job.is_whole else (),
        reports=tuple(
            ReportRecord(**written(path), audio=job.output.report_audio) for path in reports
        ),
    )
    return _with_earlier(manifest, previous) if previous else manifest


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


def result_of_manifest(manifest: Manifest, job: Job) -> WrittenSeparation:
    """Return the result of a job whose files stand already."""
    folder = job.places.folder
    written = {record.file: record for record in manifest.stems}
    files = file_names(job, job.places.files_of(job.stems).values())
    stems = tuple(
        WrittenStem(
            record.stem, folder / record.file, record.peak, record.energy_share, record.onsets
        )
        for record in (written[file] for file in files if file in written)
    )
    facts = AudioFacts(**manifest.recording)
    return WrittenSeparation(job.input, facts, stems, manifest.final_divergence, job.places.report)
