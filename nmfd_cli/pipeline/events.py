"""Which drums play when, where no score says so."""

from collections.abc import Callable
from dataclasses import replace

from nmfd_cli.io.score.notes import Score
from nmfd_cli.kits.templates import kit_templates
from nmfd_cli.pipeline.components import USUAL, Components, Strategies
from nmfd_cli.pipeline.context import Context
from nmfd_cli.transcription.transcribe import transcribe_target


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
    """Return which of the drums play when, by the recording alone."""
    bank = kit_templates(
        context.kit,
        components.drums,
        stft=context.stft,
        sample_rate=context.sample_rate,
        template_frames=context.settings.template_frames,
        tail=context.settings.tail,
    )
    return transcribe_target(
        context.target,
        context.recording,
        context.stft,
        bank,
        candidates=components.is_open,
        progress=context.progress,
    )


def _with_transcription(context: Context, components: Components) -> tuple[Context, Components]:
    score = transcribed(context, components)
    if components.is_open:
        sounding = set(score.drums) or set(USUAL)
        stems = tuple(drum for drum in components.stems if drum in sounding)
        components = replace(components, stems=stems, drums=stems)
    return replace(context, score=score), components


#: What has to be found out before the activations of a strategy can be made.
PREPARATIONS: dict[str, Callable[[Context, Components], tuple[Context, Components]]] = {
    "auto": _with_transcription,
}
