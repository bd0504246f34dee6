"""Sounds with their names, classes and sources: what a kit holds."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.core.drum_sounds.description import (
    BAND_EDGES,
    FREQUENCY_EDGES,
    LARGEST_CODE,
    TIME_EDGES,
    Description,
)
from nmfd_cli.errors import ParameterError

#: The class of sounds that belong to none of `DRUM_CLASSES`: cowbell, tambourine ...
OTHER: Final = "other"

_DTYPES: Final = {"spectrum": np.uint8, "profile": np.uint8, "level_db": np.float32}


@dataclass(frozen=True, slots=True)
class Source:
    """Where sounds come from and on which terms.

    Parameters
    ----------
    key : str
        Short name that a `Sound` refers to.
    title : str
        What it is, with its version.
    licence : str
        SPDX identifier, or words where there is none.
    copyright : str
        Who holds the rights, as the source says it.
    """

    key: str
    title: str
    licence: str = ""
    copyright: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Sound:
    """What one sound of a kit is.

    Parameters
    ----------
    name : str
        Of the sound within the kit, for a person to read.
    drum : str
        Its class: one of `DRUM_CLASSES`, `OTHER`, or a class of the kit's own.
    articulation : str
        How the drum is struck or which drum of its class it is: ``open``, ``ride``, ``low``; may be
        empty.
    source : str
        Key of a `Source`; may be empty.
    kits : tuple of str
        The sets of drums that this sound belongs to; several, when they share it.
    """

    name: str
    drum: str
    articulation: str = ""
    source: str = ""
    kits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kit:
    """Sounds and what they look like: the content of one kit file.

    Parameters
    ----------
    sounds : tuple of Sound
        One for every sound of `description`.
    path : Path, optional
        The kit file or the folder that it was read from; None for one made in memory.
    files : tuple of Path
        All files that it was read from.

    Raises
    ------
    ParameterError
        If they do not fit together.
    """

    name: str
    sounds: tuple[Sound, ...]
    description: Description
    sources: tuple[Source, ...] = field(default=())
    path: Path | None = field(default=None, compare=False)
    files: tuple[Path, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        _require_tables(self.description, len(self.sounds))
        _require_names(self)

    def __len__(self) -> int:
        return len(self.sounds)

    @property
    def drums(self) -> tuple[str, ...]:
        """The classes that can be separated: of `DRUM_CLASSES` in their order, then its own."""
        present = {sound.drum for sound in self.sounds}
        return (*(drum for drum in DRUM_CLASSES if drum in present), *self.extra_drums)

    @property
    def extra_drums(self) -> tuple[str, ...]:
        """The classes of the kit's own, sorted: for `drum_class` to accept."""
        present = {sound.drum for sound in self.sounds}
        return tuple(sorted(present.difference((*DRUM_CLASSES, OTHER))))

    @property
    def classes(self) -> tuple[str, ...]:
        """All classes of the sounds: `drums`, and `OTHER` where there is one."""
        return (*self.drums, OTHER) if self.rows(OTHER) else self.drums

    def read_from(self, path: Path, files: Collection[Path]) -> "Kit":
        """Return the same kit with the place it was read from."""
        return replace(self, path=path, files=tuple(files))

    def rows(self, drum: str) -> list[int]:
        """Return the places of a class's sounds in `sounds` and `description`."""
        return [row for row, sound in enumerate(self.sounds) if sound.drum == drum]

    def where(self, keep: Callable[[Sound], bool]) -> "Kit":
        """Return the sounds for which `keep` is true only."""
        rows = [row for row, sound in enumerate(self.sounds) if keep(sound)]
        chosen = tuple(self.sounds[row] for row in rows)
        return Kit(self.name, chosen, self.description.take(rows), self.sources)


def _require_tables(description: Description, n_sounds: int) -> None:
    """Refuse numbers that are not those of so many sounds."""
    shapes = {
        "spectrum": (n_sounds, len(FREQUENCY_EDGES) - 1),
        "profile": (n_sounds, len(BAND_EDGES) - 1, len(TIME_EDGES) - 1),
        "level_db": (n_sounds,),
    }
    for name, shape in shapes.items():
        table: NDArray[Any] = getattr(description, name)
        dtype = np.dtype(_DTYPES[name])
        if table.shape != shape or table.dtype != dtype:
            raise ParameterError(
                expected=f"{name} of {dtype} and shape {shape} for {n_sounds} sounds",
                found=f"{table.dtype} and {table.shape}",
            )
    if not np.isfinite(description.level_db).all():
        raise ParameterError(expected="finite values in level_db", found="NaN or infinity")
    largest = max(int(description.spectrum.max(initial=0)), int(description.profile.max(initial=0)))
    if largest > LARGEST_CODE:
        codes = f"codes from 0 to {LARGEST_CODE} in spectrum and profile"
        raise ParameterError(expected=codes, found=str(largest))


def _require_names(kit: Kit) -> None:
    """Refuse sounds without a class, and of a source that is not there."""
    known = {"", *(source.key for source in kit.sources)}
    for sound in kit.sounds:
        if not sound.drum.strip():
            raise ParameterError(
                expected=f"a drum class for the sound {sound.name!r}", found="none"
            )
        if sound.source not in known:
            listed = f"a source listed in sources for {sound.name!r}"
            raise ParameterError(expected=listed, found=repr(sound.source))
