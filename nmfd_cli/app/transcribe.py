"""`nmfd transcribe`: a recording comes in, what is played when goes out."""

import json
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from warnings import warn

import numpy as np

from nmfd_cli.app.components import components_for
from nmfd_cli.app.explain import spectrogram_of
from nmfd_cli.app.inputs import files_read
from nmfd_cli.app.listen import transcribe_target
from nmfd_cli.app.progress import Progress
from nmfd_cli.app.settings import STREAM, SeparationSettings
from nmfd_cli.core.stft import Stft
from nmfd_cli.core.threads import single_threaded_blas
from nmfd_cli.errors import MissingExtraError, NmfdWarning, ParameterError
from nmfd_cli.io.audio import open_recording
from nmfd_cli.io.midi import FASTEST_BPM, SLOWEST_BPM
from nmfd_cli.io.notes import Score
from nmfd_cli.io.score import is_midi
from nmfd_cli.io.score_writer import score_notes, score_text
from nmfd_cli.io.staging import StagedOutputs, place_text, require_free
from nmfd_cli.io.streams import STDIN_NAME, as_file


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
        """How many strokes each drum has, the most frequent first."""
        return dict(Counter(drum for drum in self.score.drums if drum).most_common())

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON."""
        return {"file": self.input, "duration": self.seconds, "notes": score_notes(self.score)}


def transcribe_file(
    path: str | Path,
    settings: SeparationSettings,
    *,
    progress: Progress = lambda stage, done: None,
) -> Transcription:
    """Find out which drums play when.

    Parameters
    ----------
    path : str or Path
        The recording.
    settings : SeparationSettings
        Of which the stems, the kit, the length of templates, the STFT and the blocks count.  Where
        no stems are named, those drums are listed that sound.
    progress : callable, optional

    Raises
    ------
    InputFileError
        If the recording or the kit cannot be used.
    ParameterError
        If settings do not fit each other or the recording.
    """
    settings = replace(
        settings, init="auto", init_templates=None, init_activations=None, residual=None
    )
    components = components_for(settings, None)
    with ExitStack() as resources:
        resources.enter_context(single_threaded_blas())
        recording = open_recording(resources.enter_context(as_file(path)))
        stft = Stft(settings.n_fft, settings.hop_length)
        target = spectrogram_of(recording, stft, settings, resources, progress)
        score = transcribe_target(
            target,
            recording,
            stft,
            settings,
            components.drums,
            candidates=components.is_open,
            progress=progress,
        )
    if target.total == 0:
        warn(f"{path}: silence; no strokes in it", NmfdWarning, stacklevel=2)
    elif not len(score):
        warn(f"{path}: no strokes found", NmfdWarning, stacklevel=2)
    return Transcription(str(path), recording.seconds, score)


# ---------------------------------------------------------------- where it goes


def transcription_places(
    inputs: Sequence[str],
    out: str | None,
    *,
    is_json: bool,
    overwrite: bool,
    bpm: float | None = None,
    kit: str | None = None,
) -> dict[str, Path]:
    """Return the file of each recording's transcription; none where all goes to standard output.

    Parameters
    ----------
    inputs : sequence of str
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
    kit : str, optional
        What is listened with.

    Raises
    ------
    ParameterError
        If several recordings would be written to one file, or as several tables to standard output;
        if a tempo is asked for that is out of range, or nowhere to be written.
    OutputError
        If a file exists and may not be replaced, or is to be read.
    MissingExtraError
        If MIDI is asked for and mido is not installed.
    """
    if bpm is not None:
        _require_tempo(bpm, out)
    if out in (None, STREAM):
        if len(inputs) > 1 and not is_json:
            raise ParameterError(
                f"out: standard output takes the table of one recording, found {len(inputs)}; "
                "expected a folder, or --json for a line each"
            )
        return {}
    assert out is not None
    template = _template(out, len(inputs), "json" if is_json else "csv")
    places: dict[str, Path] = {}
    owner: dict[Path, str] = {}
    sources = files_read(inputs, kit=kit)
    for path in inputs:
        place = _filled(template, path)
        if place in owner:
            raise ParameterError(
                f"out: {owner[place]} and {path} would both write {place}; "
                f"'{{parent}}-{{track}}{place.suffix}' in it can tell them apart"
            )
        places[path], owner[place] = place, path
        _require_format(place, is_json=is_json)
        require_free(place, overwrite, sources)
    return places


def _require_tempo(bpm: float, out: str | None) -> None:
    if not SLOWEST_BPM <= bpm <= FASTEST_BPM:  # NaN neither
        raise ParameterError(
            f"tempo: expected {SLOWEST_BPM:g} to {FASTEST_BPM:g} beats a minute, found {bpm:g}"
        )
    if out is None or not is_midi(out):
        where = "standard output" if out in (None, STREAM) else out
        raise ParameterError(f"tempo: expected a MIDI file (--out drums.mid), found {where}")


def _template(out: str, n_inputs: int, suffix: str) -> str:
    """Return the path of a transcription with ``{track}`` in it where there are several."""
    if "{track}" in out:
        return out
    is_folder = Path(out).is_dir() or out.endswith(("/", "\\"))
    if is_folder or (n_inputs > 1 and not Path(out).suffix):
        return str(Path(out) / f"{{track}}.{suffix}")
    if n_inputs > 1:
        raise ParameterError(
            f"out: expected a folder or a path with {{track}} for {n_inputs} recordings, "
            f"found {out}"
        )
    return out


def _filled(template: str, recording: str) -> Path:
    source = Path(STDIN_NAME if recording == STREAM else recording).absolute()
    parent = source.parent.name or "root"
    return Path(template.replace("{parent}", parent).replace("{track}", source.stem))


def _require_format(place: Path, *, is_json: bool) -> None:
    if is_midi(place):
        if is_json:
            raise ParameterError(f"out: expected a file for JSON, found the MIDI file {place}")
        if find_spec("mido") is None:
            raise MissingExtraError("MIDI", "midi")


def transcription_text(transcription: Transcription, *, is_json: bool) -> str:
    """Return a table, or a line of JSON."""
    if is_json:
        return json.dumps(transcription.as_dict()) + "\n"
    return score_text(transcription.score)


def write_transcription(
    place: Path,
    transcription: Transcription,
    *,
    is_json: bool,
    overwrite: bool,
    bpm: float | None = None,
) -> float | None:
    """Write a transcription, whole or not at all: MIDI, JSON or a table, by the file's ending.

    Parameters
    ----------
    place : Path
    transcription : Transcription
    is_json, overwrite : bool
    bpm : float, optional
        The tempo of a MIDI file, in beats a minute; by default it is estimated.

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
    if is_midi(place):
        return _write_midi(place, transcription.score, bpm, overwrite)
    is_json = is_json or place.suffix.lower() == ".json"
    with StagedOutputs(overwrite) as outputs:
        place_text(outputs, place, transcription_text(transcription, is_json=is_json))
        outputs.commit()
    return None


def _write_midi(place: Path, score: Score, bpm: float | None, overwrite: bool) -> float:
    from nmfd_cli.app.transcription_files import write_transcription_midi

    strokes: dict[str, list[tuple[float, float]]] = {}
    for onset, drum, velocity in zip(score.onsets, score.drums, score.velocities, strict=True):
        strokes.setdefault(drum or "", []).append((onset, velocity or 64.0))
    onsets = {drum: np.array(rows) for drum, rows in strokes.items()}
    return write_transcription_midi(place, onsets, bpm=bpm, overwrite=overwrite)
