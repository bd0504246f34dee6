"""`nmfd separate`: a recording comes in, its parts go out."""

import warnings
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.errors import NmfdWarning
from nmfd_cli.io.audio.recording import Recording, open_recording
from nmfd_cli.io.audio.streams import as_file
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.transaction import Transaction
from nmfd_cli.output.stem_writer import StemFiles, sample_format
from nmfd_cli.pipeline.initial_templates import onsets_by_stem
from nmfd_cli.pipeline.progress import Progress
from nmfd_cli.pipeline.separation import Explanation, explain
from nmfd_cli.settings.definitions import OutputSettings, SeparationSettings

if TYPE_CHECKING:
    from nmfd_cli.report.draft import ReportDraft


@dataclass(frozen=True)
class StemReport:
    """What became of one stem.

    Attributes
    ----------
    stem : str
        Its name.
    path : Path
        The file written.
    peak : float
        Largest absolute sample, 1 is full scale.
    energy_share : float
        Its energy over that of the recording; stems overlap, so shares need not add up to one.
    onsets : int or None
        How often it is played, as the score says or listening found out.
    """

    stem: str
    path: Path
    peak: float
    energy_share: float
    onsets: int | None = None


@dataclass(frozen=True)
class SeparationReport:
    """What became of one recording.

    Attributes
    ----------
    input : str
        The path that was given.
    recording : Recording
    stems : tuple of StemReport
    final_divergence : float or None
        Of the normalised spectrogram, at the start of the last iteration.
    report : Path or None
        The report, if one was asked for.
    """

    input: str
    recording: Recording
    stems: tuple[StemReport, ...]
    final_divergence: float | None
    report: Path | None = None


def separate_file(
    path: str | Path,
    settings: SeparationSettings,
    output: OutputSettings,
    *,
    score_path: str | Path | None = None,
    command: str = "",
    files: Transaction | None = None,
    progress: Progress = lambda stage, done: None,
) -> SeparationReport:
    """Separate one recording into files.

    Parameters
    ----------
    path : str or Path
        The recording.
    settings : SeparationSettings
    output : OutputSettings
    score_path : str or Path, optional
        What is played when.
    command : str
        What the report says that it was made by.
    files : Transaction, optional
        Takes the files, for somebody else to commit; by default they are written at once.
    progress : callable, optional

    Returns
    -------
    SeparationReport

    Raises
    ------
    InputFileError
        If the recording, the score or the kit cannot be used.
    ParameterError
        If settings do not fit each other or the recording.
    OutputError
        If a stem cannot be written, or would replace a file that it may not replace.
    """
    with ExitStack() as resources:
        source = resources.enter_context(as_file(path))
        _require_writable(open_recording(source), output)
        explanation = explain(source, settings, resources, score_path=score_path, progress=progress)
        recording = explanation.recording
        if score_path is not None:
            _warn_of_late_notes(score_path, explanation.start.score, recording)
        writer = StemFiles(
            resources, recording, explanation.stems, output, source=path, files=files
        )
        report = _open_report(resources, explanation, writer, output, name=path, command=command)
        for mixture, stems in explanation.divided():
            writer.write(mixture, stems)
            report.add(mixture, stems)
            progress("writing", writer.samples_written / recording.n_samples)
        report.write()
        summaries = writer.finish()
    divergence = explanation.result.divergence
    final = float(divergence[-1]) if divergence.size else None
    onsets = {stem: len(found) for stem, found in onsets_by_stem(explanation.start).items()}
    stem_reports = tuple(StemReport(*summary, onsets.get(summary[0])) for summary in summaries)
    return SeparationReport(str(path), recording, stem_reports, final, writer.report)


def _require_writable(recording: Recording, output: OutputSettings) -> None:
    """Refuse before the work what could not be written after it."""
    sample_format(recording, output)
    if output.report:
        from nmfd_cli.report.page.sound import require_rate  # what few need, and takes time

        require_rate(output.report_audio, recording.sample_rate)


class _NoReport:
    """Stands for a report where none is asked for."""

    def add(self, mixture: FloatArray, stems: FloatArray) -> None:
        """Draw nothing."""

    def write(self) -> None:
        """Write nothing."""


def _open_report(
    resources: ExitStack,
    explanation: Explanation,
    files: StemFiles,
    output: OutputSettings,
    *,
    name: str | Path,
    command: str,
) -> "ReportDraft | _NoReport":
    """Begin the report that is to stand beside the stems, if one is asked for."""
    if files.report is None:
        return _NoReport()
    from nmfd_cli.report.draft import ReportDraft  # what few need, and takes time

    return ReportDraft(
        resources,
        explanation,
        files.write_report,
        name=name,
        audio=output.report_audio,
        command=command,
    )


def _warn_of_late_notes(path: str | Path, score: Score | None, recording: Recording) -> None:
    """Tell of a score that is longer than the recording: of another one, or not in seconds."""
    onsets = score.onsets if score is not None else ()
    n_late = sum(onset >= recording.seconds for onset in onsets)
    if n_late:
        warnings.warn(
            f"{path}: {n_late} of {len(onsets)} notes begin after the end of the recording "
            f"({recording.seconds:.3f} s)",
            NmfdWarning,
            stacklevel=2,
        )
