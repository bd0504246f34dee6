"""How a bar is divided, and when its slots are."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Meter:
    """How a bar is divided.

    Attributes
    ----------
    n_beats, n_divisions : int
        Beats in a bar, slots in a beat.
    beat : float
        Length of a beat in seconds.
    swing : float
        Place of the second of two equal halves, 0.5 (straight) to 0.68.
    """

    n_beats: int
    n_divisions: int
    beat: float
    swing: float

    @property
    def n_slots(self) -> int:
        """Slots in a bar."""
        return self.n_beats * self.n_divisions

    @property
    def bar(self) -> float:
        """Length of a bar in seconds."""
        return self.n_beats * self.beat

    def is_on_beat(self, slot: int) -> bool:
        return slot % self.n_divisions == 0

    def is_offbeat(self, slot: int) -> bool:
        """Whether a slot is the middle of a beat, or its last third."""
        place = slot % self.n_divisions
        return 2 * place == self.n_divisions or (self.n_divisions == 3 and place == 2)

    def time(self, bar: int, slot: float) -> float:
        """Return the time of a slot in seconds from the first bar's beginning."""
        beat, place = divmod(slot, self.n_divisions)
        fraction = place / self.n_divisions
        half = 1.0 if self.n_divisions == 2 else 0.5
        if self.n_divisions in (2, 4) and self.swing != 0.5:
            whole, rest = divmod(fraction, half)
            bend = self.swing / 0.5
            rest = rest * bend if rest <= 0.5 * half else half - (half - rest) * (2.0 - bend)
            fraction = whole * half + rest
        return bar * self.bar + (beat + fraction) * self.beat


def draw_meter(rng: np.random.Generator) -> Meter:
    """Draw a meter at 62 to 220 beats a minute."""
    tempo = float(np.exp(rng.uniform(np.log(62.0), np.log(220.0))))
    n_beats = int(rng.choice([4, 4, 4, 4, 4, 4, 3, 6, 5, 2]))
    divisions = [4, 4, 4, 4, 3, 3] if tempo < 150.0 else [2, 2, 3, 4]
    swing = float(rng.uniform(0.54, 0.68)) if rng.random() < 0.3 else 0.5
    return Meter(n_beats, int(rng.choice(divisions)), 60.0 / tempo, swing)
