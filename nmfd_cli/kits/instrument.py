"""Sounds on the keys of a sampler: which key and velocity plays which one-shot, and the hits."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, count, cycle
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.articulations import MIDI_NOTES, class_of, notes_of
from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.core.one_shots.cutting import OneShot, Sound
from nmfd_cli.core.one_shots.playing import Played

#: Keys of what General MIDI has none for, in this order.
_FREE_KEYS: Final = (*range(60, 128), *range(35))
#: Hits softer than this beside the usual of their sound are no hits, and beside the loudest.
_FAINT, _FAINTEST = 0.03, 0.001
#: Layers of velocity are so much louder than those below, as a ratio of levels.
_LAYER = 1.25
#: Seconds in which one key is not played twice.
_TOGETHER = 0.01
LOUDEST: Final = 127
_TINY = 1e-20


@dataclass(frozen=True)
class Named:
    """A sound with the stem that it comes from and what drum or articulation it is."""

    stem: str
    name: str
    sound: Sound


@dataclass(frozen=True)
class Zone:
    """Velocities of a key that play one sound: its takes in turn.

    Attributes
    ----------
    stem, name : str
        The stem, and the drum class or articulation.
    key : int
        MIDI note.
    low, high : int
        Velocities, 1 to 127.
    sound : Sound
    files : tuple of str
        Of each take, below the folder of the samples.
    full_level : float
        How loud velocity 127 would be, as `Sound.levels`.
    """

    stem: str
    name: str
    key: int
    low: int
    high: int
    sound: Sound
    files: tuple[str, ...]
    full_level: float

    @property
    def is_choked(self) -> bool:
        """Whether other hits of the drum cut it off: the hi-hat, whose cymbals meet."""
        return class_of(self.name) == "hihat"

    def volume(self, take: OneShot) -> float:
        """Return the gain of a take at velocity 127."""
        return self.full_level / max(take.level, _TINY)


@dataclass(frozen=True)
class Note:
    """A hit on a key: its one-shot, a take of the zone, begins at sample `start`."""

    start: int
    velocity: int
    zone: Zone
    take: int

    @property
    def attack(self) -> int:
        """The sample at which it is heard: one-shots begin a little earlier."""
        return self.start + self.zone.sound.lead

    @property
    def gain(self) -> float:
        """Of the take: a sampler's usual curve, the square of the velocity."""
        loudness = (self.velocity / LOUDEST) ** 2
        return loudness * self.zone.volume(self.zone.sound.takes[self.take])


def zones_of(sounds: Sequence[Named]) -> list[Zone]:
    """Lay sounds out on keys.

    Sounds of a name whose levels differ share a key as layers of velocity; others lie on the next
    key of General MIDI for the drum or, where there is none, from 60 up.  The level of a hit goes
    with the square of its velocity.
    """
    zones: list[Zone] = []
    free = iter(_FREE_KEYS)
    for name in dict.fromkeys(one.name for one in sounds):
        own = [one for one in sounds if one.name == name]
        taken = {zone.key for zone in zones}
        usual = notes_of(name) if name in MIDI_NOTES else ()
        keys = chain((key for key in usual if key not in taken), free)
        numbers = count(1)
        for key, layer in zip(keys, _layers(own), strict=False):
            zones += _zones_of_key(key, layer, numbers)
    return zones


def _layers(sounds: list[Named]) -> list[list[Named]]:
    """Share sounds out among keys, the most frequent on the first, softest first on each."""
    keys: list[list[Named]] = []
    for one in sorted(sounds, key=lambda one: -len(one.sound.members)):
        fitting = [key for key in keys if all(_is_apart(one.sound, o.sound) for o in key)]
        if fitting:
            fitting[0].append(one)
        else:
            keys.append([one])
    return [sorted(key, key=lambda one: _usual_level(one.sound)) for key in keys]


def _usual_level(sound: Sound) -> float:
    return float(np.median(sound.levels))


def _is_apart(one: Sound, other: Sound) -> bool:
    """Whether nearly all hits of one sound are clearly louder than nearly all of the other."""
    softer, louder = sorted((one, other), key=_usual_level)
    most, least = np.percentile(softer.levels, 90), np.percentile(louder.levels, 10)
    return bool(most < least and _usual_level(softer) * _LAYER < _usual_level(louder))


def _zones_of_key(key: int, layer: list[Named], numbers: Iterator[int]) -> Iterator[Zone]:
    full = max(float(one.sound.levels.max()) for one in layer)
    full = max(full, _TINY)
    low = 1
    for place, one in enumerate(layer):
        high = LOUDEST
        if place + 1 < len(layer):
            soft = _velocity(float(np.percentile(one.sound.levels, 90)), full)
            loud = _velocity(float(np.percentile(layer[place + 1].sound.levels, 10)), full)
            above = len(layer) - place - 1  # each layer above needs a velocity
            high = int(np.clip((soft + loud) / 2, low, LOUDEST - above))
        prefix = file_prefix(one.name)
        files = tuple(f"{prefix}_{next(numbers)}.wav" for _ in one.sound.takes)
        yield Zone(one.stem, one.name, key, low, high, one.sound, files, full)
        low = high + 1


def _velocity(level: float, full: float) -> float:
    return LOUDEST * float(np.sqrt(level / full))


def file_prefix(name: str) -> str:
    """Return what files of a drum are called: the class, then how it is struck.

    `kits.learn` finds the class in it; one of the user's own has a folder.

    Examples
    --------
    >>> file_prefix("open hihat"), file_prefix("ride bell"), file_prefix("cajon")
    ('hihat_open', 'cymbal_ride-bell', 'cajon/cajon')
    """
    drum = class_of(name)
    if drum not in DRUM_CLASSES:
        return f"{name}/{name}"
    struck = " ".join(word for word in name.split() if word != drum).replace(" ", "-")
    return f"{drum}_{struck}" if struck else drum


def notes_on(zones: Sequence[Zone], sample_rate: int) -> list[Note]:
    """Return the hits of all sounds as notes, in the order of their times.

    Hits that come to nothing are left out; of two on a key at once the louder counts.
    """
    found: list[tuple[NDArray[np.intp], int, Zone]] = []
    for zone in zones:
        levels = zone.sound.levels
        least = max(_FAINT * float(np.median(levels)), _FAINTEST * zone.full_level)
        for starts, level in zip(zone.sound.starts.T, levels, strict=True):
            if level > least:
                velocity = round(_velocity(float(level), zone.full_level))
                found.append((starts, int(np.clip(velocity, zone.low, zone.high)), zone))
    kept: list[tuple[NDArray[np.intp], int, Zone]] = []
    for starts, velocity, zone in sorted(found, key=lambda hit: -hit[1]):
        others = [s[0] for s, _, z in kept if z.key == zone.key]
        if all(abs(starts[0] - other) >= _TOGETHER * sample_rate for other in others):
            kept.append((starts, velocity, zone))
    turns = {id(zone): cycle(range(len(zone.sound.takes))) for zone in zones}
    notes: list[Note] = []
    for starts, velocity, zone in sorted(kept, key=lambda hit: (hit[0][0], hit[2].key)):
        take = next(turns[id(zone)])
        notes.append(Note(int(starts[take]), velocity, zone, take))
    return notes


def played(notes: Sequence[Note]) -> list[Played]:
    """Return the notes with their one-shots, those of the hi-hat until its next hit."""
    chokes = sorted(note.start for note in notes if note.zone.is_choked)
    sounds = []
    for note in notes:
        later = bisect_right(chokes, note.start)
        choked = chokes[later] if note.zone.is_choked and later < len(chokes) else None
        samples = note.zone.sound.takes[note.take].samples
        sounds.append(Played(note.start, samples, note.gain, choked))
    return sounds


def sfz_text(zones: Sequence[Zone], title: str) -> str:
    """Return the zones as an SFZ file that stands beside the folder ``samples``."""
    lines = [
        f"// {title}: extracted by nmfd",
        "<control>",
        "default_path=samples/",
        "<global>",
        "loop_mode=one_shot",
        "hint_ram_based=1",
        "amp_veltrack=100",
        "ampeg_release=0.01",
    ]
    for zone in zones:
        lines += ["", f"<group> // {zone.name}", f"key={zone.key}"]
        lines += [f"lovel={zone.low} hivel={zone.high}"]
        if zone.is_choked:
            lines += ["group=1 off_by=1 off_mode=fast"]
        n_takes = len(zone.files)
        lines += [f"seq_length={n_takes}"] if n_takes > 1 else []
        for place, (file, take) in enumerate(zip(zone.files, zone.sound.takes, strict=True)):
            turn = f" seq_position={place + 1}" if n_takes > 1 else ""
            decibels = 20 * np.log10(max(zone.volume(take), 1e-6))
            lines += [f"<region> volume={decibels:.3f}{turn} sample={file}"]
    return "\n".join(lines) + "\n"


def midi_onsets(
    notes: Sequence[Note], sample_rate: int
) -> tuple[dict[str, FloatArray], dict[str, int]]:
    """Return the notes as `io.midi.midi_bytes` takes them: onsets by key, and each key's number.

    A hit is written where its attack is: played so, all are late by the same millisecond, and none
    is earlier than the first sample.
    """
    by_key: dict[int, list[tuple[float, int]]] = {}
    for note in notes:
        by_key.setdefault(note.zone.key, []).append((note.attack / sample_rate, note.velocity))
    onsets: dict[str, FloatArray] = {
        f"key {key}": np.array(rows, dtype=np.float64) for key, rows in by_key.items()
    }
    return onsets, {f"key {key}": key for key in by_key}
