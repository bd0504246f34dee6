"""What the components of a separation stand for, and how its stems are called."""

from collections.abc import Iterable
from dataclasses import dataclass

from nmfd_cli.core.articulations import class_of, drum_or_articulation, drums_or_articulations
from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.core.drum_sounds.kit import OTHER, Kit
from nmfd_cli.errors import ParameterError, Warn
from nmfd_cli.io.score.notes import Score
from nmfd_cli.settings.definitions import NONE, SeparationSettings
from nmfd_cli.transcription.vocabulary import DRUMS

_NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

#: The names of a strategy for templates and of one for activations.
Strategies = tuple[str, str]

#: Strategies whose components are drum classes.
_OF_DRUMS = {"auto", "drums", "averaged"}

#: What is looked for where nothing is found out and nobody names drums.
USUAL = ("kick", "snare", "hihat")


@dataclass(frozen=True)
class Components:
    """What is looked for: drum classes, pitches, or nothing but so many components.

    Attributes
    ----------
    stems : tuple of str
        Names of the stems.
    drums : tuple of str
        Drum classes and articulations: those of the stems and behind them those that only the
        residual takes.
    pitches : tuple of float
        MIDI pitches, rising.
    is_open : bool
        The classes are candidates: those that do not sound are left out.
    """

    stems: tuple[str, ...]
    drums: tuple[str, ...] = ()
    pitches: tuple[float, ...] = ()
    is_open: bool = False


def usable_part(score: Score, settings: SeparationSettings, *, name: str, warn: Warn) -> Score:
    """Return a score, or of one with drums and pitches what the strategies work with.

    Parameters
    ----------
    name : str
        What warnings call the score.
    """
    if score.is_drums or score.is_pitched:
        return score
    takes_drums = "pitched" not in strategies_for(settings, score)
    left_out = "pitched notes" if takes_drums else "drums"
    hint = "--residual gives what they play a stem" if takes_drums else "--init drums takes those"
    warn(f"{name}: its {left_out} are left out; {hint}")
    return score.part(is_drums=takes_drums)


def wants_drums(settings: SeparationSettings) -> bool:
    """Whether settings ask for drums, whatever a score calls its notes."""
    chosen = {settings.init, settings.init_templates, settings.init_activations}
    return bool(settings.stems) or not chosen.isdisjoint(_OF_DRUMS)


def possible_stems(settings: SeparationSettings, score: Score | None, kit: Kit) -> tuple[str, ...]:
    """Return the names of all stems that a separation may write."""
    stems = components_for(settings, score, kit).stems
    if settings.has_residual or may_have_accompaniment(settings, strategies_for(settings, score)):
        return (*stems, settings.residual_name)
    return stems


def may_have_accompaniment(settings: SeparationSettings, strategies: Strategies) -> bool:
    """Return whether a recording may turn out to be more than the drums that are looked for."""
    looks_for_drums = strategies[0] in ("drums", "averaged") and strategies[1] in ("auto", "drums")
    return looks_for_drums and settings.residual != NONE


def strategies_for(settings: SeparationSettings, score: Score | None) -> Strategies:
    """Return the strategies of templates and activations that settings name or a score suggests."""
    if score is None:
        suggested = ("drums", "auto")
    else:
        suggested = ("pitched", "pitched") if score.is_pitched else ("drums", "drums")
    both = {
        None: suggested,
        "auto": ("drums", "auto"),
        "drums": ("drums", "uniform" if score is None else "drums"),
    }.get(settings.init, (settings.init or "", settings.init or ""))
    return settings.init_templates or both[0], settings.init_activations or both[1]


def components_for(settings: SeparationSettings, score: Score | None, kit: Kit) -> Components:
    """Return what the strategies' components stand for.

    Raises
    ------
    ParameterError
        If the two strategies cannot have the same components, or a name is no drum class.
    """
    strategies = strategies_for(settings, score)
    class_sensitivities(settings)  # refuses what is no drum
    if _OF_DRUMS.intersection(strategies) and "pitched" in strategies:
        raise ParameterError(
            f"{strategies[0]!r} templates and {strategies[1]!r} activations do not have the "
            "same components",
            setting="init",
        )
    if _OF_DRUMS.intersection(strategies):
        return _drums(settings, score, kit, is_open="auto" in strategies)
    if "pitched" in strategies:
        pitches = tuple(sorted(set(score_pitches(score))))
        return Components(tuple(pitch_name(pitch) for pitch in pitches), pitches=pitches)
    return Components(tuple(f"component_{r + 1}" for r in range(settings.components)))


def _drums(
    settings: SeparationSettings, score: Score | None, kit: Kit, *, is_open: bool
) -> Components:
    asked = asked_stems(settings, kit)
    played = _played(score) if score is not None and score.is_drums else ()
    candidates = played or kit.drums
    stems = asked or (candidates if played or is_open else USUAL)
    taken = {class_of(stem) for stem in stems}
    hidden = (
        tuple(drum for drum in candidates if drum not in taken) if settings.has_residual else ()
    )
    return Components(stems, drums=(*stems, *hidden), is_open=is_open and not asked)


def asked_stems(settings: SeparationSettings, kit: Kit) -> tuple[str, ...]:
    """Return the classes and articulations that the settings name, each once, as files are called.

    Raises
    ------
    ParameterError
        If a name is neither a drum class, nor an articulation, nor a class of the kit.
    """
    extras = kit_extras(settings, kit)
    try:
        return tuple(dict.fromkeys(drums_or_articulations(settings.stems, extra=extras)))
    except ParameterError as error:
        raise error.located(setting="stems") from None


def class_sensitivities(settings: SeparationSettings) -> dict[str, float]:
    """Return the sensitivity of each drum class that is named, and of the others under "".

    Raises
    ------
    ParameterError
        If a name is no drum.
    """
    given = settings.sensitivities
    names = [name for name in given if name]
    try:
        drums = drums_or_articulations(names)
    except ParameterError as error:
        raise error.located(setting="sensitivity") from None
    classes = dict(zip(names, map(class_of, drums), strict=True))
    return {classes.get(name, ""): value for name, value in given.items()}


def warn_of_stems(
    settings: SeparationSettings, components: Components, kit: Kit, *, warn: Warn
) -> None:
    """Say before the work where names that were asked for are one drum, or none that is known.

    Parameters
    ----------
    components : Components
        Whose hits are to be transcribed.
    """
    extras = kit_extras(settings, kit)
    by_drum: dict[str, list[str]] = {}
    for name in dict.fromkeys(settings.stems):
        by_drum.setdefault(drum_or_articulation(name, extra=extras), []).append(name)
    for drum, names in by_drum.items():
        if len(names) > 1:
            warn(f"{', '.join(names)}: one drum for the transcription, and one stem: {drum}")
    unknown = [drum for drum in components.drums if class_of(drum) not in DRUMS]
    if unknown:
        warn(
            f"{', '.join(unknown)}: not known to the transcription; a stem takes what the others "
            "do not explain unless a score (--score) says when it plays"
        )


def warn_of_left_out(score: Score, components: Components, *, warn: Warn) -> None:
    """Say before the work which drums of a score no component stands for."""
    taken = {class_of(name) for name in components.drums}
    left_out = [drum for drum in _played(score) if class_of(drum) not in taken]
    if taken and left_out:
        warn(
            f"{', '.join(left_out)}: in the score, and not among the stems, which share what they "
            "play; --residual NAME gives it a stem of its own"
        )


def kit_extras(settings: SeparationSettings, kit: Kit) -> tuple[str, ...]:
    """Return the class names that a kit of the user's adds to those known."""
    return kit.drums if settings.kit else ()


def _played(score: Score) -> tuple[str, ...]:
    return _in_order(drum for drum in score.drums if drum is not None)


def score_pitches(score: Score | None) -> tuple[float, ...]:
    """Return the pitch of each note.

    Raises
    ------
    ParameterError
        If there are none.
    """
    if score is None or not score.is_pitched:
        raise ParameterError("the strategy 'pitched' needs a score with pitches (--score)")
    return tuple(pitch for pitch in score.pitches if pitch is not None)


def _in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return drum classes in the order of the field, others after them, each once."""
    found = set(names) - {OTHER}
    known = tuple(drum for drum in DRUM_CLASSES if drum in found)
    return (*known, *sorted(found.difference(known)))


def pitch_name(pitch: float) -> str:
    """Return for example ``pitch_61_C#4``; C4 is MIDI pitch 60."""
    nearest = round(pitch)
    return f"pitch_{pitch:g}_{_NOTE_NAMES[nearest % 12]}{nearest // 12 - 1}"
