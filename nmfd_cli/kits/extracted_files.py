"""The folder of an extracted kit: it appears whole or not at all."""

import json
from collections.abc import Container, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.tempo import estimate_tempo
from nmfd_cli.errors import InputFileError, OutputError, ParameterError, Warn
from nmfd_cli.io.audio.decoder import audio_below
from nmfd_cli.io.audio.recording import STDIN_NAME, STREAM, AudioFacts
from nmfd_cli.io.audio.writer import AudioWriter, SampleFormat
from nmfd_cli.io.existing import require_free
from nmfd_cli.io.midi.writer import DEFAULT_BPM, midi_bytes
from nmfd_cli.io.transaction import Transaction
from nmfd_cli.kits.extract import ExtractedKit, kit_as_dict
from nmfd_cli.kits.instrument import midi_onsets, sfz_text

#: The folder of the one-shots, which is a kit of its own, and the files beside it.
SAMPLES: Final = "samples"
SFZ, MIDI, AGAIN, FACTS = "kit.sfz", "loop.mid", "again.wav", "kit.json"


def kit_folders(recordings: Sequence[str], out: Path) -> list[Path]:
    """Return the folder of each recording's kit: the one asked for, or one below it for each.

    Raises
    ------
    ParameterError
        If two recordings would have the same.
    """
    if len(recordings) == 1:
        return [out]
    owners: dict[Path, str] = {}
    for recording in recordings:
        source = Path(STDIN_NAME if recording == STREAM else recording)
        folder = out / source.stem
        if folder in owners:
            message = f"{owners[folder]} and {recording} would both write {folder}"
            raise ParameterError(message, setting="out", hint="extract them one at a time")
        owners[folder] = recording
    return list(owners)


class KitFiles:
    """Writes a kit where nothing is in the way.

    Parameters
    ----------
    folder : Path
    facts : AudioFacts
        Whose sample rate and number of channels the one-shots have.
    sample_format : SampleFormat
        A WAV format.
    overwrite : bool
        Whether the files of a former kit may be replaced.
    sources : container of str
        Real paths of what is read, which is never replaced.

    Raises
    ------
    OutputError
        If something stands there that may not be replaced.
    """

    def __init__(
        self,
        folder: Path,
        facts: AudioFacts,
        sample_format: SampleFormat,
        *,
        overwrite: bool,
        sources: Container[str],
    ) -> None:
        self._folder, self._facts, self._format = folder, facts, sample_format
        self._overwrite, self._sources = overwrite, sources
        for name in (SFZ, MIDI, AGAIN, FACTS):
            require_free(folder / name, overwrite, sources)
        self._require_no_samples()

    def _require_no_samples(self) -> None:
        """Refuse a folder whose samples, of another kit, would be mixed with those to come."""
        samples = self._folder / SAMPLES
        if samples.is_dir() and any(samples.iterdir()) and not self._overwrite:
            raise OutputError("exists", hint="--overwrite replaces its files", path=samples)

    def write(
        self, kit: ExtractedKit, *, title: str, onsets: Mapping[str, FloatArray], warn: Warn
    ) -> dict[str, Any]:
        """Write everything, and return what is in ``kit.json``.

        Parameters
        ----------
        kit : ExtractedKit
        title : str
            Of the recording.
        onsets : mapping of str to ndarray, shape (n, 2)
            Seconds and velocities by stem, which the tempo is estimated from.
        warn : callable

        Raises
        ------
        InputFileError
            If no hits were found.
        OutputError
            If a file cannot be written, or a one-shot would clip.
        """
        if not kit.notes:
            raise InputFileError(title, expected="drums to extract", found="no hits")
        tempo = estimate_tempo(onsets)
        bpm = tempo.bpm if tempo is not None else DEFAULT_BPM
        known = kit_as_dict(kit, self._facts.sample_rate)
        facts = {"input": title, "sample_rate": self._facts.sample_rate, "bpm": bpm, **known}
        with Transaction(self._folder, overwrite=self._overwrite) as files:
            for zone in kit.zones:
                for name, take in zip(zone.files, zone.sound.takes, strict=True):
                    self._write_audio(files, self._folder / SAMPLES / name, take.samples)
            self._write_audio(files, self._folder / AGAIN, kit.again)
            files.write(self._folder / SFZ, sfz_text(kit.zones, title))
            files.write(self._folder / FACTS, json.dumps(facts, indent=2) + "\n")
            if find_spec("mido") is not None:
                files.write(self._folder / MIDI, self._midi(kit, bpm))
            else:
                warn(f"{self._folder / MIDI}: left out; it needs pip install 'nmfd-cli[midi]'")
            files.commit()
        self._warn_of_others(kit, warn)
        return facts

    def _warn_of_others(self, kit: ExtractedKit, warn: Warn) -> None:
        """Tell of one-shots of a former kit: they would count as sounds of this one."""
        written = {self._folder / SAMPLES / name for zone in kit.zones for name in zone.files}
        others = sorted(set(audio_below(self._folder / SAMPLES)) - written)
        if others:
            more = f" and {len(others) - 1} more" if len(others) > 1 else ""
            warn(f"{others[0]}{more}: not of this kit, left where it is")

    def _midi(self, kit: ExtractedKit, bpm: float) -> bytes:
        rate = self._facts.sample_rate
        onsets, notes = midi_onsets(kit.notes, rate)
        return midi_bytes(onsets, bpm, notes=notes, longest_tick=1 / rate)

    def _write_audio(self, files: Transaction, place: Path, samples: FloatArray) -> None:
        require_free(place, self._overwrite, self._sources)
        quantised = self._format.quantise(samples)
        if not self._format.holds(float(quantised.min()), float(quantised.max())):
            peak = 20 * np.log10(float(np.abs(quantised).max()))
            raise OutputError(
                f"its peak of {peak:+.2f} dBFS would clip in {self._format.subtype.lower()}",
                hint="nothing was written, --subtype float holds it",
                path=place,
            )
        writer = AudioWriter(files.place(place), self._facts, self._format, place=place)
        try:
            writer.write(quantised)
            writer.close()
        finally:
            writer.abandon()
