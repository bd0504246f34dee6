"""One recording separated into memory, for figures and the library."""

from contextlib import ExitStack
from pathlib import Path

import numpy as np

from nmfd_cli.app.explain import Progress, explain
from nmfd_cli.app.findings import described
from nmfd_cli.app.separated import SeparatedRecording
from nmfd_cli.app.settings import SeparationSettings
from nmfd_cli.io.streams import as_file


def separate_in_memory(
    path: str | Path,
    settings: SeparationSettings,
    *,
    score_path: str | Path | None = None,
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
    return described(explanation, (mixture, *stems), name=Path(path).name)
