"""The demo recording: four bars of a funk groove, with the true stems and the hits played.

Its voices are not those of the kit, every hit is synthesised anew and the hands are human, so
taking it apart with templates from the kit is an honest exercise.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nmfd_cli.training.synthesis.hihat import HiHat
from nmfd_cli.training.synthesis.kick import Kick
from nmfd_cli.training.synthesis.signals import SAMPLE_RATE, Signal
from nmfd_cli.training.synthesis.snare import Snare
from nmfd_cli.training.synthesis.voice import Voice, add_room, voice_generator

BEATS_PER_MINUTE = 132.0
STEPS_PER_BEAT = 4
SWING = 0.08
"""Delay of every second step, as a share of a step."""
LEAD_IN = 0.1
"""Seconds of silence before the first beat."""
TAIL = 0.45
"""Seconds after the last step."""

PATTERN = {
    "hihat": ("X.x.X.x.X.x.X.xx", "X.x.X.x.X.x.X.o.", "x.xxX.x.X.xxX.x.", "X.x.X.x.X.o.x.o."),
    "snare": ("....X..g.g..X..g", "....X..g.g..X...", ".g..X..g.g..X.g.", "....X..g.X.gXgxX"),
    "kick": ("X..x..x...x.....", "X.....x.x.x....x", "X..x..x...x.....", "X..x..x.....x..."),
}
"""One string a bar, one character a step: X accent, x hit, g ghost note, o open, . nothing."""

VELOCITIES = {"X": 0.95, "x": 0.68, "g": 0.24, "o": 0.85}

VOICES: dict[str, Voice] = {
    "kick": Kick(
        frequency=66.0, t60=0.42, click=-14.5, click_frequency=3100.0, body=-18.5, second_head=-10.0
    ),
    "snare": Snare(
        frequency=198.0,
        t60=0.24,
        wires=-12.5,
        wires_t60=0.27,
        brightness=-2.0,
        crack=-9.0,
        ring=-22.0,
        ring_frequency=730.0,
        eccentricity=0.55,
    ),
    "hihat": HiHat(t60=0.17, edge=4600.0, body=-15.5, brightness=-0.8, n_modes=140, tonal=0.25),
    "hihat_open": HiHat(t60=1.2, edge=4200.0, body=-14.5, brightness=-1.2, n_modes=140),
}

GAINS = {"kick": -4.0, "snare": 0.0, "hihat": -5.0}
"""Level of each drum in the mix, in dB."""
PANS = {"kick": 0.0, "snare": 0.12, "hihat": -0.35}
"""Place of each drum, -1 left to 1 right."""


@dataclass(frozen=True)
class Hit:
    """One hit of the groove.

    Attributes
    ----------
    onset : int
        Its first sample.
    drum : str
        Class of the drum.
    velocity : float
        Strength, in (0, 1].
    is_open : bool
        Whether the hi-hat is open.
    """

    onset: int
    drum: str
    velocity: float
    is_open: bool = False


def play(rng: np.random.Generator) -> list[Hit]:
    """Hits of the pattern, early and late, harder and softer as hands are.

    Returns
    -------
    list of Hit
        Sorted by onset.
    """
    step = 60.0 / BEATS_PER_MINUTE / STEPS_PER_BEAT
    hits = []
    for drum, bars in PATTERN.items():
        for place, mark in enumerate("".join(bars)):
            late = float(np.clip(rng.normal(0.0, 0.003), -0.007, 0.007))
            harder = float(np.clip(rng.normal(0.0, 0.05), -0.1, 0.1))
            if mark == ".":
                continue
            time = LEAD_IN + step * (place + SWING * (place % 2)) + late
            velocity = round(min(1.0, VELOCITIES[mark] * (1.0 + harder)), 3)
            hits.append(Hit(round(time * SAMPLE_RATE), drum, velocity, mark == "o"))
    return sorted(hits, key=lambda hit: hit.onset)


def soften(sound: Signal, velocity: float) -> Signal:
    """Make a full hit into a weaker one: less loud, and duller, as a soft blow excites less.

    The gain falls with velocity and, above 1 kHz, by a further 6 (1 - velocity) dB per octave.

    Parameters
    ----------
    sound : ndarray, shape (n,)
    velocity : float
        In (0, 1].

    Returns
    -------
    ndarray, shape (n,)
    """
    n_fft = 2 * len(sound)
    ratio = np.fft.rfftfreq(n_fft, 1.0 / SAMPLE_RATE) / 1000.0
    gain = velocity**1.2 * (1.0 + ratio**2) ** (-0.5 * (1.0 - velocity))
    softened: Signal = np.fft.irfft(np.fft.rfft(sound, n_fft) * gain, n_fft)[: len(sound)]
    return softened


def choke(sound: Signal, n_samples: int) -> Signal:
    """Let a sound end after `n_samples`, with a fade of up to 6 ms before."""
    if len(sound) <= n_samples:
        return sound
    cut = sound[:n_samples].copy()
    n_fade = min(n_samples, int(0.006 * SAMPLE_RATE))
    cut[n_samples - n_fade :] *= np.linspace(1.0, 0.0, n_fade)
    return cut


def dry_track(drum: str, hits: list[Hit], n_samples: int) -> Signal:
    """All hits of one drum, without panning and room; a hi-hat's hit ends the one before.

    Returns
    -------
    ndarray, shape (n_samples,)
    """
    track = np.zeros(n_samples)
    played = [hit for hit in hits if hit.drum == drum]
    ends = [hit.onset for hit in played[1:]] + [n_samples]
    for number, (hit, end) in enumerate(zip(played, ends, strict=True)):
        voice = VOICES["hihat_open" if hit.is_open else drum]
        rng = voice_generator("demo", drum, number)
        sound = soften(voice.one_shot(rng), hit.velocity)
        last = end if drum == "hihat" else n_samples
        sound = choke(sound, last - hit.onset)
        track[hit.onset : hit.onset + len(sound)] += sound
    return track


def stage(drum: str, track: Signal) -> Signal:
    """Pan a track with constant power and add the room, one and the same for all drums.

    Returns
    -------
    ndarray, shape (n_samples, 2)
    """
    angle = (1.0 + PANS[drum]) * np.pi / 4.0
    gain = 10.0 ** (GAINS[drum] / 20.0)
    channels = [
        add_room(
            gain * side * track, voice_generator("demo", "room", channel), level=-22.0, t60=0.3
        )
        for channel, side in enumerate((np.cos(angle), np.sin(angle)))
    ]
    return np.stack(channels, axis=1)


def render_demo() -> tuple[npt.NDArray[np.int16], dict[str, npt.NDArray[np.int16]], list[Hit]]:
    """Render the demo.

    Returns
    -------
    mixture : ndarray of int16, shape (n_samples, 2)
        Exactly the sum of the stems.
    stems : dict of ndarray of int16, shape (n_samples, 2)
        By drum class.
    hits : list of Hit
        What was played, sorted by onset.
    """
    hits = play(voice_generator("demo", "hands"))
    steps = len("".join(PATTERN["kick"]))
    seconds = LEAD_IN + steps * 60.0 / BEATS_PER_MINUTE / STEPS_PER_BEAT + TAIL
    n_samples = int(seconds * SAMPLE_RATE)
    tracks = {drum: stage(drum, dry_track(drum, hits, n_samples)) for drum in GAINS}
    scale = 0.9 * 32767.0 / np.max(np.abs(sum(tracks.values())))
    stems = {drum: np.rint(scale * track).astype(np.int16) for drum, track in tracks.items()}
    mixture: npt.NDArray[np.int16] = np.stack(list(stems.values())).sum(axis=0, dtype=np.int16)
    return mixture, stems, hits
