"""Drum sounds of the SoundFonts: every key of every drum program, at three velocities."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.training.bank_soundfonts import FONTS, PROGRAMS, program_keys
from nmfd_cli.training.soundfont import drum_programs, render_notes

_VELOCITIES: Final = (45, 85, 122)

#: (SoundFont, program) whose own sounds training never plays: room, power, TR-808 and jazz sets.
_HELD_OUT_PROGRAMS: Final = (
    ("FluidR3_GM", 8),
    ("FluidR3_GM", 16),
    ("FluidR3_GM", 25),
    ("MuseScore_General_Full", 32),
)
#: What these sets have for themselves; hi-hats, cymbals and percussion they share with all others.
_OWN_SOUNDS: Final = ("kick", "snare", "tom")

_ARTICULATIONS: Final = {
    "side stick": "sidestick", "brush slap": "snare", "closed": "closed_hihat",
    "pedal": "pedal_hihat", "open": "open_hihat", "ride": "ride", "ride bell": "ride_bell",
}  # fmt: skip
_DRUMS: Final = {"hihat": "closed_hihat", "cymbal": "crash"}

#: Percussion beside the keys that the bank is learned from.
_PERCUSSION_KEYS: Final = (58, 60, 61, 62, 63, 64, 65, 66, 69, 73, 75, 76, 82)


def drum_jobs() -> list[tuple[Path, int]]:
    """Return SoundFont and program of all drum sets to render."""
    return [
        (path, program)
        for path in FONTS
        if path.is_file()
        for program in drum_programs(path)
        if program in PROGRAMS
    ]


def rendered_drums(
    path: Path, program: int
) -> Iterator[tuple[int, str, list[NDArray[np.float64]]]]:
    """Render a drum set.

    Yields
    ------
    int, str
        Key and articulation.
    list of ndarray, shape (1, n_samples)
        One for each velocity at which it sounds, from soft to loud.
    """
    keys = {key: _articulation(*drum) for key, drum in program_keys(program).items()}
    if program < 48:
        keys |= {key: "other" for key in _PERCUSSION_KEYS if key not in keys}
    notes = [(key, velocity) for key in keys for velocity in _VELOCITIES]
    sounds = render_notes(path, program, notes)
    for place, (key, articulation) in enumerate(keys.items()):
        its_own = sounds[len(_VELOCITIES) * place :][: len(_VELOCITIES)]
        takes = [sound.mean(axis=1)[np.newaxis] for sound in its_own if sound is not None]
        if takes:
            yield key, articulation, takes


def _articulation(drum: str, articulation: str) -> str:
    return _ARTICULATIONS.get(articulation, _DRUMS.get(drum, drum))


def is_held_out(font: str, program: int, articulation: str) -> bool:
    """Return whether a sound is for validation only."""
    return (font, program) in _HELD_OUT_PROGRAMS and articulation in _OWN_SOUNDS
