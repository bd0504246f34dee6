"""Scores: what is played when, read from a table or a MIDI file, or made of arrays in memory.

====================  ==============================================================
`notes`               `Score`, the value that all others make or take, and its limits
`reader`              a file or a text as a `Score`: `read_score`, `parse_score`
`layout`, `cells`     its table: which column holds what, and each cell as a value
`shapes`              what columns without a header are
`drum_map`            which MIDI note is which drum: `load_drum_map`
`memory`              onsets by drum as a `Score`: `score_from`
`writer`              a `Score` as text or plain values: `score_text`, `score_notes`
====================  ==============================================================

Only `Score` is imported with the package: a separation without a score needs no more.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from nmfd_cli.io.score.notes import DRUM_SCORE_HEADER, Score

if TYPE_CHECKING:
    from nmfd_cli.io.score.memory import score_from
    from nmfd_cli.io.score.reader import (
        is_midi,
        parse_score,
        read_score,
        read_transcription,
    )
    from nmfd_cli.io.score.writer import score_notes, score_text

__all__ = [
    "DRUM_SCORE_HEADER",
    "Score",
    "is_midi",
    "parse_score",
    "read_score",
    "read_transcription",
    "score_from",
    "score_notes",
    "score_text",
]

_MODULE_OF = {"score_from": "memory", "score_notes": "writer", "score_text": "writer"}


def __getattr__(name: str) -> Any:
    """Import what is asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF.get(name, 'reader')}"), name)
