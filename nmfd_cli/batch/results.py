"""Results as plain values, for JSON."""

from dataclasses import asdict
from typing import Any

from nmfd_cli import __version__
from nmfd_cli.batch.separate import SeparationReport
from nmfd_cli.settings.definitions import OutputSettings, SeparationSettings


def settings_as_dict(settings: SeparationSettings, output: OutputSettings) -> dict[str, Any]:
    """Return every setting by name, and the version that they are of."""
    return {"version": __version__, **asdict(settings), **asdict(output)}


def report_as_dict(report: SeparationReport) -> dict[str, Any]:
    """Return what became of one recording."""
    recording = report.recording
    return {
        "input": report.input,
        "sample_rate": recording.sample_rate,
        "channels": recording.n_channels,
        "samples": recording.n_samples,
        "seconds": recording.seconds,
        "final_divergence": report.final_divergence,
        "stems": [
            {
                "stem": stem.stem,
                "path": str(stem.path),
                "peak": stem.peak,
                "energy_share": stem.energy_share,
                "onsets": stem.onsets,
            }
            for stem in report.stems
        ],
        "report": str(report.report) if report.report is not None else None,
    }
