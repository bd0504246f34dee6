"""One recording separated into memory, for reports, figures and the library."""

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import numpy as np

from nmfd_cli import __version__
from nmfd_cli.app.explain import Progress, explain
from nmfd_cli.app.separated import SeparatedRecording
from nmfd_cli.app.settings import SeparationSettings
from nmfd_cli.app.start import Start
from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.tempo import estimate_tempo
from nmfd_cli.io.staging import require_free
from nmfd_cli.io.streams import as_file

#: The velocity of a note whose score says none.
_USUAL_VELOCITY = 100.0


def separate_in_memory(
    path: str | Path,
    settings: SeparationSettings,
    *,
    score_path: str | Path | None = None,
    command: str = "",
    progress: Progress = lambda stage, done: None,
) -> SeparatedRecording:
    """Separate one recording and keep all that was found.

    Parameters
    ----------
    path : str or Path
        The recording.
    settings : SeparationSettings
    score_path : str or Path, optional
        What is played when.
    command : str
        What the result says that it was made by.
    progress : callable, optional

    Returns
    -------
    SeparatedRecording

    Raises
    ------
    InputFileError
        If the recording, the score or the kit cannot be used.
    ParameterError
        If settings do not fit each other or the recording.
    """
    with ExitStack() as resources:
        source = resources.enter_context(as_file(path))
        explanation = explain(source, settings, resources, score_path=score_path, progress=progress)
        parts = list(explanation.divided())
    mixture = np.concatenate([block for block, _ in parts], axis=-1).astype(np.float32)
    stems = np.concatenate([block for _, block in parts], axis=-1)
    found = onsets_by_stem(explanation.start)
    return SeparatedRecording(
        name=Path(path).name,
        sample_rate=explanation.recording.sample_rate,
        mixture=mixture,
        stems=dict(zip(explanation.stems, stems, strict=True)),
        templates=explanation.result.W,
        template_edges=explanation.start.grid.edges,
        activations=explanation.result.H,
        stem_of=explanation.start.stem_of,
        n_fft=settings.n_fft,
        hop_length=settings.hop_length,
        onsets=found,
        divergence=explanation.result.divergence,
        tempo=estimate_tempo(found),
        settings=asdict(settings),
        version=__version__,
        command=command,
    )


def onsets_by_stem(start: Start) -> dict[str, FloatArray]:
    """Return when each drum is struck, as the score says or listening found out.

    Returns
    -------
    dict of str to ndarray, shape (n, 2)
        Seconds and velocity; without those stems of which nothing is known.
    """
    score = start.score
    if score is None or not score.is_drums:
        return {}
    found: dict[str, list[tuple[float, float]]] = {stem: [] for stem in start.stems}
    for onset, drum, velocity in zip(score.onsets, score.drums, score.velocities, strict=True):
        if drum in found:
            found[drum].append((onset, velocity or _USUAL_VELOCITY))
    return {stem: np.array(sorted(notes)).reshape(-1, 2) for stem, notes in found.items()}


def require_result(path: str | Path, overwrite: bool) -> None:
    """Refuse, before any work, a file that could not be written at its end.

    Raises
    ------
    OutputError
    """
    require_free(Path(path), overwrite)
