"""``nmfd report``."""

import shlex
from pathlib import Path
from typing import Any

import click

from nmfd_cli.app.settings import SeparationSettings
from nmfd_cli.cli.messages import Reporter, warnings_as_lines
from nmfd_cli.cli.options import (
    Command,
    complete_files,
    option,
    preset_option,
    settings_from,
    settings_options,
    verbosity,
    verbosity_options,
)

#: The choices of ``--report-audio``; a test compares them with what `encode_tracks` takes.
AUDIO_CHOICES = ("auto", "flac", "ogg", "none")


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
@option(
    "--report-audio",
    type=click.Choice(AUDIO_CHOICES),
    default="auto",
    section="Output",
    help="Sound in the file: flac is exact, ogg small, auto takes what fits.  [default: auto]",
)
@option("--overwrite", is_flag=True, section="Output", help="Replace an existing file.")
@option(
    "--score",
    metavar="FILE",
    section="What to look for",
    shell_complete=complete_files,
    help="CSV, TSV or MIDI of what is played when: onset, drum ...",
)
@preset_option
@settings_options(SeparationSettings)
@verbosity_options
@click.pass_context
def command(context: click.Context, /, recording: str, **options: Any) -> int:
    """Separate a recording and show it in one HTML file that needs no network: players in sync with
    solo and mute, waveforms, spectrograms, templates, activations, onsets, settings.
    """
    reporter = Reporter(verbosity(options))
    settings = settings_from(SeparationSettings, options)

    from nmfd_cli.app.in_memory import require_result, separate_in_memory
    from nmfd_cli.app.report_page import write_report

    target = Path(options["out"])
    require_result(target, options["overwrite"])
    with warnings_as_lines(quiet=options["quiet"]), reporter.progress(recording) as progress:
        separated = separate_in_memory(
            recording,
            settings,
            score_path=options["score"],
            command=command_line(context),
            progress=progress,
        )
        progress("drawing", 1.0)
        audio, overwrite = options["report_audio"], options["overwrite"]
        write_report(separated, target, audio=audio, overwrite=overwrite)
    reporter.line(f"{recording}: {target} ({target.stat().st_size / 1e6:.1f} MB)")
    return 0


def command_line(context: click.Context) -> str:
    """Return the command with what was given on the command line, quoted for a shell."""
    words = [context.command_path]
    for parameter in context.command.params:
        name = parameter.name or ""
        value = context.params.get(name)
        if context.get_parameter_source(name) is not click.core.ParameterSource.COMMANDLINE:
            continue
        if isinstance(parameter, click.Argument):
            words.append(shlex.quote(str(value)))
        elif isinstance(parameter, click.Option) and parameter.is_flag:
            words.append(parameter.opts[-1] if value else parameter.secondary_opts[-1])
        else:
            words += [parameter.opts[-1], shlex.quote(_as_word(value))]
    return " ".join(words)


def _as_word(value: Any) -> str:
    """Return an option's value as it is typed."""
    if isinstance(value, (tuple, list)):
        return ",".join(str(item) for item in value)
    return str(getattr(value, "name", value))
