"""The drum classes of this project and the many names the field has for them.

Scores, kits and options name the same drum in different ways: ``kick``, ``BD``, ``Bass Drum 1``,
General MIDI note 36, or libnmfd's number 1.  `drum_class` folds all of them onto the six names of
`DRUM_CLASSES`.

Where the sources disagree, this module decides:

- A side stick, cross stick or rim shot (General MIDI 37; ``SST``, ``CS``, ``RS``) is a hit on
  the snare drum and counts as ``snare``, as in the usual reductions to three classes.
- ``CH`` is a closed hi-hat, as drum machines print it; the ENST-Drums labels ``ch1`` and ``ch5``
  are china cymbals.  ENST's ``c``, ``c1`` and ``c4`` could also be notes and have no class.
- ``OH`` are the overhead microphones of a session, and no drum; an open hi-hat is ``OHH``.
- ``HIT`` is the high tom of MDB Drums.  A bell alone is the bell of the ride.
- A finger snap counts as ``clap``, with which sample packs store it.
- A cowbell, a tambourine, claves or sticks have no class (`PERCUSSION`).

Folders and tracks say more than the drum: ``01 Kick``, ``808 Snares``, ``Claps & Snaps``,
``Kick In``.  A number in front or behind, a plural and words that name no drum are passed over, as
long as all that name one agree.
"""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from itertools import pairwise, product
from numbers import Real
from types import MappingProxyType
from typing import Final, NamedTuple

from nmfd_cli.errors import ParameterError

#: Percussion that belongs to none of the classes, folded; a plural counts as well.
PERCUSSION: Final = frozenset((
    "cowbell", "tambourine", "vibraslap", "bongo", "conga", "timbale", "agogo", "cabasa", "maraca",
    "whistle", "guiro", "clave", "woodblock", "block", "cuica", "triangle", "shaker", "chime",
    "windchime", "belltree", "jinglebell", "sleighbell", "castanet", "surdo", "stick", "slap",
    "squareclick", "metronome", "metronomeclick", "metronomebell", "highq", "scratch",
    "scratchpush", "scratchpull", "gong", "djembe", "cajon", "tabla", "timpani", "udu", "tamtam",
    "glockenspiel", "fingercymbal",
))  # fmt: skip
# Recordings of more than one drum.
_MICROPHONES: Final = frozenset(
    ("oh", "ohs", "overhead", "overheads", "ohl", "ohr", "room", "rooms", "roommic")
)


class _Drum(NamedTuple):
    """What is known of a class; names are folded (see `_fold`).

    A class answers to each of its nouns, to a noun with one of its qualifiers before or after it,
    and to the words that stand by themselves.  A number at the end ("Crash Cymbal 2", "tom1") is
    dropped before a second look.
    """

    #: General MIDI's: the first is written; those of articulations are read, too.
    notes: tuple[int, ...]
    nouns: str
    qualifiers: str
    words: str


# Sources of the abbreviations: General MIDI, MDB Drums, ENST-Drums, IDMT-SMT-Drums, StemGMD, Groove
# MIDI, TR-808.
_DRUMS: Final[dict[str, _Drum]] = {
    "kick": _Drum(
        (36, 35),
        "kick kicks kickdrum kickdrums bassdrum bassdrums",
        "acoustic electric electronic deep hard soft",
        "bd kd kck kik bdrum grancassa",
    ),
    "snare": _Drum(
        (38, 40),
        "snare snares snaredrum snaredrums sd",
        "acoustic electric electronic head rim rimshot xstick crossstick sidestick brush brushes"
        " ghost flam drag roll buzz left right hard soft nosnare nosnares",
        "sn snr sdb sdd sdf sdg sdns sst ss cs rs rim rims rimshot rimclick sidestick crossstick"
        " xstick",
    ),
    "hihat": _Drum(
        (42,),
        "hihat hihats highhat highhats hat hats hh",
        "closed close cl c open opened op o pedal ped p foot f half halfopen semiopen loose tight"
        " edge tip chh ohh phh",
        "chh ohh phh ch ph",
    ),
    "tom": _Drum(
        (45,),
        "tom toms tomtom tomtoms tt",
        "low lo mid middle medium high hi floor rack lowmid midlow lomid himid highmid midhigh"
        " lowfloor highfloor hifloor small large lft hft mht hmt hit lmt lt mt ht ft",
        "lt mt ht ft rt lft hft mht hmt hit lmt ltr mtr lmtr lftr",
    ),
    "cymbal": _Drum(
        (49,),
        "cymbal cymbals cymb cym cy",
        "crash cr ride rd china chinese ch splash spl sp bell ridebell sizzle other",
        "crash crashes crashride crc cr cc cra ride rides ridebell bellride ridecup ridebow"
        " rideedge ridetip crashedge crashbow rd rc rb rdc rdb china chinese chc chn splash spl spc"
        " bell bells ch1 ch5",
    ),
    "clap": _Drum(
        (39,),
        "clap claps handclap handclaps snap snaps fingersnap fingersnaps",
        "hand finger acoustic electric electronic",
        "cp clp hclap",
    ),
}
DRUM_CLASSES: Final = tuple(_DRUMS)

#: The General MIDI notes of a class that say no articulation, or the one by which it is written.
GM_NOTES: Final = MappingProxyType({name: drum.notes for name, drum in _DRUMS.items()})

#: Of each articulation, what it is one of, an articulation or a class, and its General MIDI notes:
#: the first is written, all are read.  22 and 26 are the hi-hat's edge on Roland kits.
ARTICULATIONS: Final[Mapping[str, tuple[str, tuple[int, ...]]]] = MappingProxyType(
    {
        "side stick": ("snare", (37,)),
        "closed hihat": ("hihat", (42, 22)),
        "pedal hihat": ("closed hihat", (44,)),
        "open hihat": ("hihat", (46, 26)),
        "low tom": ("tom", (45, 41, 43)),
        "mid tom": ("tom", (47, 48)),
        "high tom": ("tom", (50,)),
        "ride": ("cymbal", (51, 59)),
        "ride bell": ("ride", (53,)),
        "crash": ("cymbal", (49, 52, 55, 57)),
    }
)

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SEPARATORS = re.compile(r"[\W_]+")
_WORDS = re.compile(r"[^\W\d_]+")
_SMALL_THEN_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DIGITS: Final = "0123456789"
_SHOWN_LENGTH = 40


def drum_class(name: str | int | float, *, extra: Collection[str] = ()) -> str:
    """Find the canonical class of a drum.

    Parameters
    ----------
    name : str, int or float
        A class, a synonym or an abbreviation, in any case, with spaces, hyphens, underscores or
        none; 1, 2 or 3 for kick, snare and hihat (libnmfd's numbers); or the General MIDI note of
        a drum with a class, 35 to 59.  A number may be an int, a float or a string.
    extra : collection of str
        Names accepted beside `DRUM_CLASSES`, for a kit with folders of its own.  They come before
        the synonyms: with ``extra=["ride"]`` a ride is no longer a ``cymbal``.

    Returns
    -------
    str
        One of `DRUM_CLASSES`, or an entry of `extra` as it is spelled there.

    Raises
    ------
    ParameterError
        If the name belongs to no class.

    Examples
    --------
    >>> drum_class("Closed Hi-Hat"), drum_class("BD"), drum_class(2.0), drum_class("49")
    ('hihat', 'kick', 'snare', 'cymbal')
    """
    if isinstance(name, str):
        found = _class_of_text(name, extra)
    elif isinstance(name, Real) and not isinstance(name, bool):
        found = _BY_NUMBER.get(name)
    else:
        found = None
    if found is None:
        raise _unknown(name, extra)
    return found


def _class_of_text(name: str, extra: Collection[str]) -> str | None:
    folded = _fold(name)
    if folded in DRUM_CLASSES:
        return folded
    exact = {_fold(custom): custom for custom in extra}
    if folded and folded in exact:
        return exact[folded]
    if _NUMBER.fullmatch(name.strip()):
        return _BY_NUMBER.get(float(name))
    own = {bare: custom for key, custom in exact.items() for bare in _bare_names(key)} | exact
    for table in (own, _BY_NAME):
        for bare in _bare_names(folded):
            if bare in table:
                return table[bare]
    return _class_of_words(name, own)


def _bare_names(folded: str) -> tuple[str, ...]:
    """Return a folded name, then without numbers around it, then without its plural."""
    bare = folded.strip(_DIGITS)
    names = (folded, folded.rstrip(_DIGITS), bare, bare.removesuffix("s"), bare.removesuffix("es"))
    return tuple(name for name in names if name)


def _class_of_words(name: str, own: dict[str, str]) -> str | None:
    """Return the class on which all words agree that name one; None where other percussion is."""
    words = [word.casefold() for word in _WORDS.findall(_SMALL_THEN_CAPITAL.sub(" ", name))]
    pairs = [first + second for first, second in pairwise(words)]
    if any(is_percussion(word) for word in (*words, *pairs)) or _MICROPHONES.intersection(words):
        return None
    table = _BY_WORD | own
    bare_words = (bare for word in (*words, *pairs) for bare in _bare_names(word))
    found = {table[bare] for bare in bare_words if bare in table}
    return found.pop() if len(found) == 1 else None


def is_percussion(name: str) -> bool:
    """Whether a name is that of an instrument of `PERCUSSION`, in any case, number and plural."""
    return any(bare in PERCUSSION for bare in _bare_names(_fold(name)))


def is_microphone(name: str) -> bool:
    """Whether a name is that of microphones that record the whole kit: ``OH``, ``Room 2``."""
    return any(bare in _MICROPHONES for bare in _bare_names(_fold(name)))


def _fold(name: str) -> str:
    """Drop case and everything but letters and digits."""
    return _SEPARATORS.sub("", name.casefold())


def _unknown(name: object, extra: Collection[str]) -> ParameterError:
    """Return which classes there are, what was found, and what may have been meant."""
    known = ", ".join((*DRUM_CLASSES, *(e for e in extra if e not in DRUM_CLASSES)))
    shown, hint = name, _NUMBERS_ARE
    if isinstance(name, str):
        shown = name if len(name) <= _SHOWN_LENGTH else name[: _SHOWN_LENGTH - 1] + "…"
        hint = _NUMBERS_ARE if _NUMBER.fullmatch(name.strip()) else _resembling(name, extra)
        hint = _OH_IS if _fold(name).strip(_DIGITS) == "oh" else hint
    return ParameterError(expected=f"a drum class ({known})", found=repr(shown), hint=hint)


def _resembling(name: str, extra: Collection[str]) -> str:
    if is_percussion(name) and not extra:
        return ""
    meant = _BY_BASE_NAME | {_fold(custom): custom for custom in extra}
    folded = _fold(name)  # in two letters any resemblance is chance
    close = get_close_matches(folded, meant, n=1, cutoff=0.75) if len(folded) > 2 else []
    return f"did you mean {meant[close[0]]}?" if close else ""


def class_of(name: str) -> str:
    """Return the drum class of an articulation; of a class, itself."""
    while name in ARTICULATIONS:
        name, _ = ARTICULATIONS[name]
    return name


def _names_of(drum: _Drum) -> set[str]:
    names = {*drum.nouns.split(), *drum.words.split()}
    for noun, qualifier in product(drum.nouns.split(), drum.qualifiers.split()):
        names |= {qualifier + noun, noun + qualifier}
    return names


_OH_IS: Final = "OH are overheads, an open hihat is OHH"
_NUMBERS_ARE: Final = "numbers are 1 kick, 2 snare, 3 hihat or General MIDI drum notes, 35 to 59"
_BY_NAME: Final = {name: cls for cls, drum in _DRUMS.items() for name in sorted(_names_of(drum))}
_BY_BASE_NAME: Final = {
    name: cls for cls, drum in _DRUMS.items() for name in f"{drum.nouns} {drum.words}".split()
}
# Words that mean a drum beside any other words: too long to be there by chance.
_BY_WORD: Final = {
    name: cls
    for name, cls in _BY_BASE_NAME.items()
    if (len(name) > 3 or name in ("tom", "hat", "kik")) and name not in ("bell", "bells")
}
_BY_NUMBER: Final[dict[float, str]] = {
    **{float(note): cls for cls, notes in GM_NOTES.items() for note in notes},
    **{float(note): class_of(name) for name, (_, notes) in ARTICULATIONS.items() for note in notes},
    **{float(number): cls for number, cls in enumerate(DRUM_CLASSES[:3], start=1)},
}
