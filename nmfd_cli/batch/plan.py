"""From recordings and settings to jobs: what can be refused is refused here, before any work."""

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path, PurePosixPath
from string import Formatter
from typing import Any

from nmfd_cli.batch.recordings import files_read
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import InputFileError, NmfdError, NmfdWarning, OutputError, ParameterError
from nmfd_cli.io.audio.recording import estimated_seconds
from nmfd_cli.io.file_record import tree_hash
from nmfd_cli.io.replacement import require_free
from nmfd_cli.io.score.notes import Score
from nmfd_cli.kits.find import kit_path, shipped_bank
from nmfd_cli.output.manifest import manifest_name
from nmfd_cli.output.names import output_paths, report_path
from nmfd_cli.pipeline.components import possible_stems, score_for
from nmfd_cli.settings.definitions import STREAM, OutputSettings, SeparationSettings

#: What a score pattern may hold.
SCORE_FIELDS = ("track", "parent")


@dataclass(frozen=True)
class Job:
    """One recording, all that is decided of it, and nothing that needs this machine.

    Attributes
    ----------
    input : str
        The recording, or ``-``.
    settings : SeparationSettings
    output : OutputSettings
        With the date of the plan in the file name.
    score : str or None
        What is played when.
    stems : tuple of str
        Where the stems will stand, below ``output.out``; of drums that are listened for those that
        may be found.
    manifest : str
        Where the manifest will stand, below ``output.out``.
    pattern : str
        The stems' file name from the manifest's folder, ``{stem}`` in it.
    kit_hash : str
        Of the kit that templates are learned from.
    seconds : float or None
        The duration, if the recording's head could be read.
    skip_existing : bool
        Whether nothing is done where the same results stand already.
    report : str or None
        Where the report will stand, below ``output.out``.
    command : str
        What the report says that it was made by.
    """

    input: str
    settings: SeparationSettings
    output: OutputSettings
    score: str | None
    stems: tuple[str, ...]
    manifest: str
    pattern: str
    kit_hash: str
    seconds: float | None
    skip_existing: bool = False
    report: str | None = None
    command: str = ""

    @property
    def files(self) -> tuple[str, ...]:
        """Where all that is written will stand, below ``output.out``."""
        return (*self.stems, *([self.report] if self.report is not None else []))

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
        return self.input == STREAM or self.output.is_stream

    @property
    def out(self) -> Path:
        """The folder of the results."""
        return Path(self.output.out)

    def manifest_settings(self) -> dict[str, Any]:
        """Return the settings that decide on the content of stems, as JSON gives them back.

        A kit counts by its content, names and places of files not at all.
        """
        settings = {
            name: getattr(self.settings, name) for name in self.settings.names() if name != "kit"
        }
        settings |= {name: getattr(self.output, name) for name in ("format", "subtype")}
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
) -> tuple[Job, ...]:
    """Decide on everything before any work.

    Parameters
    ----------
    inputs : sequence of str
        Recordings, as `io.inputs.expand_inputs` gives them.
    settings : SeparationSettings
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
        If a score is missing or cannot be used.
    """
    if score is not None and score_pattern is not None:
        raise ParameterError("score_pattern: expected one of score and score_pattern, found both")
    Stft(settings.n_fft, settings.hop_length)  # refuses windows that do not overlap
    output = replace(output, filename=_dated(output.filename))
    scores = [score_beside(path, score_pattern) if score_pattern else score for path in inputs]
    _require_scores(inputs, scores)
    read = cache(lambda path: _quietly(score_for, path, settings))
    place = kit_path(settings.kit)
    settings = replace(settings, kit=None if place == shipped_bank() else str(place))
    kit_hash = tree_hash(place)
    jobs = tuple(
        _plan(path, settings, output, where, read(where) if where else None, kit_hash)
        for path, where in zip(inputs, scores, strict=True)
    )
    jobs = tuple(replace(job, skip_existing=skip_existing, command=command) for job in jobs)
    _refuse_collisions(jobs)
    return jobs


def _quietly(read: Callable[..., Score], *arguments: Any) -> Score:
    """Read a score without the warnings that come again when its turn comes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NmfdWarning)
        return read(*arguments)


def _plan(
    path: str,
    settings: SeparationSettings,
    output: OutputSettings,
    score_path: str | None,
    score: Score | None,
    kit_hash: str,
) -> Job:
    paths = output_paths(path, possible_stems(settings, score), output)
    manifest, pattern = manifest_of(path, output)
    below = Path("." if output.is_stream else output.out)
    stems = tuple(place.relative_to(below).as_posix() for place in paths.values())
    report = report_path(path, output)
    return Job(
        path,
        settings,
        output,
        score_path,
        stems,
        manifest,
        pattern,
        kit_hash,
        seconds=_seconds(path),
        report=report.relative_to(below).as_posix() if report is not None else None,
    )


def manifest_of(path: str, output: OutputSettings) -> tuple[str, str]:
    """Return where a recording's manifest stands below the folder of the results, and its pattern.

    It stands in the deepest folder that holds the stems, whatever they are called.
    """
    if output.is_stream:
        return "", ""
    anonymous = replace(output, stem=None, minus=None)
    (place,) = output_paths(path, ["{stem}"], anonymous).values()
    parts = place.relative_to(output.out).parts
    depth = next((n for n, part in enumerate(parts[:-1]) if "{stem}" in part), len(parts) - 1)
    pattern = "/".join(parts[depth:])
    return str(PurePosixPath(*parts[:depth], manifest_name(Path(path).stem, pattern))), pattern


def score_beside(path: str, pattern: str) -> str:
    """Return where a recording's own score is.

    Raises
    ------
    ParameterError
        If the pattern has an unknown field.
    """
    try:
        parts = list(Formatter().parse(pattern))
    except ValueError as error:
        raise ParameterError(f"score_pattern: {pattern!r} is not a template: {error}") from error
    for _, name, spec, conversion in parts:
        if name is not None and (name not in SCORE_FIELDS or spec or conversion):
            expected = ", ".join(f"{{{known}}}" for known in SCORE_FIELDS)
            raise ParameterError(f"score_pattern: expected fields {expected}, found {{{name}}}")
    source = Path(path)
    parent = source.absolute().parent.name or "root"
    return str(source.parent / pattern.format(track=source.stem, parent=parent))


def _require_scores(inputs: Sequence[str], scores: Iterable[str | None]) -> None:
    pairs = zip(inputs, scores, strict=True)
    missing = [(path, score) for path, score in pairs if score and not Path(score).exists()]
    if missing:
        path, score = missing[0]
        others = f" (and {len(missing) - 1} more are missing)" if len(missing) > 1 else ""
        raise InputFileError(score or "", f"expected the score of {path}, found no file{others}")


def _seconds(path: str) -> float | None:
    try:
        return None if path == STREAM else estimated_seconds(path)
    except NmfdError:  # told when its turn comes, so that the others are done
        return None


def _dated(filename: str) -> str:
    """Put in today's date: a batch that passes midnight stays in its folders."""
    today = date.today().isoformat()
    return re.sub(r"\{\{|\{date\}", lambda m: m[0] if m[0] == "{{" else today, filename)


def _refuse_collisions(jobs: Sequence[Job]) -> None:
    sources = sources_of(jobs)
    owner: dict[Path, str] = {}
    for job in jobs:
        for place in (STREAM,) if job.output.is_stream else job.files:
            path = job.out if job.output.is_stream else job.out / place
            if path in owner:
                raise ParameterError(
                    f"{owner[path]} and {job.input} would both write {path}; "
                    "--filename can tell them apart, for example by {parent}"
                )
            owner[path] = job.input
            if not job.output.is_stream:
                _refuse_place(path, job, sources)


def sources_of(jobs: Sequence[Job]) -> frozenset[str]:
    """Return the real paths of all that jobs read."""
    kit = jobs[0].settings.kit if jobs else None
    return files_read([job.input for job in jobs], scores=[job.score for job in jobs], kit=kit)


def _refuse_place(path: Path, job: Job, sources: frozenset[str]) -> None:
    require_free(path, True, sources)
    is_free = not path.exists() and not path.is_symlink()
    if not is_free and job.replaces_nothing:
        hint = "--overwrite replaces it, --skip-existing keeps what is complete"
        raise OutputError("exists", hint=hint, path=path)
