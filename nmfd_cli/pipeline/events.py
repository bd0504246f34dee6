"""Which drums play when, where no score says so."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.articulations import drum_or_articulation
from nmfd_cli.core.bands import Bands
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.score.notes import Score
from nmfd_cli.kits.templates import kit_templates
from nmfd_cli.pipeline.components import USUAL, Components, Strategies
from nmfd_cli.pipeline.context import Context
from nmfd_cli.transcription.network import Network, shipped_network
from nmfd_cli.transcription.transcribe import (
    find_hits,
    hit_probabilities,
    hits_as_score,
)


def find_events(
    context: Context, components: Components, strategies: Strategies
) -> tuple[Context, Components]:
    """Find out what the activations' strategy needs to know and no score says.

    Returns
    -------
    context : Context
        With a score, if it was transcribed.
    components : Components
        Without the candidates that do not sound.
    """
    prepare = PREPARATIONS.get(strategies[1])
    return prepare(context, components) if prepare is not None else (context, components)


def transcribed(context: Context, components: Components) -> Score:
    """Return which of the drums play when, by the recording alone: with the best F-measure."""
    if context.target.total == 0:
        return Score.of(())
    network = shipped_network()
    probabilities = hit_probabilities(context.recording, network, context.progress)
    return _score(context, components.drums, probabilities, network.thresholds)


def _with_transcription(context: Context, components: Components) -> tuple[Context, Components]:
    """Transcribe with few missed hits: a missed hit costs its stem more than a false one."""
    if context.target.total == 0:
        score = Score.of(())
        sounding: set[str] = set()
    else:
        network = shipped_network()
        probabilities = hit_probabilities(context.recording, network, context.progress)
        names = components.drums
        if components.is_open:
            sounding = _sounding(network, probabilities, context, components)
            names = tuple(drum for drum in names if drum in (sounding or set(USUAL)))
        score = _score(context, names, probabilities, network.thresholds_separation)
    if components.is_open:
        stems = tuple(drum for drum in components.stems if drum in (sounding or set(USUAL)))
        components = replace(components, stems=stems, drums=stems)
    return replace(context, score=score), components


def _sounding(
    network: Network, probabilities: NDArray[np.float32], context: Context, components: Components
) -> set[str]:
    """Return the candidates of which at least one hit is sure."""
    hits = find_hits(
        probabilities,
        network.thresholds,
        components.drums,
        sensitivities=_sensitivities(context.settings.sensitivities),
    )
    return {hit.drum for hit in hits}


def _score(
    context: Context,
    names: tuple[str, ...],
    probabilities: NDArray[np.float32],
    thresholds: NDArray[np.float32],
) -> Score:
    """Return the hits of some drums, placed to a few milliseconds."""
    settings = context.settings
    hits = find_hits(
        probabilities, thresholds, names, sensitivities=_sensitivities(settings.sensitivities)
    )
    bank = kit_templates(
        context.kit,
        names,
        stft=context.stft,
        sample_rate=context.sample_rate,
        template_frames=settings.template_frames,
        tail=settings.tail,
    )
    bands = Bands(context.stft.n_fft, context.sample_rate)
    return hits_as_score(hits, context.recording, bank, bands)


def _sensitivities(given: Mapping[str, float]) -> dict[str, float]:
    """Return sensitivities by drum class.

    Raises
    ------
    ParameterError
        If a name is no drum.
    """
    from nmfd_cli.core.articulations import class_of

    try:
        return {
            class_of(drum_or_articulation(name)) if name else "": s for name, s in given.items()
        }
    except ParameterError as error:
        raise error.located(setting="sensitivity") from None


#: What has to be found out before the activations of a strategy can be made.
PREPARATIONS: dict[str, Callable[[Context, Components], tuple[Context, Components]]] = {
    "auto": _with_transcription,
}
