"""What was found out of a recording, beside the sound of its stems."""

from collections.abc import Sequence
from dataclasses import asdict

from nmfd_cli import __version__
from nmfd_cli.core.tempo import estimate_tempo
from nmfd_cli.pipeline.initial_templates import onsets_by_stem
from nmfd_cli.pipeline.result import Separated, T
from nmfd_cli.pipeline.separation import Explanation


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
