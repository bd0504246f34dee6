"""What a report shows of a track, drawn while its samples pass by."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.drawing import Outline, SpectrogramPicture
from nmfd_cli.core.stft import Stft
from nmfd_cli.io.spool import SampleSpool
from nmfd_cli.pipeline.result import Result, SampledResult

#: Pixels of the pictures; the page stretches them.
MIXTURE_ROWS, STEM_ROWS = 240, 160
#: Columns of the pictures: enough for the page's width, and of long recordings for zooming in.
_FEWEST_COLUMNS, _MOST_COLUMNS, _COLUMNS_PER_SECOND = 1500, 6000, 30
#: Samples drawn at a time of what lies in memory.
_BLOCK = 1 << 18


@dataclass(frozen=True)
class Sketch:
    """A track without its samples, or with them as they are heard.

    Attributes
    ----------
    shape : tuple of two ints
        (C, n), channels and samples.
    outline : ndarray, shape (2, columns)
        Its least and largest samples.
    spectrogram : ndarray, shape (n_rows, columns)
        Linear magnitudes on a logarithmic frequency axis.
    energy : float
        The sum of its squared samples.
    sound : ndarray, shape (1 or 2, n), or None
        What is embedded; more than two channels are heard as one.
    """

    shape: tuple[int, int]
    outline: FloatArray
    spectrogram: FloatArray
    energy: float
    sound: FloatArray | None

    @property
    def peak(self) -> float:
        """The largest absolute sample."""
        return float(np.abs(self.outline).max())


#: A recording as a report shows it.
SketchedResult = Result[Sketch]


class Sketches:
    """Draws the mixture and all stems of a recording.

    Parameters
    ----------
    shape : tuple of two ints
        (C, n) of the recording.
    sample_rate : int
        In Hz.
    resources : ExitStack or None
        Whose end gives the temporary disk free that the sound lies on; None keeps no sound.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        sample_rate: int,
        *,
        stft: Stft,
        n_stems: int,
        resources: ExitStack | None,
    ) -> None:
        self._pens = [
            _Pen(shape, sample_rate, stft, rows, resources)
            for rows in (MIXTURE_ROWS, *[STEM_ROWS] * n_stems)
        ]

    def add(self, mixture: FloatArray, stems: Sequence[FloatArray] | FloatArray) -> None:
        """Draw the next samples: of the mixture (C, any), and of each stem."""
        for pen, samples in zip(self._pens, (mixture, *stems), strict=True):
            pen.add(samples)

    def finish(self) -> tuple[Sketch, ...]:
        """Return the mixture and the stems."""
        return tuple(pen.finish() for pen in self._pens)


class _Pen:
    """Draws one track."""

    def __init__(
        self,
        shape: tuple[int, int],
        sample_rate: int,
        stft: Stft,
        n_rows: int,
        resources: ExitStack | None,
    ) -> None:
        self._shape = shape
        n_columns = round(_COLUMNS_PER_SECOND * shape[1] / sample_rate)
        n_columns = min(_MOST_COLUMNS, max(_FEWEST_COLUMNS, n_columns))
        self._outline = Outline(shape[1], n_columns)
        self._spectrogram = SpectrogramPicture(
            stft, sample_rate, n_samples=shape[1], n_rows=n_rows, n_columns=n_columns
        )
        self._energy = 0.0
        self._spool = SampleSpool(resources) if resources is not None else None

    def add(self, samples: FloatArray) -> None:
        self._outline.add(samples)
        self._spectrogram.add(samples)
        self._energy += float(np.square(samples, dtype=np.float64).sum())
        if self._spool is not None:
            heard = samples if len(samples) <= 2 else samples.mean(axis=0, keepdims=True)
            self._spool.append(heard)

    def finish(self) -> Sketch:
        sound = self._spool.samples() if self._spool is not None else None
        outline, spectrogram = self._outline.finish(), self._spectrogram.finish()
        return Sketch(self._shape, outline, spectrogram, self._energy, sound)


def sketched(recording: SampledResult, resources: ExitStack | None = None) -> SketchedResult:
    """Draw a recording that lies in memory; `resources` as in `Sketches`."""
    sketches = Sketches(
        (recording.mixture.shape[0], recording.mixture.shape[1]),
        recording.sample_rate,
        stft=Stft(recording.n_fft, recording.hop_length),
        n_stems=len(recording.stems),
        resources=resources,
    )
    for start in range(0, recording.n_samples, _BLOCK):
        part = slice(start, start + _BLOCK)
        stems = [samples[:, part] for samples in recording.stems.values()]
        sketches.add(recording.mixture[:, part], stems)
    return recording.with_tracks(sketches.finish())
