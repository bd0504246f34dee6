"""Kinds of values on the command line, and how a shell completes them."""

from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from nmfd_cli.cli.messages import error_line
from nmfd_cli.errors import ParameterError

if TYPE_CHECKING:
    from nmfd_cli.settings.presets import Preset

    NamesBase = click.ParamType[tuple[str, ...]]
    PresetBase = click.ParamType[Preset]
else:  # older releases of click have no type parameter here
    NamesBase = PresetBase = click.ParamType


class Names(NamesBase):
    """Names separated by commas, as a tuple."""

    name = "names"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        names = tuple(name.strip() for name in value.split(","))
        if not all(names):
            self.fail(f"expected names separated by commas, found {value!r}", param, ctx)
        return names


class PresetName(PresetBase):
    """The name or the file of a preset, as the preset."""

    name = "preset"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "Preset":
        from nmfd_cli.settings.presets import Preset, load_preset

        if isinstance(value, Preset):
            return value
        try:
            return load_preset(value)
        except ParameterError as error:
            is_option = isinstance(param, click.Option)
            raise click.UsageError(error_line(error) if is_option else str(error), ctx) from error

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from nmfd_cli.settings.presets import preset_paths

        names = [name for name in preset_paths() if name.startswith(incomplete)]
        files = [] if names else [CompletionItem(incomplete, type="file")]
        return [*map(CompletionItem, names), *files]


def complete_files(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Have the shell complete the name of a file."""
    return [CompletionItem(incomplete, type="file")]


def complete_folders(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Have the shell complete the name of a folder."""
    return [CompletionItem(incomplete, type="dir")]


def complete_drums(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    from nmfd_cli.core.drum_classes import DRUM_CLASSES

    before, comma, begun = incomplete.rpartition(",")
    if isinstance(param.type, Names):
        taken = before.split(",")
        names = [drum for drum in DRUM_CLASSES if drum not in taken]
        return [CompletionItem(before + comma + n) for n in names if n.startswith(begun)]
    return [CompletionItem(name) for name in DRUM_CLASSES if name.startswith(incomplete)]
