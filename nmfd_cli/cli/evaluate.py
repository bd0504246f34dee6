"""``nmfd evaluate``."""

import json
from typing import TYPE_CHECKING, Any

import click

from nmfd_cli.cli.messages import Reporter, say, show_table
from nmfd_cli.cli.options import MEASURED, Command, option
from nmfd_cli.cli.values import TIME, WHOLE_NUMBER, complete_files

if TYPE_CHECKING:
    from nmfd_cli.evaluation.onsets import OnsetEvaluation
    from nmfd_cli.evaluation.stems import StemEvaluation

_TITLES = {
    "sdr": "SDR",
    "si_sdr": "SI-SDR",
    "silence": "at silence",
    "bss_sdr": "BSS SDR",
    "bss_sir": "BSS SIR",
    "bss_sar": "BSS SAR",
}


@click.command("evaluate", cls=Command, short_help="Hold stems or onsets against the truth.")
@click.argument("reference", shell_complete=complete_files)
@click.argument("estimate", shell_complete=complete_files)
@option("--start", type=TIME, default=0.0, section=MEASURED, help="Where the part begins.")
@option("--end", type=TIME, section=MEASURED, help="Where the part that is measured ends.")
@option(
    "--tolerance",
    type=TIME,
    default=0.05,
    metavar="SECONDS",
    section=MEASURED,
    help="Of onsets: how far matched ones may be apart.  [default: 0.05]",
)
@option(
    "--bss", is_flag=True, section=MEASURED, help="Of stems: BSS Eval, too (needs the extra eval)."
)
@option(
    "--allow-missing",
    is_flag=True,
    section=MEASURED,
    help="Of stems: take silence for one that is missing.",
)
@option(
    "--allow-length",
    type=WHOLE_NUMBER,
    default=0,
    metavar="N",
    section=MEASURED,
    help="Of stems: leave out up to N samples at the end of those that are longer than others.",
)
@option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(reference: str, estimate: str, as_json: bool, **options: Any) -> None:
    """Hold the folder of stems or the file of onsets ESTIMATE against the true one, REFERENCE.

    \b
    nmfd evaluate true/ separated/drums/  SDR, SI-SDR, and sound at silence, in dB
    nmfd evaluate true.csv drums.csv      precision, recall, F-measure of onsets

    Stems belong together if their files are called alike, or by names of the same drum; files
    called mixture or mix are none.  At silence: the energy of the estimate beside that of all true
    stems together, in the frames of 20 ms in which the true stem is below -60 dBFS.  Onsets, CSV or
    MIDI, are matched one to one.
    """
    from nmfd_cli.evaluation.evaluate import evaluate
    from nmfd_cli.evaluation.stems import StemEvaluation

    found = evaluate(reference, estimate, warn=Reporter(0).warn, **options)
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=2))
        return
    if isinstance(found, StemEvaluation):
        _show_stems(found, with_bss=options["bss"])
    else:
        _show_onsets(found)


def _show_stems(found: "StemEvaluation", with_bss: bool) -> None:
    measures = [name for name in _TITLES if with_bss or not name.startswith("bss")]
    rows = [(stem.stem, *(_db(stem.values[name]) for name in measures)) for stem in found.stems]
    rows.append(("mean", *(_db(found.mean[name]) for name in measures)))
    show_table(("stem", *(_TITLES[name] for name in measures)), rows, right="SaB")
    silent = [stem.stem for stem in found.stems if stem.estimate is None]
    if silent:
        say(f"taken for silence: {', '.join(silent)}")
    for name, level in found.extra.items():
        say(f"no true stem: {name}, at {level:+.1f} dB beside the mixture")


def _db(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _show_onsets(found: "OnsetEvaluation") -> None:
    named = [*found.classes.items(), ("all", found.overall)]
    rows = [
        (
            name,
            *(str(n) for n in (counts.n_reference, counts.n_estimate, counts.n_matched)),
            *(f"{v:.3f}" for v in (counts.precision, counts.recall, counts.f_measure)),
        )
        for name, counts in named
    ]
    show_table(
        ("drum", "true", "found", "matched", "precision", "recall", "F"), rows, right="tfmprF"
    )
