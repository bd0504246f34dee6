"""``nmfd presets``."""

from typing import TYPE_CHECKING, Any

import click

from nmfd_cli.cli.messages import error_line, say
from nmfd_cli.cli.options import (
    Command,
    given_values,
    option,
    preset_option,
    settings_from,
    settings_options,
)
from nmfd_cli.cli.values import PresetName
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.settings.output import OutputSettings

if TYPE_CHECKING:
    from nmfd_cli.settings.presets import Preset


@click.group("presets", short_help="List, show and save settings under a name.")
def command() -> None:
    """List, show and save settings under a name, to be used with --preset."""


@command.command("list", short_help="Show all presets.")
def list_presets() -> None:
    """Show all presets: those that ship and your own."""
    from nmfd_cli.errors import InputFileError
    from nmfd_cli.settings.presets import load_preset, preset_paths, user_folder

    paths = preset_paths()
    width = max(map(len, paths), default=0)
    for name, path in paths.items():
        try:
            description = load_preset(str(path)).description
        except InputFileError as error:
            description = f"cannot be used: {error_line(error)}"
        mark = " (yours)" if path.parent == user_folder() else ""
        click.echo(f"{name:{width}}  {description}{mark}")


@command.command("show", short_help="Print a preset's settings.")
@click.argument("preset", type=PresetName(), metavar="NAME|FILE")
def show(preset: "Preset") -> None:
    """Print a preset's settings, what it extends included, as TOML."""
    from nmfd_cli.settings.presets import preset_text

    click.echo(f"# {preset.path}")
    click.echo(preset_text(preset.description, preset.values), nl=False)


@command.command("path", short_help="Print where presets are.")
@click.argument("preset", type=PresetName(), metavar="[NAME|FILE]", required=False)
def path(preset: "Preset | None") -> None:
    """Print the folder of your own presets, or the file of the one that is named."""
    from nmfd_cli.settings.presets import user_folder

    click.echo(user_folder() if preset is None else preset.path)


@command.command("save", cls=Command, short_help="Keep options under a name.")
@click.argument("name")
@option(
    "--from-options",
    is_flag=True,
    help="Take the settings from the options given here; that is always so and may be left out.",
)
@option("--description", default="", metavar="TEXT", help="What `nmfd presets list` says of it.")
@option("--overwrite", is_flag=True, help="Replace your preset of that name.")
@preset_option
@settings_options(OutputSettings, without=("overwrite",))
@settings_options(SeparationSettings)
def save(
    *, name: str, description: str, overwrite: bool, from_options: bool, **options: Any
) -> None:
    """Keep the options given here as a preset of yours, those of --preset included.

    \b
    nmfd presets save mine --from-options --preset best --stems kick,snare,clap
    nmfd separate drums.wav --preset mine
    """
    from nmfd_cli.settings.presets import save_preset

    preset: Preset | None = options["preset"]
    values = dict(preset.values) if preset is not None else {}
    for settings in (SeparationSettings, OutputSettings):
        settings_from(settings, options)  # refuses what is out of range
        values |= given_values(settings, options)
    if not values:
        raise click.UsageError("expected options to save, found none")
    text = description or (preset.description if preset is not None else "My settings")
    say(f"{save_preset(name, text, values, overwrite=overwrite)} written")
