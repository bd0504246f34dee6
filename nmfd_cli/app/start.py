"""From what is known of a recording to where its factors start."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nmfd_cli.app.components import (
    USUAL,
    Components,
    components_for,
    pitch_name,
    strategies_for,
)
from nmfd_cli.app.context import Context, random_generator
from nmfd_cli.app.listen import kit_templates, transcribe_target
from nmfd_cli.app.settings import SeparationSettings
from nmfd_cli.app.start_activations import ACTIVATIONS, Activate
from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.drums.bands import Bands, in_bands
from nmfd_cli.core.drums.bank import most_active
from nmfd_cli.core.nmfconv import (
    init_templates,
    initialize_drum_specific_nmfd_templates,
)
from nmfd_cli.core.nmfconv.deconvolution import UpdateRule
from nmfd_cli.core.nmfconv.engine.shifts import TimeGrid
from nmfd_cli.core.nmfconv.engine.target import excerpt
from nmfd_cli.core.nmfconv.factorisation import Factors, factorise
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.notes import Score
from nmfd_cli.io.resources import shipped

#: Frames of a recording from which sounds are chosen: what is longer shows no other drums.
_CHOICE_FRAMES = 20_000
_CHOICE_ITERATIONS = 20
#: How many times as many templates a drum takes that is several instruments.  Twice as many gave
#: the 13 measured recordings 0.3 dB, and 16 renderings with toms and cymbals of kits unknown to the
#: bank 0.4 dB with the score known.
_OF_SEVERAL = 2


@dataclass(frozen=True)
class Start:
    """Where the factors start, and which stem each component belongs to.

    Attributes
    ----------
    W : ndarray, shape (K, R, T)
    H : ndarray, shape (R, M)
        Written over by the solver.
    stems : tuple of str
    stem_of : tuple of R ints
        Index into `stems`; ``len(stems)`` is the residual.
    grid : TimeGrid
        How the frames of the templates are tied.
    score : Score or None
        What is played when, as given or as found out.
    """

    W: FloatArray
    H: FloatArray
    stems: tuple[str, ...]
    stem_of: tuple[int, ...]
    grid: TimeGrid
    score: Score | None


#: The velocity of a note whose score says none.
_USUAL_VELOCITY = 100.0


def onsets_by_stem(start: Start) -> dict[str, FloatArray]:
    """Return when each stem is played, as the score says or listening found out.

    Returns
    -------
    dict of str to ndarray, shape (n, 2)
        Seconds and velocity, ascending; without those stems of which nothing is known.
    """
    score = start.score
    if score is None:
        return {}
    found: dict[str, list[tuple[float, float]]] = {stem: [] for stem in start.stems}
    notes = zip(score.onsets, score.drums, score.pitches, score.velocities, strict=True)
    for onset, drum, pitch, velocity in notes:
        stem = drum if drum is not None else pitch_name(pitch) if pitch is not None else ""
        if stem in found:
            found[stem].append((onset, velocity or _USUAL_VELOCITY))
    if not any(found.values()) and len(score):
        return {}  # the stems are neither its drums nor its pitches
    return {stem: np.array(sorted(notes)).reshape(-1, 2) for stem, notes in found.items()}


@dataclass(frozen=True)
class _Templates:
    """Initial templates W (K, R, T) and the row of `Components` that each belongs to."""

    W: FloatArray
    row_of: tuple[int, ...]
    grid: TimeGrid


def choose_start(context: Context) -> Start:
    """Make initial factors by the strategies that the settings name or the score suggests.

    Raises
    ------
    ParameterError
        If a strategy lacks what it needs, or the two do not have the same components.
    InputFileError
        If the kit cannot be used.
    """
    template_strategy, activation_strategy = strategies_for(context.settings, context.score)
    components = components_for(context.settings, context.score)
    prepare = PREPARATIONS.get(activation_strategy)
    if prepare is not None:
        context, components = prepare(context, components)
    activate = ACTIVATIONS[activation_strategy]
    templates = TEMPLATES[template_strategy](context, components, activate)
    H = activate(context, components, templates.row_of, templates.grid)
    n_stems = len(components.stems)
    return Start(
        W=templates.W.astype(context.target.dtype),
        H=H.astype(context.target.dtype, copy=False),
        stems=components.stems,
        stem_of=tuple(min(row, n_stems) for row in templates.row_of),
        grid=templates.grid,
        score=context.score,
    )


# ---------------------------------------------------------------- templates


def _bank_templates(context: Context, components: Components, activate: Activate) -> _Templates:
    """Take those sounds of a kit, some a class, that explain most of the recording."""
    settings = context.settings
    bank = kit_templates(settings, context.stft, context.sample_rate, components.drums)
    grid = bank.grid
    bands = Bands(context.stft.n_fft, context.sample_rate)
    V, frames = excerpt(in_bands(context.target, bands), _CHOICE_FRAMES)
    of_classes = activate(context, components, range(len(components.drums)), grid)[:, frames]
    H = of_classes[bank.rows(components.drums)].astype(V.dtype)
    rule = UpdateRule(_CHOICE_ITERATIONS, "joint", fix_W=True)
    heard = factorise(V, Factors(bank.W, H), rule, grid=grid)
    n_templates = settings.templates_per_class
    chosen = bank.taken(most_active(bank, heard.H, n_templates, _OF_SEVERAL * n_templates))
    row_of = tuple(chosen.rows(components.drums))
    return _Templates(np.maximum(bands.spread(chosen.W), _LEAST), row_of, grid)


#: Below this share no template entry begins, so that each can still grow.
_LEAST = 1e-12


def _averaged_templates(context: Context, components: Components, activate: Activate) -> _Templates:
    """Learn one template a class from all one-shots of a folder, as libnmfd does."""
    settings = context.settings
    learned = initialize_drum_specific_nmfd_templates(
        desired_drum_classes=components.drums,
        num_template_frames=settings.template_frames,
        block_size=settings.n_fft,
        hop_size=settings.hop_length,
        fs=context.sample_rate,
        input_dir=settings.kit or str(shipped("data", "kit")),
    )
    return _plain(learned, settings)


def _pitched_templates(context: Context, components: Components, activate: Activate) -> _Templates:
    settings = context.settings
    if not components.pitches:
        raise ParameterError("the template strategy 'pitched' needs a score with pitches (--score)")
    combs = init_templates(
        num_bins=context.stft.n_bins,
        num_template_frames=settings.template_frames,
        strategy="pitched",
        pitches=components.pitches,
        block_size=settings.n_fft,
        hop_size=settings.hop_length,
        fs=context.sample_rate,
    )
    return _plain(combs, settings)


def _unknowing_templates(strategy: str) -> Callable[..., _Templates]:
    def make(context: Context, components: Components, activate: Activate) -> _Templates:
        made = init_templates(
            num_comp=_n_rows(components),
            num_bins=context.stft.n_bins,
            num_template_frames=context.settings.template_frames,
            strategy=strategy,
            rng=random_generator(context.settings, 0),
        )
        return _plain(made, context.settings)

    return make


def _plain(templates: Sequence[FloatArray], settings: SeparationSettings) -> _Templates:
    grid = TimeGrid.plain(settings.template_frames)
    return _Templates(np.stack(templates, axis=1), tuple(range(len(templates))), grid)


def _n_rows(components: Components) -> int:
    return len(components.drums) or len(components.stems)


#: What templates can start from.
TEMPLATES: dict[str, Callable[[Context, Components, Activate], _Templates]] = {
    "drums": _bank_templates,
    "averaged": _averaged_templates,
    "pitched": _pitched_templates,
    "random": _unknowing_templates("random"),
    "uniform": _unknowing_templates("uniform"),
}

# ---------------------------------------------------------------- listening


def _listened(context: Context, components: Components) -> tuple[Context, Components]:
    """Find out which drums play when; candidates that do not sound are no components."""
    found = transcribe_target(
        context.target,
        context.recording,
        context.stft,
        context.settings,
        components.drums,
        candidates=components.is_open,
        progress=context.progress,
    )
    if components.is_open:
        sounding = set(found.drums) or set(USUAL)
        stems = tuple(drum for drum in components.stems if drum in sounding)
        components = replace(components, stems=stems, drums=stems)
    return replace(context, score=found), components


#: What has to be found out before the activations of a strategy can be made.
PREPARATIONS: dict[str, Callable[[Context, Components], tuple[Context, Components]]] = {
    "auto": _listened,
}
