"""`nmfd separate`: a recording comes in, its parts go out."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from nmfd_cli.app.components import kit_extras, possible_stems
from nmfd_cli.app.explain import Progress, explain
from nmfd_cli.app.settings import OutputSettings, SeparationSettings
from nmfd_cli.app.stem_files import StemFiles
from nmfd_cli.app.stem_paths import output_paths, require_place
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.audio import Recording
from nmfd_cli.io.score import read_score
from nmfd_cli.io.streams import as_file


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
    """

    stem: str
    path: Path
    peak: float
    energy_share: float


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
    """

    input: str
    recording: Recording
    stems: tuple[StemReport, ...]
    final_divergence: float | None


def separate_file(
    path: str | Path,
    settings: SeparationSettings,
    output: OutputSettings,
    *,
    score_path: str | Path | None = None,
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
        explanation = explain(source, settings, resources, score_path=score_path, progress=progress)
        recording = explanation.recording
        files = StemFiles(resources, recording, explanation.stems, output, source=path)
        for mixture, stems in explanation.divided():
            files.write(mixture, stems)
            progress("writing", files.samples_written / recording.n_samples)
        stem_reports = tuple(StemReport(*summary) for summary in files.finish())
    divergence = explanation.result.divergence
    final = float(divergence[-1]) if divergence.size else None
    return SeparationReport(str(path), recording, stem_reports, final)


def check_outputs(
    inputs: Sequence[str],
    settings: SeparationSettings,
    output: OutputSettings,
    score_path: str | None,
) -> None:
    """Refuse, before any work, what could not be written at its end.

    Raises
    ------
    OutputError
        If a stem would replace a file that it may not replace.
    ParameterError
        If two inputs would write the same file.
    InputFileError
        If the score cannot be used.
    """
    score = read_score(score_path, drum_classes=kit_extras(settings)) if score_path else None
    stems = possible_stems(settings, score)
    owner: dict[Path, str] = {}
    for path in inputs:
        for place in output_paths(path, stems, output).values():
            if place in owner:
                raise ParameterError(
                    f"{owner[place]} and {path} would both write {place}; "
                    "--filename can tell them apart, for example by {parent}"
                )
            owner[place] = path
            require_place(place, output)
