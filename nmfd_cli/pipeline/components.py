"""What the components of a separation stand for, and how its stems are called."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from warnings import warn

from nmfd_cli.core.drum_classes import DRUM_CLASSES, drum_class
from nmfd_cli.core.drum_sounds.kit import OTHER
from nmfd_cli.errors import NmfdWarning, ParameterError
from nmfd_cli.io.one_shots import kit_classes
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.score.reader import read_score
from nmfd_cli.kits.find import load_kit, shipped_bank
from nmfd_cli.settings.definitions import SeparationSettings

_NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

#: Strategies whose components are drum classes.
_OF_DRUMS = {"auto", "drums", "averaged"}


@dataclass(frozen=True)
class Components:
    """What is looked for: drum classes, pitches, or nothing but so many components.

    Attributes
    ----------
    stems : tuple of str
        Names of the stems.
    drums : tuple of str
        Drum classes: those of the stems and behind them those that only the residual takes.
    pitches : tuple of float
        MIDI pitches, rising.
    is_open : bool
        The classes are candidates: those that do not sound are left out.
    """

    stems: tuple[str, ...]
    drums: tuple[str, ...] = ()
    pitches: tuple[float, ...] = ()
    is_open: bool = False


def score_for(path: str | Path, settings: SeparationSettings) -> Score:
    """Read a score; of one with drums and pitches only what the strategies work with.

    Raises
    ------
    InputFileError
        If it cannot be used.
    MissingExtraError
        If it is a MIDI file and mido is not installed.
    """
    score = read_score(path, drum_classes=kit_extras(settings))
    if score.is_drums or score.is_pitched:
        return score
    takes_drums = "pitched" not in strategies_for(settings, score)
    left_out = "pitched notes" if takes_drums else "drums"
    hint = "--residual gives what they play a stem" if takes_drums else "--init drums takes those"
    warn(f"{path}: its {left_out} are left out; {hint}", NmfdWarning, stacklevel=2)
    return score.part(is_drums=takes_drums)


def possible_stems(settings: SeparationSettings, score: Score | None) -> tuple[str, ...]:
    """Return the names of all stems that a separation may write."""
    stems = components_for(settings, score).stems
    return (*stems, settings.residual) if settings.residual else stems


def strategies_for(settings: SeparationSettings, score: Score | None) -> tuple[str, str]:
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


def components_for(settings: SeparationSettings, score: Score | None) -> Components:
    """Return what the strategies' components stand for.

    Raises
    ------
    ParameterError
        If the two strategies cannot have the same components, or a name is no drum class.
    """
    strategies = strategies_for(settings, score)
    if _OF_DRUMS.intersection(strategies) and "pitched" in strategies:
        raise ParameterError(
            f"init: {strategies[0]!r} templates and {strategies[1]!r} activations do not have the "
            "same components"
        )
    if _OF_DRUMS.intersection(strategies):
        return _drums(settings, score, is_open="auto" in strategies)
    if "pitched" in strategies:
        pitches = tuple(sorted(set(score_pitches(score))))
        return Components(tuple(pitch_name(pitch) for pitch in pitches), pitches=pitches)
    return Components(tuple(f"component_{r + 1}" for r in range(settings.components)))


def _drums(settings: SeparationSettings, score: Score | None, is_open: bool) -> Components:
    asked = asked_stems(settings)
    played = _played(score) if score is not None and score.is_drums else ()
    candidates = played or _kit_drums(settings)
    stems = asked or (candidates if played or is_open else USUAL)
    hidden = tuple(drum for drum in candidates if drum not in stems) if settings.residual else ()
    return Components(stems, drums=(*stems, *hidden), is_open=is_open and not asked)


#: What is looked for where nothing is found out and nobody names drums.
USUAL = ("kick", "snare", "hihat")


def asked_stems(settings: SeparationSettings) -> tuple[str, ...]:
    """Return the classes that the settings name, each once, by the names files get.

    Raises
    ------
    ParameterError
        If a name is neither a drum class nor a class of the kit.
    """
    extras = kit_extras(settings)
    try:
        return tuple(dict.fromkeys(drum_class(name, extra=extras) for name in settings.stems))
    except ParameterError as error:
        raise ParameterError(f"stems: {error}") from error


def kit_extras(settings: SeparationSettings) -> tuple[str, ...]:
    """Return the class names that a kit of the user's adds to those known."""
    return _kit_drums(settings) if settings.kit else ()


def kit_folder(settings: SeparationSettings) -> str:
    """Return the kit that templates are made from: a kit file or a folder."""
    return settings.kit or str(shipped_bank())


def _kit_drums(settings: SeparationSettings) -> tuple[str, ...]:
    path = Path(kit_folder(settings))
    if path.is_dir():
        return _in_order(drum_class(name, extra=(name,)) for name in kit_classes(path))
    return _in_order(load_kit(settings.kit).drums)


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
