"""Notes of the melodic programs of a SoundFont, rendered by ``fluidsynth``, as a small sampler."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.training.soundfont import TICKS, render
from nmfd_cli.training.synthesis.signals import SAMPLE_RATE

#: General MIDI programs with a pitch: no timpani, no percussion, no effects.
PROGRAMS: Final = tuple(program for program in range(112) if program != 47)
#: Programs that accompany in the validation sets only.
HELD_OUT_PROGRAMS: Final = tuple(program for program in PROGRAMS if program % 5 == 2)

KEYS: Final = (31, 40, 48, 55, 62, 69, 77)
_SPACING, _LENGTH = 2.0, 1.5
_PROGRAMS_PER_RUN: Final = 16


def _rendered(font: Path, programs: Sequence[int]) -> NDArray[np.float32]:
    """Play all keys of all programs, one after the other."""
    events = []
    for place, (program, key) in enumerate((p, k) for p in programs for k in KEYS):
        begin = round(place * _SPACING * TICKS)
        events += [(begin, bytes([0xC0, program])), (begin, bytes([0x90, key, 100]))]
        events += [(begin + round(_LENGTH * TICKS), bytes([0x80, key, 0]))]
    return render(font, events).mean(axis=1).astype(np.float32)


def render_notes(font: Path) -> dict[int, NDArray[np.float16]]:
    """Render every program.

    Returns
    -------
    dict of ndarray of float16, shape (len(KEYS), n_samples), by program
        Each note from its onset on, peak 1 or silent.
    """
    n_samples = int(_SPACING * SAMPLE_RATE) - 200
    notes: dict[int, NDArray[np.float16]] = {}
    for first in range(0, len(PROGRAMS), _PROGRAMS_PER_RUN):
        programs = PROGRAMS[first : first + _PROGRAMS_PER_RUN]
        samples = np.pad(_rendered(font, programs), (0, 2 * SAMPLE_RATE))
        for place, program in enumerate(programs):
            begins = (place * len(KEYS) + np.arange(len(KEYS))) * _SPACING * SAMPLE_RATE
            its_own = np.stack([samples[int(b) :][:n_samples] for b in begins])
            peaks = np.abs(its_own).max(axis=1, keepdims=True)
            notes[program] = (its_own / np.maximum(peaks, 1e-4)).astype(np.float16)
    return notes


def load_or_render(font: Path, cache: Path) -> dict[int, NDArray[np.float16]]:
    """Read the notes from a file made earlier, or render them and write it."""
    if not cache.is_file():
        notes = render_notes(font)
        part = cache.with_suffix(".part.npz")
        np.savez(part, **{str(key): its_own for key, its_own in notes.items()})  # type: ignore[arg-type]
        part.rename(cache)
    with np.load(cache) as file:
        return {int(name): file[name] for name in file.files}
