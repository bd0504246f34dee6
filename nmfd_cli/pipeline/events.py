"""Which drums play when, where no score says so, and what a score may lack."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from nmfd_cli.core.articulations import class_of, owner
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

#: Seconds within which a hit of the same drum in a score is the same hit.
_SAME_HIT = 0.03
#: How much less probable a hit is that a score lacks than one of a recording without a score.
_LACKING = 0.3


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
        With a score: the one that was transcribed, or the given one and what it may lack.
    components : Components
        Without the candidates that do not sound.
    """
    if strategies[1] == "auto":
        return _with_transcription(context, components)
    if strategies == ("drums", "drums"):
        return _with_what_it_lacks(context, components.drums), components
    return context, components


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
        hits = _hits(context)
        names = _present(components, hits.present(components.drums))
        score = _placed(hits.likely(names), context.recording, context.settings, names, context.kit)
    if components.is_open:
        components = replace(components, stems=names, drums=names)
    return replace(context, score=score, free=_unknown(names)), components


def _with_what_it_lacks(context: Context, names: tuple[str, ...]) -> Context:
    """Add hits that a score of drums may lack; how probable they are is their confidence."""
    if context.score is None or not context.score.is_drums or context.target.total == 0:
        return context
    hits = _hits(context).likely(names)
    found = _placed(hits, context.recording, context.settings, names, context.kit)
    return replace(context, score=_completed(context.score, found, names))


def _completed(score: Score, found: Score, names: tuple[str, ...]) -> Score:
    """Return a score with those hits of another that it has not."""
    known: dict[str | None, list[float]] = {}
    for onset, drum, struck in zip(score.onsets, score.drums, score.articulations, strict=True):
        known.setdefault(owner(drum, struck, names), []).append(onset)

    def is_new(onset: float, drum: str | None, struck: str | None) -> bool:
        near = known.get(owner(drum, struck, names), [])
        place = bisect_left(near, onset - _SAME_HIT)
        return place == len(near) or near[place] > onset + _SAME_HIT

    found = replace(found, confidences=tuple(_LACKING * (c or 0) for c in found.confidences))
    places = zip(found.onsets, found.drums, found.articulations, strict=True)
    new = [note for note, place in zip(found.notes(), places, strict=True) if is_new(*place)]
    return Score.of(chain(score.notes(), new))


def _hits(context: Context) -> Hits:
    sensitivities = class_sensitivities(context.settings)
    return Hits.of(context.recording, shipped_network(), sensitivities, context.progress)


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
