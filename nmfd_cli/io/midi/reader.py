"""MIDI files as scores."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Final

from nmfd_cli.core.articulations import articulation, class_of, kit_class
from nmfd_cli.core.drum_classes import drum_class
from nmfd_cli.errors import InputFileError, ParameterError, Warn, warn_python
from nmfd_cli.io.midi.clock import DEFAULT_BEAT, Clock
from nmfd_cli.io.midi.events import DRUM_CHANNEL, MidiEvents, MidiNote, read_events
from nmfd_cli.io.midi.percussion import GM_PERCUSSION
from nmfd_cli.io.score.notes import AS_WRITTEN, Note, Reading, Score, left_out_line

#: Words by which a track or an instrument says that it is of drums.
_DRUM_WORDS: Final = ("drum", "percussion", "perc.", "schlagzeug", "batterie", "beatbox")
#: Notes that a drum kit has in General MIDI, and the edges of Roland's hi-hat.
_DRUM_NOTES: Final = frozenset((22, 26, *range(35, 60)))
#: A track and a channel.
_Part = tuple[int, int]


def parse_midi(
    data: bytes,
    name: str | Path = "score",
    *,
    drum_classes: Collection[str] | None = None,
    reading: Reading = AS_WRITTEN,
    warn: Warn = warn_python,
) -> Score:
    """Read the bytes of a standard MIDI file as a score.

    Parameters
    ----------
    data : bytes
        A file of format 0 or 1, in beats with any map of tempos, or in SMPTE frames; in a RIFF or
        not.
    name : str or Path
        What errors and warnings call it.
    drum_classes : collection of str, optional
        Names of a kit's own classes, which come before the known ones.
    reading : Reading, optional
        What the file does not say itself.
    warn : callable, optional
        Called with a line for what is left out or taken for granted.

    Returns
    -------
    Score
        Sorted by onset.  Notes of the channel of percussion are drums without pitch and duration;
        so are those of a track or an instrument called drums, and where `reading` wants drums those
        of a channel with notes of drums only.  All others have pitch and duration.  Notes that go
        on sounding end with the file.  Percussion that has no class, such as a cowbell, is left out
        with a warning.

    Raises
    ------
    InputFileError
        If it is no MIDI file of such a format, is damaged, or has no note.
    """
    try:
        events = read_events(data)
    except ParameterError as error:
        raise InputFileError(name, error.message) from None
    clock = _clock(events, reading.tempo, name, warn)
    are_drums = _drum_parts(events, reading, name, warn)
    score, unknown = _score(events.notes, clock, are_drums, reading, tuple(drum_classes or ()))
    if unknown and len(score):
        warn(left_out_line(name, unknown))
    if not len(score):
        found = f"none that has a drum class: {', '.join(unknown)}" if unknown else "none"
        raise InputFileError(name, expected="at least one note", found=found)
    return score


def _clock(events: MidiEvents, bpm: float | None, name: str | Path, warn: Warn) -> Clock:
    """Return the clock of a file, and say where its tempo is taken for granted."""
    tempos = events.tempos
    in_frames = events.division < 0
    if bpm is not None and in_frames:
        warn(f"{name}: its times are SMPTE frames, which no tempo changes")
    elif bpm is not None:
        if tempos:
            warn(f"{name}: its own tempo does not count, {bpm:g} beats a minute do")
        tempos = {0: round(60e6 / bpm)}
    elif not in_frames and events.notes:
        first = max(min(note.start for note in events.notes), 0)
        if not tempos or min(tempos) > first:
            assumed = 60e6 / DEFAULT_BEAT
            warn(
                f"{name}: no tempo, {assumed:g} beats a minute are taken; "
                "--score-tempo says otherwise"
            )
    clock = Clock.of(events.division, tempos)
    if clock is None:
        raise InputFileError(name, expected="ticks in a beat", found="none")
    return clock


def _drum_parts(
    events: MidiEvents, reading: Reading, name: str | Path, warn: Warn
) -> dict[_Part, str | None]:
    """Return the parts whose notes are drums, and say how it is known.

    Those of the channel of percussion need no word.  A part of a single note whose track is called
    by a drum, ``Kick``, is of that drum, which stands beside the part.
    """
    numbers: dict[tuple[int, int], set[int]] = {}
    for note in events.notes:
        numbers.setdefault((note.track, note.channel), set()).add(note.number)
    sure = {part for part in numbers if part[1] == DRUM_CHANNEL}
    drum_notes = _DRUM_NOTES.union(reading.drum_notes)
    names = {part: events.names.get(part[0], "") for part in numbers.keys() - sure}
    alone = {part for part, name in names.items() if len(numbers[part]) == 1 and _has_class(name)}
    named = alone.union(
        part for part, name in names.items() if _is_of_drums(name) and numbers[part] & drum_notes
    )
    if named:
        tracks = ", ".join(dict.fromkeys(events.names[track] for track, _ in sorted(named)))
        warn(f"{name}: the notes of {tracks} are taken for drums")
    like = {part for part, notes in numbers.items() if notes <= drum_notes} - sure - named
    if sure or named or not like:
        return {part: names[part] if part in alone else None for part in sure | named}
    channels = ", ".join(str(channel + 1) for channel in sorted({part[1] for part in like}))
    if reading.as_drums or reading.drum_notes:
        warn(f"{name}: the notes on channel {channels} are taken for drums")
        return dict.fromkeys(like)
    if len(like) == len(numbers):
        warn(f"{name}: the notes on channel {channels} are pitches; --init drums makes them drums")
    return {}


def _is_of_drums(name: str) -> bool:
    """Whether a track is called drums, or like one."""
    folded = name.casefold()
    return any(word in folded for word in _DRUM_WORDS) or _has_class(name)


def _has_class(name: str) -> bool:
    """Whether a track is called by a drum, also by a numbered one; Ch1 is a channel."""
    bare = name.strip("0123456789 ._-#")
    if (len(bare) < 3 and bare != name) or any(letter.isdigit() for letter in bare):
        return False
    try:
        return bool(drum_class(bare))
    except ParameterError:
        return False


def _score(
    events: Iterable[MidiNote],
    clock: Clock,
    are_drums: Mapping[_Part, str | None],
    reading: Reading,
    own: Collection[str],
) -> tuple[Score, Counter[str]]:
    """Return the score, and how often percussion is played that has no class and is left out."""
    notes: list[Note] = []
    unknown: Counter[str] = Counter()
    for event in events:
        onset, velocity = clock.time(event.start), float(event.velocity)
        if (event.track, event.channel) not in are_drums:
            seconds = clock.time(event.end) - onset
            notes.append((onset, seconds, float(event.number), None, velocity, None, None))
            continue
        try:
            called = are_drums[event.track, event.channel]
            drum, struck = _drum(event.number, reading, own, called)
            notes.append((onset, None, None, drum, velocity, struck, None))
        except ParameterError:
            number = event.number
            known = {} if number in reading.drum_notes else GM_PERCUSSION
            unknown[known.get(number, f"note {number}")] += 1
    notes.sort(key=lambda note: (note[0], note[2] or 0, note[3] or ""))
    return Score.of(notes), Counter(dict(sorted(unknown.items())))


def _drum(
    number: int, reading: Reading, own: Collection[str], called: str | None
) -> tuple[str, str | None]:
    """Return the class and the articulation of a note of percussion, or of its track's name.

    Raises
    ------
    ParameterError
        If it has no class.
    """
    if called is not None:
        drum = kit_class(called, extra=own)
        struck = articulation(called, class_of(drum)) or articulation(number, class_of(drum))
        return drum, struck if struck and class_of(struck) == class_of(drum) else None
    mapped = reading.drum_notes.get(number)
    if mapped is None and number < 22:  # 1 to 3 are libnmfd's classes, not notes of percussion
        raise ParameterError(expected="a note of percussion", found=str(number))
    name: str | int = mapped or number
    if mapped is None and number in GM_PERCUSSION and own:
        try:
            return drum_class(GM_PERCUSSION[number], extra=own), None
        except ParameterError:
            name = number
    drum = kit_class(str(name), extra=own)
    return drum, articulation(name, class_of(drum))
