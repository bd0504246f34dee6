"""Transcriptions of files, for several tests."""

from pathlib import Path

from nmfd_cli.errors import Progress, Warn, no_progress, warn_python
from nmfd_cli.io.audio.recording import open_recording
from nmfd_cli.kits.find import load_kit
from nmfd_cli.output.transcription_writer import Transcription
from nmfd_cli.pipeline.separation import transcribe
from nmfd_cli.settings.definitions import SeparationSettings


def transcribed(
    source: str | Path,
    settings: SeparationSettings,
    *,
    progress: Progress = no_progress,
    warn: Warn = warn_python,
) -> Transcription:
    """Transcribe a file as the command does."""
    recording = open_recording(source, warn=warn)
    kit = load_kit(settings.kit, warn=warn)
    score = transcribe(recording, settings, kit=kit, progress=progress, warn=warn)
    return Transcription(str(source), recording.seconds, score)
