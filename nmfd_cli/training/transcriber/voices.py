"""Drums from the project's own formulas, with parameters drawn at random around those of the kit.

Cymbals and hi-hats ring here as long as their parameters say; those of the kit are cut early.
"""

from dataclasses import fields, replace
from typing import Any

import numpy as np

from nmfd_cli.training.synthesis.cymbal import Cymbal
from nmfd_cli.training.synthesis.hihat import HiHat
from nmfd_cli.training.synthesis.metal import plate, square_cluster
from nmfd_cli.training.synthesis.shipped_kit import KIT
from nmfd_cli.training.synthesis.signals import SAMPLE_RATE, Signal, band_noise
from nmfd_cli.training.synthesis.voice import Voice, finish

_DURATIONS = ("t60", "glide_time", "rise", "build_up", "wires_rise")
_FREQUENCIES = ("frequency", "edge", "wires_low", "width")
_FACTORS = ("glide", "drive", "damping")
_SHARES = ("eccentricity", "tonal")


def random_voice(drum: str, rng: np.random.Generator) -> tuple[str, Voice]:
    """Draw a voice of the kit and move every parameter of it.

    Parameters
    ----------
    drum : str
        A drum class.

    Returns
    -------
    str
        The articulation, as the folders of the sounds name it.
    Voice
    """
    name = str(rng.choice(list(KIT[drum])))
    voice = KIT[drum][name]
    width = rng.uniform(0.3, 1.4)
    moved = {f.name: _moved(f.name, getattr(voice, f.name), width, rng) for f in fields(voice)}
    voice = replace(voice, **moved)
    return _articulation(drum, name, voice), voice


def _moved(name: str, value: Any, width: float, rng: np.random.Generator) -> Any:
    """Return a parameter's new value, by the kind of quantity that its name says."""
    draw = float(rng.standard_normal()) * width
    if name == "oscillators":
        return tuple(np.array(value) * np.exp(rng.normal(0.0, 0.12, len(value))))
    if name == "bursts":
        gaps = rng.uniform(0.005, 0.016, rng.integers(0, 5))
        return (0.0, *np.cumsum(gaps).tolist())
    if name == "n_modes":
        return int(value * np.exp(0.3 * draw))
    if name in _SHARES:
        return float(np.clip(value + 0.15 * draw, 0.0, 1.0)) if value > 0.0 else value
    if name == "room":
        return float(rng.uniform(-22.0, -6.0)) if rng.random() < 0.2 else -np.inf
    if name.endswith(_DURATIONS):
        return float(value * np.exp(0.4 * draw))
    if name.endswith(_FREQUENCIES):
        return float(value * np.exp(0.16 * draw))
    if name in _FACTORS:
        return float(value * np.exp(0.4 * draw))
    return float(value + 4.0 * draw) if value > -59.0 else value


def _articulation(drum: str, name: str, voice: Voice) -> str:
    if isinstance(voice, HiHat):
        if "pedal" in name:
            return "pedal_hihat"
        return "open_hihat" if voice.t60 > 0.42 else "closed_hihat"
    if isinstance(voice, Cymbal):
        return {"ride": "ride", "ride_dry": "ride", "ride_bell": "ride_bell"}.get(name, "crash")
    return drum


def sound_of(voice: Voice, rng: np.random.Generator) -> Signal:
    """Return one hit, shape (n_samples,), range [-0.9, 0.9]."""
    if isinstance(voice, HiHat):
        return finish(_ringing_hihat(voice, rng), longest=1.8)
    if isinstance(voice, Cymbal):
        return finish(voice.ringing(rng, 2.5, lowest=250.0), longest=2.5)
    return voice.one_shot(rng)


def _ringing_hihat(voice: HiHat, rng: np.random.Generator) -> Signal:
    n_samples = int(min(1.2 * voice.t60 + 0.02, 1.8) * SAMPLE_RATE)
    bands = voice.bands()
    if voice.oscillators:
        sound = square_cluster(bands, voice.oscillators, n_samples, rng=rng)
        sound /= np.std(sound[:2000])
    else:
        modes, tonal = voice.n_modes, voice.tonal
        sound = plate(bands, n_samples, rng, n_modes=modes, lowest=250.0, tonal=tonal)
    return sound + band_noise(voice.tap(), n_samples, rng)
