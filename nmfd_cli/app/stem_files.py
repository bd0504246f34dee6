"""The stems of one recording on their way to the disk."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from string import Formatter

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.app.settings import OutputSettings
from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.errors import OutputError, ParameterError
from nmfd_cli.io.audio import Recording, SampleFormat, StemFile, require_writable_format
from nmfd_cli.io.staging import StagedOutputs, require_free

#: What `OutputSettings.filename` may hold.
FIELDS = ("track", "stem", "ext", "parent", "date")


def output_paths(
    recording: str | Path, stems: Sequence[str], output: OutputSettings
) -> dict[str, Path]:
    """Return where each stem will stand.

    Raises
    ------
    ParameterError
        If the template has an unknown field, leaves the folder, or gives two stems one path.
    """
    source = Path(recording)
    known = {
        "track": source.stem,
        "ext": output.format,
        "parent": source.parent.name,
        "date": date.today().isoformat(),
    }
    _check_template(output.filename)
    paths = {stem: Path(output.out) / output.filename.format(stem=stem, **known) for stem in stems}
    if len(set(paths.values())) < len(paths):
        raise ParameterError(
            f"filename: {output.filename!r} gives several stems one file; expected {{stem}} in it"
        )
    return paths


def _check_template(template: str) -> None:
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise ParameterError(f"filename: {template!r} is not a template: {error}") from error
    for _, name, spec, conversion in parts:
        if name is not None and (name not in FIELDS or spec or conversion):
            expected = ", ".join(f"{{{known}}}" for known in FIELDS)
            raise ParameterError(f"filename: expected fields {expected}, found {{{name}}}")
    if Path(template).is_absolute() or ".." in Path(template).parts:
        raise ParameterError(f"filename: expected a path below the output folder, found {template}")


def sample_format(recording: Recording, output: OutputSettings) -> SampleFormat:
    """Return how stems are stored: as the settings say or what suits the container."""
    wanted = output.subtype or ("float" if output.format == "wav" else "input")
    subtype = recording.precision if wanted == "input" else wanted.upper()
    if output.format == "flac" and wanted == "input" and subtype not in ("PCM_16", "PCM_24"):
        subtype = "PCM_24"
    require_writable_format(output.format, recording.n_channels, recording.sample_rate)
    return SampleFormat(output.format, subtype)


class StemFiles:
    """Takes stems block by block and moves the files in once all are whole.

    The last stem is what the others leave of the recording, in the samples of the format: so the
    stems add up to it, exactly in integer formats.

    Parameters
    ----------
    resources : ExitStack
        Whose end removes what was not finished.
    recording : Recording
    stems : sequence of str
    output : OutputSettings

    Raises
    ------
    OutputError
        If a file exists that may not be replaced or cannot be made.

    Attributes
    ----------
    samples_written : int
        A channel.
    """

    def __init__(
        self,
        resources: ExitStack,
        recording: Recording,
        stems: Sequence[str],
        output: OutputSettings,
    ) -> None:
        self.paths = output_paths(recording.path, stems, output)
        for path in self.paths.values():
            require_free(path, output.overwrite)
        self._format = sample_format(recording, output)
        self._staging = resources.enter_context(StagedOutputs(output.overwrite))
        self._files = [
            StemFile(
                self._staging.place(path), recording.sample_rate, recording.n_channels, self._format
            )
            for path in self.paths.values()
        ]
        for file in self._files:
            resources.callback(file.abandon)
        self._low = np.zeros(len(self._files))
        self._high = np.zeros(len(self._files))
        self._energy = np.zeros(len(self._files))
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
        left = self._format.quantise(mixture)
        self._mixture_energy += float(np.square(mixture).sum())
        self.samples_written += mixture.shape[-1]
        for index, file in enumerate(self._files):
            is_last = index == len(self._files) - 1
            samples = self._format.quantise(left if is_last else stems[index])
            left = left - samples
            self._low[index] = min(self._low[index], samples.min())
            self._high[index] = max(self._high[index], samples.max())
            self._energy[index] += float(np.square(samples).sum())
            if self._format.holds(self._low[index], self._high[index]):
                file.write(samples)

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
        for stem, low, high in zip(self.paths, self._low, self._high, strict=True):
            if not self._format.holds(low, high):
                peak = 20 * np.log10(max(-low, high))
                raise OutputError(
                    f"{stem}: its peak of {peak:+.2f} dBFS would clip in "
                    f"{self._format.subtype.lower()}; nothing was written, --subtype float holds it"
                )
        for file in self._files:
            file.close()
        self._staging.commit()
        return list(self._summary())

    @property
    def is_silent(self) -> bool:
        """Whether nothing sounded in all blocks so far."""
        return self._mixture_energy == 0

    def _summary(self) -> Iterator[tuple[str, Path, float, float]]:
        peaks = np.maximum(-self._low, self._high)
        shares = self._energy / self._mixture_energy if self._mixture_energy else self._energy
        for (stem, path), peak, share in zip(self.paths.items(), peaks, shares, strict=True):
            yield stem, path, float(peak), float(share)
