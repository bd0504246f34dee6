"""MIDI files as scores."""

import io
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nmfd_cli.core.articulations import articulation
from nmfd_cli.core.drum_classes import drum_class
from nmfd_cli.errors import InputFileError, ParameterError, Warn, warn_python
from nmfd_cli.io.midi.clock import Clock, timed_messages
from nmfd_cli.io.midi.extra import DRUM_CHANNEL, require_mido
from nmfd_cli.io.score import Score
from nmfd_cli.io.score.notes import Note

if TYPE_CHECKING:
    from mido import MidiFile

_SHOWN_LENGTH = 60

# a note between its start and its end: tick, tick, note number, velocity, whether it is a drum
_Event = tuple[int, int, int, int, bool]


def read_midi(path: str | Path, *, warn: Warn = warn_python) -> Score:
    """Read a standard MIDI file as a score.

    Parameters
    ----------
    path : str or Path
        A file of format 0 or 1, in beats with any map of tempos, or in SMPTE frames.
    warn : callable, optional
        Called with a line for percussion that is left out.

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
    require_mido()
    try:
        data = Path(path).read_bytes()
    except (FileNotFoundError, ValueError):
        raise InputFileError(path, expected="a MIDI file", found="no such file") from None
    except OSError as error:
        raise InputFileError(path, f"expected a readable MIDI file: {error.strerror}") from None
    return parse_midi(data, path, warn=warn)


def parse_midi(data: bytes, name: str | Path = "score", *, warn: Warn = warn_python) -> Score:
    """Read the bytes of a MIDI file, as `read_midi` does; errors and warnings call them `name`.

    Raises
    ------
    MissingExtraError, InputFileError
        As `read_midi` does.
    """
    mido = require_mido()
    if not data.startswith(b"MThd"):
        raise InputFileError(name, expected="a MIDI file", found="something else")
    try:
        file = mido.MidiFile(file=io.BytesIO(data), clip=True)
    except Exception as error:  # whatever a parser may meet in a damaged file
        reason = " ".join(str(error).split())[:_SHOWN_LENGTH] or "it ends too early"
        raise InputFileError(name, f"expected a whole MIDI file: {reason}") from None
    if file.type not in (0, 1):
        expected = "a MIDI file of format 0 or 1"
        raise InputFileError(name, expected=expected, found=str(file.type))
    clock = Clock.of(file)
    if clock is None:
        raise InputFileError(name, expected="ticks in a beat", found="none")
    score, unknown = _score(_events(file), clock)
    if unknown:
        warn(f"{name}: percussion without a drum class is left out: notes {unknown}")
    if not len(score):
        raise InputFileError(name, expected="at least one note", found="none")
    return score


def _events(file: "MidiFile") -> Iterator[_Event]:
    """Pair starts with ends, the first that sounds with the first that ends, track by track."""
    end = max((tick for tick, _ in timed_messages(file)), default=0)
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


def _score(events: Iterable[_Event], clock: Clock) -> tuple[Score, str]:
    """Return the score, and the numbers of percussion that has no class and is left out."""
    notes: list[Note] = []
    unknown: set[int] = set()
    for start, end, number, velocity, is_drum in events:
        onset = clock.time(start)
        if not is_drum:
            seconds = clock.time(end) - onset
            notes.append((onset, seconds, float(number), None, float(velocity), None, None))
            continue
        try:
            drum = _class_of(number)
            struck = articulation(number, drum)
            notes.append((onset, None, None, drum, float(velocity), struck, None))
        except ParameterError:
            unknown.add(number)
    notes.sort(key=lambda note: (note[0], note[2] or 0, note[3] or ""))
    return Score.of(notes), ", ".join(map(str, sorted(unknown)))


def _class_of(number: int) -> str:
    # 1 to 3 are libnmfd's classes, not notes of percussion
    if number < 22:
        raise ParameterError(expected="a note of percussion", found=str(number))
    return drum_class(number)
