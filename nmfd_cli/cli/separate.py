"""``nmfd separate``."""

import json
import time
from typing import Any

import click

from nmfd_cli.app.settings import OutputSettings, SeparationSettings
from nmfd_cli.cli.messages import Reporter, error_line, warnings_as_lines
from nmfd_cli.cli.options import settings_from, settings_options, verbosity, verbosity_options
from nmfd_cli.errors import NmfdError


@click.command("separate", short_help="Write one file for each part of a recording.")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option("--score", metavar="FILE", help="CSV or TSV of what is played when: onset, drum ...")
@settings_options(OutputSettings)
@settings_options(SeparationSettings)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with all results.")
@verbosity_options
def command(inputs: tuple[str, ...], score: str | None, as_json: bool, **options: Any) -> int:
    """Write one file for each part of a recording: kick, snare, hi-hat ...

    The parts add up to the recording, sample by sample.  With --score they are found where it says;
    its classes or pitches name them.
    """
    reporter = Reporter(verbosity(options))
    settings = settings_from(SeparationSettings, options)
    output = settings_from(OutputSettings, options)

    from nmfd_cli.app.report import report_as_dict, settings_as_dict
    from nmfd_cli.app.separate import check_outputs, separate_file

    check_outputs(inputs, settings, output, score)
    reports = []
    with warnings_as_lines(quiet=options["quiet"]):
        for path in inputs:
            begin = time.perf_counter()
            try:
                with reporter.progress(path) as progress:
                    report = separate_file(
                        path, settings, output, score_path=score, progress=progress
                    )
            except NmfdError as error:
                if len(inputs) == 1:
                    raise
                click.echo(error_line(str(error)), err=True)
                continue
            seconds = time.perf_counter() - begin
            names = ", ".join(str(stem.path) for stem in report.stems)
            reporter.line(f"{path}: {names} ({report.recording.seconds:.1f} s in {seconds:.1f} s)")
            reports.append(report)
    if as_json:
        result = {
            "settings": settings_as_dict(settings, output),
            "recordings": [report_as_dict(report) for report in reports],
        }
        click.echo(json.dumps(result, indent=2))
    return 0 if len(reports) == len(inputs) else 1
