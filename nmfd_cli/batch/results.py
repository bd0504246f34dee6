"""What became of a recording, as a value and as JSON."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nmfd_cli import __version__
from nmfd_cli.io.audio.recording import AudioFacts
from nmfd_cli.output.stem_writer import WrittenStem
from nmfd_cli.settings.definitions import OutputSettings, SeparationSettings


@dataclass(frozen=True)
class WrittenSeparation:
    """The files that were written for one recording.

    Attributes
    ----------
    input : str
        The path that was given.
    recording : AudioFacts
    stems : tuple of WrittenStem
    final_divergence : float or None
        Of the normalised spectrogram, at the start of the last iteration.
    report : Path or None
        The report, if one was asked for.
    """

    input: str
    recording: AudioFacts
    stems: tuple[WrittenStem, ...]
    final_divergence: float | None
    report: Path | None = None


def settings_as_dict(settings: SeparationSettings, output: OutputSettings) -> dict[str, Any]:
    """Return every setting by name, and the version that they are of."""
    return {"version": __version__, **asdict(settings), **asdict(output)}


def result_as_dict(result: WrittenSeparation) -> dict[str, Any]:
    """Return what became of one recording."""
    recording = result.recording
    return {
        "input": result.input,
        "sample_rate": recording.sample_rate,
        "channels": recording.n_channels,
        "samples": recording.n_samples,
        "seconds": recording.seconds,
        "final_divergence": result.final_divergence,
        "stems": [asdict(stem) | {"path": str(stem.path)} for stem in result.stems],
        "report": str(result.report) if result.report is not None else None,
    }
