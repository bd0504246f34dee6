"""Drum transcriptions as MIDI files."""

from collections.abc import Mapping
from pathlib import Path

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.tempo import estimate_tempo
from nmfd_cli.io.midi import DEFAULT_BPM, midi_bytes
from nmfd_cli.io.transaction import write_file


def write_transcription_midi(
    path: str | Path,
    onsets: Mapping[str, FloatArray],
    *,
    bpm: float | None = None,
    overwrite: bool = False,
) -> float:
    """Write a drum transcription as a MIDI file, whole or not at all.

    Parameters
    ----------
    path : str or Path
    onsets : dict of str to ndarray, shape (n, 2)
        By drum: seconds and velocity, 1 to 127.
    bpm : float, optional
        Beats a minute; by default estimated from the onsets, or 120 if they have no steady tempo.
    overwrite : bool
        Whether an existing file may be replaced.

    Returns
    -------
    float
        The tempo written, in beats a minute.

    Raises
    ------
    OutputError
        If the file exists and may not be replaced, or cannot be written.
    ParameterError
        If the tempo, a drum, an onset or a velocity has no place in a MIDI file.
    MissingExtraError
        If mido is not installed.
    """
    if bpm is None:
        tempo = estimate_tempo(onsets)
        bpm = tempo.bpm if tempo is not None else DEFAULT_BPM
    write_file(path, midi_bytes(onsets, bpm), overwrite=overwrite)
    return bpm
