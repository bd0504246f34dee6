"""Which drums play when, where no score says so."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from nmfd_cli.core.articulations import class_of
from nmfd_cli.core.bands import Bands
from nmfd_cli.core.drum_sounds.kit import Kit
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import Progress
from nmfd_cli.io.audio.recording import Recording
from nmfd_cli.io.score.notes import Score
from nmfd_cli.kits.templates import kit_templates
from nmfd_cli.pipeline.components import USUAL, Components, Strategies, class_sensitivities
from nmfd_cli.pipeline.context import Context
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.transcription.decoding import Hit
from nmfd_cli.transcription.network import shipped_network
from nmfd_cli.transcription.transcribe import Hits, hits_as_score
from nmfd_cli.transcription.vocabulary import DRUMS


def find_events(
    context: Context, components: Components, strategies: Strategies
) -> tuple[Context, Components]:
    """Find out what the activations' strategy needs to know and no score says.

    Parameters
    ----------
    strategies : tuple of two str
        Of the templates and of the activations.

    Returns
    -------
    context : Context
        With a score, if it was transcribed.
    components : Components
        Without the candidates that do not sound.
    """
    prepare = PREPARATIONS.get(strategies[1])
    return prepare(context, components) if prepare is not None else (context, components)


def transcribed(
    recording: Recording,
    settings: SeparationSettings,
    components: Components,
    *,
    kit: Kit,
    progress: Progress,
) -> Score:
    """Return the hits of what is looked for, with the thresholds of the best F-measure."""
    hits = Hits.of(recording, shipped_network(), class_sensitivities(settings), progress)
    names = _present(components, hits.present(components.drums))
    return _placed(hits.sure(names), recording, settings, names, kit)


def _with_transcription(context: Context, components: Components) -> tuple[Context, Components]:
    """Transcribe so that few hits are missed: one that is costs its stem more than a false one."""
    if context.target.total == 0:
        names = _present(components, set())
        score = Score.of(())
    else:
        recording, settings = context.recording, context.settings
        sensitivities = class_sensitivities(settings)
        hits = Hits.of(recording, shipped_network(), sensitivities, context.progress)
        names = _present(components, hits.present(components.drums))
        score = _placed(hits.likely(names), recording, settings, names, context.kit)
    if components.is_open:
        components = replace(components, stems=names, drums=names)
    return replace(context, score=score, free=_unknown(names)), components


def _unknown(names: Iterable[str]) -> frozenset[str]:
    """Return the drums, classes of a kit's own, that the network does not know."""
    return frozenset(name for name in names if class_of(name) not in DRUMS)


def _present(components: Components, present: set[str]) -> tuple[str, ...]:
    """Return the drums to look for; of mere candidates those that sound."""
    if not components.is_open:
        return components.drums
    sounding = present.intersection(components.drums) or set(USUAL)
    sounding |= _unknown(components.drums)
    return tuple(drum for drum in components.drums if drum in sounding)


def _placed(
    hits: list[Hit],
    recording: Recording,
    settings: SeparationSettings,
    names: tuple[str, ...],
    kit: Kit,
) -> Score:
    stft = Stft(settings.n_fft, settings.hop_length)
    bank = kit_templates(
        kit,
        names,
        stft=stft,
        sample_rate=recording.sample_rate,
        template_frames=settings.template_frames,
        tail=settings.tail,
    )
    return hits_as_score(hits, recording, bank, Bands(stft.n_fft, recording.sample_rate))


#: What has to be found out before the activations of a strategy can be made.
PREPARATIONS: dict[str, Callable[[Context, Components], tuple[Context, Components]]] = {
    "auto": _with_transcription,
}
