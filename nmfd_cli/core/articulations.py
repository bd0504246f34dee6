"""How a drum is struck: articulations, their names, and which of them belong to which.

An articulation is a finer class: an open hi-hat is a hi-hat, the bell of the ride a ride, and a
ride a cymbal.  A hit belongs to the finest of the names that are asked for (`owner`).
"""

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from nmfd_cli.core.drum_classes import ARTICULATIONS, DRUM_CLASSES, GM_NOTES, drum_class
from nmfd_cli.core.drum_classes import class_of as class_of
from nmfd_cli.errors import ParameterError

#: What each articulation is one of: another articulation or a drum class.
PARENTS: Final[Mapping[str, str]] = MappingProxyType(
    {name: parent for name, (parent, _) in ARTICULATIONS.items()}
)
_NOTES: Final = {**GM_NOTES, **{name: notes for name, (_, notes) in ARTICULATIONS.items()}}
#: The General MIDI note by which a drum class or an articulation is written.
MIDI_NOTES: Final[Mapping[str, int]] = MappingProxyType(
    {name: notes[0] for name, notes in _NOTES.items()}
)
_BY_NOTE: Final = {note: name for name, (_, notes) in ARTICULATIONS.items() for note in notes}

# What in a name of a class says how it is struck; the first that is found counts.
_PATTERNS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "snare": (("side stick", r"stick|rimclick|^(ss|sst|cs)$"),),
    "hihat": (
        ("pedal hihat", r"ped|foot|^phh?$|^f$"),
        ("open hihat", r"open|half|loose|sizzle|ohh|^(op|o)h|(h|hats?)(op|o)$"),
        ("closed hihat", r"clos|tight|edge|tip|^chh?$|chh|^clh|(h|hats?)(cl|c)$"),
    ),
    "tom": (
        ("mid tom", r"mid|^(mt|mht|hmt|hit|lmt|mtr|lmtr)$"),
        ("low tom", r"low|floor|large|^(lt|ft|lft|ltr|lftr|lo)$|^lo"),
        ("high tom", r"hi|small|^(ht|hft)$"),
    ),
    "cymbal": (
        ("ride bell", r"bell|cup|^(rb|rdb)$"),
        ("ride", r"ride|^(rd|rc|rdc)$"),
        ("crash", r"crash|china|chinese|splash|^(cr|crc|cc|cra|chc|chn|spl|spc|ch1|ch5)$"),
    ),
}
_SEPARATORS = re.compile(r"[\W_]+")
_NUMBERS_AROUND = re.compile(r"^\d+|\d+$")


def articulation(name: str | int | float, drum: str) -> str | None:
    """Return how a drum of some name is struck.

    Parameters
    ----------
    name : str, int or float
        As `drum_class` takes it: ``OHH``, ``Ride Bell``, the General MIDI note 37.
    drum : str
        The class that `drum_class` finds for it.

    Returns
    -------
    str or None
        A key of `PARENTS`; None if the name does not say.

    Examples
    --------
    >>> articulation("Hats Closed", "hihat"), articulation(53, "cymbal"), articulation("BD", "kick")
    ('closed hihat', 'ride bell', None)
    """
    text = str(name).strip()
    if text.removesuffix(".0").isdigit():
        return _BY_NOTE.get(int(float(text)))
    folded = _SEPARATORS.sub("", text.casefold())
    bare = _NUMBERS_AROUND.sub("", folded)
    for known, pattern in _PATTERNS.get(drum, ()):
        if any(re.search(pattern, one) for one in (folded, bare, bare.removesuffix("s"))):
            return known
    return None


def notes_of(name: str) -> tuple[int, ...]:
    """Return the General MIDI notes that are read as a drum class or articulation, its own first.

    Examples
    --------
    >>> notes_of("snare"), notes_of("open hihat"), notes_of("hihat")
    ((38, 40), (46, 26), (42, 22))
    """
    return _NOTES[_BY_NOTE.get(MIDI_NOTES[name], name)]


def kit_class(name: str | int | float, *, extra: Collection[str] = ()) -> str:
    """Return the drum class of a name, or the class of a kit's own that its articulation has.

    Parameters
    ----------
    name : str, int or float
        As `drum_class` takes it.
    extra : collection of str
        Names of the kit's classes: with a class ``ride``, ``Ride Cymbal`` belongs to that.

    Raises
    ------
    ParameterError
        If the name belongs to no class.

    Examples
    --------
    >>> kit_class("Ride Cymbal"), kit_class("Ride Bell", extra=["ride", "crash"])
    ('cymbal', 'ride')
    """
    drum = drum_class(name, extra=extra)
    if not extra or drum not in DRUM_CLASSES:
        return drum
    return owner(drum, articulation(name, drum), extra) or drum


def drum_or_articulation(name: str | int | float, *, extra: Collection[str] = ()) -> str:
    """Return the articulation that a name says, else its drum class; see `drum_class`.

    Raises
    ------
    ParameterError
        If the name belongs to no class.
    """
    drum = drum_class(name, extra=extra)
    return (articulation(name, drum) if drum in DRUM_CLASSES else None) or drum


def drums_or_articulations(names: Iterable[str], *, extra: Collection[str] = ()) -> list[str]:
    """Return the drum or articulation of each name; see `drum_or_articulation`.

    Raises
    ------
    ParameterError
        If some belong to no class: it names them all.
    """
    found, errors, hints = [], [], []
    for name in names:
        try:
            found.append(drum_or_articulation(name, extra=extra))
        except ParameterError as error:
            close = get_close_matches(name, [*DRUM_CLASSES, *extra, *PARENTS], n=1, cutoff=0.75)
            hints.append(f"did you mean {close[0]}?" if close else error.hint)
            errors.append(error)
    if errors:
        classes = ", ".join(dict.fromkeys((*DRUM_CLASSES, *extra)))
        raise ParameterError(
            expected=f"drums ({classes}) or articulations ({', '.join(PARENTS)})",
            found=", ".join(error.found for error in errors),
            hint="; ".join(filter(None, hints)).replace("?; did you mean ", ", "),
        )
    return found


def owner(drum: str | None, struck: str | None, names: Collection[str]) -> str | None:
    """Return the finest of some names that a hit belongs to.

    Parameters
    ----------
    drum : str or None
        Its class.
    struck : str or None
        Its articulation, if that is known.
    names : collection of str
        Drum classes and articulations.

    Examples
    --------
    >>> owner("cymbal", "ride bell", ["ride", "crash"]), owner("hihat", None, ["hihat"])
    ('ride', 'hihat')
    """
    name = struck or drum
    while name is not None:
        if name in names:
            return name
        name = PARENTS.get(name)
    return None
