"""``nmfd kit``: learn kits of drum sounds or extract them, list and show them."""

import json
from typing import TYPE_CHECKING, Any

import click

from nmfd_cli.cli.extract import command as extract
from nmfd_cli.cli.messages import Reporter, show_table
from nmfd_cli.cli.values import TIME

if TYPE_CHECKING:
    from nmfd_cli.core.drum_sounds.kit import Kit

_SHOWN_ARTICULATIONS = 6


@click.group("kit", short_help="Learn and extract kits of drum sounds, list and show them.")
def command() -> None:
    """Learn and extract kits of drum sounds, list and show them.

    A kit holds what drums sound like.  The shipped one knows many; one learned from the drums that
    are played in a recording helps to take it apart: nmfd separate --kit my.kit drums.wav
    """


command.add_command(extract)


@command.command("learn", short_help="Learn a kit from your own sounds.")
@click.argument("folder", metavar="DIR")
@click.option("-o", "--out", required=True, metavar="FILE", help="The kit to write: my.kit.")
@click.option("--name", metavar="TEXT", help="Name of the kit.  [default: the file's]")
@click.option("--licence", default="", metavar="TEXT", help="Licence of the sounds.")
@click.option("--start", type=TIME, default=0.0, help="Begin there in each file.")
@click.option("--end", type=TIME, help="End there in each file.")
@click.option("--overwrite", is_flag=True, help="Replace an existing file.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def learn(
    *, folder: str, out: str, start: float, end: float | None, quiet: bool, **options: Any
) -> None:
    """Learn a kit from the folder DIR of your own sounds.

    \b
    DIR/kick/*.wav, DIR/snare/*.wav ...   one hit a file, or
    DIR/kick.wav, DIR/snare.wav ...       many hits of one drum, 0.2 s apart

    Folders and files are called like the drum, in any of its usual names; a folder of another name
    makes a class of its own.  Sounds that look alike are averaged.
    """
    from nmfd_cli.kits.learn import learn_kit

    reporter = Reporter(-1 if quiet else 0)
    kit = learn_kit(folder, out, span=(start, end), warn=reporter.warn, **options)
    reporter.line(f"{out}: {_counts(kit)}")


@command.command("list", short_help="List the kits that can be called by name.")
def list_kits() -> None:
    """List the kits that --kit takes by name: the shipped one, and yours.

    Yours are the .kit files in the folder that the last line names.
    """
    from nmfd_cli.kits.find import known_kits, user_kits_folder

    kits = known_kits()
    rows = [(known.name, _counts(known.kit), str(known.path)) for known in kits if known.kit]
    show_table(("kit", "sounds", "file"), rows)
    for known in kits:
        if known.kit is None:
            click.echo(f"cannot be used: {known.fault}")
    click.echo(f"folder of your kits: {user_kits_folder()}")


@command.command("show", short_help="Show what is in a kit.")
@click.argument("kit_name", metavar="KIT")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object with all sounds.")
def show(kit_name: str, as_json: bool) -> None:
    """Show what is in KIT: a kit file, a folder of sounds or a name that 'nmfd kit list' prints."""
    from nmfd_cli.kits.find import kit_as_dict, load_kit

    kit = load_kit(kit_name, warn=Reporter(0).warn)
    if as_json:
        click.echo(json.dumps(kit_as_dict(kit), indent=2))
        return
    click.echo(f"{kit.name}: {len(kit)} sounds\n")
    drums = [(drum, str(len(kit.rows(drum))), _articulations(kit, drum)) for drum in kit.classes]
    show_table(("class", "sounds", "articulations"), drums)
    click.echo()
    sources = [
        (
            source.key,
            str(sum(sound.source == source.key for sound in kit.sounds)),
            source.licence or "not given",
            source.title,
        )
        for source in kit.sources
    ]
    show_table(("source", "sounds", "licence", "title"), sources)
    for source in kit.sources:
        if source.copyright:
            click.echo(f"{source.key}: {source.copyright}")


def _counts(kit: "Kit") -> str:
    counts = ", ".join(f"{len(kit.rows(drum))} {drum}" for drum in kit.classes)
    return f"{len(kit)} sounds ({counts})"


def _articulations(kit: "Kit", drum: str) -> str:
    """Return the first few articulations of a class."""
    names = dict.fromkeys(kit.sounds[row].articulation for row in kit.rows(drum))
    known = [name for name in names if name]
    more = len(known) - _SHOWN_ARTICULATIONS
    shown = ", ".join(known[:_SHOWN_ARTICULATIONS])
    return f"{shown}, {more} more" if more > 0 else shown
