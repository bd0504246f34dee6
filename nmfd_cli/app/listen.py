"""Listening to a recording: which drums play when, for separation and transcription alike."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.app.kits import Kit, load_kit
from nmfd_cli.app.progress import Progress
from nmfd_cli.app.settings import SeparationSettings
from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.drums.bands import Bands, in_bands
from nmfd_cli.core.drums.bank import (
    TEMPLATES_VERSION,
    BankTemplates,
    bank_templates,
    ringing_grid,
)
from nmfd_cli.core.drums.listening import ListeningRule, listen
from nmfd_cli.core.drums.onsets import (
    Peaks,
    attack_rises,
    attack_weights,
    fine_roots,
    fine_stft,
    pick_peaks,
)
from nmfd_cli.core.nmfconv.engine.shifts import TimeGrid
from nmfd_cli.core.nmfconv.engine.target import Target, panels_of, usual_panel_frames
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.audio import Recording
from nmfd_cli.io.cache import cached_array
from nmfd_cli.io.notes import Score
from nmfd_cli.io.spool import SpooledSpectrogram

#: Velocity of a class's loudest stroke, and how many velocities a halving of the level takes away:
#: General MIDI sound modules make the amplitude the square of the velocity.
_LOUDEST = 127
_LEVEL_POWER = 0.5

#: Samples a channel that are read at a time.
_READ_SAMPLES = 1 << 16


def kit_templates(
    settings: SeparationSettings, stft: Stft, sample_rate: float, classes: Sequence[str]
) -> BankTemplates:
    """Return the templates of a kit's sounds of some classes.

    Raises
    ------
    ParameterError
        If the kit has no sound of a class.
    InputFileError
        If the kit cannot be used.
    """
    kit = load_kit(settings.kit)
    for drum in classes:
        if drum not in kit.drums:
            raise ParameterError(f"stems: the kit {kit.name} has no sound of the class {drum}")
    grid = ringing_grid(settings.template_frames, settings.tail, stft.hop_length / sample_rate)
    return _templates_of(kit, stft, sample_rate, grid).of(classes)


def _templates_of(kit: Kit, stft: Stft, sample_rate: float, grid: TimeGrid) -> BankTemplates:
    """Return the templates of a whole kit: from the cache, if they have been wanted before."""

    def make() -> NDArray[np.float32]:
        return bank_templates(kit.description, stft, sample_rate, grid)

    parts = (kit.description.spectrum, kit.description.profile, kit.description.level_db)
    content = sha256(repr((TEMPLATES_VERSION, stft, sample_rate, grid.edges)).encode())
    for part in parts:
        content.update(np.ascontiguousarray(part).data)
    shape = (len(Bands(stft.n_fft, sample_rate).centres), len(kit), grid.n_boxes)
    W = cached_array(f"templates-{content.hexdigest()[:32]}", shape, make)
    return BankTemplates(W, tuple(sound.drum for sound in kit.sounds), grid)


def transcribe_target(
    target: Target,
    recording: Recording,
    stft: Stft,
    settings: SeparationSettings,
    classes: Sequence[str],
    *,
    candidates: bool,
    progress: Progress,
) -> Score:
    """Find out which drums play when.

    Parameters
    ----------
    target : Target
        The recording's spectrogram.
    recording : Recording
    stft : Stft
        The one it was made with.
    settings : SeparationSettings
    classes : sequence of str
        What to listen for.
    candidates : bool
        Leave out the classes that do not sound.
    progress : callable

    Returns
    -------
    Score
        Onsets with classes and velocities; without notes if nothing sounds.
    """
    rate = recording.sample_rate
    if target.total == 0:
        return as_score({drum: Peaks(np.empty(0, np.intp), np.empty(0)) for drum in classes}, rate)
    bank = kit_templates(settings, stft, rate, classes)
    bands, fine = Bands(stft.n_fft, rate), fine_stft(rate)

    roots = _Roots(recording, fine, is_kept=target.in_memory)

    def find(heard: BankTemplates, activations: Mapping[str, FloatArray]) -> dict[str, Peaks]:
        drums = list(activations)
        weights = attack_weights(heard, drums, bands, fine, rate)
        rises = attack_rises(roots, weights)
        found = {}
        for drum, rise in zip(drums, rises, strict=True):
            peaks = pick_peaks(activations[drum], rise, stft, fine, rate)
            inside = np.minimum(peaks.samples, recording.n_samples - 1)
            found[drum] = Peaks(inside, peaks.strength)
        return found

    with ExitStack() as resources:
        banded = _kept(in_bands(target, bands), resources)
        heard = listen(
            banded,
            bank,
            find,
            stft.hop_length,
            ListeningRule(),
            candidates=candidates,
            progress=lambda share: progress("listening", share),
        )
    return as_score(heard.strokes, rate)


def _kept(target: Target, resources: ExitStack) -> Target:
    """Return a target that is not reckoned anew whenever it is visited."""
    if target.in_memory:
        return target
    panel_frames = usual_panel_frames(*target.shape)
    spool = resources.enter_context(SpooledSpectrogram(target.shape[0], panel_frames, target.dtype))
    for panel in panels_of(target):
        spool.append(target.panel(panel.index))
    return spool


class _Roots:
    """The fine STFT's roots of a recording, read anew every time or kept.

    Parameters
    ----------
    recording : Recording
    fine : Stft
    is_kept : bool
        Whether they fit in memory.
    """

    def __init__(self, recording: Recording, fine: Stft, *, is_kept: bool) -> None:
        self._recording = recording
        self._fine = fine
        self._is_kept = is_kept
        self._kept: list[FloatArray] = []

    def __iter__(self) -> Iterator[FloatArray]:
        if self._kept:
            return iter(self._kept)
        blocks = (block.astype(np.float32) for block in self._recording.blocks(_READ_SAMPLES))
        roots = fine_roots(self._fine, blocks)
        if not self._is_kept:
            return roots
        self._kept = list(roots)
        return iter(self._kept)


def as_score(strokes: Mapping[str, Peaks], sample_rate: float) -> Score:
    """Return strokes as a score, by time; the loudest of each class has velocity 127."""
    notes = sorted(
        (int(sample) / sample_rate, drum, max(1, round(_LOUDEST * strength**_LEVEL_POWER)))
        for drum, peaks in strokes.items()
        for sample, strength in zip(peaks.samples, peaks.strength, strict=True)
    )
    return Score(
        onsets=tuple(onset for onset, _, _ in notes),
        durations=(None,) * len(notes),
        pitches=(None,) * len(notes),
        drums=tuple(drum for _, drum, _ in notes),
        velocities=tuple(float(velocity) for _, _, velocity in notes),
    )
