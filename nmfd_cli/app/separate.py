"""`nmfd separate`: a recording comes in, its parts go out."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nmfd_cli.app.settings import OutputSettings, SeparationSettings
from nmfd_cli.app.start import Context, Start, choose_start, kit_extras, possible_stems
from nmfd_cli.app.stem_files import StemFiles
from nmfd_cli.app.stem_paths import output_paths, require_place
from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.division import StemModel, divide, magnitude_of
from nmfd_cli.core.nmfconv.convolutive import BetaRule, convolve
from nmfd_cli.core.nmfconv.deconvolution import Callback, Factorisation, deconvolve
from nmfd_cli.core.nmfconv.engine import PANEL_ENTRIES, ArrayTarget, Target
from nmfd_cli.core.nmfconv.updates import UpdateRule
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import NmfdWarning, ParameterError
from nmfd_cli.io.audio import Recording, open_recording
from nmfd_cli.io.score import read_score
from nmfd_cli.io.spool import SpooledSpectrogram
from nmfd_cli.io.streams import as_file

#: Frames whose stems are made at a time.
DIVISION_FRAMES = 512

#: ``progress(stage, done)``: a station's name and how much of it is done, from 0 to 1.
Progress = Callable[[str, float], None]


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
        recording = open_recording(resources.enter_context(as_file(path)))
        extras = kit_extras(settings)
        score = read_score(score_path, drum_classes=extras) if score_path is not None else None
        stft = Stft(settings.n_fft, settings.hop_length)
        n_frames = stft.n_frames(recording.n_samples)
        start = choose_start(Context(recording.sample_rate, n_frames, stft, score, settings))
        names = (*start.stems, settings.residual) if settings.residual else start.stems
        files = StemFiles(resources, recording, names, output, source=path)
        target = spectrogram_of(recording, stft, settings.block_seconds, resources, progress)
        if target.total == 0:
            warnings.warn(f"{path}: silence; its stems are silent too", NmfdWarning, stacklevel=2)
        result = factorise(target, start, settings, progress)
        model = stem_model(result, start, target, has_residual=settings.residual is not None)
        blocks = recording.blocks(DIVISION_FRAMES * stft.hop_length)
        for mixture, stems in divide(stft, blocks, model, settings.alpha):
            files.write(mixture, stems)
            progress("writing", files.samples_written / recording.n_samples)
        stem_reports = tuple(StemReport(*summary) for summary in files.finish())
    divergence = float(result.divergence[-1]) if result.divergence.size else None
    return SeparationReport(str(path), recording, stem_reports, divergence)


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


def spectrogram_of(
    recording: Recording,
    stft: Stft,
    block_seconds: float,
    resources: ExitStack,
    progress: Progress,
) -> Target:
    """Return the magnitude spectrogram of all channels together: in memory if it is short.

    Parameters
    ----------
    recording : Recording
    stft : Stft
    block_seconds : float
        Of a longer recording the spectrogram lies on the temporary disk and passes by in panels.
    resources : ExitStack
        Whose end removes it from there.
    progress : callable
    """
    samples_read = 0

    def read() -> Iterator[FloatArray]:
        nonlocal samples_read
        for block in recording.blocks(panel_frames * stft.hop_length):
            samples_read += block.shape[-1]
            yield block.astype(np.float32)
            progress("reading", samples_read / recording.n_samples)

    block_frames = max(1, int(block_seconds * recording.sample_rate / stft.hop_length))
    panel_frames = min(block_frames, max(1, PANEL_ENTRIES // stft.n_bins))
    panels = (magnitude_of(spectrum) for spectrum in stft.blocks(read()))
    if recording.seconds <= block_seconds:
        V = np.empty((stft.n_bins, stft.n_frames(recording.n_samples)), dtype=np.float32)
        start = 0
        for panel in panels:
            V[:, start : start + panel.shape[1]] = panel
            start += panel.shape[1]
        return ArrayTarget(V, V.dtype)
    spool = resources.enter_context(
        SpooledSpectrogram(stft.n_bins, panel_frames, np.dtype(np.float32))
    )
    for panel in panels:
        for first in range(0, panel.shape[1], panel_frames):
            spool.append(panel[:, first : first + panel_frames])
    return spool


def factorise(
    target: Target, start: Start, settings: SeparationSettings, progress: Progress
) -> Factorisation:
    """Refine the factors with the solver of the settings."""

    def report(iteration: int, divergence: float) -> None:
        progress("factorising", (iteration + 1) / settings.iterations)

    solve = SOLVERS[settings.algorithm]
    return solve(target, start, settings, report)


def _solve_nmfd(
    target: Target, start: Start, settings: SeparationSettings, callback: Callback
) -> Factorisation:
    rule = UpdateRule(
        num_iter=settings.iterations,
        update=settings.update,
        fix_W=settings.fix_templates,
        fix_H=settings.fix_activations,
    )
    return deconvolve(target, start.W, start.H, rule, callback=callback)


def _solve_nmf_conv(
    target: Target, start: Start, settings: SeparationSettings, callback: Callback
) -> Factorisation:
    rule = BetaRule(
        num_iter=settings.iterations,
        beta=settings.beta,
        sparsity_weight=settings.sparsity_weight,
        uncorr_weight=settings.uncorr_weight,
    )
    return convolve(target, start.W, start.H, rule, callback=callback)


#: The solvers that ``--algorithm`` offers.
SOLVERS = {"nmfd": _solve_nmfd, "nmf_conv": _solve_nmf_conv}


def stem_model(
    result: Factorisation, start: Start, target: Target, *, has_residual: bool
) -> StemModel:
    """Say what the factorisation means for each stem."""
    return StemModel(
        W=result.W,
        H=result.H,
        scale=target.total,
        stem_of=start.stem_of,
        n_stems=len(start.stems),
        has_residual=has_residual,
    )
