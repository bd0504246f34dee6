"""Hits of a performance on buses: gains, choked hi-hats, and which outputs each hit is."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.training.synthesis.signals import SAMPLE_RATE
from nmfd_cli.training.transcriber.effects import Samples, gain_of
from nmfd_cli.training.transcriber.instruments import LEAD
from nmfd_cli.training.transcriber.kits import Kit
from nmfd_cli.training.transcriber.player import Hit
from nmfd_cli.training.transcriber.takes import Take
from nmfd_cli.transcription.vocabulary import OUTPUTS

#: Usual level of a part's full hit in a mixture, in dB.
_USUAL_LEVELS: Final = {
    "kick": 0.0, "snare": -2.0, "sidestick": -7.0, "closed_hihat": -10.0, "open_hihat": -8.0,
    "half_open": -9.0, "pedal_hihat": -14.0, "tom": -3.5, "ride": -12.0, "ride_bell": -10.0,
    "crash": -7.0, "clap": -5.0, "other": -9.0,
}  # fmt: skip
_BUSES: Final = {
    **dict.fromkeys(("closed_hihat", "open_hihat", "half_open", "pedal_hihat"), "hihat"),
    **dict.fromkeys(("ride", "ride_bell", "crash"), "cymbal"),
    "sidestick": "snare",
}
_ARTICULATIONS: Final = {
    "sidestick": "side stick", "closed_hihat": "closed hihat", "open_hihat": "open hihat",
    "half_open": "open hihat", "pedal_hihat": "pedal hihat", "ride": "ride",
    "ride_bell": "ride bell", "crash": "crash", "other": "other",
}  # fmt: skip
#: Parts that end a sounding open hi-hat, always or where it is choked.
_CLOSERS: Final = ("closed_hihat", "pedal_hihat")
_ALL_HIHATS: Final = ("closed_hihat", "pedal_hihat", "open_hihat", "half_open")


def _kind(part: str) -> str:
    return part.rstrip("0123")


class Mixer:
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
