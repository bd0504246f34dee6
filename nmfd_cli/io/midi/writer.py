"""Drum transcriptions as MIDI files.

Ticks last half a millisecond at most, so that times survive the round trip to within a quarter of
one.
"""

import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.articulations import MIDI_NOTES, PARENTS, drum_or_articulation
from nmfd_cli.errors import MissingExtraError, ParameterError
from nmfd_cli.io.midi.events import DRUM_CHANNEL
from nmfd_cli.io.midi.tempo_map import LONGEST_TICK, TempoMap, drifting, steady

#: The tempo of a file that does not name one, in beats a minute.
DEFAULT_BPM: Final = 120.0
_SLOWEST_BPM, _FASTEST_BPM = 10.0, 1000.0

_HIT_SECONDS = 0.1
_LATEST_TICK = (1 << 28) - 1


def midi_bytes(
    onsets: Mapping[str, FloatArray],
    bpm: float,
    *,
    beat_times: Sequence[float] = (),
    beats_per_bar: int = 4,
    has_tracks: bool = False,
    notes: Mapping[str, int] = MIDI_NOTES,
    longest_tick: float = LONGEST_TICK,
) -> bytes:
    """Return a drum transcription as a file: notes on the channel of percussion.

    Parameters
    ----------
    onsets : dict of str to ndarray, shape (n, 2)
        By drum class, articulation or a name of one: seconds and velocity, 1 to 127.  A hit lasts a
        tenth of a second, or until the next.
    bpm : float
        Beats a minute, 10 to 1000, where no beats are given.  Times do not depend on it.
    beat_times : sequence of float
        Seconds of the beats of a playing that drifts, rising, the first on the first beat of a bar.
    beats_per_bar : int
        With `beat_times`.
    has_tracks : bool
        Whether each drum has a track of its own.
    notes : mapping of str to int
        The notes of drums and articulations; what is missing is General MIDI's.
    longest_tick : float, optional
        Seconds between which times are rounded where no beats are given; more than a file can count
        is not kept.

    Raises
    ------
    MissingExtraError
        If mido is not installed.
    ParameterError
        If the tempo is out of range, a drum has no note, or an onset or a velocity is impossible.
    """
    mido = require_mido()
    require_tempo(bpm)
    tempo_map = (
        drifting(beat_times, beats_per_bar)
        if beat_times
        else steady(bpm, longest_tick=longest_tick)
    )
    conductor = _conductor(tempo_map)
    parts = {drum: {drum: hits} for drum, hits in onsets.items()} if has_tracks else {"": onsets}
    tracks = [conductor] if has_tracks else []
    for name, part in parts.items():
        events = [] if has_tracks else list(conductor)
        for tick, velocity, note in _hits(part, tempo_map, notes):
            kind = "note_on" if velocity else "note_off"
            message = mido.Message(kind, channel=DRUM_CHANNEL, note=note, velocity=velocity or 64)
            events.append((tick, velocity, note, message))
        if name:
            events.append((0, -1, 0, mido.MetaMessage("track_name", name=name)))
        tracks.append(events)
    file = io.BytesIO()
    mido.MidiFile(
        type=1 if has_tracks else 0,
        ticks_per_beat=tempo_map.ticks_per_beat,
        tracks=[_track(events) for events in tracks],
    ).save(file=file)
    return file.getvalue()


def require_tempo(bpm: float) -> None:
    """Refuse a tempo that a file cannot hold: a beat has three bytes of microseconds, some ticks.

    Raises
    ------
    ParameterError
    """
    if not _SLOWEST_BPM <= bpm <= _FASTEST_BPM:  # NaN neither
        raise ParameterError(
            setting="tempo",
            expected=f"{_SLOWEST_BPM:g} to {_FASTEST_BPM:g} beats a minute",
            found=f"{bpm:g}",
        )


def require_mido() -> Any:
    """Return the module `mido`.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import mido
    except ImportError:
        raise MissingExtraError("MIDI", "midi") from None
    return mido


#: Tick, velocity (0 for an end, -1 for what is no note), note, message: sorted as they are written.
_Event = tuple[int, int, int, Any]


def _conductor(tempo_map: TempoMap) -> list[_Event]:
    mido = require_mido()
    metres = [
        (tick, -1, 0, mido.MetaMessage("time_signature", numerator=beats, denominator=4))
        for tick, beats in tempo_map.metres
    ]
    tempos = [
        (tick, -1, 1, mido.MetaMessage("set_tempo", tempo=beat)) for tick, beat in tempo_map.tempos
    ]
    return metres + tempos


def _track(events: Sequence[_Event]) -> Any:
    """Return events as a track, each with the ticks since the one before."""
    track = require_mido().MidiTrack()
    now = 0
    for tick, _, _, message in sorted(events, key=lambda event: event[:3]):
        track.append(message.copy(time=tick - now))
        now = tick
    return track


def _hits(
    onsets: Mapping[str, FloatArray], tempo_map: TempoMap, notes: Mapping[str, int]
) -> Iterator[tuple[int, int, int]]:
    """Yield ``(tick, velocity, note)``; the end of a note, velocity 0, sorts before a new one."""
    by_note: dict[int, dict[int, int]] = defaultdict(dict)
    for drum, hits in onsets.items():
        note, where = note_of(drum, notes), f"onsets[{drum!r}]"
        for seconds, velocity in hits:
            tick = tempo_map.tick(float(seconds)) if 0 <= seconds < 1e9 else -1
            if not 0 <= tick <= _LATEST_TICK:
                expected, found = "an onset a file can hold", f"{seconds:g}"
                raise ParameterError(setting=where, expected=expected, found=found)
            if not 1 <= velocity <= 127:
                expected, found = "a velocity 1 to 127", f"{velocity:g}"
                raise ParameterError(setting=where, expected=expected, found=found)
            loudest = max(round(float(velocity)), by_note[note].get(tick, 1))
            by_note[note][tick] = loudest
    for note, velocities in by_note.items():
        ticks = sorted(velocities)
        ends = [
            max(tick + 1, tempo_map.tick(tempo_map.time(tick) + _HIT_SECONDS)) for tick in ticks
        ]
        for tick, end, following in zip(ticks, ends, [*ticks[1:], ends[-1]], strict=True):
            yield tick, velocities[tick], note
            yield min(end, following), 0, note


def note_of(drum: str, notes: Mapping[str, int]) -> int:
    """Return the note of a class, an articulation or a name of one, or of what it is one of."""
    name: str | None = drum
    if drum not in MIDI_NOTES and drum not in notes:
        try:
            name = drum_or_articulation(drum)
        except ParameterError:
            known = ", ".join(MIDI_NOTES)
            expected = f"a drum with a MIDI note ({known})"
            raise ParameterError(expected=expected, found=drum) from None
    finest = name
    while name is not None:
        if name in notes:
            return notes[name]
        name = PARENTS.get(name)
    return MIDI_NOTES[finest or drum]
