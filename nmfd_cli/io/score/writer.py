"""Drum transcriptions as text, in the form that `nmfd_cli.io.score.reader` reads."""

import csv
import io
from typing import Any

from nmfd_cli.io.score.notes import DRUM_SCORE_HEADER, Score

#: Digits behind the point of an onset: microseconds.
_ONSET_DIGITS = 6


def score_text(score: Score) -> str:
    """Return drum notes as a table of onset, drum and velocity.

    Parameters
    ----------
    score : Score
        A velocity that is not known is left empty.

    Returns
    -------
    str
        Comma separated, with a header, a line a note; onsets in seconds to the microsecond.

    Examples
    --------
    >>> print(score_text(Score((0.5,), (None,), (None,), ("kick",), (96.0,))), end="")
    onset,drum,velocity
    0.500000,kick,96
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(DRUM_SCORE_HEADER)
    for note in score_notes(score):
        velocity = "" if note["velocity"] is None else f"{note['velocity']:g}"
        writer.writerow((f"{note['onset']:.{_ONSET_DIGITS}f}", note["drum"], velocity))
    return text.getvalue()


def score_notes(score: Score) -> list[dict[str, Any]]:
    """Return drum notes as plain values, for JSON: onset, drum and velocity of each."""
    return [
        {
            "onset": round(onset, _ONSET_DIGITS),
            "drum": drum,
            "velocity": None if velocity is None else _whole(velocity),
        }
        for onset, drum, velocity in zip(score.onsets, score.drums, score.velocities, strict=True)
    ]


def _whole(velocity: float) -> int | float:
    return int(velocity) if velocity == int(velocity) else velocity
