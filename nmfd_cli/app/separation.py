"""``from nmfd_cli import separate``: a recording taken apart in a program or a notebook."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nmfd_cli.app.explain import Explanation, explain
from nmfd_cli.app.findings import described
from nmfd_cli.app.from_memory import ScoreLike, recording_file, score_file
from nmfd_cli.app.inputs import files_read
from nmfd_cli.app.page.notebook import as_html
from nmfd_cli.app.presets import load_preset, setting_checks
from nmfd_cli.app.progress import Progress
from nmfd_cli.app.report_page import write_report
from nmfd_cli.app.separated import Separated
from nmfd_cli.app.settings import OutputSettings, SeparationSettings
from nmfd_cli.app.stem_files import StemFiles
from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.division import magnitude_of
from nmfd_cli.core.masking import wiener_masks
from nmfd_cli.errors import ParameterError

#: Sample formats that single precision does not hold.
_FINE = ("PCM_32", "DOUBLE")


@dataclass(frozen=True, kw_only=True, repr=False)
class Separation(Separated[FloatArray]):
    """A recording taken apart, as `separate` returns it.

    Beside what `Separated` has: `stems`, `templates`, `activations`, `onsets`, `divergence` ...
    The mixture is of float64 where the recording's samples need it, else of float32.

    Attributes
    ----------
    explanation : Explanation
        What it was made from.
    sources : frozenset of str
        The real paths of the files that were read: no result replaces them.
    """

    explanation: Explanation
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
        stft, model = self.explanation.stft, self.explanation.model
        magnitude = magnitude_of(stft.transform(stft.padded(self.mixture.astype(np.float32))))
        masks = wiener_masks(model.panel(magnitude, 0), self.explanation.settings.alpha)
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
        with ExitStack() as resources:
            files = StemFiles(
                resources,
                self.explanation.recording,
                self.stem_names,
                output,
                sources=self.sources,
            )
            files.write(self.mixture.astype(np.float64), np.stack(list(self.stems.values())))
            files.finish()
        return files.paths

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
    progress: Progress = lambda stage, done: None,
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
    score : str, Path or mapping, optional
        What is played when: a file, or onsets in seconds by drum, also with velocities, shape
        (n, 2), as `Separation.onsets` has them.
    preset : str or Path, optional
        Settings under a name or from a file; `settings` win over it.
    progress : callable, optional
        ``progress(stage, done)``, from 0 to 1.
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
    with ExitStack() as resources:
        path, name = recording_file(source, sample_rate, resources)
        score_path = score_file(score, resources) if score is not None else None
        sources = files_read([path], scores=[score_path], kit=chosen.kit)
        explanation = explain(path, chosen, resources, score_path=score_path, progress=progress)
        parts = list(explanation.divided())
    # what stems add up to when they are saved is the mixture: it is kept as it was read
    dtype = np.float64 if explanation.recording.precision in _FINE else np.float32
    mixture = np.concatenate([block for block, _ in parts], axis=-1).astype(dtype)
    stems = np.concatenate([block for _, block in parts], axis=-1)
    found = described(explanation, (mixture, *stems), name=name)
    return Separation(**vars(found), explanation=explanation, sources=sources)


def _settings(preset: str | Path | None, given: Mapping[str, Any]) -> SeparationSettings:
    checks, names = setting_checks(), SeparationSettings.names()
    values = load_preset(str(preset)).values_for(SeparationSettings) if preset is not None else {}
    for name, value in given.items():
        if name not in names:
            close = get_close_matches(name, names, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise ParameterError(f"expected a setting, found {name!r}{hint}")
        if value is None:
            values.pop(name, None)
        else:
            values[name] = checks[name](_plain(name, value))
    return SeparationSettings(**values)


def _plain(name: str, value: Any) -> Any:
    """Return a value as a preset holds it."""
    if name == "stems" and isinstance(value, str):
        return [stem.strip() for stem in value.split(",")]
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, Path):
        return str(value)
    return value.item() if isinstance(value, np.generic) else value
