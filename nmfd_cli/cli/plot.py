"""``nmfd plot``."""

from typing import Any

import click

from nmfd_cli.cli.messages import called
from nmfd_cli.cli.options import (
    Command,
    begun,
    option,
    preset_option,
    score_option,
    settings_options,
    verbosity_options,
)
from nmfd_cli.cli.values import complete_files
from nmfd_cli.settings.definitions import SeparationSettings


@click.command("plot", cls=Command, short_help="Draw a separation as a figure for papers.")
@click.argument("recording", metavar="INPUT", shell_complete=complete_files)
@option(
    "-o",
    "--out",
    required=True,
    metavar="FILE",
    section="Output",
    shell_complete=complete_files,
    help="The figure: its name ends in .png, .svg or .pdf.",
)
@option("--templates", is_flag=True, section="Output", help="Draw the templates.")
@option("--activations", is_flag=True, section="Output", help="Draw the activations.")
@option("--spectrogram", is_flag=True, section="Output", help="Draw the spectrogram.")
@option("--divergence", is_flag=True, section="Output", help="Draw the divergence.")
@option("--overwrite", is_flag=True, section="Output", help="Replace an existing file.")
@score_option
@preset_option
@settings_options(SeparationSettings)
@verbosity_options
def command(recording: str, **options: Any) -> int:
    """Draw templates, activations, spectrogram and divergence: all four, or those asked for.

    Needs the extra [plot].  The same recording and settings give the same file, byte by byte.
    """
    reporter, settings = begun(options)

    from nmfd_cli.report.figure import PANELS, figure_file

    target = options["out"]
    with reporter.progress(called(recording)) as progress:
        figure_file(
            recording,
            target,
            settings,
            score_path=options["score"],
            panels=[panel for panel in PANELS if options[panel]],
            overwrite=options["overwrite"],
            progress=progress,
            warn=reporter.warn,
        )
    reporter.line(f"{called(recording)}: {target}")
    return 0
