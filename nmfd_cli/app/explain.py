"""A recording is looked at and explained: what every command that separates has in common."""

import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.app.components import score_for
from nmfd_cli.app.context import Context
from nmfd_cli.app.progress import Progress
from nmfd_cli.app.settings import SeparationSettings
from nmfd_cli.app.start import Start, choose_start, onsets_by_stem
from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.division import StemModel, divide, magnitude_of, measure_space
from nmfd_cli.core.nmfconv.convolutive import BetaRule, convolve
from nmfd_cli.core.nmfconv.deconvolution import Callback, Factorisation, deconvolve
from nmfd_cli.core.nmfconv.target import ArrayTarget, Target, usual_panel_frames
from nmfd_cli.core.nmfconv.updates import UpdateRule
from nmfd_cli.core.sections import divide_sections, learn_sections, section_frames
from nmfd_cli.core.stft import Stft
from nmfd_cli.core.threads import library_on_one_thread
from nmfd_cli.errors import NmfdWarning
from nmfd_cli.io.audio import Recording, open_recording
from nmfd_cli.io.spool import SpooledSpectrogram

#: Frames that are looked at, or divided among stems, at a time.
_WALK_FRAMES = 256
#: Longest section of a recording in which waveforms are learned that repeat.
_SECTION_SECONDS = 30.0


@dataclass(frozen=True)
class Explanation:
    """A recording and what it is made of.

    Attributes
    ----------
    recording : Recording
    settings : SeparationSettings
    stft : Stft
    start : Start
    result : Factorisation
    scale : float
        The sum of the spectrogram.
    """

    recording: Recording
    settings: SeparationSettings
    stft: Stft
    start: Start
    result: Factorisation
    scale: float

    @property
    def stems(self) -> tuple[str, ...]:
        """Names of the stems, the residual last."""
        residual = self.settings.residual
        return (*self.start.stems, residual) if residual else self.start.stems

    @property
    def model(self) -> StemModel:
        """What the factors say of each stem."""
        return StemModel(
            W=self.result.W,
            H=self.result.H,
            scale=self.scale,
            stem_of=self.start.stem_of,
            n_stems=len(self.start.stems),
            has_residual=self.settings.residual is not None,
            grid=self.start.grid,
        )

    def divided(self) -> Iterator[tuple[NDArray[np.float64], FloatArray]]:
        """Yield the recording (C, n) and its stems (S, C, n), block by block."""
        arguments = self.model, self.settings.alpha
        space = None
        if self.settings.space and self.recording.n_channels == 2:
            space = measure_space(self.stft, self._blocks(), *arguments)
        onsets = self._onsets() if self.settings.repetition else ()
        if not any(len(of_stem) for of_stem in onsets):
            return divide(self.stft, self._blocks(), *arguments, space=space)
        hop, recording = self.stft.hop_length, self.recording
        n_frames = section_frames(
            recording.n_samples, recording.sample_rate, hop, seconds=_SECTION_SECONDS
        )
        sections = learn_sections(
            self.stft, self._blocks(), *arguments, onsets=onsets, n_frames=n_frames, space=space
        )
        return divide_sections(self.stft, sections, *arguments, space=space)

    def _onsets(self) -> list[NDArray[np.intp]]:
        """Return where the hits of each drum begin, in samples."""
        score = self.start.score
        if score is None or not score.is_drums:
            return []
        notes = onsets_by_stem(self.start)
        rate, end = self.recording.sample_rate, self.recording.n_samples
        empty = np.zeros((0, 2))
        samples = [np.round(notes.get(stem, empty)[:, 0] * rate) for stem in self.start.stems]
        return [np.unique(at[(at >= 0) & (at < end)].astype(np.intp)) for at in samples]

    def _blocks(self) -> Iterator[NDArray[np.float64]]:
        return self.recording.blocks(_WALK_FRAMES * self.stft.hop_length)


def explain(
    path: Path,
    settings: SeparationSettings,
    resources: ExitStack,
    *,
    score_path: str | Path | None = None,
    progress: Progress = lambda stage, done: None,
) -> Explanation:
    """Look at a recording and explain it.

    Parameters
    ----------
    path : Path
        The recording.
    settings : SeparationSettings
    resources : ExitStack
        Whose end gives temporary disk, and the numeric library its threads, free again.
    score_path : str or Path, optional
        What is played when.
    progress : callable, optional

    Raises
    ------
    InputFileError
        If the recording, the score or the kit cannot be used.
    ParameterError
        If settings do not fit each other or the recording.
    """
    resources.enter_context(library_on_one_thread())
    recording = open_recording(path)
    score = score_for(score_path, settings) if score_path else None
    stft = Stft(settings.n_fft, settings.hop_length)
    target = spectrogram_of(recording, stft, settings, resources, progress)
    if target.total == 0:
        warnings.warn(f"{path}: silence; its stems are silent too", NmfdWarning, stacklevel=2)
    start = choose_start(Context(target, recording, stft, score, settings, progress))
    result = factorise(target, start, settings, progress)
    return Explanation(recording, settings, stft, start, result, target.total)


def spectrogram_of(
    recording: Recording,
    stft: Stft,
    settings: SeparationSettings,
    resources: ExitStack,
    progress: Progress,
) -> Target:
    """Return the magnitude spectrogram of all channels together: in memory if it is short.

    Parameters
    ----------
    recording : Recording
    stft : Stft
    settings : SeparationSettings
        Of a recording longer than a block the spectrogram lies on the temporary disk and passes by
        in panels.
    resources : ExitStack
        Whose end removes it from there.
    progress : callable
    """
    samples_read = 0

    def read() -> Iterator[FloatArray]:
        nonlocal samples_read
        for block in recording.blocks(_WALK_FRAMES * stft.hop_length):
            samples_read += block.shape[-1]
            yield block.astype(np.float32)
            progress("reading", samples_read / recording.n_samples)

    n_frames = stft.n_frames(recording.n_samples)
    panels = (magnitude_of(spectrum) for spectrum in stft.blocks(read()))
    if recording.seconds <= settings.block_seconds:
        V = np.empty((stft.n_bins, n_frames), dtype=settings.precision)
        start = 0
        for panel in panels:
            V[:, start : start + panel.shape[1]] = panel
            start += panel.shape[1]
        return ArrayTarget(V, V.dtype)
    panel_frames = usual_panel_frames(stft.n_bins, n_frames)
    spool = resources.enter_context(
        SpooledSpectrogram(stft.n_bins, panel_frames, np.dtype(settings.precision))
    )
    for panel in panels:
        spool.append(panel)
    return spool


def factorise(
    target: Target, start: Start, settings: SeparationSettings, progress: Progress
) -> Factorisation:
    """Refine the factors with the solver of the settings; the activations are written over."""

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
        prior_hits=settings.prior_hits,
    )
    return deconvolve(
        target, start.W, start.H, rule, grid=start.grid, callback=callback, overwrite_H=True
    )


def _solve_nmf_conv(
    target: Target, start: Start, settings: SeparationSettings, callback: Callback
) -> Factorisation:
    rule = BetaRule(
        num_iter=settings.iterations,
        beta=settings.beta,
        sparsity_weight=settings.sparsity_weight,
        uncorr_weight=settings.uncorr_weight,
    )
    return convolve(target, start.W, start.H, rule, callback=callback, overwrite_H=True)


#: The solvers that ``--algorithm`` offers.
SOLVERS = {"nmfd": _solve_nmfd, "nmf_conv": _solve_nmf_conv}
