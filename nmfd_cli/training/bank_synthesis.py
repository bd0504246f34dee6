"""The synthesised drums that the shipped bank is learned from: the kit's and variants of them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from nmfd_cli.core.drum_sounds.description import Description
from nmfd_cli.core.drum_sounds.kit import Sound, Source
from nmfd_cli.core.drum_sounds.learning import describe, ring_on
from nmfd_cli.training.synthesis.shipped_kit import KIT
from nmfd_cli.training.synthesis.signals import SAMPLE_RATE
from nmfd_cli.training.synthesis.voice import Voice, voice_generator

SOURCE: Final = Source("synthesis", "The synthesised drums of nmfd", "MIT", "The nmfd authors")

_FADED = 0.25  # the part of a one-shot's end over which it is faded out
_CUT_SECONDS = 0.3  # longer ones were cut while they still rang

#: The class that the bank takes from the synthesis.  The SoundFonts hold a dozen cymbals only, and
#: here more of them help; of the other classes recorded sounds serve better alone (with all
#: synthesised sounds in the bank, the onset F of toms was .49, with the cymbals alone .68).
_DRUM: Final = "cymbal"

#: By which factors the parameters of its voices are changed, one variant a row.
_VARIANTS: Final[tuple[Mapping[str, float], ...]] = (
    {"edge": 0.7, "t60": 1.3, "ping_frequency": 0.75},
    {"edge": 1.4, "t60": 0.7, "ping_frequency": 1.3},
    {"bright_t60": 0.5, "build_up": 0.4},
    {"bright_t60": 1.8, "build_up": 2.0},
)


def kit_sounds() -> Iterator[tuple[Sound, Description]]:
    """Describe the cymbals of the shipped kit."""
    for name, voice in KIT[_DRUM].items():
        yield _described("kit", name, articulation=name, voice=voice)


def variant_sounds() -> Iterator[tuple[Sound, Description]]:
    """Describe the variants of each."""
    for name, voice in KIT[_DRUM].items():
        for number, factors in enumerate(_VARIANTS, start=1):
            variant = _scaled(voice, factors)
            yield _described("variants", f"{name}_{number}", articulation=name, voice=variant)


def _scaled(voice: Voice, factors: Mapping[str, float]) -> Voice:
    changes: dict[str, Any] = {
        field: factor * getattr(voice, field) for field, factor in factors.items()
    }
    return replace(voice, **changes)


def _described(
    kit: str, name: str, *, articulation: str, voice: Voice
) -> tuple[Sound, Description]:
    samples = voice.one_shot(voice_generator("kit", _DRUM, name))
    description = describe(samples, SAMPLE_RATE)
    seconds = len(samples) / SAMPLE_RATE
    if seconds > _CUT_SECONDS:
        description = ring_on(description, (1.0 - _FADED) * seconds)
    sound = Sound(
        name=f"synthesis {_DRUM} {name}",
        drum=_DRUM,
        articulation=articulation.replace("_", " "),
        source=SOURCE.key,
        kits=(f"synthesis {kit}",),
    )
    return sound, description
