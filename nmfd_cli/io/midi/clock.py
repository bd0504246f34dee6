"""The ticks of a MIDI file in seconds."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mido import MidiFile

#: Microseconds a beat in a file that does not name a tempo.
_DEFAULT_BEAT: Final = 500_000


@dataclass(frozen=True)
class Clock:
    """From `ticks[i]` on, which is `seconds[i]`, a tick lasts `lengths[i]` seconds."""

    ticks: tuple[int, ...]
    seconds: tuple[float, ...]
    lengths: tuple[float, ...]

    @classmethod
    def of(cls, file: "MidiFile") -> "Clock | None":
        """Read the tempos of all tracks; None where a beat has no ticks."""
        division = file.ticks_per_beat
        if division < 0:  # SMPTE: frames a second, negative, and ticks a frame; tempos do not count
            frames, ticks = 256 - (division >> 8 & 0xFF), division & 0xFF
            rate = 30000 / 1001 if frames == 29 else float(frames)
            return cls((0,), (0.0,), (1 / (rate * ticks),)) if ticks else None
        if division == 0:
            return None
        tempos = {0: _DEFAULT_BEAT}
        for tick, message in sorted(timed_messages(file), key=itemgetter(0)):
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


def timed_messages(file: "MidiFile") -> Iterator[tuple[int, Any]]:
    """Yield every message of every track with its tick."""
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            yield tick, message
