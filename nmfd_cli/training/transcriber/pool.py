"""Rendered clips in files: written by several processes, read while more are being written.

A part of a pool is ``NAME_SEED.levels.npy``, float16 of shape (n_clips, n_frames, 2, n_bands),
which is read where it lies, and ``NAME_SEED.rows.npz`` with the rows of its hits and how many each
clip has.  The second is written last: a part counts from then on.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.training.bank_soundfonts import FONTS
from nmfd_cli.training.transcriber.accompaniment import Band
from nmfd_cli.training.transcriber.effects import Rooms
from nmfd_cli.training.transcriber.instruments import (
    ACOUSTIC,
    MACHINE,
    SOUNDFONT,
    SYNTHESIS,
    Instrument,
)
from nmfd_cli.training.transcriber.kits import Instruments
from nmfd_cli.training.transcriber.melodic_notes import load_or_render
from nmfd_cli.training.transcriber.rendering import Recipe, render_clip

CLIPS_PER_PART: Final = 25


@dataclass(frozen=True)
class ValidationSet:
    """What a validation set plays.

    Attributes
    ----------
    n_clips : int
    groups : tuple of str
        Groups of held-out sounds; what they lack is lent by all held-out ones.
    accompanied : float
        Share of clips with accompaniment.
    quiet : bool
        Whether the first half of every clip is 30 dB softer.
    """

    n_clips: int
    groups: tuple[str, ...]
    accompanied: float = 0.0
    quiet: bool = False


#: Sets of held-out sounds only, by which everything is chosen.
VALIDATION_SETS: Final = {
    "acoustic": ValidationSet(50, (ACOUSTIC,)),
    "soundfont": ValidationSet(25, (SOUNDFONT,)),
    "machines": ValidationSet(50, (MACHINE,)),
    "formulas": ValidationSet(25, (SYNTHESIS,)),
    "songs": ValidationSet(50, (ACOUSTIC, SOUNDFONT, MACHINE), accompanied=1.0),
    "quiet": ValidationSet(25, (ACOUSTIC,), quiet=True),
}


def is_recorded_machine(one: Instrument) -> bool:
    """Return whether an instrument is a machine that exists."""
    return one.group == MACHINE and not one.source.startswith("machine formulas")


@dataclass
class Studio:
    """Everything that clips are made of, read once per process.

    Parameters
    ----------
    instruments : sequence of Instrument
    sounds : Path
        Folder with ``rooms/``.
    work : Path
        Folder for what is rendered once.
    """

    instruments: Sequence[Instrument]
    sounds: Path
    work: Path
    _notes: dict[int, NDArray[np.float16]] = field(init=False)

    def __post_init__(self) -> None:
        self._notes = load_or_render(FONTS[0], self.work / "notes.npz")

    def training_recipe(self) -> Recipe:
        """Return how clips for training are made."""
        chosen = [one for one in self.instruments if not one.held_out]
        return self._recipe(chosen, held_out=False)

    def validation_recipe(self, its_set: ValidationSet) -> Recipe:
        """Return how the clips of a validation set are made."""
        held_out = [one for one in self.instruments if one.held_out]
        chosen = [
            one
            for one in held_out
            if one.group in its_set.groups and (one.group != MACHINE or is_recorded_machine(one))
        ]
        present = {one.articulation for one in chosen}
        chosen += [one for one in held_out if one.articulation not in present]
        recipe = self._recipe(chosen, held_out=True)
        return replace(recipe, accompanied=its_set.accompanied)

    def _recipe(self, instruments: Sequence[Instrument], *, held_out: bool) -> Recipe:
        rooms = Rooms(self.sounds / "rooms", held_out=held_out)
        return Recipe(Instruments(instruments), rooms, Band(self._notes, held_out=held_out))


def write_part(
    folder: Path, name: str, recipe: Recipe, *, seed: int, n_clips: int = CLIPS_PER_PART
) -> None:
    """Render a part, unless it is there already."""
    rows_path = folder / f"{name}_{seed:05d}.rows.npz"
    if rows_path.is_file():
        return
    generators = [np.random.default_rng([seed, k, *name.encode()]) for k in range(n_clips)]
    clips = [render_clip(recipe, rng) for rng in generators]
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{name}_{seed:05d}.levels.npy", np.stack([clip.levels for clip in clips]))
    part = folder / f".{name}_{seed:05d}.part.npz"
    counts = np.array([len(clip.rows) for clip in clips])
    np.savez(part, rows=np.concatenate([clip.rows for clip in clips]), counts=counts)
    part.rename(rows_path)


def write_validation(folder: Path, studio: Studio, report: Callable[[str], None]) -> None:
    """Render all validation sets, unless they are there already."""
    for name, its_set in VALIDATION_SETS.items():
        recipe = studio.validation_recipe(its_set)
        for seed, first in enumerate(range(0, its_set.n_clips, CLIPS_PER_PART)):
            n_clips = min(CLIPS_PER_PART, its_set.n_clips - first)
            begin = time.monotonic()
            write_part(folder, f"valid-{name}", recipe, seed=seed, n_clips=n_clips)
            report(f"valid-{name} {seed}: {time.monotonic() - begin:.0f} s")


class Pool:
    """Clips of all parts that are there, read where they lie."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._seen: set[Path] = set()
        self.levels: list[NDArray[np.float16]] = []
        self.rows: list[NDArray[np.float32]] = []
        self.refresh()

    def refresh(self) -> None:
        """Take up the parts that were finished since."""
        for path in sorted(self._folder.glob(f"{self._name}_*.rows.npz")):
            if path in self._seen:
                continue
            self._seen.add(path)
            levels = np.load(
                path.with_name(path.name.replace(".rows.npz", ".levels.npy")), mmap_mode="r"
            )
            with np.load(path) as file:
                rows = np.split(file["rows"], np.cumsum(file["counts"])[:-1])
            self.levels.extend(levels)
            self.rows.extend(rows)

    def __len__(self) -> int:
        return len(self.levels)


def load_validation(
    folder: Path, name: str
) -> tuple[list[NDArray[np.float32]], list[NDArray[np.float32]]]:
    """Read a validation set: levels and rows of its clips; quiet halves are made here."""
    pool = Pool(folder, f"valid-{name}")
    levels = [np.array(one, dtype=np.float32) for one in pool.levels]
    if VALIDATION_SETS[name].quiet:
        for one in levels:
            one[: len(one) // 2] -= 30.0
    return levels, pool.rows
