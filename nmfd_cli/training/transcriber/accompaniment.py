"""What plays with the drums in a song: bass, chords, arpeggios, leads and voices, at random.

Notes begin on the beat grid of the drums more often than not, as they do in songs: an onset there
is no reason to find a drum.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.training.synthesis.signals import SAMPLE_RATE
from nmfd_cli.training.transcriber.effects import Samples, gain_of, log_uniform, rms
from nmfd_cli.training.transcriber.melodic_notes import HELD_OUT_PROGRAMS, KEYS
from nmfd_cli.training.transcriber.singing import sing

_SCALES: Final = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 3, 5, 7, 10), (0, 2, 4, 7, 9))
_BASSES: Final = tuple(range(32, 40))
_ROLES: Final = ("bass", "bass", "chords", "chords", "arpeggio", "lead")


class Band:
    """Players of melodic instruments.

    Parameters
    ----------
    notes : mapping of ndarray, shape (len(KEYS), n_samples), by program
        As `melodic_notes` renders them.
    held_out : bool
        Whether to play the held-out programs, or all others.
    """

    def __init__(self, notes: Mapping[int, NDArray[np.float16]], *, held_out: bool) -> None:
        self._notes = {p: n for p, n in notes.items() if (p in HELD_OUT_PROGRAMS) == held_out}

    def play(
        self, rng: np.random.Generator, n_samples: int, *, beat: float, start: float
    ) -> Samples:
        """Play some parts together for `n_samples`, of unit power.

        Parameters
        ----------
        beat, start : float
            Length of a beat and time of the first, in seconds.
        """
        mix = np.zeros(n_samples, dtype=np.float32)
        root = int(rng.integers(0, 12))
        scale = np.array(_SCALES[rng.integers(len(_SCALES))])
        chords = rng.integers(0, len(scale), 4)
        for role in rng.choice(_ROLES, int(rng.integers(1, 5)), replace=False):
            line = self._line(
                str(role), rng, n_samples, grid=(beat, start), key=(root, scale, chords)
            )
            mix += line * gain_of(rng.uniform(-10.0, 0.0)) / np.float32(rms(line))
        if rng.random() < 0.45:
            voice = sing(rng, n_samples, beat=beat, start=start)
            mix += voice * gain_of(rng.uniform(-6.0, 3.0)) / np.float32(rms(voice))
        return mix / np.float32(rms(mix))

    def _line(
        self,
        role: str,
        rng: np.random.Generator,
        n_samples: int,
        *,
        grid: tuple[float, float],
        key: tuple[int, NDArray[np.int64], NDArray[np.int64]],
    ) -> Samples:
        """Play one part: notes on a grid, chosen from the chord of each bar."""
        beat, start = grid
        root, scale, chords = key
        line = np.zeros(n_samples, dtype=np.float32)
        programs = [p for p in self._notes if (p in _BASSES) == (role == "bass")]
        program = int(rng.choice(programs))
        octave = {"bass": 36, "chords": 54, "arpeggio": 60, "lead": 66}[role] + 12 * int(
            rng.integers(-1, 2)
        ) // 2
        step = beat * float(rng.choice({"chords": [0.5, 1, 2, 4]}.get(role, [0.25, 0.5, 0.5, 1])))
        density, legato = rng.uniform(0.3, 1.0), log_uniform(rng, 0.3, 1.2)
        late, uneven = rng.normal(0.0, 0.006), rng.uniform(0.0, 0.012)
        shift = rng.uniform(0.0, beat) if rng.random() < 0.15 else 0.0
        n_steps = int((n_samples / SAMPLE_RATE - start) / step) + 1
        for k in np.flatnonzero(rng.random(n_steps) < density):
            time = start + shift + k * step + late + rng.normal(0.0, uneven)
            chord = int(chords[int(k * step / (4.0 * beat)) % len(chords)])
            degrees = chord + np.array([0, 2, 4, 6])[: int(rng.integers(2, 5))]
            if role != "chords":
                degrees = rng.choice(degrees, 1)
            level = gain_of(rng.uniform(-9.0, 0.0))
            for degree in degrees:
                wholes, place = divmod(int(degree), len(scale))
                pitch = octave + root + 12 * wholes + int(scale[place])
                self._add_note(
                    line, program, pitch=pitch, time=time, length=step * legato, level=level
                )
        return line

    def _add_note(
        self,
        line: Samples,
        program: int,
        *,
        pitch: float,
        time: float,
        length: float,
        level: np.float32,
    ) -> None:
        """Play the nearest rendered note faster or slower."""
        begin = int(time * SAMPLE_RATE)
        if not 0 <= begin < len(line):
            return
        nearest = int(np.argmin(np.abs(np.array(KEYS) - pitch)))
        rendered = self._notes[program][nearest]
        speed = 2.0 ** ((pitch - KEYS[nearest]) / 12.0)
        n_samples = int(min(length * SAMPLE_RATE + 2000, (len(rendered) - 1) / speed))
        n_samples = min(n_samples, len(line) - begin)
        if n_samples < 100:
            return
        head = rendered[: int(n_samples * speed) + 2].astype(np.float32)
        note = np.interp(np.arange(n_samples) * speed, np.arange(len(head)), head)
        n_fade = min(1800, n_samples // 2)
        note[-n_fade:] *= np.linspace(1.0, 0.0, n_fade)
        line[begin : begin + n_samples] += level * note.astype(np.float32)
