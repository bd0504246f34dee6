"""What the network tells apart: drums, articulations, and the order of its outputs."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

#: The drums that it tells apart; others are separated with a kit or a score only.
DRUMS: Final = ("kick", "snare", "hihat", "tom", "cymbal", "clap")

#: Articulations that a hit of a drum can have; other drums' hits have their drum's name.
ARTICULATIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "snare": ("side stick",),
        "hihat": ("closed hihat", "pedal hihat", "open hihat"),
        "tom": ("low tom", "mid tom", "high tom"),
        "cymbal": ("ride", "ride bell", "crash"),
    }
)

#: Percussion that is none of the six drums: an output that only helps to train.
OTHER: Final = "other"

#: Names of the network's outputs, in their order: drums first.
OUTPUTS: Final = (
    *DRUMS,
    *(name for names in ARTICULATIONS.values() for name in names),
    OTHER,
)

N_DRUMS: Final = len(DRUMS)
N_ARTICULATIONS: Final = sum(map(len, ARTICULATIONS.values()))
N_OUTPUTS: Final = len(OUTPUTS)
