"""From a performance and a kit to a clip: the levels of its bands, and a row for every hit."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.training.synthesis.signals import SAMPLE_RATE
from nmfd_cli.training.transcriber import effects
from nmfd_cli.training.transcriber.accompaniment import Band
from nmfd_cli.training.transcriber.effects import Rooms, Samples, gain_of, rms
from nmfd_cli.training.transcriber.kits import Instruments, Kit
from nmfd_cli.training.transcriber.mixing import Mixer
from nmfd_cli.training.transcriber.performances import Performance, perform
from nmfd_cli.transcription.features import FRAMES_PER_SECOND, band_levels

CLIP_SECONDS: Final = 16.0


#: Bands that the bus takes down by more than this, in dB, cannot show a hit.
_LOST: Final = 25.0


@dataclass(frozen=True)
class Recipe:
    """What clips of one set have in common.

    Attributes
    ----------
    instruments : Instruments
    rooms : Rooms
    band : Band
    accompanied : float
        Share of clips with accompaniment.
    """

    instruments: Instruments
    rooms: Rooms
    band: Band
    accompanied: float = 0.36


@dataclass(frozen=True)
class Clip:
    """A rendered clip.

    Attributes
    ----------
    levels : ndarray of float16, shape (n_frames, 2, n_bands)
        As `nmfd_cli.transcription.features.band_levels` gives them.
    rows : ndarray of float32, shape (n_hits, 4)
        Time in seconds, output of the drum (-1 for none), output of the articulation (-1 for none),
        and audibility: the number of bands that the hit has for itself.
    """

    levels: NDArray[np.float16]
    rows: NDArray[np.float32]


def _in_rooms(mixer: Mixer, rooms: Rooms, rng: np.random.Generator) -> Samples:
    """Sum the buses and let them sound in rooms."""
    dry = np.asarray(sum(mixer.buses.values()), dtype=np.float32)
    wet = dry
    if rng.random() < 0.75:
        sends = [bus * gain_of(rng.uniform(-10.0, 0.0)) for bus in mixer.buses.values()]
        level = rng.uniform(-12.0, 1.0) if rng.random() < 0.4 else -abs(rng.normal(0.0, 9.0)) - 4.0
        send = np.asarray(sum(sends), dtype=np.float32)
        wet = wet + effects.reverberated(send, rooms.response(rng)) * gain_of(level)
    if rng.random() < 0.2 and "snare" in mixer.buses:
        gated = rooms.response(rng)[: int(rng.uniform(0.1, 0.4) * SAMPLE_RATE)]
        echo = effects.reverberated(mixer.buses["snare"], gated)
        wet = wet + echo * gain_of(rng.uniform(-14.0, 3.0))
    if rng.random() < 0.12:
        delay = int(rng.uniform(0.004, 0.03) * SAMPLE_RATE)
        wet = wet + np.pad(wet, (delay, 0))[: len(wet)] * gain_of(rng.uniform(-14.0, -4.0))
    return wet


def _interrupted(samples: Samples, rng: np.random.Generator) -> tuple[Samples, float, float]:
    """Silence a span; return its begin and end in seconds."""
    begin = float(rng.uniform(0.0, CLIP_SECONDS))
    end = begin + float(rng.uniform(0.3, 6.0))
    silent = samples.copy()
    silent[int(begin * SAMPLE_RATE) : int(end * SAMPLE_RATE)] = 0.0
    return silent, begin, end


def _clicked(samples: Samples, rng: np.random.Generator) -> Samples:
    """Add single clicks, up to 40 dB above the mixture."""
    clicked = samples.copy()
    for _ in range(rng.integers(1, 4)):
        width = int(rng.integers(1, 6))
        begin = int(rng.integers(0, len(samples) - width))
        height = float(np.abs(samples).max() + 1e-3) * gain_of(rng.uniform(-6.0, 40.0))
        clicked[begin : begin + width] += height * rng.choice([-1.0, 1.0])
    return clicked


def render_clip(recipe: Recipe, rng: np.random.Generator) -> Clip:
    """Draw a performance and all else, and render it.

    Returns
    -------
    Clip
        Of `CLIP_SECONDS`.
    """
    n_samples = int(CLIP_SECONDS * SAMPLE_RATE)
    performance = perform(rng, CLIP_SECONDS)
    kit = Kit(recipe.instruments, rng)
    mixer = Mixer(kit, rng, n_samples)
    for place, hit in enumerate(performance.hits):
        mixer.add(hit, performance.hits[place + 1 : place + 40])
    mix = np.zeros(n_samples, dtype=np.float32)
    if mixer.buses:
        mix = _in_rooms(mixer, recipe.rooms, rng)
    mix = _with_others(mix, performance, recipe, rng)
    before = band_levels(mix, SAMPLE_RATE)[:, 0]
    after = effects.on_the_bus(mix, rng)
    keep = np.ones(len(mixer.rows), dtype=bool)
    times = np.array([row[0] for row in mixer.rows])
    if rng.random() < 0.06:
        after, begin, end = _interrupted(after, rng)
        keep = (times < begin) | (times > end) if len(times) else keep
    if rng.random() < 0.05:
        after = _clicked(after, rng)
    levels = band_levels(after, SAMPLE_RATE)
    audibility = _audibility(mixer, before, levels[:, 0])
    rows = np.array([(*row, a) for row, a in zip(mixer.rows, audibility, strict=True)])
    rows = rows.reshape(-1, 4)[keep]
    return Clip(levels.astype(np.float16), rows.astype(np.float32))


def _with_others(
    drums: Samples, performance: Performance, recipe: Recipe, rng: np.random.Generator
) -> Samples:
    """Add accompaniment and a noise floor."""
    mix = drums
    level = rms(drums) if np.any(drums) else 0.1
    if rng.random() < recipe.accompanied:
        band = recipe.band.play(rng, len(drums), beat=performance.beat, start=performance.start)
        mix = mix + band * np.float32(level) * gain_of(rng.uniform(-15.0, 6.0))
    if rng.random() < 0.6:
        noise = effects.noise_floor(len(drums), rng)
        mix = mix + noise * np.float32(level) * gain_of(rng.uniform(-75.0, -30.0))
    return np.asarray(mix, dtype=np.float32)


def _audibility(
    mixer: Mixer, before: NDArray[np.float32], after: NDArray[np.float32]
) -> list[float]:
    """Return for each hit in how many bands it is what sounds, before what the bus did.

    A band counts as the hit's share of the power there; one that the bus took away counts nothing.
    """
    change = np.mean(after - before, axis=0)
    is_left = change > np.median(change) - _LOST
    counts = []
    for (time, _, _), its_own in zip(mixer.rows, mixer.onset_levels, strict=True):
        frame = round(time * FRAMES_PER_SECOND)
        around = before[frame + 1 : frame + 4]
        if not len(around):
            counts.append(0.0)
            continue
        share = np.minimum(1.0, 10.0 ** (0.1 * (its_own - around.max(axis=0))))
        counts.append(float(share[is_left].sum()))
    return counts
