"""Listening to a recording: which drums play when, for separation and transcription alike."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.bands import Bands, in_bands
from nmfd_cli.core.drum_sounds.bank_templates import BankTemplates
from nmfd_cli.core.drums.listening import ListeningRule, listen
from nmfd_cli.core.drums.onsets import (
    Peaks,
    attack_rises,
    attack_weights,
    fine_roots,
    fine_stft,
    pick_peaks,
)
from nmfd_cli.core.nmfconv.engine.target import Target, panels_of, usual_panel_frames
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import Progress
from nmfd_cli.io.audio.recording import Recording
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.spool import SpooledSpectrogram

#: Velocity of a class's loudest stroke, and how many velocities a halving of the level takes away:
#: General MIDI sound modules make the amplitude the square of the velocity.
_LOUDEST = 127
_LEVEL_POWER = 0.5

#: Samples a channel that are read at a time.
_READ_SAMPLES = 1 << 16


def transcribe_target(
    target: Target,
    recording: Recording,
    stft: Stft,
    bank: BankTemplates,
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
    bank : BankTemplates
        Of the classes that are looked for.
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
        return as_score({}, rate)
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
            progress=lambda share: progress("transcribing", share),
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
