"""What a separation needs of the user's files: opened once, checked once, and handed on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nmfd_cli.core.drum_sounds.kit import Kit
from nmfd_cli.errors import InputFileError, Warn
from nmfd_cli.io.audio.recording import Recording, recording_at
from nmfd_cli.io.score.notes import Score
from nmfd_cli.kits.find import load_kit
from nmfd_cli.pipeline.components import kit_extras, usable_part, wants_drums
from nmfd_cli.settings.definitions import SeparationSettings


@dataclass(frozen=True)
class Inputs:
    """A recording and what is known about it beforehand.

    Attributes
    ----------
    kit : Kit
        The drum sounds to start from.
    score : Score or None
        What is played when.
    files : tuple of str or Path
        All files that were read; no result may replace one.
    """

    recording: Recording
    kit: Kit
    score: Score | None
    files: tuple[str | Path, ...]


@contextmanager
def open_inputs(
    path: str | Path,
    settings: SeparationSettings,
    *,
    score_path: str | Path | None = None,
    warn: Warn,
) -> Iterator[Inputs]:
    """Open a recording, or standard input for ``-``, with its score and the kit of the settings.

    Raises
    ------
    InputFileError
        If the recording, the score or the kit cannot be used.
    ParameterError
        If standard input is a terminal.
    """
    with recording_at(path, warn=warn) as whole:
        recording = whole.between(settings.start, settings.end)
        kit = load_kit(settings.kit, warn=warn)
        score = score_for(score_path, settings, kit, warn=warn) if score_path is not None else None
        files = [path, *([score_path] if score_path is not None else [])]
        yield Inputs(recording, kit, score, (*files, *kit.files))


def score_for(path: str | Path, settings: SeparationSettings, kit: Kit, *, warn: Warn) -> Score:
    """Read a score; of one with drums and pitches only what the strategies work with.

    Raises
    ------
    InputFileError
        If it cannot be used.
    """
    from nmfd_cli.io.score.drum_map import load_drum_map  # many recordings have no score
    from nmfd_cli.io.score.notes import Reading
    from nmfd_cli.io.score.reader import read_score

    reading = Reading(
        as_drums=wants_drums(settings),
        tempo=settings.score_tempo,
        offset=settings.score_offset,
        drum_notes=load_drum_map(settings.drum_map).read if settings.drum_map else {},
    )
    score = read_score(path, drum_classes=kit_extras(settings, kit), reading=reading, warn=warn)
    usable = usable_part(score, settings, name=str(path), warn=warn)
    return score_of_part(usable, settings, name=str(path))


def score_of_part(score: Score, settings: SeparationSettings, *, name: str) -> Score:
    """Return what of a score is played from ``start`` to ``end``, in the time of that part.

    Raises
    ------
    InputFileError
        If that is nothing.
    """
    if not settings.start and settings.end is None:
        return score
    kept = score.between(settings.start, settings.end)
    if len(score) and not len(kept):
        end = "the end" if settings.end is None else f"{settings.end:g} s"
        raise InputFileError(
            name, expected=f"notes from {settings.start:g} s to {end}", found="none"
        )
    return kept
