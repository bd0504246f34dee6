"""The stems of one recording on their way to the disk."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.errors import InputFileError, OutputError, ParameterError
from nmfd_cli.io.audio.formats import FORMATS
from nmfd_cli.io.audio.recording import AudioFacts, Recording
from nmfd_cli.io.audio.writer import (
    DEFAULT_BIT_RATE,
    AudioWriter,
    SampleFormat,
    require_writable_format,
)
from nmfd_cli.io.transaction import Sink
from nmfd_cli.output.names import Places, chosen_stems, written_names
from nmfd_cli.settings.definitions import ACCOMPANIMENT
from nmfd_cli.settings.output import OutputSettings


def sample_format(facts: AudioFacts, output: OutputSettings) -> SampleFormat:
    """Return how stems are stored: as the settings say or what suits the container.

    Raises
    ------
    OutputError
        If the container cannot hold the recording.
    """
    require_writable_format(output.format, facts)
    known = FORMATS[output.format]
    if known.is_lossy:
        return SampleFormat(output.format, known.usual, output.bit_rate or DEFAULT_BIT_RATE)
    subtype = output.subtype or known.usual
    if subtype == "input":
        subtype = facts.precision.lower()
        subtype = subtype if subtype in known.subtypes else "pcm_24"
    return SampleFormat(output.format, subtype.upper())


@dataclass(frozen=True)
class WrittenStem:
    """What became of one stem.

    Attributes
    ----------
    stem : str
        Its name.
    path : Path
        The file it stands in.
    peak : float
        Largest absolute sample, 1 is full scale.
    energy_share : float
        Its energy over that of the recording; stems overlap, so shares need not add up to one.
    onsets : int or None
        How often it is played, as the score says or the transcription found.
    """

    stem: str
    path: Path
    peak: float
    energy_share: float
    onsets: int | None = None


@dataclass
class _Track:
    """One file on its way, and what is known of its samples so far."""

    name: str
    path: Path
    file: AudioWriter
    low: float = 0.0
    high: float = 0.0
    energy: float = 0.0

    @property
    def peak(self) -> float:
        return max(-self.low, self.high)

    def add(self, samples: NDArray[np.float64], sample_format: SampleFormat) -> None:
        """Append samples, unless the format cannot hold all that came so far."""
        self.low = min(self.low, float(samples.min()))
        self.high = max(self.high, float(samples.max()))
        self.energy += float(np.square(samples).sum())
        if sample_format.holds(self.low, self.high):
            self.file.write(samples)


class StemWriter:
    """Takes stems block by block and writes them to where they can be moved in from.

    The last stem is what the others leave of the recording, in the samples of the format: so the
    stems add up to it, exactly in integer formats.  A stem has the same samples whether it is
    written alone or with the others.

    Parameters
    ----------
    resources : ExitStack
        Whose end closes what was not finished.
    recording : Recording
        Its stems get its tags, too.
    stems : sequence of str
        All that the recording is divided into; `output` may ask for one of them only.
    places : Places
        Where the files will stand.
    files : Sink
        What moves them there; that is not done here.

    Raises
    ------
    OutputError
        If a file exists that may not be replaced or cannot be made.
    InputFileError
        If `output` asks for a stem that was not found.
    """

    def __init__(
        self,
        resources: ExitStack,
        recording: Recording,
        stems: Sequence[str],
        *,
        output: OutputSettings,
        places: Places,
        files: Sink,
    ) -> None:
        self._stems = tuple(stems)
        self._format = sample_format(recording, output)
        self._tracks: dict[str, _Track] = {}
        try:
            names = written_names(stems, output)
        except ParameterError as error:  # that it may be found was known before
            raise _not_found(error.found.strip("'"), recording, stems) from None
        tags = recording.tags
        for name, path in places.files_of(names).items():
            file = AudioWriter(files.place(path), recording, self._format, place=path, tags=tags)
            resources.callback(file.abandon)
            self._tracks[name] = _Track(name, path, file)
        wanted = output.stem or output.minus
        self._chosen = chosen_stems(stems, wanted) if wanted else ()
        self._is_minus = output.minus is not None
        self._marks_hits, self._rate = output.cue_points, recording.sample_rate
        self._mixture_energy = 0.0

    def add(self, mixture: NDArray[np.float64], stems: FloatArray) -> None:
        """Append a block.

        Parameters
        ----------
        mixture : ndarray, shape (C, n)
        stems : ndarray, shape (S, C, n)
            The last one is not looked at but made from the mixture and the others.
        """
        whole = self._format.quantise(mixture)
        left, chosen = whole, np.zeros_like(whole)
        self._mixture_energy += float(np.square(mixture).sum())
        for index, name in enumerate(self._stems):
            is_last = index == len(self._stems) - 1
            samples = self._format.quantise(left if is_last else stems[index])
            left = left - samples
            if name in self._chosen:
                chosen = chosen + samples
            elif name in self._tracks:
                self._tracks[name].add(samples, self._format)
        if self._chosen:
            (track,) = self._tracks.values()
            asked = whole - chosen if self._is_minus else chosen
            track.add(self._format.quantise(asked), self._format)

    def finish(self, onsets: Mapping[str, FloatArray] | None = None) -> tuple[WrittenStem, ...]:
        """Close the files, which are whole then.

        Parameters
        ----------
        onsets : mapping of str to ndarray, shape (n, 2), optional
            Seconds, and velocities, at which each stem is played, where that is known.

        Raises
        ------
        OutputError
            If a stem exceeds what the format holds, or a file cannot be finished.
        """
        for track in self._tracks.values():
            if not self._format.holds(track.low, track.high):
                raise OutputError(
                    f"{track.name}: its peak of {20 * np.log10(track.peak):+.2f} dBFS would clip "
                    f"in {self._format.subtype.lower()}",
                    hint="nothing was written, --subtype float holds it",
                )
        known = {name: self._onsets(name, onsets or {}) for name in self._tracks}
        for track in self._tracks.values():
            hits = known[track.name]
            if self._marks_hits and hits is not None:
                track.file.mark(np.round(hits * self._rate).astype(int).tolist())
            track.file.close()
        whole = self._mixture_energy or 1.0
        return tuple(
            WrittenStem(
                track.name,
                track.path,
                track.peak,
                track.energy / whole,
                None if (hits := known[track.name]) is None else len(hits),
            )
            for track in self._tracks.values()
        )

    def _onsets(self, name: str, onsets: Mapping[str, FloatArray]) -> FloatArray | None:
        """Return the seconds at which what is called by a name is played, if that is known."""
        if self._is_minus:
            names = [stem for stem in self._stems if stem not in self._chosen]
        else:
            names = list(self._chosen) or [name]
        found = [onsets[stem][:, 0] for stem in names if stem in onsets]
        if not found or (self._is_minus and not self._marks_hits):
            return None
        return np.sort(np.concatenate(found))


def _not_found(name: str, recording: Recording, stems: Sequence[str]) -> InputFileError:
    if name == ACCOMPANIMENT:
        message, option = "nothing but drums was found", f"--residual {name}"
    else:
        message = f"no {name} was found, only {', '.join(stems)}"
        option = f"--stems {','.join((*stems, name))}"
    return InputFileError(recording.name, message, hint=f"{option} gives it a stem in any case")
