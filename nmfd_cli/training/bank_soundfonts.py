"""The drums of the SoundFonts that the shipped bank is learned from."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.drum_sounds.kit import OTHER, Sound, Source
from nmfd_cli.core.drum_sounds.learning import from_onset
from nmfd_cli.errors import InputFileError
from nmfd_cli.training.soundfont import drum_programs, render_notes

#: The middle one first: of sounds that look alike the first is kept.
VELOCITIES: Final = (90, 50, 120)

#: Where Debian's packages put their files.
FONTS: Final = (
    Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"),
    Path("/usr/share/sounds/sf3/MuseScore_General_Full.sf3"),
)

_FLUID_HOLDERS = "Copyright © 2000-2002, 2008 Frank Wen <getfrank@gmail.com>; © 2008 Toby Smithe"
_SOURCES: Final = {
    "FluidR3_GM.sf2": Source(
        "fluidr3",
        "Fluid (R3) GM SoundFont (Debian fluid-soundfont-gm 3.1-5.3)",
        "MIT",
        _FLUID_HOLDERS,
        "https://packages.debian.org/fluid-soundfont-gm",
    ),
    "MuseScore_General_Full.sf3": Source(
        "musescore",
        "MuseScore_General_HQ 0.2.1 SoundFont (Debian musescore-general-soundfont 0.2.1-1)",
        "MIT (parts public domain or CC0-1.0)",
        "Adaptation for MuseScore_General Copyright © 2018-2021 S. Christian Collins;"
        " Fluid (R3) Mono: Mono version Copyright © 2014-2017 Michael Cowgill,"
        " Temple Blocks instrument Copyright © 2002 Ethan Winer,"
        " Drumline Cymbals Copyright © 2016 Michael Schorsch;"
        f" original stereo version: {_FLUID_HOLDERS}",
        "https://packages.debian.org/musescore-general-soundfont",
    ),
}

#: Drum, articulation by General MIDI key.
_KEYS: Final = {
    35: ("kick", "acoustic"), 36: ("kick", "bass drum 1"),
    38: ("snare", "acoustic"), 40: ("snare", "electric"), 37: ("snare", "side stick"),
    42: ("hihat", "closed"), 44: ("hihat", "pedal"), 46: ("hihat", "open"),
    41: ("tom", "low floor"), 43: ("tom", "high floor"), 45: ("tom", "low"),
    47: ("tom", "low mid"), 48: ("tom", "high mid"), 50: ("tom", "high"),
    49: ("cymbal", "crash"), 57: ("cymbal", "crash"), 51: ("cymbal", "ride"),
    59: ("cymbal", "ride"), 53: ("cymbal", "ride bell"), 52: ("cymbal", "china"),
    55: ("cymbal", "splash"), 39: ("clap", "clap"),
    56: (OTHER, "cowbell"), 54: (OTHER, "tambourine"), 70: (OTHER, "maracas"),
}  # fmt: skip

#: The drum programs of General MIDI 2 and Roland GS with their variations: standard, room, power,
#: electronic, TR-808, jazz, brush, orchestra.  Others are no drum sets (marching bands, effects).
PROGRAMS: Final = (*range(20), 24, 25, *range(32, 37), 40, 41, 42, 48)

#: Where Roland GS puts other sounds on these keys; None leaves the key out.
_EXCEPTIONS: Final[dict[tuple[int, int], tuple[str, str] | None]] = {
    (24, 52): None,  # reverse cymbal
    **{(program, 39): ("snare", "brush slap") for program in (40, 41, 42)},
    **{(program, 40): None for program in (40, 41, 42)},  # brush swirl: it has no onset
    (48, 39): None,  # castanets
    **{(48, key): None for key in range(41, 54)},  # timpani
    (48, 27): ("hihat", "closed"),
    (48, 28): ("hihat", "pedal"),
    (48, 29): ("hihat", "open"),
    (48, 30): ("cymbal", "ride"),
}


@dataclass(frozen=True)
class Shot:
    """A sound of a SoundFont.

    Attributes
    ----------
    sound : Sound
        `kits` names one program.
    samples : ndarray, shape (n_samples, 2)
        From the onset on, at 44.1 kHz.
    """

    sound: Sound
    samples: NDArray[np.float64]

    @property
    def digest(self) -> bytes:
        """Equal for sounds that are equal in 16 bits."""
        return sha1(np.rint(self.samples * 2.0**15).astype("<i4").tobytes()).digest()


def font_source(path: Path) -> Source:
    """Return what is known of a SoundFont's origin."""
    return _SOURCES.get(path.name, Source(path.stem, path.name))


def require_fonts(paths: Sequence[Path]) -> None:
    """Refuse SoundFonts that are missing before any is rendered.

    Raises
    ------
    InputFileError
    """
    for path in paths:
        if not path.is_file():
            title = font_source(path).title
            raise InputFileError(path, expected=f"the SoundFont {title}", found="no such file")


def font_shots(path: Path) -> list[Shot]:
    """Render every drum of every program, those of `VELOCITIES`' first before all others.

    Raises
    ------
    InputFileError
        If the SoundFont or fluidsynth fails, or it has no drum program.
    """
    names = drum_programs(path)
    programs = [program for program in PROGRAMS if program in names]
    if not programs:
        raise InputFileError(path, expected="a SoundFont with drum programs", found="none")

    def shots_of(program: int) -> list[Shot]:
        return list(_program_shots(path, program, names[program]))

    with ThreadPoolExecutor(os.cpu_count()) as threads:
        shots = [shot for part in threads.map(shots_of, programs) for shot in part]
    first = f" v{VELOCITIES[0]}"
    return sorted(shots, key=lambda shot: not shot.sound.name.endswith(first))


def _program_shots(path: Path, program: int, name: str) -> Iterator[Shot]:
    font = font_source(path).key
    keys = program_keys(program)
    notes = [(key, velocity) for key in keys for velocity in VELOCITIES]
    for (key, velocity), samples in zip(notes, render_notes(path, program, notes), strict=True):
        if samples is not None:
            drum, articulation = keys[key]
            sound = Sound(
                name=f"{font} {program} {key} v{velocity}",
                drum=drum,
                articulation=articulation,
                source=font,
                kits=(f"{font} {program} {name}",),
            )
            yield Shot(sound, from_onset(samples))


def program_keys(program: int) -> dict[int, tuple[str, str]]:
    """Return which keys of a drum program are taken: drum and articulation by key."""
    exceptions = {key: drum for (its, key), drum in _EXCEPTIONS.items() if its == program}
    return {key: drum for key, drum in (_KEYS | exceptions).items() if drum is not None}
