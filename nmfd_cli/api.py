"""``from nmfd_cli import separate``: a recording taken apart in a program or a notebook."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.division import magnitude_of
from nmfd_cli.core.drum_sounds.kit import Kit
from nmfd_cli.core.masking import wiener_masks
from nmfd_cli.errors import ParameterError, Progress, Warn, no_progress, warn_python
from nmfd_cli.io.audio.recording import Recording, open_recording
from nmfd_cli.io.audio.samples import recording_from
from nmfd_cli.io.existing import real_paths, require_free
from nmfd_cli.io.score.memory import score_from
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.transaction import Transaction
from nmfd_cli.kits.find import load_kit
from nmfd_cli.output.names import places_for
from nmfd_cli.output.stem_writer import StemWriter
from nmfd_cli.pipeline import separation as pipeline
from nmfd_cli.pipeline.components import kit_extras, usable_part
from nmfd_cli.pipeline.inputs import score_for, score_of_part
from nmfd_cli.pipeline.result import Result, result_of
from nmfd_cli.report.html import write_report
from nmfd_cli.report.page.notebook import as_html
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.settings.output import OutputSettings
from nmfd_cli.settings.presets import load_preset, setting_checks

#: What a score may be: a file, a value, or onsets by drum: seconds (n,), or with velocities (n, 2).
ScoreLike = str | Path | Score | Mapping[str, ArrayLike]

#: Sample formats that single precision does not hold.
_FINE = ("PCM_32", "DOUBLE")


@dataclass(frozen=True, kw_only=True, repr=False)
class Separation(Result[FloatArray]):
    """A recording taken apart, as `separate` returns it.

    Beside what `Result` has: `stems`, `templates`, `activations`, `onsets`, `divergence` ...
    The mixture is of float64 where the recording's samples need it, else of float32.

    Attributes
    ----------
    factorised : FactorisedRecording
        What it was made from.
    sources : frozenset of str
        The real paths of the files that were read: no result replaces them.
    """

    factorised: pipeline.FactorisedRecording
    sources: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<Separation of {self.name}: {', '.join(self.stems)}, {self.seconds:.1f} s>"

    def _repr_html_(self) -> str:
        return as_html(self)

    @cached_property
    def masks(self) -> dict[str, FloatArray]:
        """The share of each stem in each bin of the mixture's STFT, by name.

        Arrays of float32, shape (K, M), from 0 to 1, that add up to 1; the frames are those of the
        activations.  With ``space=False, repetition=False`` the stems are the mixture times these.
        """
        stft, model = self.factorised.stft, self.factorised.model
        magnitude = magnitude_of(stft.transform(stft.padded(self.mixture.astype(np.float32))))
        masks = wiener_masks(model.panel(magnitude, 0), self.factorised.settings.alpha)
        return dict(zip(self.stems, masks, strict=True))

    def save(
        self,
        folder: str | Path,
        *,
        format: str = OutputSettings.format,
        subtype: str | None = None,
        overwrite: bool = False,
    ) -> dict[str, Path]:
        """Write the stems to ``folder/<stem>.<format>``, all of them whole or none.

        Parameters
        ----------
        folder : str or Path
            Is made if it is missing.
        format, subtype : str
            As ``--format`` and ``--subtype``.
        overwrite : bool
            Whether existing files may be replaced.

        Returns
        -------
        dict of str to Path
            The file of each stem.

        Raises
        ------
        OutputError
            If a file exists and may not be replaced, was read, would clip or cannot be written.
        """
        output = OutputSettings(
            out=str(folder),
            filename="{stem}.{ext}",
            format=format,
            subtype=subtype,
            overwrite=overwrite,
        )
        recording = self.factorised.recording
        places = places_for(recording.title, output)
        with ExitStack() as resources:
            for name in self.stem_names:
                require_free(places.file_of(name), overwrite, self.sources)
            files = resources.enter_context(Transaction(places.out, overwrite=overwrite))
            writer = StemWriter(
                resources,
                recording,
                self.stem_names,
                output=output,
                places=places,
                files=files,
            )
            writer.add(self.mixture.astype(np.float64), np.stack(list(self.stems.values())))
            written = writer.finish()
            files.commit()
        return {stem.stem: stem.path for stem in written}

    def report(
        self, path: str | Path, *, audio: str = OutputSettings.report_audio, overwrite: bool = False
    ) -> None:
        """Write what ``nmfd report`` writes: one HTML file to see and hear.

        Raises
        ------
        OutputError
            If the file exists and may not be replaced, was read, or cannot be written.
        """
        write_report(self, path, audio=audio, overwrite=overwrite, sources=self.sources)


def separate(
    source: str | Path | ArrayLike,
    sample_rate: int | None = None,
    *,
    score: ScoreLike | None = None,
    preset: str | Path | None = None,
    progress: Progress = no_progress,
    warn: Warn = warn_python,
    **settings: Any,
) -> Separation:
    """Take a recording apart.

    Parameters
    ----------
    source : str, Path or array, shape (n,) or (C, n)
        A file, or samples: floats of full scale 1, or integers of their type's full scale, the
        unsigned ones around its middle.
    sample_rate : int, optional
        In Hz; of samples.
    score : str, Path, Score or mapping, optional
        What is played when: a file, or onsets in seconds by drum, also with velocities, shape
        (n, 2), as `Separation.onsets` has them.
    preset : str or Path, optional
        Settings under a name or from a file; `settings` win over it.
    progress, warn : callable, optional
        ``progress(stage, share)``, from 0 to 1; ``warn(message)``.
    **settings
        The options of ``nmfd separate`` by name: ``stems=["kick", "snare"]``, ``iterations=60`` ...

    Returns
    -------
    Separation

    Raises
    ------
    ParameterError
        If a setting does not exist, has a wrong value or does not fit the others.
    InputFileError
        If the recording, the score or the kit cannot be used.
    """
    chosen = _settings(preset, settings)
    recording = _recording(source, sample_rate, warn).between(chosen.start, chosen.end)
    kit = load_kit(chosen.kit, warn=warn)
    notes = _score(score, chosen, kit, warn) if score is not None else None
    blocks = _Blocks()
    with pipeline.separate(
        recording,
        chosen,
        kit=kit,
        score=notes,
        track_divergence=True,
        progress=progress,
        warn=warn,
    ) as factorised:
        factorised.feed(blocks, progress=progress, stage="dividing")
    # what stems add up to when they are saved is the mixture: it is kept as it was read
    dtype = np.float64 if recording.precision in _FINE else np.float32
    mixture, stems = blocks.joined(dtype)
    found = result_of(factorised, (mixture, *stems))
    files = [path for path in (source, score) if isinstance(path, (str, Path))]
    sources = real_paths([*files, *kit.files])
    return Separation(**vars(found), factorised=factorised, sources=sources)


def transcribe(
    source: str | Path | ArrayLike,
    sample_rate: int | None = None,
    *,
    preset: str | Path | None = None,
    progress: Progress = no_progress,
    warn: Warn = warn_python,
    **settings: Any,
) -> Score:
    """Find out which drums play when.

    Parameters
    ----------
    source, sample_rate, preset, progress, warn, **settings
        As in `separate`.

    Returns
    -------
    Score
        Onsets in seconds with drum classes and velocities.

    Raises
    ------
    ParameterError, InputFileError
        As `separate`.
    """
    chosen = _settings(preset, settings)
    recording = _recording(source, sample_rate, warn).between(chosen.start, chosen.end)
    kit = load_kit(chosen.kit, warn=warn)
    score = pipeline.transcribe(recording, chosen, kit=kit, progress=progress, warn=warn)
    return score.later_by(chosen.start)


class _Blocks:
    """Keeps all blocks of a separation in memory."""

    def __init__(self) -> None:
        self._mixture: list[NDArray[np.float64]] = []
        self._stems: list[FloatArray] = []

    def add(self, mixture: NDArray[np.float64], stems: FloatArray) -> None:
        self._mixture.append(mixture)
        self._stems.append(stems)

    def joined(self, dtype: Any) -> tuple[FloatArray, FloatArray]:
        """Return the mixture (C, n), of a type, and the stems (S, C, n)."""
        mixture = np.concatenate(self._mixture, axis=-1).astype(dtype)
        return mixture, np.concatenate(self._stems, axis=-1)


def _recording(source: str | Path | ArrayLike, sample_rate: int | None, warn: Warn) -> Recording:
    if not isinstance(source, (str, Path)):
        return recording_from(source, sample_rate)
    if sample_rate is not None:
        raise ParameterError(setting="sample_rate", expected="none for a file, which has its own")
    return open_recording(source, warn=warn)


def _score(score: ScoreLike, settings: SeparationSettings, kit: Kit, warn: Warn) -> Score:
    """Return what of a score the strategies work with."""
    if isinstance(score, (str, Path)):
        return score_for(score, settings, kit, warn=warn)
    if not isinstance(score, Score):
        score = score_from(score, drum_classes=kit_extras(settings, kit))
    usable = usable_part(score, settings, name="score", warn=warn)
    return score_of_part(usable, settings, name="score")


def _settings(preset: str | Path | None, given: Mapping[str, Any]) -> SeparationSettings:
    checks, names = setting_checks(), SeparationSettings.names()
    values = load_preset(str(preset)).values_for(SeparationSettings) if preset is not None else {}
    for name, value in given.items():
        if name not in names:
            close = get_close_matches(name, names, n=1)
            hint = f"did you mean {close[0]}?" if close else ""
            raise ParameterError(expected="a setting", found=repr(name), hint=hint)
        if value is None:
            values.pop(name, None)
        else:
            values[name] = checks[name](_plain(name, value))
    return SeparationSettings(**values)


def _plain(name: str, value: Any) -> Any:
    """Return a value as a preset holds it."""
    if name == "sensitivity" and isinstance(value, Mapping):
        return [f"{drum}={number}" for drum, number in value.items()]
    if name == "sensitivity" and isinstance(value, Real):
        return [str(value)]
    if name in ("stems", "sensitivity") and isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Path):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value
