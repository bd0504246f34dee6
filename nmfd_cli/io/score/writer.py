"""Drum transcriptions as text, in the form that `nmfd_cli.io.score.reader` reads."""

import csv
import io
from typing import Any

from nmfd_cli.io.score.notes import DRUM_SCORE_HEADER, Score

#: Digits behind the point of an onset: microseconds.
_ONSET_DIGITS = 6
_CONFIDENCE_DIGITS = 2


def score_text(score: Score) -> str:
    """Return drum notes as a table of onset, drum, articulation, velocity and confidence.

    Parameters
    ----------
    score : Score
        What is not known of a note is left empty.

    Returns
    -------
    str
        Comma separated, with a header, a line a note; onsets in seconds to the microsecond.

    Examples
    --------
    >>> score_text(Score((0.5,), (None,), (None,), ("kick",), (96.0,))).splitlines()
    ['onset,drum,articulation,velocity,confidence', '0.500000,kick,,96,']
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(DRUM_SCORE_HEADER)
    for note in score_notes(score):
        cells = ("" if cell is None else cell for cell in list(note.values())[1:])
        writer.writerow((f"{note['onset']:.{_ONSET_DIGITS}f}", *cells))
    return text.getvalue()


def audacity_text(score: Score) -> str:
    """Return drum notes as Audacity's labels: start, end, and the articulation or the class."""
    rows = (f"{onset:.6f}\t{onset:.6f}\t{name}\n" for onset, name in _labels(score))
    return "".join(rows)


def reaper_text(score: Score) -> str:
    """Return drum notes as Reaper's markers, for its region and marker manager."""
    rows = (
        f"M{number},{name},{int(onset // 60)}:{onset % 60:09.6f},,,\n"
        for number, (onset, name) in enumerate(_labels(score), start=1)
    )
    return "".join(["#,Name,Start,End,Length,Color\n", *rows])


def _labels(score: Score) -> list[tuple[float, str]]:
    rounded = (round(onset, _ONSET_DIGITS) for onset in score.onsets)
    names = zip(rounded, score.drums, score.articulations, strict=True)
    return [(onset, struck or drum or "") for onset, drum, struck in names]


def score_notes(score: Score) -> list[dict[str, Any]]:
    """Return drum notes as plain values, for JSON, by the names of `DRUM_SCORE_HEADER`."""
    notes = zip(
        score.onsets,
        score.drums,
        score.articulations,
        score.velocities,
        score.confidences,
        strict=True,
    )
    return [
        {
            "onset": round(onset, _ONSET_DIGITS),
            "drum": drum,
            "articulation": articulation,
            "velocity": None if velocity is None else _whole(velocity),
            "confidence": None if confidence is None else round(confidence, _CONFIDENCE_DIGITS),
        }
        for onset, drum, articulation, velocity, confidence in notes
    ]


def _whole(velocity: float) -> int | float:
    return int(velocity) if velocity == int(velocity) else velocity
