"""What was found out of a recording: what reports, figures and programs are given."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Generic, Protocol, TypeVar

import numpy as np

from nmfd_cli import __version__
from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.tempo import Tempo, estimate_tempo
from nmfd_cli.io.score.notes import Score
from nmfd_cli.pipeline.separation import FactorisedRecording


class Track(Protocol):
    """A sound of several channels: its samples, or what was drawn of them."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(C, n), channels and samples."""


T = TypeVar("T", bound=Track)
U = TypeVar("U", bound=Track)


@dataclass(frozen=True, kw_only=True)
class Result(Generic[T]):
    """A recording, its stems, and how they were found.

    `T` is what its tracks are: for `SampledResult` samples, shape (C, n), full scale 1; for
    the report sketches of them.

    Attributes
    ----------
    name : str
        What to call the recording, for example its file name.
    sample_rate : int
        In Hz.
    stems : dict of str to T
        By name, in the order in which they are shown; they add up to the mixture.
    templates : ndarray, shape (K, R, B)
        W, at least 0; one box a frame unless `template_edges` says otherwise.
    activations : ndarray, shape (R, M)
        H, at least 0.
    template_edges : tuple of B + 1 ints
        Box b covers the frames ``edges[b] ... edges[b + 1] - 1`` of a template, as in `TimeGrid`;
        empty for one box a frame.
    stem_of : tuple of R ints
        The stem each component belongs to, as an index into `stems`.
    n_fft, hop_length : int
        Of the `Stft` the factors were learned with.
    onsets : dict of str to ndarray, shape (n, 2)
        By stem: seconds, ascending, and MIDI velocity, 1 to 127; empty where none was looked for.
    divergence : ndarray, shape (L,)
        At the start of each iteration, of the normalised spectrogram.
    tempo : Tempo or None
        Where the beats are, if that is known.
    settings : dict
        Name to value, as they were used.
    version : str
        Of this program.
    command : str
        The command that makes the same again; empty if there is none.
    source : str
        The path of the recording as it was given; empty if that is not known.
    score : Score or None
        What is played when, of all drums and notes, as given or as transcribed.
    """

    name: str
    sample_rate: int
    mixture: T
    stems: Mapping[str, T]
    templates: FloatArray
    activations: FloatArray
    stem_of: tuple[int, ...]
    n_fft: int
    hop_length: int
    onsets: Mapping[str, FloatArray]
    divergence: FloatArray
    template_edges: tuple[int, ...] = ()
    tempo: Tempo | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    command: str = ""
    source: str = ""
    score: Score | None = None

    @property
    def n_channels(self) -> int:
        """C."""
        return int(self.mixture.shape[0])

    @property
    def n_samples(self) -> int:
        """n, the samples of a channel."""
        return int(self.mixture.shape[-1])

    @property
    def seconds(self) -> float:
        """The duration."""
        return self.n_samples / self.sample_rate

    def with_tracks(self, tracks: Sequence[U]) -> "Result[U]":
        """Return the same of other tracks: the mixture and the stems in their order."""
        mixture, *stems = tracks
        values = {item.name: getattr(self, item.name) for item in fields(Result)}
        named = dict(zip(self.stem_names, stems, strict=True))
        return Result(**(values | {"mixture": mixture, "stems": named}))

    @property
    def framewise_templates(self) -> FloatArray:
        """The templates (K, R, T) with one entry for each frame."""
        if not self.template_edges:
            return self.templates
        return np.repeat(self.templates, np.diff(self.template_edges), axis=2)

    @property
    def template_seconds(self) -> float:
        """What a template spans."""
        n_frames = self.template_edges[-1] if self.template_edges else self.templates.shape[2]
        return n_frames * self.hop_length / self.sample_rate

    @property
    def stem_names(self) -> tuple[str, ...]:
        """The stems' names in their order."""
        return tuple(self.stems)

    @property
    def component_names(self) -> tuple[str, ...]:
        """A name for each of the R components: its stem's, numbered where a stem has several."""
        members = [[r for r, owner in enumerate(self.stem_of) if owner == s] for s in self.stem_of]
        return tuple(
            self.stem_names[stem] + (f" {own.index(r) + 1}" if len(own) > 1 else "")
            for r, (stem, own) in enumerate(zip(self.stem_of, members, strict=True))
        )


#: A result with all samples of the mixture and the stems.
SampledResult = Result[FloatArray]


def result_of(
    separation: FactorisedRecording, tracks: Sequence[T], *, command: str = ""
) -> Result[T]:
    """Put together what is known of a recording.

    Parameters
    ----------
    tracks : sequence
        The mixture and the stems in their order: samples or what was drawn of them.
    command : str
        What it was made by.
    """
    mixture, *stems = tracks
    onsets, model = separation.onsets, separation.model
    return Result(
        name=separation.recording.title,
        sample_rate=separation.recording.sample_rate,
        mixture=mixture,
        stems=dict(zip(separation.stem_names, stems, strict=True)),
        templates=model.W,
        template_edges=model.grid.edges if model.grid is not None else (),
        activations=model.H,
        stem_of=model.stem_of,
        n_fft=separation.stft.n_fft,
        hop_length=separation.stft.hop_length,
        onsets=onsets,
        divergence=separation.divergence,
        tempo=estimate_tempo(onsets),
        settings=asdict(separation.settings),
        version=__version__,
        command=command,
        source=separation.recording.name,
        score=separation.score,
    )
