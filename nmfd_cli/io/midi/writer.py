"""Drum transcriptions as MIDI files.

Ticks last half a millisecond at most, so that times survive the round trip to within a quarter of
one.
"""

import io
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.articulations import MIDI_NOTES, drum_or_articulation
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.midi.extra import DRUM_CHANNEL, require_mido

#: The tempo of a file that does not name one, in beats a minute.
DEFAULT_BPM: Final = 120.0
#: Beats a minute that a file can hold: a beat has three bytes of microseconds, and some ticks.
SLOWEST_BPM: Final = 10.0
FASTEST_BPM: Final = 1000.0

_TICKS_PER_BEAT = 960
_LONGEST_TICK = 0.0005
_HIT_SECONDS = 0.1
_LATEST_TICK = (1 << 28) - 1
_MOST_TICKS = (1 << 15) - 1


def midi_bytes(
    onsets: Mapping[str, FloatArray],
    bpm: float,
    *,
    notes: Mapping[str, int] = MIDI_NOTES,
    longest_tick: float = _LONGEST_TICK,
) -> bytes:
    """Return a drum transcription as a file: General MIDI notes on the channel of percussion.

    Parameters
    ----------
    onsets : dict of str to ndarray, shape (n, 2)
        By drum class, articulation or a name of one: seconds and velocity, 1 to 127.  A hit lasts a
        tenth of a second, or until the next.
    bpm : float
        Beats a minute, 10 to 1000.  Times do not depend on it.
    notes : mapping of str to int, optional
        The MIDI note of each, where it is not General MIDI's.
    longest_tick : float, optional
        Seconds between which times are rounded; more than a file can count is not kept.

    Raises
    ------
    MissingExtraError
        If mido is not installed.
    ParameterError
        If the tempo is out of range, a drum has no note, or an onset or a velocity is impossible.
    """
    mido = require_mido()
    if not SLOWEST_BPM <= bpm <= FASTEST_BPM:
        raise ParameterError(
            setting="tempo",
            expected=f"{SLOWEST_BPM:g} to {FASTEST_BPM:g} beats a minute",
            found=f"{bpm:g}",
        )
    beat = round(60e6 / bpm)  # what the file holds, so the tempo that its ticks count
    ticks_per_beat = _TICKS_PER_BEAT
    while beat / 1e6 / ticks_per_beat > longest_tick and 2 * ticks_per_beat <= _MOST_TICKS:
        ticks_per_beat *= 2
    ticks_per_second = ticks_per_beat * 1e6 / beat
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=beat)])
    now = 0
    for tick, velocity, note in sorted(_hits(onsets, notes, ticks_per_second)):
        kind = "note_on" if velocity else "note_off"
        message = mido.Message(
            kind, channel=DRUM_CHANNEL, note=note, velocity=velocity or 64, time=tick - now
        )
        track.append(message)
        now = tick
    file = io.BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=ticks_per_beat, tracks=[track]).save(file=file)
    return file.getvalue()


def _hits(
    onsets: Mapping[str, FloatArray], notes: Mapping[str, int], ticks_per_second: float
) -> Iterator[tuple[int, int, int]]:
    """Yield ``(tick, velocity, note)``; the end of a note, velocity 0, sorts before a new one."""
    by_note: dict[int, dict[int, int]] = defaultdict(dict)
    for drum, hits in onsets.items():
        note, where = _note_of(drum, notes), f"onsets[{drum!r}]"
        for seconds, velocity in hits:
            tick = round(float(seconds) * ticks_per_second) if 0 <= seconds < 1e9 else -1
            if not 0 <= tick <= _LATEST_TICK:
                expected, found = "an onset a file can hold", f"{seconds:g}"
                raise ParameterError(setting=where, expected=expected, found=found)
            if not 1 <= velocity <= 127:
                expected, found = "a velocity 1 to 127", f"{velocity:g}"
                raise ParameterError(setting=where, expected=expected, found=found)
            loudest = max(round(float(velocity)), by_note[note].get(tick, 1))
            by_note[note][tick] = loudest
    length = max(1, round(_HIT_SECONDS * ticks_per_second))
    for note, velocities in by_note.items():
        ticks = sorted(velocities)
        for tick, following in zip(ticks, [*ticks[1:], ticks[-1] + length], strict=True):
            yield tick, velocities[tick], note
            yield min(tick + length, following), 0, note


def _note_of(drum: str, notes: Mapping[str, int]) -> int:
    """Return the MIDI note of a class, an articulation or a name of one."""
    try:
        return notes[drum if drum in notes else drum_or_articulation(drum)]
    except (ParameterError, KeyError):
        known = ", ".join(notes)
        expected = f"a drum with a MIDI note ({known})"
        raise ParameterError(expected=expected, found=drum) from None
