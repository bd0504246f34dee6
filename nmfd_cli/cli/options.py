"""Options made from the fields of settings, so that each default stands once."""

from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from types import NoneType
from typing import Any, TypeVar, get_args, get_type_hints

import click

from nmfd_cli.app.settings import CheckedSettings
from nmfd_cli.errors import ParameterError

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

S = TypeVar("S", bound=CheckedSettings)

#: Short names of options.
_SHORT = {"out": "-o", "quiet": "-q", "verbose": "-v"}


class Names(click.ParamType[tuple[str, ...]]):
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


def settings_options(settings: type[CheckedSettings]) -> Decorator:
    """Give a command one option for each field of a settings class.

    An option that is not given has no value, so that a preset or the default holds.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        hints = get_type_hints(settings)
        for item in reversed(fields(settings)):  # type: ignore[arg-type]
            function = _option(item, hints[item.name])(function)
        return function

    return decorate


def settings_from(settings: type[S], options: Mapping[str, Any]) -> S:
    """Make settings of what the command line gave; defaults hold for the rest.

    Raises
    ------
    UsageError
        If a value is out of range.
    """
    given = {
        name: options[name] for name in settings.names() if options.get(name) not in (None, ())
    }
    try:
        return settings(**given)
    except ParameterError as error:
        raise click.UsageError(f"--{str(error).replace('_', '-')}") from error


def _option(item: Field[Any], hint: Any) -> Decorator:
    flag = "--" + item.name.replace("_", "-")
    kind = next((kind for kind in get_args(hint) if kind is not NoneType), hint)
    is_names = isinstance(item.default, tuple)
    common: dict[str, Any] = {"default": None, "help": item.metadata["explanation"]}
    if kind is bool and not is_names:
        declaration = flag if item.name == "overwrite" else f"{flag}/--no-{flag[2:]}"
        return click.option(declaration, is_flag=True, **common)
    if item.default not in (None, ()):
        common["help"] += f"  [default: {item.default}]"
    choices = item.metadata["choices"]
    common["type"] = Names() if is_names else click.Choice(choices) if choices else kind
    names = [_SHORT[item.name], flag] if item.name in _SHORT else [flag]
    return click.option(*names, metavar=item.metadata["metavar"], **common)


def verbosity_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``-q`` and ``-v``."""
    function = click.option("-v", "--verbose", is_flag=True, help="Say more.")(function)
    return click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")(function)


def verbosity(options: Mapping[str, Any]) -> int:
    """Return -1 for quiet, 1 for verbose, else 0.

    Raises
    ------
    UsageError
        If both are asked for.
    """
    if options["quiet"] and options["verbose"]:
        raise click.UsageError("--quiet and --verbose exclude each other")
    return int(options["verbose"]) - int(options["quiet"])
