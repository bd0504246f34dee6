"""Transcriptions on their way out: a table, labels, JSON or MIDI, for one recording or for many."""

import json
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.articulations import MIDI_NOTES
from nmfd_cli.core.tempo import estimate_tempo
from nmfd_cli.errors import MissingExtraError, ParameterError, Warn, warn_python
from nmfd_cli.io.audio.recording import STREAM
from nmfd_cli.io.existing import require_free
from nmfd_cli.io.midi.writer import DEFAULT_BPM, midi_bytes, require_tempo
from nmfd_cli.io.score.drum_map import DrumMap
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.score.reader import is_midi
from nmfd_cli.io.score.writer import audacity_text, reaper_text, score_notes, score_text
from nmfd_cli.io.transaction import write_file
from nmfd_cli.output.names import recording_fields

#: The MIDI velocity of a note that has none.
_USUAL_VELOCITY = 64.0
#: The ending of Audacity's labels.
_LABELS = ".txt"
_NO_TABLES = (_LABELS, ".json", ".mid", ".midi")


@dataclass(frozen=True)
class Transcription:
    """What is played in a recording.

    Attributes
    ----------
    input : str
        The path that was given.
    seconds : float
        Its duration.
    score : Score
        Onsets with drum classes and velocities.
    """

    input: str
    seconds: float
    score: Score

    @property
    def counts(self) -> dict[str, int]:
        """How many onsets each drum has, the most frequent first."""
        return dict(Counter(drum for drum in self.score.drums if drum).most_common())

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {"file": self.input, "duration": self.seconds, "notes": score_notes(self.score)}


def transcription_places(
    inputs: Sequence[str],
    out: str | None,
    *,
    is_json: bool,
    overwrite: bool,
    bpm: float | None = None,
    is_reaper: bool = False,
    has_tracks: bool = False,
    sources: Container[str] = (),
) -> dict[str, Path]:
    """Return the file of each recording's transcription; none where all goes to standard output.

    Parameters
    ----------
    out : str or None
        A file; a folder, which gets a file a recording; or a path with ``{track}``, the
        recording's name, or ``{parent}``, its folder's name, in it.  ``-`` and None stand for
        standard output.
    is_json : bool
        What the files of a folder are called: ``.json``, else ``.csv``.
    overwrite : bool
        Whether existing files may be replaced.
    bpm : float, optional
        The tempo that is asked for.
    is_reaper, has_tracks : bool
        Whether tables are Reaper's, and MIDI files have a track for each drum.
    sources : container of str
        Real paths of what is read, which is never replaced.

    Raises
    ------
    ParameterError
        If several recordings would be written to one file, or as several tables to standard output;
        if a tempo is asked for that is out of range, or nowhere to be written; if two formats are
        asked for.
    OutputError
        If a file exists and may not be replaced, or is to be read.
    MissingExtraError
        If MIDI is asked for and mido is not installed.
    """
    if bpm is not None:
        require_tempo(bpm)
        _require_midi("tempo", out)
    if has_tracks:
        _require_midi("midi_tracks", out)
    if is_reaper and (is_json or (out is not None and Path(out).suffix.lower() in _NO_TABLES)):
        found = "--json" if is_json else out or ""
        raise ParameterError(setting="reaper", expected="a table (.csv)", found=found)
    if out in (None, STREAM):
        if len(inputs) > 1 and not is_json:
            raise ParameterError(
                "standard output takes the table of one recording",
                setting="out",
                found=str(len(inputs)),
                hint="expected a folder, or --json for a line each",
            )
        return {}
    assert out is not None
    template = _template(out, len(inputs), "json" if is_json else "csv")
    places: dict[str, Path] = {}
    owner: dict[Path, str] = {}
    for path in inputs:
        place = _filled(template, path)
        if place in owner:
            raise ParameterError(
                f"{owner[place]} and {path} would both write {place}",
                setting="out",
                hint=f"'{{parent}}-{{track}}{place.suffix}' in it can tell them apart",
            )
        places[path], owner[place] = place, path
        _require_format(place, is_json=is_json)
        require_free(place, overwrite, sources)
    return places


def _require_midi(setting: str, out: str | None) -> None:
    if out is None or not is_midi(out):
        where = "standard output" if out in (None, STREAM) else str(out)
        raise ParameterError(setting=setting, expected="a MIDI file (--out drums.mid)", found=where)


def _template(out: str, n_inputs: int, suffix: str) -> str:
    """Return the path of a transcription with ``{track}`` in it where there are several."""
    if "{track}" in out:
        return out
    is_folder = Path(out).is_dir() or out.endswith(("/", "\\"))
    if is_folder or (n_inputs > 1 and not Path(out).suffix):
        return str(Path(out) / f"{{track}}.{suffix}")
    if n_inputs > 1:
        raise ParameterError(
            setting="out",
            expected=f"a folder or a path with {{track}} for {n_inputs} recordings",
            found=out,
        )
    return out


def _filled(template: str, recording: str) -> Path:
    for field, text in reversed(recording_fields(recording).items()):
        template = template.replace(f"{{{field}}}", text)
    return Path(template)


def _require_format(place: Path, *, is_json: bool) -> None:
    if is_midi(place):
        if is_json:
            raise ParameterError(
                setting="out", expected="a file for JSON", found=f"the MIDI file {place}"
            )
        if find_spec("mido") is None:
            raise MissingExtraError("MIDI", "midi")


def transcription_text(
    transcription: Transcription, *, is_json: bool, is_reaper: bool = False, suffix: str = ""
) -> str:
    """Return a line of JSON, Reaper's markers, by the suffix Audacity's labels, or a table."""
    if is_json or suffix == ".json":
        return json.dumps(transcription.as_dict()) + "\n"
    if is_reaper:
        return reaper_text(transcription.score)
    if suffix == _LABELS:
        return audacity_text(transcription.score)
    return score_text(transcription.score)


def write_transcription(
    place: Path,
    transcription: Transcription,
    *,
    is_json: bool,
    overwrite: bool,
    bpm: float | None = None,
    is_reaper: bool = False,
    has_tracks: bool = False,
    drum_map: DrumMap | None = None,
    warn: Warn = warn_python,
) -> float | None:
    """Write a transcription, whole or not at all, in the format of the file's ending.

    Parameters
    ----------
    place : Path
        ``.mid`` or ``.midi``, ``.json``, ``.txt`` for Audacity's labels; else a table.
    bpm : float, optional
        The tempo of a MIDI file, in beats a minute; by default it is estimated, and where the
        playing drifts, the file has a tempo for each beat.
    is_reaper, has_tracks : bool
        Whether a table is Reaper's, and a MIDI file has a track for each drum.
    drum_map : DrumMap, optional
        The MIDI notes of drums and articulations, in place of General MIDI's.
    warn : callable, optional
        Called with a line where a tempo is taken for granted, or the map has no note for a drum.

    Returns
    -------
    float or None
        The tempo of a MIDI file.

    Raises
    ------
    OutputError
        If the file exists and may not be replaced, or cannot be written.
    MissingExtraError
        If MIDI is asked for and mido is not installed.
    """
    if not is_midi(place):
        text = transcription_text(
            transcription, is_json=is_json, is_reaper=is_reaper, suffix=place.suffix.lower()
        )
        write_file(place, text, overwrite=overwrite)
        return None
    onsets = _onsets_of(transcription.score)
    tempo = estimate_tempo(onsets) if bpm is None else None
    if bpm is None:
        bpm = tempo.bpm if tempo is not None else DEFAULT_BPM
        if tempo is None:
            warn(f"{place}: no tempo found, {bpm:g} beats a minute are taken; --tempo says another")
    data = midi_bytes(
        onsets,
        bpm,
        beat_times=tempo.beat_times if tempo is not None else (),
        beats_per_bar=tempo.beats_per_bar if tempo is not None else 4,
        has_tracks=has_tracks,
        notes=drum_map.written if drum_map is not None else MIDI_NOTES,
    )
    for drum, note, other in drum_map.misread(onsets) if drum_map is not None else ():
        warn(f"{place}: no note for {drum} in the drum map, {note} is written: {other}")
    write_file(place, data, overwrite=overwrite)
    return bpm


def _onsets_of(score: Score) -> dict[str, NDArray[np.float64]]:
    """Return seconds and velocities (n, 2) by articulation, or by class where there is none."""
    found: dict[str, list[tuple[float, float]]] = {}
    for onset, drum, velocity, struck in zip(
        score.onsets, score.drums, score.velocities, score.articulations, strict=True
    ):
        found.setdefault(struck or drum or "", []).append((onset, velocity or _USUAL_VELOCITY))
    return {drum: np.array(rows) for drum, rows in found.items()}
