"""``nmfd transcribe``."""

from typing import TYPE_CHECKING, Any

import click

from nmfd_cli.cli.messages import called, error_line, say_error
from nmfd_cli.cli.options import (
    Command,
    begun,
    inputs_argument,
    option,
    preset_option,
    recursive_option,
    settings_options,
    verbosity_options,
)
from nmfd_cli.cli.values import NUMBER, complete_files
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.settings.output import OutputSettings

if TYPE_CHECKING:
    from nmfd_cli.errors import Warn
    from nmfd_cli.output.transcription_writer import Transcription

#: The settings that a transcription takes.
_TAKEN = (
    "stems",
    "sensitivity",
    "kit",
    "start",
    "end",
    "drum_map",
    "template_frames",
    "tail",
    "n_fft",
    "hop_length",
    "block_seconds",
)


@click.command("transcribe", cls=Command, short_help="Find out which drums are played when.")
@inputs_argument
@option(
    "-o",
    "--out",
    metavar="FILE|DIR",
    section="Output",
    shell_complete=complete_files,
    help="Write there: a table (CSV), .json, .mid or Audacity's labels (.txt).  For several "
    "recordings a folder, or a path with {track} in it.  [default: standard output]",
)
@option(
    "--tempo",
    type=NUMBER,
    metavar="BPM",
    section="Output",
    help="Beats a minute of MIDI files, which times do not depend on.  [default: estimated]",
)
@option("--midi-tracks", is_flag=True, section="Output", help="A track a drum in MIDI files.")
@option(
    "--reaper", is_flag=True, section="Output", help="Reaper's markers in place of the table (CSV)."
)
@option("--overwrite", is_flag=True, section="Output", help="Replace existing files.")
@recursive_option
@preset_option
@settings_options(SeparationSettings, only=_TAKEN)
@option("--json", "as_json", is_flag=True, help="Write one JSON object a recording, a line each.")
@verbosity_options
def command(inputs: tuple[str, ...], **options: Any) -> int:
    """Find out which drums are played when: onset in seconds, drum, velocity from 1 to 127.

    \b
    nmfd transcribe drums.wav                  a table on standard output
    nmfd transcribe drums.wav -o drums.mid     a MIDI file (needs the extra midi)
    nmfd transcribe takes/ -o '{track}.csv'    a table for each recording
    nmfd separate drums.wav --score drums.csv  ... and back, once it is mended

    Drums that do not sound are not listed; --stems says which to look for.

    INPUT is a file, a folder, a pattern such as 'takes/*.wav', or - for standard input.
    """
    reporter, settings = begun(options)
    flags = {
        "is_json": options["as_json"],
        "overwrite": options["overwrite"],
        "bpm": options["tempo"],
        "is_reaper": options["reaper"],
        "has_tracks": options["midi_tracks"],
    }

    from nmfd_cli.batch.inputs import find_recordings
    from nmfd_cli.errors import InputFileError
    from nmfd_cli.io.audio.recording import recording_at
    from nmfd_cli.io.existing import real_paths
    from nmfd_cli.io.score.drum_map import load_drum_map
    from nmfd_cli.kits.find import load_kit
    from nmfd_cli.output.transcription_writer import Transcription, transcription_places
    from nmfd_cli.pipeline.separation import transcribe

    recordings = find_recordings(
        inputs, OutputSettings(), recursive=options["recursive"], warn=reporter.warn
    )
    kit = load_kit(settings.kit, warn=reporter.warn)
    sources = real_paths([*recordings, *kit.files])
    places = transcription_places(recordings, options["out"], sources=sources, **flags)
    if settings.drum_map is not None:
        flags["drum_map"] = load_drum_map(settings.drum_map)
    n_failed = 0
    for path in recordings:
        try:
            with (
                reporter.progress(called(path)) as progress,
                recording_at(path, warn=reporter.warn) as whole,
            ):
                recording = whole.between(settings.start, settings.end)
                score = transcribe(
                    recording, settings, kit=kit, progress=progress, warn=reporter.warn
                )
        except InputFileError as error:
            if len(recordings) == 1:
                raise
            say_error(error_line(error))
            n_failed += 1
            continue
        found = Transcription(path, whole.seconds, score.later_by(settings.start))
        place = places.get(path)
        bpm = _give(found, place, flags, reporter.warn)
        reporter.line(_summary(found, place, bpm))
    return 1 if n_failed else 0


def _give(found: "Transcription", place: Any, flags: dict[str, Any], warn: "Warn") -> float | None:
    """Write a transcription, and return the tempo if it was written in beats."""
    from nmfd_cli.output.transcription_writer import transcription_text, write_transcription

    if place is None:
        text = transcription_text(found, is_json=flags["is_json"], is_reaper=flags["is_reaper"])
        click.echo(text, nl=False)
        return None
    return write_transcription(place, found, warn=warn, **flags)


def _summary(found: "Transcription", place: Any, bpm: float | None) -> str:
    counts = ", ".join(f"{count} {drum}" for drum, count in found.counts.items()) or "no hits"
    if bpm is not None:
        counts += f", {bpm:.1f} beats a minute"
    named = f"{called(found.input)}: {place}" if place else called(found.input)
    return f"{named}: {counts}"
