"""The ticks of a MIDI file in seconds."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: Microseconds a beat in a file that does not name a tempo.
DEFAULT_BEAT: Final = 500_000


@dataclass(frozen=True)
class Clock:
    """From `ticks[i]` on, which is `seconds[i]`, a tick lasts `lengths[i]` seconds."""

    ticks: tuple[int, ...]
    seconds: tuple[float, ...]
    lengths: tuple[float, ...]

    @classmethod
    def of(cls, division: int, tempos: Mapping[int, int]) -> "Clock | None":
        """Make the clock of a file; None where a beat has no ticks.

        Parameters
        ----------
        division : int
            Ticks a beat, or in SMPTE frames, where tempos do not count: the upper byte holds the
            negative of the frames a second, the lower one the ticks of a frame.
        tempos : mapping of int to int
            From each tick on, microseconds a beat.
        """
        if division < 0:
            frames, ticks = -(division >> 8), division & 0xFF
            rate = 30000 / 1001 if frames == 29 else float(frames)
            return cls((0,), (0.0,), (1 / (rate * ticks),)) if ticks else None
        if division == 0:
            return None
        changes = sorted(({0: DEFAULT_BEAT} | dict(tempos)).items())
        begins, seconds, lengths = [0], [0.0], [changes[0][1] / 1e6 / division]
        for tick, beat in changes[1:]:
            seconds.append(seconds[-1] + (tick - begins[-1]) * lengths[-1])
            begins.append(tick)
            lengths.append(beat / 1e6 / division)
        return cls(tuple(begins), tuple(seconds), tuple(lengths))

    def time(self, tick: int) -> float:
        """Return the seconds at a tick."""
        place = bisect_right(self.ticks, tick) - 1
        return self.seconds[place] + (tick - self.ticks[place]) * self.lengths[place]
