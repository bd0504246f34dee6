"""Drums from the project's own formulas, with parameters drawn at random around those of the kit.

Cymbals and hi-hats ring here as long as their parameters say; those of the kit are cut early.
"""

from dataclasses import fields, replace
from typing import Any

import numpy as np

from nmfd_cli.training.synthesis.cymbal import Cymbal, cymbal_bands, cymbal_bell
from nmfd_cli.training.synthesis.finishing import finish
from nmfd_cli.training.synthesis.hihat import HiHat, hihat_bands
from nmfd_cli.training.synthesis.metal import plate, square_cluster
from nmfd_cli.training.synthesis.shipped_kit import KIT
from nmfd_cli.training.synthesis.signals import Band, Signal, band_noise
from nmfd_cli.training.synthesis.voices import Voice, one_shot

SAMPLE_RATE = 44_100

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
        return _long_hihat(voice, rng)
    if isinstance(voice, Cymbal):
        return _long_cymbal(voice, rng)
    return one_shot(voice, rng, sample_rate=SAMPLE_RATE)


def _metal(
    bands: list[Band], voice: HiHat | Cymbal, n_samples: int, rng: np.random.Generator
) -> Signal:
    if voice.oscillators:
        cluster = square_cluster(
            bands, voice.oscillators, n_samples, rng=rng, sample_rate=SAMPLE_RATE
        )
        return np.asarray(cluster / np.std(cluster[:2000]))
    return plate(
        bands,
        n_samples,
        rng,
        n_modes=voice.n_modes,
        lowest=250.0,
        tonal=voice.tonal,
        sample_rate=SAMPLE_RATE,
    )


def _long_hihat(voice: HiHat, rng: np.random.Generator) -> Signal:
    n_samples = int(min(1.2 * voice.t60 + 0.02, 1.8) * SAMPLE_RATE)
    tap = [Band(500.0, voice.stick - 8.0, 0.05), Band(2500.0, voice.stick - 3.0, 0.03)]
    tap += [Band(7000.0, voice.stick, 0.025), Band(14000.0, voice.stick, 0.02)]
    sound = _metal(hihat_bands(voice), voice, n_samples, rng)
    sound = sound + band_noise(tap, n_samples, rng, sample_rate=SAMPLE_RATE)
    return finish(sound, sample_rate=SAMPLE_RATE, longest=1.8)


def _long_cymbal(voice: Cymbal, rng: np.random.Generator) -> Signal:
    n_samples = int(min(voice.t60, 2.5) * SAMPLE_RATE)
    peak = voice.ping_frequency
    tap = [Band(0.3 * peak, voice.ping - 12.0, 1.5 * voice.ping_t60)]
    tap += [Band(peak, voice.ping, voice.ping_t60)]
    tap += [Band(2.0 * peak, voice.ping - 1.0, 0.7 * voice.ping_t60)]
    sound = _metal(cymbal_bands(voice), voice, n_samples, rng)
    sound = sound + band_noise(tap, n_samples, rng, sample_rate=SAMPLE_RATE)
    sound = sound + cymbal_bell(voice, n_samples, SAMPLE_RATE)
    return finish(sound, sample_rate=SAMPLE_RATE, longest=2.5)
