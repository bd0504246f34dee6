"""``nmfd report``."""

from pathlib import Path
from typing import Any

import click

from nmfd_cli.cli.messages import called
from nmfd_cli.cli.options import (
    Command,
    begun,
    command_line,
    option,
    preset_option,
    score_option,
    settings_from,
    settings_options,
    verbosity_options,
)
from nmfd_cli.cli.values import complete_files
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.settings.output import OutputSettings

#: The settings of the output that count for a report alone.
_OUTPUT = ("report_audio", "overwrite")


@click.command("report", cls=Command, short_help="Show and play a separation in one HTML file.")
@click.argument("recording", metavar="INPUT", shell_complete=complete_files)
@option(
    "-o",
    "--out",
    required=True,
    metavar="FILE",
    section="Output",
    shell_complete=complete_files,
    help="The HTML file.",
)
@settings_options(OutputSettings, only=_OUTPUT)
@option(
    "--one-shots",
    is_flag=True,
    section="Output",
    help="Show what one-shots nmfd kit extract makes of it, and what they are worth.",
)
@score_option
@preset_option
@settings_options(SeparationSettings)
@verbosity_options
@click.pass_context
def command(context: click.Context, /, recording: str, **options: Any) -> int:
    """Separate a recording and show it in one HTML file that needs no network: players in sync with
    solo and mute, waveforms, spectrograms, templates, activations, onsets, settings.
    """
    reporter, settings = begun(options)

    from nmfd_cli.report.draft import report_file

    target = Path(options["out"])  # the settings' own is a folder
    output = settings_from(OutputSettings, {n: options[n] for n in (*_OUTPUT, "preset")})
    with reporter.progress(called(recording)) as progress:
        report_file(
            recording,
            target,
            settings,
            score_path=options["score"],
            audio=output.report_audio,
            command=command_line(context),
            one_shots=options["one_shots"],
            overwrite=output.overwrite,
            progress=progress,
            warn=reporter.warn,
        )
    reporter.line(f"{called(recording)}: {target} ({target.stat().st_size / 1e6:.1f} MB)")
    return 0
