"""Kinds of values on the command line, and how a shell completes them."""

import re
from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import click
from click.shell_completion import CompletionItem

from nmfd_cli.cli.messages import error_line
from nmfd_cli.errors import ParameterError

if TYPE_CHECKING:
    from nmfd_cli.settings.presets import Preset

    ValueBase = click.ParamType[Any]
    PresetBase = click.ParamType[Preset]
else:  # older releases of click have no type parameter here
    ValueBase = PresetBase = click.ParamType

_CLOCK = re.compile(r"(-?)(?:(\d+):(?=[0-5]\d:))?(\d+):([0-5]\d(?:\.\d*)?)")


class Value(ValueBase):
    """What a function makes of a text, unless it raises a ValueError.

    Parameters
    ----------
    name : str
        What stands for it in the help, in small letters.
    expected : str
        What an error says.
    make : callable
    """

    def __init__(self, name: str, expected: str, make: Callable[[str], Any]) -> None:
        self.name, self._expected, self._make = name, expected, make

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self._make(value) if isinstance(value, str) else value
        except ValueError:
            self.fail(f"expected {self._expected}, found {value!r}", param, ctx)


def _seconds(text: str) -> float:
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        if not isfinite(seconds := float(text)):
            raise ValueError(text)
        return seconds
    sign, hours, minutes, rest = clock.groups("0")
    return float(f"{sign}1") * (3600 * int(hours) + 60 * int(minutes) + float(rest))


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise ValueError(text)
    return names


NUMBER: Final = Value("number", "a number", float)
WHOLE_NUMBER: Final = Value("number", "a whole number", int)
TIME: Final = Value("time", "seconds, or a time such as 1:23.5 or 0:01:23.5", _seconds)
NAMES: Final = Value("names", "names separated by commas", _names)


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
    if param.type is NAMES:
        taken = before.split(",")
        names = [drum for drum in DRUM_CLASSES if drum not in taken]
        return [CompletionItem(before + comma + n) for n in names if n.startswith(begun)]
    return [CompletionItem(name) for name in DRUM_CLASSES if name.startswith(incomplete)]
