"""Standard MIDI files: drum transcriptions out, scores in.  Needs the extra ``midi``.

A file counts in ticks, and a map of tempos says how long they are.  Writing makes ticks of half a
millisecond at most, so that times survive the round trip to within a quarter of one.
"""

import io
import warnings
from bisect import bisect_right
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.drum_classes import GM_NOTES, drum_class
from nmfd_cli.errors import (
    InputFileError,
    MissingExtraError,
    NmfdWarning,
    ParameterError,
)
from nmfd_cli.io.score.notes import Score

if TYPE_CHECKING:
    from mido import MidiFile

#: General MIDI's channel of percussion, the tenth, counted from 0.
DRUM_CHANNEL = 9
#: The tempo of a file that does not name one, in beats a minute and in microseconds a beat.
DEFAULT_BPM, _DEFAULT_BEAT = 120.0, 500_000
#: Beats a minute that a file can hold: a beat has three bytes of microseconds, and some ticks.
SLOWEST_BPM, FASTEST_BPM = 10.0, 1000.0

_TICKS_PER_BEAT = 960
_LONGEST_TICK = 0.0005
_STROKE_SECONDS = 0.1
_LATEST_TICK = (1 << 28) - 1
_SHOWN_LENGTH = 60

# a note between its start and its end: tick, tick, note number, velocity, whether it is a drum
_Note = tuple[int, int, int, int, bool]


def midi_bytes(onsets: Mapping[str, FloatArray], bpm: float) -> bytes:
    """Return a drum transcription as a file: General MIDI notes on the channel of percussion.

    Parameters
    ----------
    onsets : dict of str to ndarray, shape (n, 2)
        By drum class or a name of one: seconds and velocity, 1 to 127.  A drum's strokes last a
        tenth of a second, or until the next.
    bpm : float
        Beats a minute, 10 to 1000.  Times do not depend on it.

    Raises
    ------
    MissingExtraError
        If mido is not installed.
    ParameterError
        If the tempo is out of range, a drum has no note, or an onset or a velocity is impossible.
    """
    mido = _mido()
    if not SLOWEST_BPM <= bpm <= FASTEST_BPM:
        expected = f"expected {SLOWEST_BPM:g} to {FASTEST_BPM:g} beats a minute"
        raise ParameterError(f"tempo: {expected}, found {bpm:g}")
    beat = round(60e6 / bpm)  # what the file holds, so the tempo that its ticks count
    ticks_per_beat = _TICKS_PER_BEAT
    while beat / 1e6 / ticks_per_beat > _LONGEST_TICK:
        ticks_per_beat *= 2
    ticks_per_second = ticks_per_beat * 1e6 / beat
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=beat)])
    now = 0
    for tick, velocity, note in sorted(_strokes(onsets, ticks_per_second)):
        kind = "note_on" if velocity else "note_off"
        message = mido.Message(
            kind, channel=DRUM_CHANNEL, note=note, velocity=velocity or 64, time=tick - now
        )
        track.append(message)
        now = tick
    file = io.BytesIO()
    mido.MidiFile(type=0, ticks_per_beat=ticks_per_beat, tracks=[track]).save(file=file)
    return file.getvalue()


def read_midi(path: str | Path) -> Score:
    """Read a standard MIDI file as a score.

    Parameters
    ----------
    path : str or Path
        A file of format 0 or 1, in beats with any map of tempos, or in SMPTE frames.

    Returns
    -------
    Score
        Sorted by onset.  Notes of the channel of percussion are drums without pitch and duration,
        all others have both.  Notes that go on sounding end with the file.  Percussion that has no
        class, such as a cowbell, is left out with a warning.

    Raises
    ------
    MissingExtraError
        If mido is not installed.
    InputFileError
        If the file cannot be read, is no MIDI file of such a format, is damaged, or has no note.
    """
    mido = _mido()
    try:
        data = Path(path).read_bytes()
    except (FileNotFoundError, ValueError):
        raise InputFileError(path, "expected a MIDI file, found no such file") from None
    except OSError as error:
        raise InputFileError(path, f"expected a readable MIDI file: {error.strerror}") from None
    if not data.startswith(b"MThd"):
        raise InputFileError(path, "expected a MIDI file, found something else")
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    except Exception as error:  # whatever a parser may meet in a damaged file
        reason = " ".join(str(error).split())[:_SHOWN_LENGTH] or "it ends too early"
        raise InputFileError(path, f"expected a whole MIDI file: {reason}") from None
    if file.type not in (0, 1):
        raise InputFileError(path, f"expected a MIDI file of format 0 or 1, found {file.type}")
    clock = _Clock.of(file)
    if clock is None:
        raise InputFileError(path, "expected ticks in a beat, found none")
    score = _score(_notes(file), clock, path)
    if not len(score):
        raise InputFileError(path, "expected at least one note, found none")
    return score


def _mido() -> Any:
    try:
        import mido
    except ImportError:
        raise MissingExtraError("MIDI", "midi") from None
    return mido


def _strokes(
    onsets: Mapping[str, FloatArray], ticks_per_second: float
) -> Iterator[tuple[int, int, int]]:
    """Yield ``(tick, velocity, note)``; the end of a note, velocity 0, sorts before a new one."""
    by_note: dict[int, dict[int, int]] = defaultdict(dict)
    for drum, strokes in onsets.items():
        note = _note_of(drum)
        for seconds, velocity in strokes:
            tick = round(float(seconds) * ticks_per_second) if 0 <= seconds < 1e9 else -1
            if not 0 <= tick <= _LATEST_TICK:
                raise ParameterError(f"{drum}: expected an onset a file can hold, found {seconds}")
            if not 1 <= velocity <= 127:
                raise ParameterError(f"{drum}: expected a velocity 1 to 127, found {velocity}")
            loudest = max(round(float(velocity)), by_note[note].get(tick, 1))
            by_note[note][tick] = loudest
    length = max(1, round(_STROKE_SECONDS * ticks_per_second))
    for note, velocities in by_note.items():
        ticks = sorted(velocities)
        for tick, following in zip(ticks, [*ticks[1:], ticks[-1] + length], strict=True):
            yield tick, velocities[tick], note
            yield min(tick + length, following), 0, note


def _note_of(drum: str) -> int:
    """Return the General MIDI note of a class or a name of one."""
    if drum in GM_NOTES:
        return GM_NOTES[drum]
    try:
        return GM_NOTES[drum_class(drum)]
    except (ParameterError, KeyError):
        known = ", ".join(GM_NOTES)
        raise ParameterError(f"MIDI: expected a drum with a note ({known}), found {drum}") from None


@dataclass(frozen=True)
class _Clock:
    """From `ticks[i]` on, which is `seconds[i]`, a tick lasts `lengths[i]` seconds."""

    ticks: tuple[int, ...]
    seconds: tuple[float, ...]
    lengths: tuple[float, ...]

    @classmethod
    def of(cls, file: "MidiFile") -> "_Clock | None":
        """Read the tempos of all tracks; None where a beat has no ticks."""
        division = file.ticks_per_beat
        if division < 0:  # SMPTE: frames a second, negative, and ticks a frame; tempos do not count
            frames, ticks = 256 - (division >> 8 & 0xFF), division & 0xFF
            rate = 30000 / 1001 if frames == 29 else float(frames)
            return cls((0,), (0.0,), (1 / (rate * ticks),)) if ticks else None
        if division == 0:
            return None
        tempos = {0: _DEFAULT_BEAT}
        for tick, message in sorted(_timed(file), key=itemgetter(0)):
            if message.type == "set_tempo":
                tempos[tick] = message.tempo
        ticks, seconds, lengths = [0], [0.0], [tempos[0] / 1e6 / division]
        for tick in list(tempos)[1:]:
            seconds.append(seconds[-1] + (tick - ticks[-1]) * lengths[-1])
            ticks.append(tick)
            lengths.append(tempos[tick] / 1e6 / division)
        return cls(tuple(ticks), tuple(seconds), tuple(lengths))

    def time(self, tick: int) -> float:
        """Return the seconds at a tick."""
        place = bisect_right(self.ticks, tick) - 1
        return self.seconds[place] + (tick - self.ticks[place]) * self.lengths[place]


def _timed(file: "MidiFile") -> Iterator[tuple[int, Any]]:
    """Yield every message of every track with its tick."""
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            yield tick, message


def _notes(file: "MidiFile") -> Iterator[_Note]:
    """Pair starts with ends, the first that sounds with the first that ends, track by track."""
    end = max((tick for tick, _ in _timed(file)), default=0)
    for track in file.tracks:
        sounding: defaultdict[tuple[int, int], deque[tuple[int, int]]] = defaultdict(deque)
        tick = 0
        for message in track:
            tick += message.time
            if message.type not in ("note_on", "note_off"):
                continue
            key = (message.channel, message.note)
            if message.type == "note_on" and message.velocity > 0:
                sounding[key].append((tick, message.velocity))
            elif sounding[key]:
                start, velocity = sounding[key].popleft()
                yield start, tick, message.note, velocity, message.channel == DRUM_CHANNEL
        for (channel, note), left in sounding.items():
            for start, velocity in left:
                yield start, end, note, velocity, channel == DRUM_CHANNEL


def _score(notes: Iterable[_Note], clock: _Clock, path: str | Path) -> Score:
    """Turn notes into a score: exact duplicates once, percussion without a class left out."""
    rows: dict[tuple[float, float | None, float | None, str | None, float], None] = {}
    unknown: Counter[int] = Counter()
    for start, end, number, velocity, is_drum in notes:
        onset = clock.time(start)
        if not is_drum:
            rows[onset, clock.time(end) - onset, float(number), None, float(velocity)] = None
            continue
        try:
            rows[onset, None, None, _class_of(number), float(velocity)] = None
        except ParameterError:
            unknown[number] += 1
    if unknown:
        numbers = ", ".join(str(number) for number in sorted(unknown))
        message = f"{path}: percussion without a drum class is left out: notes {numbers}"
        warnings.warn(message, NmfdWarning, stacklevel=3)
    if not rows:
        return Score((), (), (), (), ())
    ordered = sorted(rows, key=lambda row: (row[0], row[2] or 0, row[3] or ""))
    return Score(*zip(*ordered, strict=True))


def _class_of(number: int) -> str:
    # 1 to 3 are libnmfd's classes, not notes of percussion
    if number < 22:
        raise ParameterError(f"expected a note of percussion, found {number}")
    return drum_class(number)
