"""From recordings and settings to jobs: what can be refused is refused here, before any work."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from unicodedata import normalize

from nmfd_cli.core.drum_sounds.kit import Kit
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import (
    NO_SUCH_FILE,
    InputFileError,
    NmfdError,
    OutputError,
    ParameterError,
    Warn,
    warn_python,
)
from nmfd_cli.io.audio.recording import STREAM, estimated_seconds
from nmfd_cli.io.existing import real_paths, require_free, tree_hash
from nmfd_cli.io.score.notes import Score
from nmfd_cli.kits.find import load_kit, shipped_bank
from nmfd_cli.output.names import (
    Places,
    places_for,
    recording_fields,
    template_pieces,
    written_names,
)
from nmfd_cli.pipeline.components import possible_stems
from nmfd_cli.pipeline.inputs import score_for
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.settings.output import OutputSettings

#: What a score pattern may hold.
SCORE_FIELDS = ("track", "parent")


@dataclass(frozen=True)
class Job:
    """One recording, all that is decided of it, and nothing that needs this machine.

    Attributes
    ----------
    input : str
        The recording, or ``-``.
    places : Places
        Where the results will stand.
    stems : tuple of str
        What will be written, by name; of drums that are transcribed those that may be found.
    score : Score or None
        What is played when.
    score_path : str or None
        Where that stands.
    kit : Kit or None
        The user's kit; None for the bank that ships.
    kit_hash : str
        Of the kit.
    seconds : float or None
        The duration, if it was asked for and the recording's head could be read.
    skip_existing : bool
        Whether nothing is done where the same results stand already.
    command : str
        What the report says that it was made by.
    """

    input: str
    settings: SeparationSettings
    output: OutputSettings
    places: Places
    stems: tuple[str, ...]
    score: Score | None
    score_path: str | None
    kit: Kit | None
    kit_hash: str
    seconds: float | None = None
    skip_existing: bool = False
    command: str = ""

    @property
    def files(self) -> tuple[Path, ...]:
        """Where all that is written will stand."""
        report = self.places.report
        return (*self.places.files_of(self.stems).values(), *([report] if report else []))

    @property
    def is_whole(self) -> bool:
        """Whether all stems are written, not one of them or all but one."""
        return self.output.stem is None and self.output.minus is None

    @property
    def replaces_nothing(self) -> bool:
        """Whether what stands stays as it is, earlier results of this program included."""
        return not self.output.overwrite and not self.skip_existing

    @property
    def is_stream(self) -> bool:
        """Whether it reads standard input or writes standard output."""
        return self.input == STREAM or self.places.is_stream

    @property
    def out(self) -> Path:
        """The folder of the results."""
        return self.places.out

    def manifest_settings(self) -> dict[str, Any]:
        """Return the settings that decide on the content of stems, as JSON gives them back.

        A kit counts by its content, names and places of files not at all.
        """
        settings = {
            name: getattr(self.settings, name) for name in self.settings.names() if name != "kit"
        }
        settings |= {name: getattr(self.output, name) for name in ("format", "subtype")}
        settings |= {
            name: getattr(self.output, name)
            for name in ("bit_rate", "cue_points")
            if getattr(self.output, name)
        }
        for name, default in (("start", 0.0), ("end", None)):  # as earlier versions had it
            if settings[name] == default:
                del settings[name]
        return {k: list(v) if isinstance(v, tuple) else v for k, v in settings.items()}


def plan_jobs(
    inputs: Sequence[str],
    settings: SeparationSettings,
    output: OutputSettings,
    *,
    score: str | None = None,
    score_pattern: str | None = None,
    skip_existing: bool = False,
    command: str = "",
    warn: Warn = warn_python,
) -> tuple[Job, ...]:
    """Decide on everything before any work.

    Parameters
    ----------
    inputs : sequence of str
        Recordings, as `batch.inputs.expand_inputs` gives them.
    output : OutputSettings
        Holds the name of the preset, too.
    score : str, optional
        The score of all recordings.
    score_pattern : str, optional
        Where each recording's own score is, from its folder, e.g. ``{track}.csv``.
    skip_existing : bool
        Whether recordings whose results stand already are to be left alone.
    command : str
        What reports say that they were made by.

    Raises
    ------
    ParameterError
        If two recordings would write one file, or settings do not fit each other.
    OutputError
        If a stem would replace a file that it may not replace, or a recording.
    InputFileError
        If a score or the kit is missing or cannot be used.
    """
    if score is not None and score_pattern is not None:
        raise ParameterError(
            setting="score", expected="either --score or --score-pattern", found="both"
        )
    Stft(settings.n_fft, settings.hop_length)  # refuses windows that do not overlap
    scores = [score_beside(path, score_pattern) if score_pattern else score for path in inputs]
    _require_scores(scores)
    kit = load_kit(settings.kit, warn=warn)
    is_own = kit.path != shipped_bank()
    settings = replace(settings, kit=str(kit.path) if is_own else None)
    kit_hash = tree_hash(kit.path or shipped_bank())
    read = cache(lambda path: score_for(path, settings, kit, warn=warn))
    day = date.today()  # of all: a batch that passes midnight stays in its folders

    def planned(path: str, score_path: str | None) -> Job:
        notes = read(score_path) if score_path is not None else None
        return Job(
            path,
            settings,
            output,
            places_for(path, output, day=day),
            stems=written_names(possible_stems(settings, notes, kit), output),
            score=notes,
            score_path=score_path,
            kit=kit if is_own else None,
            kit_hash=kit_hash,
            seconds=_seconds(path) if len(inputs) > 1 else None,
            skip_existing=skip_existing,
            command=command,
        )

    jobs = tuple(planned(*pair) for pair in zip(inputs, scores, strict=True))
    _refuse_collisions(jobs)
    return jobs


def score_beside(path: str, pattern: str) -> str:
    """Return where a recording's own score is.

    Raises
    ------
    ParameterError
        If the pattern has an unknown field.
    """
    template_pieces(pattern, SCORE_FIELDS, setting="score_pattern")
    fields = recording_fields(path) | {"track": Path(path).stem}
    return _as_spelled(Path(path).parent / pattern.format(**fields))


def _as_spelled(path: Path) -> str:
    """Return a path as the disk spells it: an ä may be one character there, or two.

    Where several differ in no more than that, none of them is meant.
    """
    if path.exists():
        return str(path)
    found = [Path(path.anchor) if path.anchor else Path()]
    for part in path.parts[1 if path.anchor else 0 :]:
        found = [below for folder in found for below in _spellings(folder, part)]
    return str(found[0] if len(found) == 1 else path)


def _spellings(folder: Path, name: str) -> list[Path]:
    if name == os.pardir or (folder / name).exists():
        return [folder / name]
    wanted = normalize("NFC", name)
    try:
        return [entry for entry in folder.iterdir() if normalize("NFC", entry.name) == wanted]
    except OSError:
        return []


def _require_scores(scores: Iterable[str | None]) -> None:
    missing = dict.fromkeys(score for score in scores if score and not Path(score).exists())
    if missing:
        first, *others = missing
        hints = [f"{len(others)} more of the scores are missing"] if others else []
        if (here := Path(Path(first).name)).exists():
            hints.append(f"{here} in the working directory is found by an absolute pattern")
        raise InputFileError(first, NO_SUCH_FILE, hint="; ".join(hints))


def _seconds(path: str) -> float | None:
    try:
        return None if path == STREAM else estimated_seconds(path)
    except NmfdError:  # told when its turn comes, so that the others are done
        return None


def _refuse_collisions(jobs: Sequence[Job]) -> None:
    sources = sources_of(jobs)
    owner: dict[Path, str] = {}
    for job in jobs:
        for path in job.files:
            if path in owner:
                raise ParameterError(
                    f"{owner[path]} and {job.input} would both write {path}",
                    hint="--filename '{parent}/{track}/{stem}.{ext}' can tell them apart",
                )
            owner[path] = job.input
            if not job.places.is_stream:
                _refuse_place(path, job, sources)


def sources_of(jobs: Sequence[Job]) -> frozenset[str]:
    """Return the real paths of all that jobs read."""
    if not jobs:
        return frozenset()
    scores = [job.score_path for job in jobs if job.score_path is not None]
    kit = jobs[0].kit.files if jobs[0].kit is not None else (shipped_bank(),)
    return real_paths([*(job.input for job in jobs), *scores, *kit])


def _refuse_place(path: Path, job: Job, sources: frozenset[str]) -> None:
    require_free(path, True, sources)
    is_free = not path.exists() and not path.is_symlink()
    if not is_free and job.replaces_nothing:
        hint = "--overwrite replaces it, --skip-existing keeps what is complete"
        raise OutputError("exists", hint=hint, path=path)
