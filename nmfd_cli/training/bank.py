"""Learn the bank of drum sounds that ships with the program.

``python -m nmfd_cli.training.bank data/bank.kit`` renders the drums of two SoundFonts with the
program ``fluidsynth`` (Debian packages ``fluidsynth``, ``fluid-soundfont-gm`` and
``musescore-general-soundfont``), adds the synthesised ones, describes them (see
`nmfd_cli.core.drum_sounds`), keeps one of those that look alike and writes them, over what is
there.  ``--soundfont FILE``, once or more, takes other SoundFonts.  It takes some minutes; the same
sounds give the same bytes.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from nmfd_cli.core.drum_sounds.description import Description
from nmfd_cli.core.drum_sounds.kit import Kit, Sound
from nmfd_cli.core.drum_sounds.learning import describe
from nmfd_cli.core.drum_sounds.likeness import representatives
from nmfd_cli.errors import NmfdError
from nmfd_cli.io.kit_file import write_kit
from nmfd_cli.training.bank_soundfonts import (
    FONTS,
    Shot,
    font_shots,
    font_source,
    require_fonts,
)
from nmfd_cli.training.bank_synthesis import SOURCE, kit_sounds, variant_sounds
from nmfd_cli.training.soundfont import require_fluidsynth
from nmfd_cli.training.synthesis.signals import SAMPLE_RATE

#: The name of the shipped bank.
BANK_NAME: Final = "nmfd bank"
#: Of sounds of the SoundFonts more alike than this one is kept; see `representatives`.
LIKENESS: Final = 0.985
#: A variant of a synthesised voice is kept unless it is more like another sound than this.
VARIANT_LIKENESS: Final = 0.97
#: No likeness is above it.
ALWAYS: Final = 2.0


def learn_bank(out: Path, fonts: Sequence[Path] = FONTS) -> Kit:
    """Learn a bank and write it.

    Parameters
    ----------
    out : Path
        The kit file; one that exists is replaced.
    fonts : sequence of Path
        SoundFonts to render, the preferred ones first.

    Returns
    -------
    Kit
        What was written.

    Raises
    ------
    InputFileError
        If fluidsynth or a SoundFont is missing or fails.
    OutputError
        If the file cannot be written.
    """
    require_fluidsynth()
    require_fonts(fonts)
    learned: list[tuple[Sound, Description]] = []
    for font in fonts:
        learned += described(font_shots(font))
    limits = [LIKENESS] * len(learned)
    for sounds, limit in ((kit_sounds(), ALWAYS), (variant_sounds(), VARIANT_LIKENESS)):
        learned += sounds
        limits += [limit] * (len(learned) - len(limits))
    sources = (*(font_source(font) for font in fonts), SOURCE)
    bank = Kit(BANK_NAME, *without_copies(learned, limits), sources)
    write_kit(out, bank, overwrite=True)
    return bank


def described(shots: Sequence[Shot]) -> list[tuple[Sound, Description]]:
    """Describe sounds; of those that are equal in class and samples, one, with the kits of all."""
    equal: defaultdict[tuple[str, bytes], list[Shot]] = defaultdict(list)
    for shot in shots:
        equal[shot.sound.drum, shot.digest].append(shot)
    return [
        (
            _in_kits(same[0].sound, [shot.sound for shot in same]),
            describe(same[0].samples, SAMPLE_RATE),
        )
        for same in equal.values()
    ]


def without_copies(
    learned: Sequence[tuple[Sound, Description]], likeness: Sequence[float]
) -> tuple[tuple[Sound, ...], Description]:
    """Keep one of the sounds of a class that look alike, with the kits of all."""
    description = Description.stack([part for _, part in learned])
    chosen = representatives(description, [sound.drum for sound, _ in learned], likeness=likeness)
    alike: defaultdict[int, list[Sound]] = defaultdict(list)
    for row, (sound, _) in zip(chosen.tolist(), learned, strict=True):
        alike[row].append(sound)
    rows = sorted(alike)
    return tuple(_in_kits(learned[row][0], alike[row]) for row in rows), description.take(rows)


def _in_kits(sound: Sound, copies: Sequence[Sound]) -> Sound:
    return replace(sound, kits=tuple(sorted({kit for copy in copies for kit in copy.kits})))


def main(arguments: Sequence[str]) -> int:
    """Learn the bank; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m nmfd_cli.training.bank",
        description="Learn the bank of drum sounds that ships with nmfd.",
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="the kit file to write")
    parser.add_argument("--soundfont", type=Path, action="append", metavar="FILE", dest="fonts")
    options = parser.parse_args(arguments)
    try:
        bank = learn_bank(options.out, options.fonts or FONTS)
    except NmfdError as error:
        print(f"bank: error: {error}", file=sys.stderr)
        return 1
    counts = ", ".join(f"{len(bank.rows(drum))} {drum}" for drum in bank.classes)
    print(f"{options.out}: {len(bank)} sounds ({counts})")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
