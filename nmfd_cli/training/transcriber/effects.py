"""What happens to drums between the kit and the file: filters, rooms, compression, damage.

Every function takes mono samples of shape (n_samples,) at 44.1 kHz and a random generator, and
returns as many.
"""

from pathlib import Path
from typing import Final, Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy import signal

from nmfd_cli.training.synthesis.signals import SAMPLE_RATE

Samples = NDArray[np.float32]

#: Every fifth response of a room is held out.
_HELD_OUT_ROOM: Final = 5


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number between two positive ones, evenly on a logarithmic scale."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def gain_of(decibels: float) -> np.float32:
    """Return the factor of a level."""
    return np.float32(10.0 ** (decibels / 20.0))


def rms(samples: Samples) -> float:
    """Return the root mean square, never zero."""
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))) + 1e-9)


def shelf(kind: str, frequency: float, gain: float) -> NDArray[np.float64]:
    """Return a second-order ``low`` or ``high`` shelf, slope 1, as one section of shape (6,).

    R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients".
    """
    amplitude = 10.0 ** (gain / 40.0)
    omega = 2.0 * np.pi * frequency / SAMPLE_RATE
    sign = 1.0 if kind == "low" else -1.0
    cosine = sign * np.cos(omega)
    root = np.sqrt(2.0 * amplitude) * np.sin(omega)
    above, below = amplitude + 1.0, amplitude - 1.0
    b = [
        amplitude * (above - below * cosine + root),
        sign * 2.0 * amplitude * (below - above * cosine),
        amplitude * (above - below * cosine - root),
    ]
    a = [above + below * cosine + root, -sign * 2.0 * (below + above * cosine)]
    a += [above + below * cosine - root]
    return np.asarray(np.array([*b, *a]) / a[0])


def peak(frequency: float, gain: float, quality: float) -> NDArray[np.float64]:
    """Return a peaking section of shape (6,), of the same source as `shelf`."""
    amplitude = 10.0 ** (gain / 40.0)
    omega = 2.0 * np.pi * frequency / SAMPLE_RATE
    alpha = np.sin(omega) / (2.0 * quality)
    middle = -2.0 * np.cos(omega)
    b = [1.0 + alpha * amplitude, middle, 1.0 - alpha * amplitude]
    a = [1.0 + alpha / amplitude, middle, 1.0 - alpha / amplitude]
    return np.asarray(np.array([*b, *a]) / a[0])


def random_equaliser(rng: np.random.Generator, amount: float) -> NDArray[np.float64] | None:
    """Draw shelves and peaks with gains of some dB; None where nothing was drawn."""
    sections = []
    if rng.random() < 0.6:
        sections.append(shelf("low", rng.uniform(60.0, 400.0), rng.normal(0.0, amount)))
    if rng.random() < 0.6:
        sections.append(shelf("high", rng.uniform(2000.0, 9000.0), rng.normal(0.0, amount)))
    for _ in range(rng.integers(0, 3)):
        frequency = log_uniform(rng, 80.0, 10_000.0)
        sections.append(peak(frequency, rng.normal(0.0, amount), rng.uniform(0.5, 3.0)))
    return np.array(sections) if sections else None


def filtered(samples: Samples, sections: NDArray[np.float64] | None) -> Samples:
    """Run samples through sections, or leave them."""
    if sections is None:
        return samples
    return np.asarray(signal.sosfilt(sections, samples), dtype=np.float32)


class Rooms:
    """Responses of rooms and plates, recorded ones and noise that decays.

    Parameters
    ----------
    folder : Path
        Holds COLLECTION/NAME.flac.
    held_out : bool
        Whether to use the held-out recorded responses, or all others.
    """

    def __init__(self, folder: Path, *, held_out: bool) -> None:
        self._responses: list[Samples] = []
        for place, path in enumerate(sorted(folder.glob("*/*.flac"))):
            if (place % _HELD_OUT_ROOM == 0) == held_out:
                samples, sample_rate = soundfile.read(path, always_2d=True)
                mono = soxr.resample(samples.mean(axis=1), sample_rate, SAMPLE_RATE)
                begin = int(np.argmax(np.abs(mono) > 0.1 * np.abs(mono).max()))
                self._responses.append(mono[begin : begin + int(1.5 * SAMPLE_RATE)].astype("f4"))

    def response(self, rng: np.random.Generator) -> Samples:
        """Draw a response of unit energy."""
        if self._responses and rng.random() < 0.4:
            recorded = self._responses[rng.integers(len(self._responses))]
            part = recorded[: int(rng.uniform(0.15, 1.2) * SAMPLE_RATE)]
            drawn = part * np.linspace(1.0, 0.0, len(part))
        else:
            drawn = self._noise(rng)
        return np.asarray(drawn / np.sqrt(np.sum(drawn**2) + 1e-9), dtype=np.float32)

    def _noise(self, rng: np.random.Generator) -> NDArray[np.float64]:
        seconds = log_uniform(rng, 0.12, 1.8)
        n_samples = int(min(seconds, 1.3) * SAMPLE_RATE)
        noise = rng.standard_normal(n_samples)
        noise *= 10.0 ** (-3.0 * np.arange(n_samples) / SAMPLE_RATE / seconds)
        band = [rng.uniform(60.0, 400.0), rng.uniform(3000.0, 14_000.0)]
        sections = signal.butter(1, band, "bandpass", fs=SAMPLE_RATE, output="sos")
        delay = np.zeros(int(rng.uniform(0.0, 0.02) * SAMPLE_RATE))
        return np.concatenate([delay, signal.sosfilt(sections, noise)])


def reverberated(samples: Samples, response: Samples) -> Samples:
    """Convolve with a response, without the direct sound."""
    return np.asarray(signal.fftconvolve(samples, response)[: len(samples)], dtype=np.float32)


def compressed(samples: Samples, rng: np.random.Generator) -> Samples:
    """Turn down what is loud, with attack and release, as a bus compressor does."""
    block = 64
    threshold, ratio = rng.uniform(-25.0, -6.0), rng.uniform(1.5, 8.0)
    attack, release = rng.uniform(0.001, 0.03), rng.uniform(0.05, 0.3)
    n_blocks = len(samples) // block
    power = np.mean(samples[: n_blocks * block].reshape(n_blocks, block) ** 2, axis=1)
    level = 10.0 * np.log10(power / (np.percentile(power, 99) + 1e-12) + 1e-9)
    wanted = np.minimum(0.0, (threshold - level) * (1.0 - 1.0 / ratio)).tolist()
    fast, slow = np.exp(-block / SAMPLE_RATE / np.array([attack, release]))
    gains, now = [], 0.0
    for target in wanted:
        now = target + (now - target) * (fast if target < now else slow)
        gains.append(now)
    curve = np.interp(np.arange(len(samples)), np.arange(n_blocks) * block, gains)
    return np.asarray(samples * 10.0 ** (curve / 20.0), dtype=np.float32)


def saturated(samples: Samples, rng: np.random.Generator) -> Samples:
    """Drive into a soft or a hard limit."""
    top = float(np.abs(samples).max()) + 1e-9
    if rng.random() < 0.65:
        driven = np.tanh(samples / top * log_uniform(rng, 0.5, 6.0))
    else:
        driven = np.clip(samples, -0.5 * top, 0.5 * top)
    return np.asarray(driven, dtype=np.float32)


def band_limited(samples: Samples, rng: np.random.Generator) -> Samples:
    """Take away the highest frequencies, or the lowest."""
    is_low = rng.random() < 0.6
    frequency = log_uniform(rng, 3000.0, 15_000.0) if is_low else rng.uniform(40.0, 180.0)
    order = int(rng.integers(1, 5))
    kind: Literal["lowpass", "highpass"] = "lowpass" if is_low else "highpass"
    sections = signal.butter(order, frequency, kind, fs=SAMPLE_RATE, output="sos")
    return filtered(samples, sections)


def coarse(samples: Samples, rng: np.random.Generator) -> Samples:
    """Quantise as old samplers and bad converters do."""
    top = float(np.abs(samples).max()) + 1e-9
    steps = 2.0 ** rng.uniform(5.0, 10.0)
    held = np.rint(samples / top * steps) / steps * top
    if rng.random() < 0.5:
        rate = log_uniform(rng, 11_000.0, 30_000.0)
        held = held[
            (np.floor(np.arange(len(held)) * rate / SAMPLE_RATE) * SAMPLE_RATE / rate).astype(int)
        ]
    return np.asarray(held, dtype=np.float32)


def residue(samples: Samples, rng: np.random.Generator) -> Samples:
    """Damage as separators do: what is soft is gated away, single bins flicker.

    A mask of the spectrogram is the gate's decision, smoothed over a few bins and frames, times
    random holes of one bin ("musical noise").
    """
    n_fft = 2048
    _, _, spectrum = signal.stft(samples, nperseg=n_fft, noverlap=n_fft // 2)
    level = np.abs(spectrum)
    floor = np.quantile(level, rng.uniform(0.1, 0.75), axis=1, keepdims=True)
    noisy = level * np.exp(rng.normal(0.0, rng.uniform(0.1, 1.2), level.shape))
    width = int(rng.integers(1, 5))
    mask = signal.fftconvolve(noisy > floor, np.full((width, 2), 0.5 / width), mode="same")
    holes = rng.random(level.shape) < rng.uniform(0.0, 0.3)
    mask = np.clip(mask, gain_of(rng.uniform(-50.0, -12.0)), 1.0) * np.where(holes, 0.3, 1.0)
    _, damaged = signal.istft(spectrum * mask, nperseg=n_fft, noverlap=n_fft // 2)
    return np.resize(damaged, len(samples)).astype(np.float32)


def noise_floor(n_samples: int, rng: np.random.Generator) -> Samples:
    """Return white or coloured noise of unit power, at times with hum."""
    noise = rng.standard_normal(n_samples).astype(np.float32)
    if rng.random() < 0.6:
        pole = rng.uniform(0.5, 0.98)
        noise = np.asarray(signal.lfilter([1.0 - pole], [1.0, -pole], noise), dtype=np.float32)
    noise /= np.float32(rms(noise))
    if rng.random() < 0.15:
        phase = 2.0 * np.pi * rng.choice([50.0, 60.0]) * np.arange(n_samples) / SAMPLE_RATE
        hum = sum(rng.uniform(0.0, 1.0) * np.sin(k * phase) for k in (1, 2, 3, 5))
        noise = noise + np.asarray(hum, dtype=np.float32)
    return noise


def on_the_bus(samples: Samples, rng: np.random.Generator) -> Samples:
    """Process a whole mixture as it may have been before it came to us."""
    if rng.random() < 0.75:
        samples = filtered(samples, random_equaliser(rng, 4.0))
    if rng.random() < 0.5:
        samples = compressed(samples, rng)
    if rng.random() < 0.3:
        samples = saturated(samples, rng)
    if rng.random() < 0.07:
        samples = coarse(samples, rng)
    if rng.random() < 0.1:
        samples = residue(samples, rng)
    if rng.random() < 0.25:
        samples = band_limited(samples, rng)
    return samples
