"""The report of a recording on its way: drawn while the stems pass by, written at their end."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from warnings import warn

from nmfd_cli.batch.recordings import files_read
from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.errors import NmfdWarning
from nmfd_cli.io.audio.recording import Recording, open_recording
from nmfd_cli.io.audio.streams import STDIN_NAME, STREAM, as_file
from nmfd_cli.io.replacement import require_free
from nmfd_cli.io.transaction import Transaction
from nmfd_cli.pipeline.findings import described
from nmfd_cli.pipeline.progress import Progress
from nmfd_cli.pipeline.separation import Explanation, explain
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
    explanation : Explanation
    write : callable
        ``write(html)`` takes the report when it is whole.
    name : str or Path
        The recording as it was given.
    audio : str
        As in `page.sound.encode_tracks`; "auto" embeds no sound of a recording that is longer than
        `page.sound.LONGEST_SECONDS` or of a sample rate that no format knows, and warns.
    command : str
        What the report says that it was made by.
    """

    def __init__(
        self,
        resources: ExitStack,
        explanation: Explanation,
        write: Callable[[str], None],
        *,
        name: str | Path,
        audio: str,
        command: str,
    ) -> None:
        recording = explanation.recording
        reason = _reason_for_silence(recording) if audio == "auto" else ""
        if reason:
            audio = "none"
            message = f"{name}: its report has pictures but no sound: {reason}"
            warn(message, NmfdWarning, stacklevel=2)
        self._explanation, self._write = explanation, write
        self._name = STDIN_NAME if str(name) == STREAM else Path(name).name
        self._audio, self._command = audio, command
        self._sketches = Sketches(
            (recording.n_channels, recording.n_samples),
            recording.sample_rate,
            stft=explanation.stft,
            n_stems=len(explanation.stems),
            resources=resources if audio != "none" else None,
        )

    def add(self, mixture: FloatArray, stems: FloatArray) -> None:
        """Draw the next block of the recording (C, n) and its stems (S, C, n)."""
        self._sketches.add(mixture, stems)

    def write(self) -> None:
        """Write the report once all has passed by."""
        sketches = self._sketches.finish()
        drawn = described(self._explanation, sketches, name=self._name, command=self._command)
        self._write(page(drawn, audio=self._audio))


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
    overwrite: bool = False,
    progress: Progress = lambda stage, done: None,
) -> None:
    """Separate one recording and write nothing but its report.

    Parameters
    ----------
    path, target : str or Path
        The recording, and the HTML file.
    settings : SeparationSettings
    score_path : str or Path, optional
        What is played when.
    audio, command : str
        As in `ReportDraft`.
    overwrite : bool
        Whether the file may be replaced.
    progress : callable, optional

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
    require_free(Path(target), overwrite, files_read([path], scores=[score_path], kit=settings.kit))
    with ExitStack() as resources:
        source = resources.enter_context(as_file(path))
        require_rate(audio, open_recording(source).sample_rate)
        explanation = explain(source, settings, resources, score_path=score_path, progress=progress)
        files = resources.enter_context(Transaction(Path(target).parent, overwrite=overwrite))
        write = partial(files.write, Path(target))
        draft = ReportDraft(resources, explanation, write, name=path, audio=audio, command=command)
        n_drawn = 0
        for mixture, stems in explanation.divided():
            draft.add(mixture, stems)
            n_drawn += mixture.shape[-1]
            progress("drawing", n_drawn / explanation.recording.n_samples)
        draft.write()
        files.commit()
