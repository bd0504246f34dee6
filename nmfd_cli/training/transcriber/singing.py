"""Voice-like sounds: a buzz through formants, with vibrato, between consonants of noise."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from nmfd_cli.training.synthesis.signals import SAMPLE_RATE
from nmfd_cli.training.transcriber.effects import gain_of, log_uniform

#: Formants of vowels in Hz (men's averages; Peterson and Barney 1952), widened to four.
_VOWELS: Final = (
    (730, 1090, 2440, 3400),
    (530, 1840, 2480, 3500),
    (270, 2290, 3010, 3600),
    (570, 840, 2410, 3300),
    (300, 870, 2240, 3200),
)
_WIDTHS: Final = (80.0, 100.0, 140.0, 200.0)


def _vowel(
    rng: np.random.Generator, pitch: float, seconds: float, size: float
) -> NDArray[np.float64]:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    depth = rng.uniform(0.0, 0.035) * np.minimum(1.0, time / 0.3)
    vibrato = depth * np.sin(2.0 * np.pi * rng.uniform(4.5, 6.5) * time + rng.uniform(0.0, 6.0))
    scoop = rng.uniform(-0.08, 0.02) * np.exp(-time / 0.05)
    cycles = np.cumsum(pitch * (1.0 + vibrato + scoop)) / SAMPLE_RATE
    buzz = signal.sawtooth(2.0 * np.pi * cycles, 0.9)
    buzz = buzz + rng.uniform(0.0, 0.15) * rng.standard_normal(len(time))
    formants = np.array(_VOWELS[rng.integers(len(_VOWELS))]) * size
    sound = np.zeros(len(time))
    for place, (formant, width) in enumerate(zip(formants, _WIDTHS, strict=True)):
        b, a = signal.iirpeak(formant, formant / width, fs=SAMPLE_RATE)
        sound += signal.lfilter(b, a, buzz) * 0.6**place
    rise, fall = rng.uniform(0.015, 0.08), rng.uniform(0.03, 0.15)
    shape = np.minimum(1.0, time / rise) * np.clip((seconds - time) / fall, 0.0, 1.0)
    return np.asarray(sound * shape)


def _consonant(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a fricative, which rises slowly, or a plosive."""
    if rng.random() < 0.55:
        seconds, rise = rng.uniform(0.05, 0.16), rng.uniform(0.02, 0.05)
        low = log_uniform(rng, 2500.0, 6500.0)
        band = [low, min(20_000.0, low * rng.uniform(1.5, 3.0))]
    else:
        seconds, rise = rng.uniform(0.01, 0.04), 0.002
        low = log_uniform(rng, 300.0, 3000.0)
        band = [low, low * rng.uniform(2.0, 5.0)]
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    sections = signal.butter(2, band, "bandpass", fs=SAMPLE_RATE, output="sos")
    noise = signal.sosfilt(sections, rng.standard_normal(len(time)))
    shape = np.minimum(1.0, time / rise) * np.clip((seconds - time) / (0.4 * seconds), 0.0, 1.0)
    return np.asarray(noise / (np.std(noise) + 1e-9) * 0.15 * shape)


def sing(
    rng: np.random.Generator, n_samples: int, *, beat: float, start: float
) -> NDArray[np.float32]:
    """Sing syllables on a grid of half or quarter beats, with breaths between the lines."""
    line = np.zeros(n_samples, dtype=np.float32)
    step = beat / int(rng.choice([1, 2, 2, 4]))
    size, root = rng.uniform(0.9, 1.25), log_uniform(rng, 90.0, 330.0)
    scale = np.array([0, 2, 3, 5, 7, 8, 10, 12])
    consonants = rng.uniform(0.2, 0.8)
    time, degree = start, int(rng.integers(len(scale)))
    while time < n_samples / SAMPLE_RATE:
        length = step * int(rng.choice([1, 1, 2, 3, 4]))
        if rng.random() < 0.75:
            degree = int(np.clip(degree + rng.integers(-2, 3), 0, len(scale) - 1))
            pitch = root * 2.0 ** (scale[degree] / 12.0)
            seconds = min(2.0, max(0.08, length * rng.uniform(0.6, 1.0)))
            syllable = _vowel(rng, pitch, seconds, size) * gain_of(rng.uniform(-8.0, 0.0))
            onset = time + float(rng.normal(0.0, 0.02))
            _add(line, syllable, onset)
            if rng.random() < consonants:
                noise = _consonant(rng)
                _add(line, noise, onset - len(noise) / SAMPLE_RATE * rng.uniform(0.5, 1.0))
        time += length
    return line


def _add(line: NDArray[np.float32], sound: NDArray[np.float64], seconds: float) -> None:
    begin = max(0, int(seconds * SAMPLE_RATE))
    its_own = sound[: max(0, len(line) - begin)]
    line[begin : begin + len(its_own)] += its_own.astype(np.float32)
