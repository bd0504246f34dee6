"""``nmfd separate``."""

import json
from typing import TYPE_CHECKING, Any

import click

from nmfd_cli.cli.options import (
    MANY_FILES,
    Command,
    begun,
    command_line,
    inputs_argument,
    option,
    preset_option,
    recursive_option,
    score_option,
    settings_from,
    settings_options,
    verbosity_options,
)
from nmfd_cli.cli.values import complete_files
from nmfd_cli.errors import Warn
from nmfd_cli.io.audio.formats import LOSSY
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.settings.output import BatchSettings, OutputSettings

if TYPE_CHECKING:
    from nmfd_cli.batch.plan import Job
    from nmfd_cli.batch.results import Event
    from nmfd_cli.batch.run import BatchSummary


@click.command("separate", cls=Command, short_help="Write one file for each part of a recording.")
@inputs_argument
@score_option
@preset_option
@settings_options(OutputSettings)
@settings_options(BatchSettings, section=MANY_FILES)
@recursive_option
@option(
    "--score-pattern",
    metavar="TEMPLATE",
    section=MANY_FILES,
    help="Where the score of each recording is, from its folder: '{track}.csv'.",
)
@option(
    "--failed-list",
    metavar="FILE",
    section=MANY_FILES,
    shell_complete=complete_files,
    help="Write which recordings failed, and why, a line each.",
)
@settings_options(SeparationSettings)
@option("--json", "as_json", is_flag=True, help="Print one JSON object with all results.")
@option("--json-lines", is_flag=True, help="Print one JSON object a recording, a line each.")
@verbosity_options
@click.pass_context
def command(context: click.Context, /, inputs: tuple[str, ...], **options: Any) -> int:
    """Write one file for each part of a recording: kick, snare, hi-hat ...

    The parts add up to the recording, sample by sample.  With --score they are found where it says;
    its classes or pitches name them.

    INPUT is a file, a folder, a pattern such as 'takes/*.wav', or - for standard input.
    """
    reporter, settings = begun(options)
    output = settings_from(OutputSettings, options)
    if output.format in LOSSY:
        reporter.warn(f"--format {output.format}: lossy, stems do not add up to the recording")
    batch = settings_from(BatchSettings, options)
    _check_json(output, options)
    if options["report_audio"] is not None and not output.report:
        raise click.UsageError("--report-audio: expected --report beside it")
    options["command"] = command_line(context)
    jobs = _plan(inputs, options, reporter.warn, settings=settings, output=output, batch=batch)
    if options["score"] and len(jobs) > 1:
        reporter.warn(
            f"--score: one for {len(jobs)} recordings; --score-pattern gives each its own"
        )

    from nmfd_cli.batch.results import Ended
    from nmfd_cli.batch.run import run_jobs
    from nmfd_cli.cli.batch_view import BatchView, summary_lines

    if options["failed_list"]:
        from nmfd_cli.batch.failed_list import require_failed_list, write_failed_list

        require_failed_list(options["failed_list"], jobs, overwrite=output.overwrite)
    view = BatchView(jobs, reporter)

    def on_event(event: "Event") -> None:
        view(event)
        if options["json_lines"] and isinstance(event, Ended):
            click.echo(json.dumps(event.as_dict()))

    with view.shown():
        summary = run_jobs(jobs, batch, on_event)
    if len(jobs) > 1:
        for line in summary_lines(summary):
            reporter.line(line)
    if options["failed_list"]:
        write_failed_list(options["failed_list"], summary)
    if options["as_json"]:
        click.echo(json.dumps(_as_dict(summary, settings, output), indent=2))
    return 0 if summary.is_complete else 1


def _plan(
    inputs: tuple[str, ...],
    options: dict[str, Any],
    warn: Warn,
    *,
    settings: SeparationSettings,
    output: OutputSettings,
    batch: BatchSettings,
) -> "tuple[Job, ...]":
    from nmfd_cli.batch.inputs import find_recordings
    from nmfd_cli.batch.plan import plan_jobs

    recordings = find_recordings(inputs, output, recursive=options["recursive"], warn=warn)
    return plan_jobs(
        recordings,
        settings,
        output,
        score=options["score"],
        score_pattern=options["score_pattern"],
        skip_existing=batch.skip_existing,
        command=options["command"],
        warn=warn,
    )


def _check_json(output: OutputSettings, options: dict[str, Any]) -> None:
    """Refuse two things on standard output, by a `UsageError`."""
    if options["as_json"] and options["json_lines"]:
        raise click.UsageError("--json and --json-lines exclude each other")
    if output.is_stream and (options["as_json"] or options["json_lines"]):
        raise click.UsageError("--out: standard output (-) holds audio, expected no JSON there")


def _as_dict(
    summary: "BatchSummary", settings: SeparationSettings, output: OutputSettings
) -> dict[str, Any]:
    from nmfd_cli.batch.results import settings_as_dict

    stand = sorted((*summary.done, *summary.skipped), key=lambda event: event.index)
    return {
        "settings": settings_as_dict(settings, output),
        "recordings": [event.as_dict() for event in stand],
        "failed": [event.as_dict() for event in summary.failed],
    }
