"""The stems of one recording on their way to the disk."""

from collections.abc import Container, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.errors import OutputError
from nmfd_cli.io.audio.recording import Recording
from nmfd_cli.io.audio.streams import StdoutOutput
from nmfd_cli.io.audio.writer import SampleFormat, StemFile, require_writable_format
from nmfd_cli.io.transaction import Sink, Transaction
from nmfd_cli.output.names import (
    chosen_stem,
    minus_name,
    output_paths,
    report_path,
    require_place,
)
from nmfd_cli.settings.definitions import OutputSettings


def sample_format(recording: Recording, output: OutputSettings) -> SampleFormat:
    """Return how stems are stored: as the settings say or what suits the container."""
    wanted = output.subtype or ("float" if output.format == "wav" else "input")
    subtype = recording.precision if wanted == "input" else wanted.upper()
    if output.format == "flac" and wanted == "input" and subtype not in ("PCM_16", "PCM_24"):
        subtype = "PCM_24"
    require_writable_format(output.format, recording.n_channels, recording.sample_rate)
    return SampleFormat(output.format, subtype)


@dataclass
class _Track:
    """One file on its way, and what is known of its samples so far."""

    name: str
    path: Path
    file: StemFile
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


def _open_sink(resources: ExitStack, output: OutputSettings) -> Sink:
    if output.is_stream:
        return resources.enter_context(StdoutOutput())
    return resources.enter_context(Transaction(Path(output.out), overwrite=output.overwrite))


class StemFiles:
    """Takes stems block by block and moves the files in once all are whole.

    The last stem is what the others leave of the recording, in the samples of the format: so the
    stems add up to it, exactly in integer formats.  A stem has the same samples whether it is
    written alone or with the others.

    Parameters
    ----------
    resources : ExitStack
        Whose end removes what was not finished.
    recording : Recording
    stems : sequence of str
        All that the recording is divided into; `output` may ask for one of them only.
    output : OutputSettings
    source : str or Path, optional
        What names the files, if not the recording's own path.
    sources : container of str
        Real paths of what was read, which is never replaced.
    files : Transaction, optional
        Takes the files; then it is for its owner to check the places and to commit.

    Raises
    ------
    OutputError
        If a file exists that may not be replaced or cannot be made.
    ParameterError
        If `output` asks for a stem that there is not.

    Attributes
    ----------
    paths : dict of str to Path
        The files by the names of what they hold.
    report : Path or None
        The place of the report, if one is asked for.
    samples_written : int
        A channel.
    """

    def __init__(
        self,
        resources: ExitStack,
        recording: Recording,
        stems: Sequence[str],
        output: OutputSettings,
        *,
        source: str | Path | None = None,
        sources: Container[str] = (),
        files: Transaction | None = None,
    ) -> None:
        self.paths = output_paths(source or recording.path, stems, output)
        self.report = report_path(source or recording.path, output)
        for path in (*self.paths.values(), *([self.report] if self.report else [])):
            if files is None:
                require_place(path, output, sources)
        self._stems = tuple(stems)
        self._format = sample_format(recording, output)
        self._sink = files or _open_sink(resources, output)
        self._commits = files is None
        self._tracks: dict[str, _Track] = {}
        for name, path in self.paths.items():
            place = self._sink.place(path)
            file = StemFile(
                place, recording.sample_rate, recording.n_channels, self._format, shown_as=path
            )
            resources.callback(file.abandon)
            self._tracks[name] = _Track(name, path, file)
        self._minus = chosen_stem(stems, output.minus) if output.minus else None
        self._mixture_energy = 0.0
        self.samples_written = 0

    def write(self, mixture: NDArray[np.float64], stems: FloatArray) -> None:
        """Append a block.

        Parameters
        ----------
        mixture : ndarray, shape (C, n)
        stems : ndarray, shape (S, C, n)
            The last one is not looked at but made from the mixture and the others.
        """
        whole = self._format.quantise(mixture)
        left = whole
        self._mixture_energy += float(np.square(mixture).sum())
        self.samples_written += mixture.shape[-1]
        for index, name in enumerate(self._stems):
            is_last = index == len(self._stems) - 1
            samples = self._format.quantise(left if is_last else stems[index])
            left = left - samples
            if name in self._tracks:
                self._tracks[name].add(samples, self._format)
            if name == self._minus:
                rest = self._format.quantise(whole - samples)
                self._tracks[minus_name(name)].add(rest, self._format)

    def write_report(self, text: str) -> None:
        """Put the report beside the stems, to be moved in with them.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        assert self.report is not None
        assert isinstance(self._sink, Transaction)
        self._sink.write(self.report, text)

    def finish(self) -> list[tuple[str, Path, float, float]]:
        """Move the files in.

        Returns
        -------
        list of (stem, path, peak, share of the recording's energy)

        Raises
        ------
        OutputError
            If a stem exceeds what the format holds, or a file cannot be moved.
        """
        for track in self._tracks.values():
            if not self._format.holds(track.low, track.high):
                raise OutputError(
                    f"{track.name}: its peak of {20 * np.log10(track.peak):+.2f} dBFS would clip "
                    f"in {self._format.subtype.lower()}; nothing was written, "
                    "--subtype float holds it"
                )
        for track in self._tracks.values():
            track.file.close()
        if self._commits:
            self._sink.commit()
        mixture_energy = self._mixture_energy or 1.0
        return [
            (track.name, track.path, track.peak, track.energy / mixture_energy)
            for track in self._tracks.values()
        ]

    @property
    def is_silent(self) -> bool:
        """Whether nothing sounded in all blocks so far."""
        return self._mixture_energy == 0
