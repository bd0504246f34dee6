"""The walk from a recording to its stems: for every command, the library and each worker."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.articulations import owner
from nmfd_cli.core.division import StemModel, divide, measure_space
from nmfd_cli.core.drum_sounds.kit import Kit
from nmfd_cli.core.nmfconv.factorisation import Factorisation, Factors, Rule, factorise
from nmfd_cli.core.nmfconv.updates import UpdateRule
from nmfd_cli.core.sections import divide_sections, learn_sections, section_frames
from nmfd_cli.core.stft import Stft
from nmfd_cli.core.threads import single_threaded_blas
from nmfd_cli.errors import Progress, Warn, no_progress, warn_python
from nmfd_cli.io.audio.recording import Recording
from nmfd_cli.io.score.notes import Score
from nmfd_cli.pipeline.accompaniment import (
    has_accompaniment,
    percussive_part,
    with_accompaniment,
)
from nmfd_cli.pipeline.components import (
    Components,
    components_for,
    pitch_name,
    strategies_for,
    warn_of_left_out,
    warn_of_stems,
)
from nmfd_cli.pipeline.context import BLOCK_FRAMES, Context, spectrogram_of
from nmfd_cli.pipeline.events import find_events, transcribed
from nmfd_cli.pipeline.initial_templates import InitialFactors, initial_factors
from nmfd_cli.settings.definitions import NONE, SeparationSettings

#: Longest section of a recording in which waveforms are learned that repeat.
_SECTION_SECONDS = 30.0
#: The velocity of a note whose score says none.
_USUAL_VELOCITY = 100.0


class Consumer(Protocol):
    """What takes a recording and its stems, block by block: a writer, a report, a list."""

    def add(self, mixture: NDArray[np.float64], stems: FloatArray) -> None:
        """Take the next block of the recording (C, n) and its stems (S, C, n)."""


@dataclass(frozen=True)
class FactorisedRecording:
    """A recording and the factors that explain it, ready to be divided.

    Attributes
    ----------
    stem_names : tuple of str
        The residual last.
    score : Score or None
        What is played when, as given or as transcribed.
    hits : Score or None
        The same, and what a given one may lack.
    model : StemModel
        The factors and the stem that each component belongs to.
    divergence : ndarray, shape (L,)
        At the start of each iteration, of the normalised spectrogram; NaN where it was not tracked.
    """

    recording: Recording
    settings: SeparationSettings
    stft: Stft
    stem_names: tuple[str, ...]
    score: Score | None
    hits: Score | None
    model: StemModel
    divergence: FloatArray

    @property
    def onsets(self) -> dict[str, FloatArray]:
        """Seconds and velocity of each stem's onsets (n, 2), of those of which any are known."""
        stems = self.stem_names[: self.model.n_stems]
        return {} if self.score is None else onsets_by_stem(self.score, stems)

    def blocks(self) -> Iterator[tuple[NDArray[np.float64], FloatArray]]:
        """Yield the recording (C, n) and its stems (S, C, n), block by block."""
        known = self.model, self.settings.alpha
        space = None
        if self.settings.space and self.recording.n_channels == 2:
            space = measure_space(self.stft, self._mixture(), *known)
        onsets = self._onset_samples() if self.settings.repetition else []
        if not any(len(of_stem) for of_stem in onsets):
            return divide(self.stft, self._mixture(), *known, space=space)
        n_frames = section_frames(
            self.recording.n_samples,
            self.recording.sample_rate,
            self.stft.hop_length,
            seconds=_SECTION_SECONDS,
        )
        sections = learn_sections(
            self.stft,
            self._mixture(),
            *known,
            onsets=onsets,
            n_frames=n_frames,
            sample_rate=self.recording.sample_rate,
            space=space,
        )
        return divide_sections(self.stft, sections, *known, space=space)

    def _onset_samples(self) -> list[NDArray[np.intp]]:
        """Return where the hits of each stem begin, in samples, if the stems are drums."""
        if self.hits is None or not self.hits.is_drums:
            return []
        rate, end = self.recording.sample_rate, self.recording.n_samples
        names = self.stem_names[: self.model.n_stems]
        known, empty = onsets_by_stem(self.hits, names), np.zeros((0, 2))
        samples = [np.round(known.get(name, empty)[:, 0] * rate) for name in names]
        return [np.unique(at[(at >= 0) & (at < end)].astype(np.intp)) for at in samples]

    def _mixture(self) -> Iterator[NDArray[np.float64]]:
        return self.recording.blocks(BLOCK_FRAMES * self.stft.hop_length)

    def feed(self, *consumers: Consumer, progress: Progress, stage: str) -> None:
        """Hand all blocks to each consumer."""
        n_samples = 0
        for mixture, stems in self.blocks():
            for consumer in consumers:
                consumer.add(mixture, stems)
            n_samples += mixture.shape[-1]
            progress(stage, n_samples / self.recording.n_samples)


@contextmanager
def separate(
    recording: Recording,
    settings: SeparationSettings,
    *,
    kit: Kit,
    score: Score | None = None,
    track_divergence: bool = False,
    progress: Progress = no_progress,
    warn: Warn = warn_python,
) -> Iterator[FactorisedRecording]:
    """Explain a recording, so that it can be divided.

    Parameters
    ----------
    kit : Kit
        The drum sounds to start from.
    score : Score, optional
        What is played when; without one, drums are transcribed.
    track_divergence : bool
        Compute the divergence of each iteration, not of the last one alone: it takes time.

    Yields
    ------
    FactorisedRecording
        Whose blocks can be had until the context ends: it gives temporary disk, and the numeric
        library its threads, free again.

    Raises
    ------
    InputFileError
        If the recording or the kit cannot be used.
    ParameterError
        If settings do not fit each other, the score or the recording.
    """
    strategies = strategies_for(settings, score)  # of the score as given: one may be transcribed
    components = components_for(settings, score, kit)
    if "auto" in strategies:
        warn_of_stems(settings, components, kit, warn=warn)
    if score is not None:
        warn_of_left_out(score, components, warn=warn)
    with _analysed(recording, settings, kit=kit, score=score, progress=progress) as context:
        if context.target.total == 0:
            warn(f"{recording.name}: silence; its stems are silent too")
        context, components = find_events(context, components, strategies)
        is_song = has_accompaniment(context, strategies)
        source = percussive_part(context) if is_song else context
        initial = initial_factors(source, components, strategies)
        factors = _factorised(source, initial, track_divergence=track_divergence)
        model = _stem_model(source, components, initial, factors)
        if is_song:
            model = with_accompaniment(model, context)
        residual = (settings.residual_name,) if model.has_residual else ()
        yield FactorisedRecording(
            recording=recording,
            settings=settings,
            stft=context.stft,
            stem_names=(*components.stems, *residual),
            score=context.score if score is None else score,
            hits=context.score,
            model=model,
            divergence=factors.divergence,
        )


def transcribe(
    recording: Recording,
    settings: SeparationSettings,
    *,
    kit: Kit,
    progress: Progress = no_progress,
    warn: Warn = warn_python,
) -> Score:
    """Find out which drums play when: the first stations of the walk.

    Parameters
    ----------
    settings : SeparationSettings
        Of which the stems, the length of templates, the STFT and the blocks count.  Where no stems
        are named, those drums are listed that sound.

    Raises
    ------
    InputFileError, ParameterError
        As `separate`.
    """
    settings = replace(
        settings, init="auto", init_templates=None, init_activations=None, residual=NONE
    )
    components = components_for(settings, None, kit)
    warn_of_stems(settings, components, kit, warn=warn)
    score = transcribed(recording, settings, components, kit=kit, progress=progress)
    if not len(score):
        warn(f"{recording.name}: no onsets found")
    return score


def onsets_by_stem(score: Score, stems: tuple[str, ...]) -> dict[str, FloatArray]:
    """Return when each stem is played, as a score says.

    Returns
    -------
    dict of str to ndarray, shape (n, 2)
        Seconds and velocity, ascending; empty if the stems are neither its drums nor its pitches.
    """
    found: dict[str, list[tuple[float, float]]] = {stem: [] for stem in stems}
    for onset, pitch, drum, velocity, struck in zip(
        score.onsets,
        score.pitches,
        score.drums,
        score.velocities,
        score.articulations,
        strict=True,
    ):
        stem = owner(drum, struck, stems) if pitch is None or drum else pitch_name(pitch)
        if stem in found:
            found[stem].append((onset, velocity or _USUAL_VELOCITY))
    if not any(found.values()) and len(score):
        return {}
    return {stem: np.array(sorted(notes)).reshape(-1, 2) for stem, notes in found.items()}


# ---------------------------------------------------------------- the stations


@contextmanager
def _analysed(
    recording: Recording,
    settings: SeparationSettings,
    *,
    kit: Kit,
    score: Score | None,
    progress: Progress,
) -> Iterator[Context]:
    """Transform a recording; long ones go to the temporary disk, which the end gives free."""
    stft = Stft(settings.n_fft, settings.hop_length)
    with ExitStack() as resources:
        resources.enter_context(single_threaded_blas())
        target = spectrogram_of(recording, stft, settings, resources, progress)
        yield Context(recording, target, stft, settings, kit, score, progress, resources)


def _factorised(
    context: Context, initial: InitialFactors, *, track_divergence: bool
) -> Factorisation:
    """Refine the factors with the solver of the settings; the initial ones are used up."""
    settings = context.settings

    def report(iteration: int, divergence: float) -> None:
        context.progress("factorising", (iteration + 1) / settings.iterations)

    return factorise(
        context.target,
        Factors(initial.W, initial.H),
        RULES[settings.algorithm](settings),
        grid=initial.grid,
        callback=report,
        track_divergence=track_divergence,
    )


def _rule_of_nmfd(settings: SeparationSettings) -> Rule:
    return UpdateRule(
        num_iter=settings.iterations,
        update=settings.update,
        fix_W=settings.fix_templates,
        fix_H=settings.fix_activations,
        prior_hits=settings.prior_hits,
    )


def _rule_of_nmf_conv(settings: SeparationSettings) -> Rule:
    from nmfd_cli.core.nmfconv.convolutive import BetaRule

    return BetaRule(
        num_iter=settings.iterations,
        beta=settings.beta,
        sparsity_weight=settings.sparsity_weight,
        uncorr_weight=settings.uncorr_weight,
    )


#: The solvers that ``--algorithm`` offers, by the rules of their updates.
RULES: dict[str, Callable[[SeparationSettings], Rule]] = {
    "nmfd": _rule_of_nmfd,
    "nmf_conv": _rule_of_nmf_conv,
}


def _stem_model(
    context: Context, components: Components, initial: InitialFactors, factors: Factorisation
) -> StemModel:
    return StemModel(
        W=factors.W,
        H=factors.H,
        scale=context.target.total,
        stem_of=initial.stem_of,
        n_stems=len(components.stems),
        has_residual=context.settings.has_residual,
        grid=initial.grid,
    )
