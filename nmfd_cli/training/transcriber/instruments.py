"""Instruments of one-shots in velocity layers, cut at their onset."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.training.synthesis.signals import SAMPLE_RATE

#: Samples before the onset in every sound of an instrument.
LEAD: Final = 44

#: Groups of sources, between which a kit chooses.
ACOUSTIC, SOUNDFONT, MACHINE, SYNTHESIS = "acoustic", "soundfont", "machine", "synthesis"


#: Softest layer of instruments whose layers were equalised in level, in dB.
_SOFTEST_LAYER: Final = -26.0

_LONGEST: Final = {"ride": 3.0, "ride_bell": 3.0, "crash": 3.5, "open_hihat": 2.2, "tom": 2.0}
_USUAL_LONGEST: Final = 1.2


@dataclass
class Instrument:
    """A drum (or a cymbal) that can be hit at several velocities.

    Attributes
    ----------
    articulation : str
        As the folders of the sounds name it.
    source, group : str
    layers : list of ndarray of float32, shape (n_channels, n_samples)
        From soft to loud; the onset is at sample `LEAD`.  Channels are microphones of one hit.
    levels : list of float
        Of the layers, in dB relative to the loudest.
    held_out : bool
    """

    articulation: str
    source: str
    group: str
    layers: list[NDArray[np.float32]]
    levels: list[float]
    held_out: bool = False


def onset_power(sound: NDArray[np.float32]) -> float:
    """Return the mean power of the first 100 ms of a sound, shape (..., n_samples), in dB."""
    head = np.sum(sound, axis=0) if sound.ndim > 1 else sound
    return float(10.0 * np.log10(np.sum(head[: SAMPLE_RATE // 10] ** 2) / 4410.0 + 1e-14))


def _cut(channels: NDArray[np.float64], articulation: str) -> NDArray[np.float32] | None:
    """Move the onset to sample `LEAD`, end where the sound has faded; None for silence."""
    envelope = np.abs(channels).max(axis=0)
    peak = envelope[: SAMPLE_RATE // 4].max(initial=0.0)
    if peak < 1e-5:
        return None
    onset = int(np.argmax(envelope > 0.05 * peak))
    padded = np.pad(channels, ((0, 0), (LEAD, 0)))[:, onset:]
    padded[:, :LEAD] *= np.linspace(0.0, 1.0, LEAD)
    longest = int(_LONGEST.get(articulation, _USUAL_LONGEST) * SAMPLE_RATE)
    audible = np.flatnonzero(np.abs(padded).max(axis=0) > 1e-3 * peak)
    kept = padded[:, : min(longest, int(audible[-1]) + 1)]
    n_fade = max(16, min(8000, kept.shape[1] // 4))
    kept[:, -n_fade:] *= np.cos(np.linspace(0.0, np.pi / 2.0, n_fade)) ** 2
    return kept.astype(np.float32) if kept.shape[1] > 400 else None


def make_instrument(
    articulation: str,
    source: str,
    *,
    group: str,
    sounds: Iterable[NDArray[np.float64]],
    ranked: bool = False,
    held_out: bool = False,
) -> Instrument | None:
    """Make an instrument of its sounds, each of shape (n_channels, n_samples).

    Where `ranked`, the sounds come from soft to loud at equal levels, else their levels count.
    """
    layers = [cut for sound in sounds if (cut := _cut(sound, articulation)) is not None]
    if not layers:
        return None
    powers = [onset_power(layer) for layer in layers]
    top = max(powers)
    layers = [layer * np.float32(10.0 ** (-top / 20.0)) for layer in layers]
    levels = [power - top for power in powers]
    if ranked and len(layers) > 1:
        levels = np.linspace(_SOFTEST_LAYER, 0.0, len(layers)).tolist()
    return Instrument(articulation, source, group, layers, levels, held_out)
