"""What was found out of a recording, beside the sound of its stems."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from nmfd_cli import __version__
from nmfd_cli.app.components import pitch_name
from nmfd_cli.app.explain import Explanation
from nmfd_cli.app.separated import Separated, T
from nmfd_cli.app.start import Start
from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.tempo import estimate_tempo

#: The velocity of a note whose score says none.
_USUAL_VELOCITY = 100.0


def described(
    explanation: Explanation, tracks: Sequence[T], *, name: str, command: str = ""
) -> Separated[T]:
    """Put together what is known of a recording.

    Parameters
    ----------
    explanation : Explanation
    tracks : sequence
        The mixture and the stems in their order: samples or what was drawn of them.
    name : str
        What to call the recording.
    command : str
        What it was made by.
    """
    mixture, *stems = tracks
    found = onsets_by_stem(explanation.start)
    return Separated(
        name=name,
        sample_rate=explanation.recording.sample_rate,
        mixture=mixture,
        stems=dict(zip(explanation.stems, stems, strict=True)),
        templates=explanation.result.W,
        template_edges=explanation.start.grid.edges,
        activations=explanation.result.H,
        stem_of=explanation.start.stem_of,
        n_fft=explanation.stft.n_fft,
        hop_length=explanation.stft.hop_length,
        onsets=found,
        divergence=explanation.result.divergence,
        tempo=estimate_tempo(found),
        settings=asdict(explanation.settings),
        version=__version__,
        command=command,
    )


def onsets_by_stem(start: Start) -> dict[str, FloatArray]:
    """Return when each stem is played, as the score says or listening found out.

    Returns
    -------
    dict of str to ndarray, shape (n, 2)
        Seconds and velocity, ascending; without those stems of which nothing is known.
    """
    score = start.score
    if score is None:
        return {}
    found: dict[str, list[tuple[float, float]]] = {stem: [] for stem in start.stems}
    notes = zip(score.onsets, score.drums, score.pitches, score.velocities, strict=True)
    for onset, drum, pitch, velocity in notes:
        stem = drum if drum is not None else pitch_name(pitch) if pitch is not None else ""
        if stem in found:
            found[stem].append((onset, velocity or _USUAL_VELOCITY))
    if not any(found.values()) and len(score):
        return {}  # the stems are neither its drums nor its pitches
    return {stem: np.array(sorted(notes)).reshape(-1, 2) for stem, notes in found.items()}
