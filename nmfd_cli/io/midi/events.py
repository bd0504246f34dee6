"""The bytes of a MIDI file as notes, tempos and names: strict where it matters, else lenient.

What a player passes over is passed over here: chunks of other kinds, key signatures that there are
not, meta events of wrong lengths, a missing end of a track, a RIFF around it all.
"""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from nmfd_cli.errors import ParameterError

#: General MIDI's channel of percussion, the tenth, counted from 0.
DRUM_CHANNEL: Final = 9

_NOTE_OFF, _NOTE_ON, _META = 0x80, 0x90, 0xFF
_TRACK_NAME, _INSTRUMENT_NAME, _END_OF_TRACK, _SET_TEMPO = 0x03, 0x04, 0x2F, 0x51
#: How many bytes follow a status byte, by its upper half; the system's by the whole byte.
_N_DATA: Final = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
_N_SYSTEM_DATA: Final = {0xF1: 1, 0xF2: 2, 0xF3: 1}


@dataclass(frozen=True, slots=True)
class MidiNote:
    """A note: ticks from the start of the file, and what is played in which track and channel."""

    start: int
    end: int
    number: int
    velocity: int
    channel: int
    track: int


@dataclass
class MidiEvents:
    """What of a file matters to a score.

    Attributes
    ----------
    division : int
        Ticks a beat; negative in SMPTE frames, see `nmfd_cli.io.midi.clock`.
    tempos : dict of int to int
        From each tick on, microseconds a beat.
    names : dict of int to str
        Of tracks, by their number: their names, and the names of their instruments.
    """

    division: int
    notes: list[MidiNote] = field(default_factory=list)
    tempos: dict[int, int] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)


def read_events(data: bytes) -> MidiEvents:
    """Read the bytes of a file.

    Raises
    ------
    ParameterError
        If it is no MIDI file of format 0 or 1, or ends in the middle of an event.
    """
    data = _unwrapped(data)
    if not data.startswith(b"MThd"):
        raise ParameterError(expected="a MIDI file", found="something else")
    if len(data) < 14:
        raise ParameterError("expected a whole MIDI file: it ends too early")
    kind = int.from_bytes(data[8:10], "big")
    if kind not in (0, 1):
        raise ParameterError(expected="a MIDI file of format 0 or 1", found=str(kind))
    events = MidiEvents(int.from_bytes(data[12:14], "big", signed=True))
    last = 0
    sounding: list[MidiNote] = []
    for number, track in enumerate(_tracks(data)):
        last = max(last, _Track(track, number, events).read(sounding))
    for note in sounding:  # ends with the file
        end = max(last, note.start)
        events.notes.append(
            MidiNote(note.start, end, note.number, note.velocity, note.channel, note.track)
        )
    return events


def _unwrapped(data: bytes) -> bytes:
    """Return what a RIFF holds, as Windows writes it."""
    if data[:4] != b"RIFF" or data[8:12] != b"RMID":
        return data
    place = data.find(b"data", 12)
    return data[place + 8 :] if place >= 0 else data


def _tracks(data: bytes) -> Iterator[bytes]:
    """Yield the content of each track; chunks of another kind are passed over."""
    place = 8 + int.from_bytes(data[4:8], "big")
    place = data.find(b"MTrk", 14) if place > len(data) or place < 14 else place
    while place >= 0 and place + 8 <= len(data):
        kind, length = data[place : place + 4], int.from_bytes(data[place + 4 : place + 8], "big")
        if kind == b"MTrk":
            yield data[place + 8 : place + 8 + length]
        elif not kind.isalnum() or place + 8 + length > len(data):  # no chunk: look on
            place = data.find(b"MTrk", place + 1)
            continue
        place += 8 + length


class _Track:
    """A track that is being read."""

    def __init__(self, data: bytes, number: int, events: MidiEvents) -> None:
        self._data, self._number, self._events = data, number, events
        self._place = self._tick = 0
        self._sounding: defaultdict[tuple[int, int], deque[tuple[int, int]]] = defaultdict(deque)

    def read(self, sounding: list[MidiNote]) -> int:
        """Read all events, add notes without an end to `sounding`, and return the last tick."""
        status = 0
        try:
            while self._place < len(self._data):
                self._tick += self._variable()
                if self._data[self._place] >= 0x80:
                    status = self._system(self._byte(), status)
                    if status < 0:
                        break
                elif not status:
                    raise ParameterError("expected a whole MIDI file: data without a status byte")
                else:
                    self._message(status)
        except IndexError:
            raise ParameterError("expected a whole MIDI file: it ends too early") from None
        for (channel, number), left in self._sounding.items():
            for start, velocity in left:
                sounding.append(MidiNote(start, start, number, velocity, channel, self._number))
        return self._tick

    def _system(self, byte: int, status: int) -> int:
        """Take a status byte; return the running status behind it, -1 at the end of the track."""
        if byte < 0xF0:
            self._message(byte)
            return byte
        if byte == _META:
            kind = self._byte()
            if kind == _END_OF_TRACK:
                return -1
            self._meta(kind, self._bytes(self._variable()))
        elif byte in (0xF0, 0xF7):
            self._bytes(self._variable())
        else:
            self._bytes(_N_SYSTEM_DATA.get(byte, 0))
        return status

    def _message(self, status: int) -> None:
        values = [min(byte, 127) for byte in self._bytes(_N_DATA[status & 0xF0])]
        if status & 0xF0 not in (_NOTE_ON, _NOTE_OFF):
            return
        number, velocity = values
        key = (status & 0x0F, number)
        if status & 0xF0 == _NOTE_ON and velocity:
            self._sounding[key].append((self._tick, velocity))
        elif self._sounding[key]:  # the first that sounds is the first that ends
            start, velocity = self._sounding[key].popleft()
            self._events.notes.append(
                MidiNote(start, self._tick, number, velocity, key[0], self._number)
            )

    def _meta(self, kind: int, content: bytes) -> None:
        if kind == _SET_TEMPO and len(content) == 3 and any(content):
            self._events.tempos[self._tick] = int.from_bytes(content, "big")
        elif kind in (_TRACK_NAME, _INSTRUMENT_NAME):
            text = content.decode("utf-8", errors="replace").strip("\0 ")
            before = self._events.names.get(self._number, "")
            self._events.names[self._number] = f"{before} {text}".strip()

    def _byte(self) -> int:
        self._place += 1
        return self._data[self._place - 1]

    def _bytes(self, n: int) -> bytes:
        self._place += n
        if self._place > len(self._data):
            raise IndexError
        return self._data[self._place - n : self._place]

    def _variable(self) -> int:
        value = 0
        while True:
            byte = self._byte()
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value
