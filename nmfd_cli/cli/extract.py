"""``nmfd kit extract``."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nmfd_cli.cli.messages import called, error_line, say_error, table
from nmfd_cli.cli.options import (
    Command,
    begun,
    inputs_argument,
    option,
    preset_option,
    recursive_option,
    score_option,
    settings_from,
    settings_options,
    verbosity_options,
)
from nmfd_cli.cli.values import complete_folders
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.settings.output import OutputSettings

if TYPE_CHECKING:
    from nmfd_cli.errors import Progress, Warn
    from nmfd_cli.kits.extract import ExtractedKit

#: The settings of the output that count for a kit.
_OUTPUT = ("subtype", "overwrite")


@click.command("extract", cls=Command, short_help="Make an instrument of a recording's drums.")
@inputs_argument
@option(
    "-o",
    "--out",
    required=True,
    metavar="DIR",
    section="Output",
    shell_complete=complete_folders,
    help="Folder of the kit; of several recordings one folder each below it.",
)
@settings_options(OutputSettings, only=_OUTPUT)
@recursive_option
@score_option
@preset_option
@settings_options(SeparationSettings, without=("residual",))
@option("--json", "as_json", is_flag=True, help="Print one JSON object a recording, a line each.")
@verbosity_options
def command(inputs: tuple[str, ...], **options: Any) -> int:
    """Make an instrument of the drums of a recording, and play the recording on it again.

    \b
    DIR/samples/kick_1.wav ...   one-shots; --kit DIR/samples takes them, too
    DIR/kit.sfz                  keys of General MIDI, layers of velocity, takes in turn
    DIR/loop.mid                 the hits on these keys (with the extra midi)
    DIR/again.wav                what kit and hits sound like
    DIR/kit.json                 what each sound was made of, and how far to trust it

    The table shows in dB how close that comes to the recording and to its stems: some 20 for a drum
    machine that repeats its sounds; a drummer never plays the same twice.

    Several recordings make a kit each, in DIR/<name of the recording>/.
    """
    reporter, settings = begun(options)
    output = settings_from(OutputSettings, {n: options[n] for n in (*_OUTPUT, "preset")})

    from nmfd_cli.batch.inputs import find_recordings
    from nmfd_cli.errors import InputFileError
    from nmfd_cli.kits.extracted_files import kit_folders

    recordings = find_recordings(inputs, OutputSettings(), recursive=options["recursive"])
    folders = kit_folders(recordings, Path(options["out"]))
    n_failed = 0
    for path, folder in zip(recordings, folders, strict=True):
        try:
            with reporter.progress(called(path)) as progress:
                kit, facts = _extract(
                    path,
                    folder,
                    settings,
                    output,
                    score=options["score"],
                    progress=progress,
                    warn=reporter.warn,
                )
        except InputFileError as error:
            if len(recordings) == 1:
                raise
            say_error(error_line(error))
            n_failed += 1
            continue
        if options["as_json"]:
            click.echo(json.dumps({"file": path, "folder": str(folder), **facts}))
        reporter.line(f"{called(path)}: {folder}")
        for line in _table(kit):
            reporter.line(line)
    return 1 if n_failed else 0


def _extract(
    path: str,
    folder: Path,
    settings: SeparationSettings,
    output: OutputSettings,
    *,
    score: str | None,
    progress: "Progress",
    warn: "Warn",
) -> "tuple[ExtractedKit, dict[str, Any]]":
    """Separate a recording, make a kit of it and write that."""
    from contextlib import ExitStack

    from nmfd_cli.io.existing import real_paths
    from nmfd_cli.io.score.notes import Score
    from nmfd_cli.kits.extract import KitDraft
    from nmfd_cli.kits.extracted_files import KitFiles
    from nmfd_cli.output.stem_writer import sample_format
    from nmfd_cli.pipeline.inputs import open_inputs
    from nmfd_cli.pipeline.separation import separate

    with ExitStack() as resources:
        inputs = resources.enter_context(open_inputs(path, settings, score_path=score, warn=warn))
        recording = inputs.recording
        files = KitFiles(
            folder,
            recording.facts,
            sample_format(recording.facts, output),
            overwrite=output.overwrite,
            sources=real_paths(inputs.files),
        )
        separation = resources.enter_context(
            separate(
                recording,
                settings,
                kit=inputs.kit,
                score=inputs.score,
                progress=progress,
                warn=warn,
            )
        )
        draft = KitDraft(resources, separation.stem_names, recording.sample_rate)
        separation.feed(draft, progress=progress, stage="dividing")
        progress("extracting", 0.0)
        kit = draft.kit(separation.score or Score.of(()))
        progress("extracting", 1.0)
        facts = files.write(kit, title=recording.title, onsets=separation.onsets, warn=warn)
        return kit, facts


def _table(kit: "ExtractedKit") -> list[str]:
    rows = []
    for name, decibels in kit.sdr.items():
        own = [zone for zone in kit.zones if name in (zone.stem, "mixture")]
        n_files = sum(len(zone.files) for zone in own)
        n_hits = sum(note.zone.stem == name or name == "mixture" for note in kit.notes)
        rows.append((name, str(n_files), str(n_hits), f"{decibels:.1f}"))
    return table(("stem", "one-shots", "hits", "dB"), rows, right="ohd")
