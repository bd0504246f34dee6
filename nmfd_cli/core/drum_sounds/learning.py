"""From a sound to its description."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from nmfd_cli.core.drum_sounds.description import (
    BAND_EDGES,
    FREQUENCY_EDGES,
    TIME_EDGES,
    Codes,
    Description,
    Float64,
    centres,
    cumulative,
    decode,
    encode,
    interpolate,
    periodic_hann,
)
from nmfd_cli.errors import ParameterError

#: Hz; the lowest sample rate of a sound that can be described.
LOWEST_SAMPLE_RATE: Final = 8000.0

_ONSET_DB = -40.0  # re the peak of a sound: where it begins
_PROFILE_WINDOW = 0.024  # seconds; 12 ms blurs the bins of a kick, 36 ms its attack
_PROFILE_HOP = 0.003
_FADE = 0.02  # seconds, where a sound longer than the last time edge is cut
_MEASURED = 0.95  # of Nyquist: above it the filter of a converter or a resampler speaks
_ROLL_OFF = 8.0  # power falls by 24 dB an octave above what was measured
_SLOWEST_DECAY = 9.0  # dB a second: nothing that is struck rings longer


def from_onset(sound: ArrayLike) -> Float64:
    """Cut what comes before a sound.

    Parameters
    ----------
    sound : array_like, shape (n_samples,) or (n_samples, n_channels)
        One hit; its onset is the first sample less than 40 dB below the peak.

    Returns
    -------
    ndarray of float64, shape (n_samples - onset, n_channels)
        The sound from its onset.

    Raises
    ------
    ParameterError
        If the sound is empty, silent or not finite.
    """
    samples = _checked_sound(sound)
    peaks = np.abs(samples).max(axis=1)
    return samples[np.argmax(peaks >= peaks.max() * 10.0 ** (_ONSET_DB / 20.0)) :]


def describe(sound: ArrayLike, sample_rate: float) -> Description:
    """Learn what one sound looks like.

    Parameters
    ----------
    sound : array_like, shape (n_samples,) or (n_samples, n_channels)
        One hit, full scale 1, that begins with its onset (see `from_onset`).  What comes after the
        last of `TIME_EDGES` is not looked at.  The energies of channels are averaged.
    sample_rate : float
        Hz, at least 8000.  Above 0.95 of half of it, the spectrum goes on from its last third of an
        octave and falls by 24 dB an octave.

    Returns
    -------
    Description
        Of one sound.

    Raises
    ------
    ParameterError
        If the sound is empty, silent or not finite, or the sample rate too low.

    Examples
    --------
    >>> from nmfd_cli.core.drum_sounds.rebuilding import templates
    >>> from nmfd_cli.core.stft import Stft
    >>> click = np.r_[1.0, np.zeros(4410)]
    >>> description = describe(click, 44_100)
    >>> templates(description, Stft(512, 256), sample_rate=44_100, n_frames=3).shape
    (257, 1, 3)
    """
    if not sample_rate >= LOWEST_SAMPLE_RATE:
        raise ParameterError(
            expected=f"a sample rate of at least {LOWEST_SAMPLE_RATE:g} Hz",
            found=str(sample_rate),
        )
    samples = _faded(_checked_sound(sound), sample_rate)
    spectrum = _energy_spectrum(samples, sample_rate)
    profile = _energy_profile(samples, sample_rate)
    peak = spectrum.max()
    level = np.array([10.0 * np.log10(peak)], dtype=np.float32)
    return Description(encode(spectrum, peak)[None], _encode_profile(profile)[None], level)


def average(description: Description) -> Description:
    """Describe the mean of sounds that look alike, such as hits of one drum.

    Parameters
    ----------
    description : Description
        Of at least one sound.

    Returns
    -------
    Description
        Of one sound, whose spectrum and profiles are the means of theirs, each sound scaled to the
        same energy; its energy in dB is the mean of theirs.
    """
    spectrum = decode(description.spectrum).astype(np.float64)
    energy = (spectrum * np.diff(FREQUENCY_EDGES)).sum(axis=1)
    mean = (spectrum / energy[:, None]).mean(axis=0)
    energy_db = np.mean(description.level_db + 10.0 * np.log10(energy))
    level = np.array([energy_db + 10.0 * np.log10(mean.max())], dtype=np.float32)
    profile = decode(description.profile).astype(np.float64)
    profile /= (profile * np.diff(TIME_EDGES)).sum(axis=2, keepdims=True)
    return Description(
        encode(mean, mean.max())[None], _encode_profile(profile.mean(axis=0))[None], level
    )


def ring_on(description: Description, cut: float) -> Description:
    """Let sounds that were cut short ring on as they decayed before the cut.

    In every band, the level in dB from ``cut / 2`` to `cut` is fitted by a straight line, and the
    cells after the cut follow it: ``g(b, t)`` falls exponentially.  The spectrum grows by the
    energy that this adds.

    Parameters
    ----------
    description : Description
        Of any number of sounds.
    cut : float
        Seconds after the onset from which on they are not to be believed, e.g. where a fade begins.

    Returns
    -------
    Description
        Up to the last of `TIME_EDGES`, 2 s.

    Raises
    ------
    ParameterError
        If there are fewer than two cells to measure a decay in.
    """
    middle, width = centres(TIME_EDGES), np.diff(TIME_EDGES)
    before = (TIME_EDGES[:-1] >= cut / 2.0) & (TIME_EDGES[1:] <= cut)
    after = TIME_EDGES[1:] > cut
    if before.sum() < 2:
        raise ParameterError(expected="two cells of time before a cut", found=f"it at {cut} s")
    profile = decode(description.profile).astype(np.float64)
    level = 10.0 * np.log10(profile[..., before])
    mean = level.mean(axis=-1, keepdims=True)
    offset = middle[before] - middle[before].mean()
    slope = (level * offset).sum(axis=-1, keepdims=True) / np.square(offset).sum()
    fallen = np.minimum(slope, -_SLOWEST_DECAY) * (middle[after] - middle[before].mean())
    longer = profile.copy()
    longer[..., after] = np.maximum(profile[..., after], 10.0 ** ((mean + fallen) / 10.0))
    growth = (longer * width).sum(axis=-1) / (profile * width).sum(axis=-1)
    growth = interpolate(centres(FREQUENCY_EDGES), centres(BAND_EDGES), growth)
    spectrum = decode(description.spectrum) * growth
    peak = spectrum.max(axis=-1, keepdims=True)
    louder = (10.0 * np.log10(peak[:, 0])).astype(np.float32)
    return Description(
        encode(spectrum, peak), _encode_profile(longer), description.level_db + louder
    )


def _checked_sound(sound: ArrayLike) -> Float64:
    samples = np.asarray(sound, dtype=np.float64)
    samples = samples[:, None] if samples.ndim == 1 else samples
    if samples.ndim != 2 or samples.size == 0:
        raise ParameterError(
            expected="a sound of shape (n_samples,) or (n_samples, n_channels)",
            found=str(np.shape(sound)),
        )
    if not np.isfinite(samples).all():
        raise ParameterError(expected="a sound of finite samples", found="NaN or infinity")
    if np.square(samples).max() < np.finfo(np.float32).tiny:
        raise ParameterError(expected="a sound", found="silence")
    return samples


def _faded(samples: Float64, sample_rate: float) -> Float64:
    """Cut a sound at the last time edge, without a click."""
    n_kept = int(TIME_EDGES[-1] * sample_rate)
    if len(samples) <= n_kept:
        return samples
    n_fade = int(_FADE * sample_rate)
    kept = samples[:n_kept].copy()
    kept[-n_fade:] *= (0.5 + 0.5 * np.cos(np.pi * np.arange(n_fade) / n_fade))[:, None]
    return kept


def _energy_spectrum(samples: Float64, sample_rate: float) -> Float64:
    """Return the energy density of a sound on the frequency cells, per Hz."""
    n_fft = 2 ** int(np.ceil(np.log2(max(len(samples), sample_rate))))  # bins of 1 Hz or less
    power = np.square(np.abs(np.fft.rfft(samples, n_fft, axis=0))).mean(axis=1)
    power *= 2.0 / (n_fft * sample_rate)
    bin_edges = (np.arange(len(power) + 1) - 0.5) * sample_rate / n_fft
    energy = np.diff(np.interp(FREQUENCY_EDGES, bin_edges, cumulative(power)))
    return _extended(energy / np.diff(FREQUENCY_EDGES), _MEASURED * sample_rate / 2.0)


def _extended(density: Float64, top: float) -> Float64:
    """Continue a spectrum above the frequency `top` up to which it was measured."""
    middle = centres(FREQUENCY_EDGES)
    beyond = middle > top
    last = density[(middle <= top) & (middle > top * 2.0 ** (-1.0 / 3.0))].mean()
    density[beyond] = last * (middle[beyond] / top) ** -_ROLL_OFF
    return density


def _energy_profile(samples: Float64, sample_rate: float) -> Float64:
    """Return the energy density of a sound over time, per band, shape (n_bands, n_cells)."""
    n_window = round(_PROFILE_WINDOW * sample_rate)
    hop_length = round(_PROFILE_HOP * sample_rate)
    n_before = -(-n_window // (2 * hop_length)) * hop_length
    padded = np.pad(samples, ((n_before + n_window // 2, n_before + n_window), (0, 0)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_window, axis=0)[::hop_length]
    tapered = frames * periodic_hann(n_window)
    power = np.square(np.abs(np.fft.rfft(tapered, 2 * n_window, axis=-1))).mean(axis=1)
    bin_edges = (np.arange(power.shape[1] + 1) - 0.5) * (sample_rate / (2 * n_window))
    energy = np.diff(interpolate(BAND_EDGES, bin_edges, cumulative(power)))
    frames_after = np.arange(len(energy) + 1) - 0.5 - n_before / hop_length
    frame_edges = frames_after * (hop_length / sample_rate)
    until = cumulative(energy.T)
    # The window smears energy ahead of the onset: what lies before it is folded back after it.
    folded = interpolate(TIME_EDGES, frame_edges, until)
    folded -= interpolate(-TIME_EDGES, frame_edges, until)
    profile = np.maximum(np.diff(folded), 0.0) / np.diff(TIME_EDGES)
    return _without_gaps(profile, _MEASURED * sample_rate / 2.0)


def _without_gaps(profile: Float64, top: float) -> Float64:
    """Give bands that could not be measured the profile of the nearest band below."""
    measured = (BAND_EDGES[:-1] < top) & (profile.max(axis=1) > profile.max() * 1e-12)
    nearest = np.maximum.accumulate(np.where(measured, np.arange(len(profile)), -1))
    return profile[np.where(nearest < 0, np.argmax(measured), nearest)]


def _encode_profile(profile: Float64) -> Codes:
    return encode(profile, profile.max(axis=-1, keepdims=True))
