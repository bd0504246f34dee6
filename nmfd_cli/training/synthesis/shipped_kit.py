"""The shipped kit: many different drums to learn templates from.

The figures follow from how drums are built, tuned and damped, and from what is published of the
machines' circuits.  Their band energies and decay times were held against those of a freely
licensed soundfont (FluidR3 GM, MIT licence) for orientation; no sample was copied, none fitted.
"""

from nmfd_cli.training.synthesis.clap import Clap
from nmfd_cli.training.synthesis.cymbal import Cymbal
from nmfd_cli.training.synthesis.hihat import HiHat
from nmfd_cli.training.synthesis.kick import Kick
from nmfd_cli.training.synthesis.metal import MACHINE_OSCILLATORS
from nmfd_cli.training.synthesis.signals import Signal
from nmfd_cli.training.synthesis.snare import Snare
from nmfd_cli.training.synthesis.tom import Tom
from nmfd_cli.training.synthesis.voice import Voice, voice_generator

BRIGHT_OSCILLATORS = (318.0, 431.0, 587.0, 719.0, 873.0, 1129.0)
"""Six square waves of our own choice, for a second machine."""

# fmt: off
KICKS: dict[str, Voice] = {
    "studio": Kick(),
    "damped": Kick(frequency=62.0, t60=0.32, click=-12.0, click_frequency=3500.0, body=-22.0),
    "open": Kick(frequency=52.0, t60=0.75, click=-20.0, body=-17.0, body_t60=0.35, room=-16.0),
    "jazz": Kick(
        frequency=80.0, t60=0.7, click=-24.0, click_frequency=1400.0, glide=0.15, tilt=-9.0,
        body=-18.0
    ),
    "rock": Kick(
        frequency=55.0, t60=0.55, click=-13.0, click_frequency=2600.0, body=-15.0, drive=0.8
    ),
    "metal": Kick(frequency=60.0, t60=0.28, click=-7.0, click_frequency=4500.0, click_t60=0.06),
    "room": Kick(frequency=64.0, t60=0.45, click=-15.0, body=-16.0, room=-9.0, room_t60=0.4),
    "machine_long": Kick(
        frequency=48.0, t60=1.1, glide=0.6, glide_time=0.012, tilt=-36.0, eccentricity=0.0,
        second_head=-60.0, click=-34.0, click_frequency=1500.0, click_t60=0.02, body=-36.0,
        drive=0.1
    ),
    "machine_hard": Kick(
        frequency=54.0, t60=0.4, glide=2.6, glide_time=0.022, tilt=-30.0, eccentricity=0.0,
        second_head=-60.0, click=-15.0, click_frequency=2500.0, click_t60=0.025, body=-30.0,
        drive=0.9
    ),
}

SNARES: dict[str, Voice] = {
    "studio": Snare(),
    "tight": Snare(frequency=225.0, t60=0.2, wires_t60=0.2, wires=-9.0, brightness=0.5),
    "fat": Snare(
        frequency=165.0, t60=0.35, wires_t60=0.35, wires=-13.0, brightness=-1.5, glide=0.2
    ),
    "crack": Snare(frequency=205.0, head=-3.0, crack=-3.0, wires=-9.0, wires_t60=0.22),
    "buzzy": Snare(frequency=185.0, head=-4.0, wires=-6.0, wires_t60=0.5, wires_low=350.0),
    "ringing": Snare(
        frequency=215.0, t60=0.4, ring=-13.0, ring_frequency=640.0, ring_t60=0.4, wires=-12.0
    ),
    "dry": Snare(
        frequency=178.0, t60=0.16, wires=-11.0, wires_t60=0.15, crack=-6.0, brightness=-1.0
    ),
    "room": Snare(frequency=195.0, wires=-9.0, room=-8.0, room_t60=0.4),
    "rimshot": Snare(
        frequency=210.0, eccentricity=0.8, crack=-2.0, ring=-8.0, ring_frequency=520.0,
        ring_t60=0.25, wires=-9.0
    ),
    "machine_analogue": Snare(
        frequency=180.0, t60=0.22, glide=0.05, tilt=-20.0, eccentricity=0.0, head=-4.0, wires=-5.0,
        wires_low=1500.0, wires_t60=0.25, brightness=1.0, crack=-20.0
    ),
    "machine_punchy": Snare(
        frequency=200.0, t60=0.2, glide=0.6, glide_time=0.02, tilt=-14.0, eccentricity=0.0,
        wires=-5.0, wires_low=900.0, wires_t60=0.32, crack=-8.0
    ),
}

HIHATS: dict[str, Voice] = {
    "closed": HiHat(),
    "closed_tight": HiHat(t60=0.1, edge=6000.0, body=-20.0),
    "closed_dark": HiHat(t60=0.18, edge=3500.0, body=-13.0, brightness=-4.0, stick=-3.0),
    "closed_heavy": HiHat(
        t60=0.28, edge=3800.0, body=-11.0, tonal=0.45, n_modes=90, brightness=-2.0
    ),
    "closed_crisp": HiHat(t60=0.14, edge=7000.0, body=-24.0, brightness=1.0, tonal=0.15),
    "closed_room": HiHat(t60=0.2, edge=5500.0, room=-10.0),
    "half_open": HiHat(t60=0.7, edge=4500.0, body=-15.0, tonal=0.35),
    "open": HiHat(t60=1.6, edge=4500.0, body=-14.0, brightness=-1.5, tonal=0.4),
    "pedal": HiHat(t60=0.16, edge=4500.0, body=-11.0, rise=0.003, stick=-30.0),
    "machine_closed": HiHat(
        t60=0.14, edge=6800.0, body=-46.0, stick=-60.0, oscillators=MACHINE_OSCILLATORS
    ),
    "machine_open": HiHat(
        t60=0.9, edge=6800.0, body=-44.0, stick=-60.0, brightness=-3.0,
        oscillators=MACHINE_OSCILLATORS
    ),
    "machine_bright": HiHat(
        t60=0.2, edge=7800.0, body=-36.0, stick=-60.0, brightness=1.0,
        oscillators=BRIGHT_OSCILLATORS
    ),
}

TOMS: dict[str, Voice] = {
    "high": Tom(frequency=185.0, t60=0.7),
    "high_damped": Tom(frequency=165.0, t60=0.4, stick=-11.0, glide=0.08),
    "middle": Tom(frequency=135.0, t60=0.9),
    "middle_open": Tom(frequency=122.0, t60=1.3, eccentricity=0.65, stick=-17.0, tilt=-5.0),
    "floor": Tom(frequency=88.0, t60=1.1, stick=-13.0),
    "floor_deep": Tom(frequency=74.0, t60=0.9, stick=-15.0, glide=0.2, eccentricity=0.4),
    "room": Tom(frequency=108.0, t60=0.8, stick=-11.0, room=-11.0, room_t60=0.5),
    "machine": Tom(
        frequency=110.0, t60=0.6, glide=0.35, glide_time=0.04, tilt=-26.0, eccentricity=0.0,
        stick=-26.0
    ),
}

CYMBALS: dict[str, Voice] = {
    "crash": Cymbal(),
    "crash_dark": Cymbal(
        t60=4.0, bright_t60=1.0, edge=2200.0, body=-11.0, brightness=-1.0, ping=-6.0
    ),
    "ride": Cymbal(
        t60=4.0, bright_t60=0.9, edge=3500.0, body=-17.0, ping=9.0, ping_t60=0.08, tonal=0.5
    ),
    "ride_dry": Cymbal(
        t60=2.5, bright_t60=0.6, edge=3000.0, body=-17.0, ping=13.0, ping_frequency=4200.0,
        ping_t60=0.05
    ),
    "ride_bell": Cymbal(
        t60=4.0, bright_t60=1.0, edge=2800.0, body=-17.0, bell=-4.0, ping=5.0, bell_frequency=780.0
    ),
    "splash": Cymbal(
        t60=1.1, bright_t60=0.6, edge=4000.0, body=-17.0, brightness=2.0, build_up=0.003
    ),
    "china": Cymbal(
        t60=2.0, bright_t60=0.9, edge=1700.0, body=-8.0, brightness=-1.5, build_up=0.015
    ),
    "machine": Cymbal(
        t60=1.6, bright_t60=1.0, edge=5500.0, body=-34.0, ping=-12.0,
        oscillators=MACHINE_OSCILLATORS
    ),
}

CLAPS: dict[str, Voice] = {
    "machine": Clap(),
    "machine_bright": Clap(frequency=1500.0, brightness=-3.0, tail=-9.0, tail_t60=0.2),
    "group": Clap(
        bursts=(0.0, 0.006, 0.013, 0.018, 0.026), burst_t60=0.09, frequency=1400.0, brightness=-4.0
    ),
    "pair": Clap(bursts=(0.0, 0.012), burst_t60=0.08, tail=-14.0, frequency=1100.0, room=-10.0),
    "single": Clap(
        bursts=(0.0,), burst_t60=0.12, tail=-10.0, tail_t60=0.2, frequency=1700.0, width=1.2
    ),
    "room": Clap(
        bursts=(0.0, 0.009, 0.021), burst_t60=0.06, tail=-10.0, frequency=1300.0, room=-6.0,
        room_t60=0.4
    ),
}

KIT: dict[str, dict[str, Voice]] = {
    "kick": KICKS, "snare": SNARES, "hihat": HIHATS, "tom": TOMS, "cymbal": CYMBALS, "clap": CLAPS
}
# fmt: on
"""Voices of the kit, by drum class and name."""


def render_kit() -> dict[str, dict[str, Signal]]:
    """Strike every voice of the kit once.

    Returns
    -------
    dict of dict of ndarray, shape (n,), range [-0.9, 0.9]
        By drum class and name.
    """
    return {
        drum: {
            name: voice.one_shot(voice_generator("kit", drum, name))
            for name, voice in voices.items()
        }
        for drum, voices in KIT.items()
    }
