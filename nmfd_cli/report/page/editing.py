"""Correcting hits on the page: what its editor is given, and the command for what it saves."""

import shlex
from collections.abc import Iterator
from dataclasses import fields
from itertools import count
from typing import Any

from nmfd_cli.core.articulations import MIDI_NOTES, PARENTS, class_of, owner
from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.io.score.writer import score_notes
from nmfd_cli.report.page.sketch import SketchedResult
from nmfd_cli.settings.definitions import SeparationSettings

#: Beats a minute of a saved MIDI file where none are known, and those that it can hold.
_USUAL_BPM, _SLOWEST_BPM, _FASTEST_BPM = 120.0, 10.0, 1000.0
#: Where the command writes, so that it replaces nothing.
_FOLDER = "corrected"
#: Settings that would transcribe again, in spite of the score.
_TRANSCRIBING = ("init", "init_activations")


def is_editable(recording: SketchedResult) -> bool:
    """Whether all hits are known, and are those of drums."""
    return bool(recording.onsets) and recording.score is not None and recording.score.is_drums


def lanes(recording: SketchedResult) -> tuple[str, ...]:
    """Return the drums that may have a line of hits: first those that have one, then all others."""
    own = tuple(name for name in recording.stem_names if name in recording.onsets)
    played = recording.score.drums if recording.score is not None else ()
    names = (*own, *(drum for drum in played if drum is not None), *DRUM_CLASSES, *PARENTS)
    drawn = (name for name in names if name in own or not _is_owned(name, own))
    return tuple(dict.fromkeys(drawn))


def _is_owned(drum: str, own: tuple[str, ...]) -> bool:
    """Whether all hits of a class belong to a line already, so that it needs none of its own."""
    return drum not in PARENTS and owner(drum, None, own) is not None


def edit_data(recording: SketchedResult) -> dict[str, Any]:
    """Return what the editor needs to know, as JSON holds it.

    Returns
    -------
    dict
        ``lanes``: name, drum class, articulation and index of the colour of each; the first
        ``shown`` have a line already.  ``hits``: onset in seconds, index of the lane, velocity,
        articulation and, as text, confidence.  ``notes``: the General MIDI note of each drum and
        articulation.  ``bpm`` of a MIDI file, ``grid`` of the beats if known.  ``command``: before
        and behind the score; ``asked``: the stems that were named.
    """
    names = lanes(recording)
    tempo = recording.tempo
    bpm = tempo.bpm if tempo and _SLOWEST_BPM <= tempo.bpm <= _FASTEST_BPM else _USUAL_BPM
    shown = sum(name in recording.onsets for name in names)
    return {
        "lanes": [
            [name, class_of(name), name if name in PARENTS else "", colour]
            for name, colour in zip(names, _colours(recording), strict=False)
        ],
        "shown": shown,
        "hits": list(_hits(recording, names)),
        "notes": dict(MIDI_NOTES),
        "bpm": bpm,
        "grid": [tempo.seconds_per_beat, tempo.downbeat] if tempo else None,
        "command": [
            f"nmfd separate {shlex.quote(recording.source or recording.name)}",
            " ".join([f"--out {_FOLDER}", "--report", *_options(recording.settings)]),
        ],
        "asked": [name for name in recording.stem_names if name in recording.onsets]
        if recording.settings.get("stems")
        else [],
    }


def _colours(recording: SketchedResult) -> Iterator[int]:
    """Yield the colour of each lane: of the first their stem's, then new ones."""
    for stem, name in enumerate(recording.stem_names):
        if name in recording.onsets:
            yield stem
    yield from count(len(recording.stems))


def n_colours(recording: SketchedResult) -> int:
    """Return how many colours the lanes and the stems have together."""
    return len(recording.stems) + (len(lanes(recording)) if is_editable(recording) else 0)


def _hits(recording: SketchedResult, names: tuple[str, ...]) -> Iterator[list[Any]]:
    assert recording.score is not None
    for note in score_notes(recording.score):
        own = tuple(recording.onsets)
        lane = owner(note["drum"], note["articulation"], own) or note["drum"]
        confidence = "" if note["confidence"] is None else str(note["confidence"])
        struck = note["articulation"] or ""
        yield [note["onset"], names.index(lane), note["velocity"], struck, confidence]


def _options(settings: Any) -> Iterator[str]:
    """Yield the settings that are not the defaults, as options; the stems are the page's own."""
    for item in fields(SeparationSettings):
        value = settings.get(item.name, item.default)
        if value == item.default or item.name == "stems":
            continue
        if item.name in _TRANSCRIBING and value == "auto":
            continue
        option = item.name.replace("_", "-")
        if isinstance(value, bool):
            yield f"--{option}" if value else f"--no-{option}"
        else:
            listed = isinstance(value, (tuple, list))
            word = ",".join(map(str, value)) if listed else str(value)
            yield f"--{option} {shlex.quote(word)}"
