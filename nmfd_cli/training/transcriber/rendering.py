"""From a performance and a kit to a clip: the levels of its bands, and a row for every hit."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.training.transcriber import effects
from nmfd_cli.training.transcriber.accompaniment import Band
from nmfd_cli.training.transcriber.effects import Rooms, Samples, gain_of, rms
from nmfd_cli.training.transcriber.kits import Instruments, Kit, Take
from nmfd_cli.training.transcriber.performances import Hit, Performance, perform
from nmfd_cli.training.transcriber.sounds import LEAD
from nmfd_cli.transcription.features import FRAMES_PER_SECOND, band_levels
from nmfd_cli.transcription.vocabulary import OUTPUTS

SAMPLE_RATE: Final = 44_100
CLIP_SECONDS: Final = 16.0

#: Usual level of a part's full hit in a mixture, in dB.
_USUAL_LEVELS: Final = {
    "kick": 0.0,
    "snare": -2.0,
    "sidestick": -7.0,
    "closed_hihat": -10.0,
    "open_hihat": -8.0,
    "half_open": -9.0,
    "pedal_hihat": -14.0,
    "tom": -3.5,
    "ride": -12.0,
    "ride_bell": -10.0,
    "crash": -7.0,
    "clap": -5.0,
    "other": -9.0,
}
_BUSES: Final = {
    **dict.fromkeys(("closed_hihat", "open_hihat", "half_open", "pedal_hihat"), "hihat"),
    **dict.fromkeys(("ride", "ride_bell", "crash"), "cymbal"),
    "sidestick": "snare",
}
_ARTICULATIONS: Final = {
    "sidestick": "side stick",
    "closed_hihat": "closed hihat",
    "open_hihat": "open hihat",
    "half_open": "open hihat",
    "pedal_hihat": "pedal hihat",
    "ride": "ride",
    "ride_bell": "ride bell",
    "crash": "crash",
    "other": "other",
}
#: Parts that end a sounding open hi-hat, always or where it is choked.
_CLOSERS: Final = ("closed_hihat", "pedal_hihat")
_ALL_HIHATS: Final = ("closed_hihat", "pedal_hihat", "open_hihat", "half_open")

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
    dry : bool
        Whether to leave out all damage on the bus.
    """

    instruments: Instruments
    rooms: Rooms
    band: Band
    accompanied: float = 0.36
    dry: bool = False


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
    samples : ndarray of float32, shape (n_samples,)
    """

    levels: NDArray[np.float16]
    rows: NDArray[np.float32]
    samples: Samples


def _kind(part: str) -> str:
    return part.rstrip("0123")


class _Mixer:
    """Sums the hits on buses, and remembers what each would sound like alone."""

    def __init__(self, kit: Kit, rng: np.random.Generator, n_samples: int) -> None:
        self._kit, self._rng, self._n_samples = kit, rng, n_samples
        self.buses: dict[str, Samples] = {}
        self.rows: list[tuple[float, int, int]] = []
        self.onset_levels: list[NDArray[np.float32]] = []
        width = rng.uniform(1.0, 5.0)
        self._bus_levels = {
            bus: rng.normal(0.0, width) for bus in (*_USUAL_LEVELS, *_BUSES.values())
        }
        self._part_levels: dict[str, float] = {}
        self._is_choked = rng.random() < 0.6

    def add(self, hit: Hit, later: list[Hit]) -> None:
        """Play a hit; `later` are those that may cut it off."""
        kind = _kind(hit.part)
        bus = _BUSES.get(kind, kind)
        if hit.part not in self._part_levels:
            own = self._rng.normal(0.0, 1.5)
            self._part_levels[hit.part] = _USUAL_LEVELS[kind] + self._bus_levels[bus] + own
        prepared = self._kit.part(hit.part)
        take = prepared.choose(hit.level, self._rng)
        gain = self._part_levels[hit.part] + hit.level - take.power
        sound = self._cut_off(take, hit, later)
        begin = int(hit.time * SAMPLE_RATE) - LEAD
        sound = sound[max(0, -begin) :]
        begin = max(0, begin)
        sound = sound[: self._n_samples - begin]
        track = self.buses.setdefault(bus, np.zeros(self._n_samples, dtype=np.float32))
        track[begin : begin + len(sound)] += sound * gain_of(gain)
        self.onset_levels.append(take.onset_levels + np.float32(gain))
        self.rows.append((hit.time, *_outputs(kind, prepared.pitch)))

    def _cut_off(self, take: Take, hit: Hit, later: list[Hit]) -> Samples:
        """End an open hi-hat where it is closed, and a machine's sound where it sounds anew."""
        is_open = hit.part in ("open_hihat", "half_open")
        closers = _ALL_HIHATS if self._is_choked else _CLOSERS
        for other in later:
            if other.time > hit.time + 3.0:
                break
            is_cut = (is_open and other.part in closers) or (
                self._kit.is_machine and other.part == hit.part
            )
            if is_cut and other.time > hit.time + 0.005:
                n_kept = int((other.time - hit.time) * SAMPLE_RATE) + LEAD
                n_fade = int((0.004 if self._kit.is_machine else 0.02) * SAMPLE_RATE)
                if n_kept + n_fade < len(take.samples):
                    sound = take.samples[: n_kept + n_fade].copy()
                    sound[n_kept:] *= np.linspace(1.0, 0.0, n_fade, dtype=np.float32)
                    return sound
                break
        return take.samples


def _outputs(kind: str, pitch: float) -> tuple[int, int]:
    """Return the outputs of drum and articulation, -1 for none."""
    drum = {"hihat": "hihat", "cymbal": "cymbal", "snare": "snare"}.get(_BUSES.get(kind, ""), kind)
    articulation = _ARTICULATIONS.get(kind)
    if kind == "tom":
        articulation = "low tom" if pitch < 95.0 else "mid tom" if pitch < 145.0 else "high tom"
    return (
        OUTPUTS.index(drum) if kind != "other" else -1,
        OUTPUTS.index(articulation) if articulation else -1,
    )


def _in_rooms(mixer: _Mixer, rooms: Rooms, rng: np.random.Generator) -> Samples:
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
    mixer = _Mixer(kit, rng, n_samples)
    for place, hit in enumerate(performance.hits):
        mixer.add(hit, performance.hits[place + 1 : place + 40])
    mix = np.zeros(n_samples, dtype=np.float32)
    if mixer.buses:
        mix = _in_rooms(mixer, recipe.rooms, rng)
    mix = _with_others(mix, performance, recipe, rng)
    before = band_levels(mix, SAMPLE_RATE)[:, 0]
    after = mix if recipe.dry else effects.on_the_bus(mix, rng)
    keep = np.ones(len(mixer.rows), dtype=bool)
    times = np.array([row[0] for row in mixer.rows])
    if rng.random() < 0.06:
        after, begin, end = _interrupted(after, rng)
        keep = (times < begin) | (times > end) if len(times) else keep
    if not recipe.dry and rng.random() < 0.05:
        after = _clicked(after, rng)
    levels = band_levels(after, SAMPLE_RATE)
    audibility = _audibility(mixer, before, levels[:, 0])
    rows = np.array([(*row, a) for row, a in zip(mixer.rows, audibility, strict=True)])
    rows = rows.reshape(-1, 4)[keep]
    return Clip(levels.astype(np.float16), rows.astype(np.float32), after)


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
    mixer: _Mixer, before: NDArray[np.float32], after: NDArray[np.float32]
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
