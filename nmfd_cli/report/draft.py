"""The report of a recording on its way: drawn while the stems pass by, written at their end."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.errors import Progress, Warn, no_progress, warn_python
from nmfd_cli.io.audio.recording import Recording
from nmfd_cli.io.existing import real_paths, require_free
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.transaction import write_file
from nmfd_cli.kits.extract import KitDraft, kit_as_dict
from nmfd_cli.pipeline.inputs import open_inputs
from nmfd_cli.pipeline.result import result_of
from nmfd_cli.pipeline.separation import FactorisedRecording, separate
from nmfd_cli.report.html import page
from nmfd_cli.report.page.sketch import Sketches
from nmfd_cli.report.page.sound import LONGEST_SECONDS, known_formats, require_rate
from nmfd_cli.settings.definitions import SeparationSettings


class ReportDraft:
    """Draws the report of a recording block by block.

    Neither the samples nor the spectrograms lie in memory: pictures are drawn as wide as they are
    shown, and sound waits on the temporary disk to be compressed.

    Parameters
    ----------
    resources : ExitStack
        Whose end gives temporary disk free again.
    audio : str
        As in `page.sound.encode_tracks`; "auto" embeds no sound of a recording that is longer than
        `page.sound.LONGEST_SECONDS` or of a sample rate that no format knows, and warns.
    command : str
        What the report says that it was made by.
    """

    def __init__(
        self,
        resources: ExitStack,
        separation: FactorisedRecording,
        *,
        audio: str,
        command: str,
        warn: Warn,
    ) -> None:
        recording = separation.recording
        reason = _reason_for_silence(recording) if audio == "auto" else ""
        if reason:
            audio = "none"
            warn(f"{recording.name}: its report has pictures but no sound: {reason}")
        self._separation = separation
        self._audio, self._command = audio, command
        self._sketches = Sketches(
            (recording.n_channels, recording.n_samples),
            recording.sample_rate,
            stft=separation.stft,
            n_stems=len(separation.stem_names),
            resources=resources if audio != "none" else None,
        )

    def add(self, mixture: FloatArray, stems: FloatArray) -> None:
        """Draw the next block of the recording (C, n) and its stems (S, C, n)."""
        self._sketches.add(mixture, stems)

    def html(self, one_shots: Mapping[str, Any] | None = None) -> str:
        """Return the report once all has passed by; `one_shots` as in `html.page`."""
        drawn = result_of(self._separation, self._sketches.finish(), command=self._command)
        return page(drawn, audio=self._audio, one_shots=one_shots)


def _reason_for_silence(recording: Recording) -> str:
    """Return why a report has no sound unasked; empty if it has."""
    if not known_formats(recording.sample_rate):
        return f"neither FLAC nor Vorbis knows {recording.sample_rate} Hz"
    if recording.seconds > LONGEST_SECONDS:
        known = known_formats(recording.sample_rate)[-1]
        minutes = f"{LONGEST_SECONDS / 60:.0f} minutes"
        return f"it is longer than {minutes}; --report-audio {known} embeds it"
    return ""


def report_file(
    path: str | Path,
    target: str | Path,
    settings: SeparationSettings,
    *,
    score_path: str | Path | None = None,
    audio: str,
    command: str = "",
    one_shots: bool = False,
    overwrite: bool = False,
    progress: Progress = no_progress,
    warn: Warn = warn_python,
) -> None:
    """Separate one recording and write nothing but its report.

    Parameters
    ----------
    path, target : str or Path
        The recording, and the HTML file.
    score_path : str or Path, optional
        What is played when.
    audio, command : str
        As in `ReportDraft`.
    one_shots : bool
        Whether to extract a kit and show what it is worth.
    overwrite : bool
        Whether the file may be replaced.

    Raises
    ------
    InputFileError
        If the recording, the score or the kit cannot be used.
    ParameterError
        If settings do not fit each other or the recording.
    OutputError
        If the file exists and may not be replaced, or cannot be written, or its sound cannot be
        embedded as it is asked for.
    """
    with ExitStack() as resources:
        inputs = resources.enter_context(
            open_inputs(path, settings, score_path=score_path, warn=warn)
        )
        require_free(Path(target), overwrite, real_paths(inputs.files))
        require_rate(audio, inputs.recording.sample_rate)
        separation = resources.enter_context(
            separate(
                inputs.recording,
                settings,
                kit=inputs.kit,
                score=inputs.score,
                track_divergence=True,
                progress=progress,
                warn=warn,
            )
        )
        draft = ReportDraft(resources, separation, audio=audio, command=command, warn=warn)
        rate = inputs.recording.sample_rate
        kit = KitDraft(resources, separation.stem_names, rate) if one_shots else None
        consumers = [draft] if kit is None else [draft, kit]
        separation.feed(*consumers, progress=progress, stage="drawing")
        facts = kit_as_dict(kit.kit(separation.score or Score.of(())), rate) if kit else None
        write_file(target, draft.html(facts), overwrite=overwrite)
