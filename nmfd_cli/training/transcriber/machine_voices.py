"""Drum machines that never were: every circuit with parameters drawn from all that is usual.

Analogue voices are decaying sines, square waves and filtered noise; ``sampled`` makes of any sound
what a machine of the 1980s plays of it: few bits, a low sample rate, noise, a cut tail.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from nmfd_cli.training.synthesis.signals import SAMPLE_RATE
from nmfd_cli.training.transcriber.effects import log_uniform

Sound = NDArray[np.float64]
Maker = Callable[[np.random.Generator], Sound]


def _time(seconds: float) -> Sound:
    return np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE


def _falling_sine(
    rng: np.random.Generator, time: Sound, *, pitch: float, excess: float, glide: float
) -> Sound:
    """A sine (or a triangle) that falls to `pitch` from `1 + excess` times of it."""
    cycles = pitch * (time - excess * glide * np.expm1(-time / glide))
    phase = 2.0 * np.pi * cycles
    if rng.random() < 0.2:
        return np.asarray(signal.sawtooth(phase + 0.5 * np.pi, 0.5))
    return np.asarray(np.sin(phase))


def _noise(
    rng: np.random.Generator, n_samples: int, *, low: float, high: float, order: int = 1
) -> Sound:
    """White noise between two frequencies in Hz."""
    band = [low, min(high, 21_000.0)]
    sos = signal.butter(order, band, "bandpass", fs=SAMPLE_RATE, output="sos")
    noise = signal.sosfilt(sos, rng.standard_normal(n_samples))
    return np.asarray(noise / (np.std(noise) + 1e-9))


def _kick(rng: np.random.Generator) -> Sound:
    decay = log_uniform(rng, 0.05, 0.5)
    time = _time(min(1.2, 6.0 * decay))
    excess = log_uniform(rng, 0.2, 12.0)
    sine = _falling_sine(
        rng,
        time,
        pitch=log_uniform(rng, 35.0, 90.0),
        excess=excess,
        glide=log_uniform(rng, 0.004, 0.06),
    )
    shape = np.exp(-time / decay) * np.minimum(1.0, time / log_uniform(rng, 1e-4, 4e-3))
    click = rng.uniform(0.0, 0.6) * np.exp(-time / log_uniform(rng, 0.0005, 0.006))
    tick = _noise(rng, len(time), low=rng.uniform(300, 2000), high=rng.uniform(3000, 15_000))
    drive = log_uniform(rng, 0.3, 8.0)
    return np.asarray(np.tanh(drive * (sine * shape + click * tick)) / np.tanh(drive))


def _snare(rng: np.random.Generator) -> Sound:
    tone_decay, wire_decay = log_uniform(rng, 0.02, 0.15), log_uniform(rng, 0.03, 0.25)
    time = _time(min(1.0, 7.0 * max(tone_decay, wire_decay)))
    pitch = log_uniform(rng, 120.0, 330.0)
    excess, glide = rng.uniform(0.0, 1.5), log_uniform(rng, 0.004, 0.03)
    tone = _falling_sine(rng, time, pitch=pitch, excess=excess, glide=glide)
    upper = _falling_sine(
        rng, time, pitch=pitch * rng.uniform(1.4, 2.2), excess=excess, glide=glide
    )
    body = (tone + rng.uniform(0.0, 1.0) * upper) * np.exp(-time / tone_decay)
    low = log_uniform(rng, 300.0, 4000.0)
    wires = _noise(rng, len(time), low=low, high=low * rng.uniform(3.0, 20.0))
    rise = np.minimum(1.0, time / log_uniform(rng, 1e-4, 3e-3))
    balance = rng.uniform(0.15, 1.0)
    return np.asarray(
        (1.1 - balance) * body + balance * 0.6 * wires * rise * np.exp(-time / wire_decay)
    )


def _metal(rng: np.random.Generator, time: Sound) -> Sound:
    """Six square waves or coloured noise, above a high corner."""
    corner = log_uniform(rng, 2500.0, 10_000.0)
    if rng.random() < 0.35:
        return _noise(rng, len(time), low=corner, high=20_000.0, order=int(rng.integers(1, 4)))
    base = rng.uniform(180.0, 900.0)
    ratios = np.array([1.0, 1.5, 1.78, 2.55, 2.63, 3.9]) * np.exp(rng.normal(0.0, 0.08, 6))
    squares = np.sum([np.sign(np.sin(2.0 * np.pi * base * r * time)) for r in ratios], axis=0)
    squares = squares + rng.uniform(0.0, 2.0) * rng.standard_normal(len(time))
    sos = signal.butter(int(rng.integers(1, 4)), corner, "highpass", fs=SAMPLE_RATE, output="sos")
    metal = signal.sosfilt(sos, squares)
    return np.asarray(metal / (np.std(metal) + 1e-9))


def _decaying_metal(rng: np.random.Generator, shortest: float, longest: float) -> Sound:
    decay = log_uniform(rng, shortest, longest)
    time = _time(min(2.5, 7.0 * decay))
    return np.asarray(_metal(rng, time) * np.exp(-time / decay))


def _closed_hihat(rng: np.random.Generator) -> Sound:
    return _decaying_metal(rng, 0.008, 0.06)


def _open_hihat(rng: np.random.Generator) -> Sound:
    return _decaying_metal(rng, 0.09, 0.4)


def _crash(rng: np.random.Generator) -> Sound:
    sound = _decaying_metal(rng, 0.3, 1.0)
    time = np.arange(len(sound)) / SAMPLE_RATE
    wash = _noise(rng, len(sound), low=log_uniform(rng, 400.0, 4000.0), high=18_000.0)
    fall = np.exp(-time / log_uniform(rng, 0.1, 0.9))
    return np.asarray(sound + rng.uniform(0.0, 1.5) * wash * fall)


def _ride(rng: np.random.Generator) -> Sound:
    sound = _decaying_metal(rng, 0.2, 0.8)
    time = np.arange(len(sound)) / SAMPLE_RATE
    bell = np.sin(2.0 * np.pi * log_uniform(rng, 500.0, 4500.0) * time)
    ping = _noise(rng, len(sound), low=3000.0, high=12_000.0) * np.exp(-time / 0.01)
    ring = rng.uniform(0.0, 1.0) * bell * np.exp(-time / rng.uniform(0.1, 0.6))
    return np.asarray(0.6 * sound + ring + rng.uniform(0.5, 2.5) * ping)


def _clap(rng: np.random.Generator) -> Sound:
    time = _time(rng.uniform(0.15, 0.9))
    centre = log_uniform(rng, 700.0, 2200.0)
    noise = _noise(rng, len(time), low=centre * 0.7, high=centre * rng.uniform(1.4, 6.0))
    starts = np.concatenate([[0.0], np.cumsum(rng.uniform(0.006, 0.016, rng.integers(1, 5)))])
    fall = log_uniform(rng, 0.002, 0.01)
    bursts = sum(np.where(time >= s, np.exp(-(time - s) / fall), 0.0) for s in starts)
    tail = np.where(time >= starts[-1], np.exp(-(time - starts[-1]) / rng.uniform(0.03, 0.2)), 0.0)
    return np.asarray(noise * (bursts + rng.uniform(0.1, 0.9) * tail))


def _tom(rng: np.random.Generator) -> Sound:
    decay = log_uniform(rng, 0.06, 0.35)
    time = _time(min(1.5, 6.0 * decay))
    sine = _falling_sine(
        rng,
        time,
        pitch=log_uniform(rng, 65.0, 240.0),
        excess=rng.uniform(0.0, 1.2),
        glide=log_uniform(rng, 0.02, 0.12),
    )
    noise = _noise(rng, len(time), low=rng.uniform(80, 400), high=rng.uniform(1000, 6000))
    hiss = rng.uniform(0.0, 0.35) * noise * np.exp(-time / rng.uniform(0.01, 0.12))
    return np.asarray(sine * np.exp(-time / decay) + hiss)


def _sidestick(rng: np.random.Generator) -> Sound:
    time = _time(0.15)
    pitches = log_uniform(rng, 350.0, 1900.0) * np.array([1.0, rng.uniform(1.3, 3.8)])
    tones = np.sum([np.sin(2.0 * np.pi * p * time) for p in pitches], axis=0)
    tick = _noise(rng, len(time), low=1000.0, high=12_000.0) * np.exp(-time / 0.002)
    return np.asarray(tones * np.exp(-time / log_uniform(rng, 0.004, 0.02)) + tick)


def _other(rng: np.random.Generator) -> Sound:
    """A cowbell, conga, shaker or clave."""
    kind = rng.integers(4)
    if kind == 0:
        time = _time(rng.uniform(0.1, 0.6))
        base = rng.uniform(480.0, 640.0)
        tones = np.sign(np.sin(2.0 * np.pi * base * time))
        tones += np.sign(np.sin(2.0 * np.pi * base * rng.uniform(1.35, 1.6) * time))
        sos = signal.butter(1, [base, 4.0 * base], "bandpass", fs=SAMPLE_RATE, output="sos")
        return np.asarray(signal.sosfilt(sos, tones) * np.exp(-time / rng.uniform(0.03, 0.2)))
    if kind == 1:
        time = _time(0.4)
        pitch = log_uniform(rng, 180.0, 600.0)
        sine = _falling_sine(rng, time, pitch=pitch, excess=rng.uniform(0, 0.2), glide=0.03)
        return np.asarray(sine * np.exp(-time / rng.uniform(0.03, 0.12)))
    if kind == 2:
        time = _time(0.25)
        rise = rng.uniform(0.005, 0.05)
        shape = np.minimum(1.0, time / rise) * np.exp(-np.maximum(0, time - rise) / 0.03)
        return np.asarray(_noise(rng, len(time), low=rng.uniform(3e3, 7e3), high=2e4) * shape)
    time = _time(0.2)
    pitch = log_uniform(rng, 1500.0, 3200.0)
    return np.asarray(np.sin(2.0 * np.pi * pitch * time) * np.exp(-time / rng.uniform(0.006, 0.03)))


#: What makes a sound of each articulation, a new one at each call.
MAKERS: Final = MappingProxyType[str, Maker](
    {
        "kick": _kick,
        "snare": _snare,
        "sidestick": _sidestick,
        "closed_hihat": _closed_hihat,
        "open_hihat": _open_hihat,
        "tom": _tom,
        "ride": _ride,
        "crash": _crash,
        "clap": _clap,
        "other": _other,
    }
)


def sampled(sound: Sound, rng: np.random.Generator) -> Sound:
    """Return a sound as a sampler plays it: coarse in time and amplitude, noisy, cut early."""
    rate = log_uniform(rng, 9_000.0, 36_000.0)
    positions = np.arange(len(sound)) * rate / SAMPLE_RATE
    held = sound / (np.abs(sound).max() + 1e-9)
    if rng.random() < 0.5:
        sos = signal.butter(4, min(0.45 * rate, 20_000.0), fs=SAMPLE_RATE, output="sos")
        held = signal.sosfilt(sos, held)
    step = np.floor(positions) * SAMPLE_RATE / rate
    held = held[np.minimum(np.rint(step).astype(int), len(held) - 1)]
    bits = rng.uniform(5.0, 12.0)
    coarse = np.rint(held * 2.0**bits) / 2.0**bits
    noise = 10.0 ** (rng.uniform(-70.0, -35.0) / 20.0) * rng.standard_normal(len(coarse))
    n_kept = int(len(coarse) * rng.uniform(0.5, 1.0))
    kept = (coarse + noise)[:n_kept]
    n_fade = min(len(kept) // 4, 400)
    if n_fade:
        kept[-n_fade:] *= np.linspace(1.0, 0.0, n_fade)
    return np.asarray(kept)


def machine_sound(articulation: str, rng: np.random.Generator) -> Sound:
    """Draw a sound, shape (n_samples,), that begins with its onset.

    A fifth of them are layers of two; a third are played by a sampler.
    """
    maker = MAKERS[articulation]
    sound = maker(rng)
    if rng.random() < 0.2:
        second = maker(rng)[: len(sound)]
        sound = sound.copy()
        sound[: len(second)] += rng.uniform(0.2, 1.0) * second
    if rng.random() < 0.35:
        sound = sampled(sound, rng)
    return np.asarray(sound / (np.abs(sound).max() + 1e-9))
