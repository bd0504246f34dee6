"""The initial templates W0, one function a strategy, and both factors together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nmfd_cli.core import nmfconv
from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.bands import Bands, in_bands
from nmfd_cli.core.drum_sounds.bank_templates import most_active
from nmfd_cli.core.nmfconv.engine.shifts import TimeGrid
from nmfd_cli.core.nmfconv.engine.target import excerpt
from nmfd_cli.core.nmfconv.factorisation import Factors, factorise
from nmfd_cli.core.nmfconv.updates import UpdateRule
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.resources import shipped
from nmfd_cli.kits.templates import kit_templates
from nmfd_cli.pipeline.components import Components, Strategies
from nmfd_cli.pipeline.context import Context, random_generator
from nmfd_cli.pipeline.initial_activations import ACTIVATIONS, Activate
from nmfd_cli.settings.definitions import SeparationSettings

#: Frames of a recording from which sounds are chosen: what is longer shows no other drums.
_CHOICE_FRAMES = 20_000
_CHOICE_ITERATIONS = 20
#: How many times as many templates a drum takes that is several instruments.  Twice as many gave
#: the 13 measured recordings 0.3 dB, and 16 renderings with toms and cymbals of kits unknown to the
#: bank 0.4 dB with the score known.
_OF_SEVERAL = 2
#: Below this share no template entry begins, so that each can still grow.
_LEAST = 1e-12


@dataclass(frozen=True)
class InitialFactors:
    """Where the factors start, and which stem each component belongs to.

    Attributes
    ----------
    W : ndarray, shape (K, R, T)
    H : ndarray, shape (R, M)
        Written over by the solver.
    stem_of : tuple of R ints
        Index into the stems; their number is the residual.
    grid : TimeGrid
        How the frames of the templates are tied.
    """

    W: FloatArray
    H: FloatArray
    stem_of: tuple[int, ...]
    grid: TimeGrid


@dataclass(frozen=True)
class _Templates:
    """Initial templates W (K, R, T) and the row of `Components` that each belongs to."""

    W: FloatArray
    row_of: tuple[int, ...]
    grid: TimeGrid


def initial_factors(
    context: Context, components: Components, strategies: Strategies
) -> InitialFactors:
    """Make initial factors by the strategies that `strategies_for` chose.

    Raises
    ------
    ParameterError
        If a strategy lacks what it needs.
    InputFileError
        If the kit cannot be used.
    """
    template_strategy, activation_strategy = strategies
    activate = ACTIVATIONS[activation_strategy]
    templates = TEMPLATES[template_strategy](context, components, activate)
    H = activate(context, components, templates.row_of, templates.grid)
    n_stems = len(components.stems)
    return InitialFactors(
        W=templates.W.astype(context.target.dtype),
        H=H.astype(context.target.dtype, copy=False),
        stem_of=tuple(min(row, n_stems) for row in templates.row_of),
        grid=templates.grid,
    )


def _bank_templates(context: Context, components: Components, activate: Activate) -> _Templates:
    """Take those sounds of a kit, some a class, that explain most of the recording."""
    settings = context.settings
    bank = kit_templates(
        context.kit,
        components.drums,
        stft=context.stft,
        sample_rate=context.sample_rate,
        template_frames=settings.template_frames,
        tail=settings.tail,
    )
    grid = bank.grid
    bands = Bands(context.stft.n_fft, context.sample_rate)
    V, frames = excerpt(in_bands(context.target, bands), _CHOICE_FRAMES)
    of_classes = activate(context, components, range(len(components.drums)), grid)[:, frames]
    H = of_classes[bank.rows(components.drums)].astype(V.dtype)
    rule = UpdateRule(_CHOICE_ITERATIONS, "joint", fix_W=True)
    explained = factorise(V, Factors(bank.W, H), rule, grid=grid, track_divergence=False)
    n_templates = settings.templates_per_class
    chosen = bank.taken(most_active(bank, explained.H, n_templates, _OF_SEVERAL * n_templates))
    row_of = tuple(chosen.rows(components.drums))
    return _Templates(np.maximum(bands.spread(chosen.W), _LEAST), row_of, grid)


def _averaged_templates(context: Context, components: Components, activate: Activate) -> _Templates:
    """Learn one template a class from all one-shots of a folder, as libnmfd does."""
    settings = context.settings
    learned = nmfconv.initialize_drum_specific_nmfd_templates(
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
    combs = nmfconv.init_templates(
        num_bins=context.stft.n_bins,
        num_template_frames=settings.template_frames,
        strategy="pitched",
        pitches=components.pitches,
        block_size=settings.n_fft,
        hop_size=settings.hop_length,
        fs=context.sample_rate,
    )
    return _plain(combs, settings)


def _uninformed_templates(strategy: str) -> Callable[..., _Templates]:
    def make(context: Context, components: Components, activate: Activate) -> _Templates:
        made = nmfconv.init_templates(
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


#: What templates can begin as; the keys are the choices of --init-templates.
TEMPLATES: dict[str, Callable[[Context, Components, Activate], _Templates]] = {
    "drums": _bank_templates,
    "averaged": _averaged_templates,
    "pitched": _pitched_templates,
    "random": _uninformed_templates("random"),
    "uniform": _uninformed_templates("uniform"),
}
