"""Templates of a kit's sounds for the STFT of a recording."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.articulations import articulation, class_of, owner
from nmfd_cli.core.bands import Bands
from nmfd_cli.core.drum_sounds.bank_templates import (
    TEMPLATES_VERSION,
    BankTemplates,
    bank_templates,
    ringing_grid,
)
from nmfd_cli.core.drum_sounds.kit import Kit
from nmfd_cli.core.nmfconv.engine.shifts import TimeGrid
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.cache import cached_array


def kit_templates(
    kit: Kit,
    names: Sequence[str],
    *,
    stft: Stft,
    sample_rate: float,
    template_frames: int,
    tail: float,
) -> BankTemplates:
    """Return the templates of a kit's sounds of some drums, in the order of the drums.

    Parameters
    ----------
    kit : Kit
    names : sequence of str
        Of `Kit.drums`, or articulations: of one that the kit does not have the sounds of its class
        are taken.
    stft : Stft
        The recording's.
    sample_rate : float
        The recording's, in Hz.
    template_frames : int
        Frames of the attack, at full resolution.
    tail : float
        How long templates are in all, in seconds.

    Raises
    ------
    ParameterError
        If the kit has no sound of a class.
    """
    rows = [_rows_of(kit, name) for name in names]
    grid = ringing_grid(template_frames, tail, stft.hop_length / sample_rate)
    templates = _templates_of(kit, stft, grid, sample_rate=sample_rate)
    labels = tuple(name for name, own in zip(names, rows, strict=True) for _ in own)
    return replace(templates.taken([row for own in rows for row in own]), drums=labels)


def _rows_of(kit: Kit, name: str) -> list[int]:
    """Return the sounds of a class or an articulation."""
    drum = owner(class_of(name), name, kit.drums)  # the finest class that holds it
    if drum is None:
        within = [own for own in kit.drums if owner(class_of(own), own, [name]) is not None]
        rows = [row for own in within for row in kit.rows(own)]
        if rows:  # a cymbal of a kit that has rides and crashes
            return rows
        raise ParameterError(
            f"the kit {kit.name} has no sound of the class {class_of(name)}", setting="stems"
        )
    own = kit.rows(drum)
    if drum == name:
        return own
    of = class_of(drum)
    struck = [articulation(kit.sounds[row].articulation, of) for row in own]
    finer = [row for row, how in zip(own, struck, strict=True) if owner(of, how, [name])]
    return finer or own


def _templates_of(kit: Kit, stft: Stft, grid: TimeGrid, *, sample_rate: float) -> BankTemplates:
    """Return the templates of a whole kit: from the cache, if they have been wanted before."""

    def make() -> NDArray[np.float32]:
        return bank_templates(kit.description, stft, grid, sample_rate=sample_rate)

    parts = (kit.description.spectrum, kit.description.profile, kit.description.level_db)
    content = sha256(repr((TEMPLATES_VERSION, stft, sample_rate, grid.edges)).encode())
    for part in parts:
        content.update(np.ascontiguousarray(part).data)
    shape = (len(Bands(stft.n_fft, sample_rate).centres), len(kit), grid.n_boxes)
    W = cached_array(f"templates-{content.hexdigest()[:32]}", shape, make)
    return BankTemplates(W, tuple(sound.drum for sound in kit.sounds), grid)
