"""Options made from the fields of settings, so that each default stands once."""

import shlex
from collections.abc import Callable, Container, Mapping
from dataclasses import Field, fields
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_type_hints

import click
from click.shell_completion import CompletionItem

from nmfd_cli.cli.messages import Reporter, error_line, flag_of
from nmfd_cli.cli.values import (
    NAMES,
    NUMBER,
    TIME,
    WHOLE_NUMBER,
    PresetName,
    complete_drums,
    complete_files,
    complete_folders,
)
from nmfd_cli.errors import ParameterError
from nmfd_cli.settings.definitions import GROUPS, SeparationSettings, idle_settings
from nmfd_cli.settings.fields import CheckedSettings

if TYPE_CHECKING:
    from nmfd_cli.settings.presets import Preset

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
Completion = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

S = TypeVar("S", bound=CheckedSettings)

#: Sections of the help beside those of the settings.
MANY_FILES = "Many files"
MEASURED = "What to measure"
GENERAL = "General"
SECTIONS = (*GROUPS[:1], MANY_FILES, MEASURED, *GROUPS[1:], GENERAL)

#: What stands in the help for a value that may be written as `values.TIME` is.
_TIMES = ("TIME", "SECONDS")

_GIVEN = click.core.ParameterSource.COMMANDLINE

#: Short names of options.
_SHORT = {"out": "-o", "jobs": "-j"}


class Option(click.Option):
    """An option that stands in a section of the help."""

    def __init__(self, *args: Any, section: str = GENERAL, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.section = section


class Command(click.Command):
    """A command whose help shows its options in sections, and which takes no empty texts."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        rest = super().parse_args(ctx, args)
        for parameter in self.params:  # an empty path would be the working folder
            is_given = ctx.get_parameter_source(parameter.name or "") is _GIVEN
            if is_given and ctx.params.get(parameter.name or "") == "":
                flag = parameter.opts[-1]
                called = flag if flag.startswith("-") else parameter.human_readable_name
                raise click.UsageError(f"{called}: expected a text, found an empty one", ctx)
        return rest

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {name: [] for name in SECTIONS}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                sections[getattr(parameter, "section", GENERAL)].append(record)
        for name, records in sections.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)


def option(*names: str, section: str = GENERAL, **attributes: Any) -> Decorator:
    """Give a command an option in a section of its help."""
    return click.option(*names, cls=Option, section=section, **attributes)


inputs_argument = click.argument(
    "inputs", nargs=-1, required=True, metavar="INPUT...", shell_complete=complete_files
)
#: `settings_from` heeds it.
preset_option = option(
    "--preset",
    type=PresetName(),
    metavar="NAME|FILE",
    section="What to look for",
    help="Settings under a name (nmfd presets list) or from a TOML file; options win over it.",
)
score_option = option(
    "--score",
    metavar="FILE",
    section="What to look for",
    shell_complete=complete_files,
    help="CSV, TSV or MIDI of what is played when: onset, drum ...",
)
recursive_option = option(
    "--recursive", is_flag=True, section=MANY_FILES, help="Look into folders of folders, too."
)


def settings_options(
    settings: type[CheckedSettings],
    *,
    only: Container[str] | None = None,
    without: Container[str] = (),
    section: str | None = None,
) -> Decorator:
    """Give a command one option for each field of a settings class.

    An option that is not given has no value, so that a preset or the default holds.

    Parameters
    ----------
    only, without : container of str, optional
        The fields that get one, and those that get none.
    section : str, optional
        Where all of them stand in the help; else each stands where its field says.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        hints = get_type_hints(settings)
        for item in reversed(fields(settings)):  # type: ignore[arg-type]
            is_wanted = item.name not in without and (only is None or item.name in only)
            if item.metadata["is_option"] and is_wanted:
                function = _off_option(item, section)(function)
                function = _option(item, hints[item.name], section)(function)
        return function

    return decorate


def given_values(settings: type[CheckedSettings], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the command line gave of the fields of a settings class."""
    names = (item.name for item in fields(settings) if item.metadata["is_option"])  # type: ignore[arg-type]
    return {name: options[name] for name in names if options.get(name) not in (None, ())}


def settings_from(settings: type[S], options: Mapping[str, Any]) -> S:
    """Make settings of what the command line gave, then the preset; defaults hold for the rest.

    Raises
    ------
    UsageError
        If a value is out of range, or two exclude each other.
    """
    preset: Preset | None = options.get("preset")
    values = preset.values_for(settings) if preset is not None else {}
    try:
        return settings(**(values | given_values(settings, options)))
    except ParameterError as error:
        raise click.UsageError(error_line(error)) from error


def begun(options: Mapping[str, Any]) -> tuple[Reporter, SeparationSettings]:
    """Return who reports and the settings of a command; warn of each option that does nothing."""
    reporter = Reporter(_verbosity(options))
    settings = settings_from(SeparationSettings, options)
    given = given_values(SeparationSettings, options)
    has_score = bool(options.get("score") or options.get("score_pattern"))
    has_score |= "score" not in options  # a command that takes none
    for name, wanted in idle_settings(given, settings, has_score=has_score):
        reporter.warn(f"{flag_of(name)}: does nothing without {wanted}")
    return reporter, settings


def _option(item: Field[Any], hint: Any, section: str | None) -> Decorator:
    flag = flag_of(item.name)
    kind = next((kind for kind in get_args(hint) if kind is not NoneType), hint)
    is_names = isinstance(item.default, tuple)
    section = section or item.metadata["group"]
    text = item.metadata["explanation"]
    if kind is bool and not is_names:
        declaration = f"{flag}/--no-{flag[2:]}"
        return option(declaration, is_flag=True, default=None, help=text, section=section)
    if item.default not in (None, ()):
        default = f"{item.default:g}" if isinstance(item.default, float) else item.default
        text += f"  [default: {default}]"
    choices, metavar = item.metadata["choices"], item.metadata["metavar"]
    number = WHOLE_NUMBER if kind is int else TIME if metavar in _TIMES else NUMBER
    return option(
        *([_SHORT[item.name], flag] if item.name in _SHORT else [flag]),
        type=NAMES if is_names else str if kind is str else number,
        default=None,
        metavar=f"[{'|'.join(choices)}]" if choices else metavar,
        help=text,
        section=section,
        shell_complete=_completion(item),
    )


def _off_option(item: Field[Any], section: str | None) -> Decorator:
    """Give a setting that can be switched off a ``--no-...`` beside its option."""
    off = item.metadata["off"]
    if off is None:
        return lambda function: function
    flag = flag_of(item.name)
    return option(
        f"--no-{flag[2:]}",
        item.name,
        flag_value=off,
        help=f"The same as {flag} {off}.",
        section=section or item.metadata["group"],
    )


def _completion(item: Field[Any]) -> Completion | None:
    """Return what completes a value, if click does not know by itself."""
    if item.metadata["metavar"] == "DIR":
        return complete_folders
    if item.name in ("stem", "minus", "stems"):
        return complete_drums
    choices = item.metadata["choices"] or ()
    return lambda _, __, begun: [CompletionItem(c) for c in choices if c.startswith(begun)]


def verbosity_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``-q`` and ``-v``."""
    function = option("-v", "--verbose", is_flag=True, help="Say more.")(function)
    return option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")(function)


def _verbosity(options: Mapping[str, Any]) -> int:
    """Return -1 for quiet, 1 for verbose, else 0.

    Raises
    ------
    UsageError
        If both are asked for.
    """
    if options["quiet"] and options["verbose"]:
        raise click.UsageError("--quiet and --verbose exclude each other")
    return int(options["verbose"]) - int(options["quiet"])


def command_line(context: click.Context) -> str:
    """Return the command with what was given on the command line, quoted for a shell."""
    words = [context.command_path]
    for parameter in context.command.params:
        name = parameter.name or ""
        value = context.params.get(name)
        if context.get_parameter_source(name) is not _GIVEN:
            continue
        if isinstance(parameter, click.Option) and isinstance(parameter.flag_value, str):
            continue  # the option whose value it gives is named, too
        if isinstance(parameter, click.Argument):
            values = value if isinstance(value, tuple) else (value,)
            words += [shlex.quote(str(one)) for one in values]
        elif isinstance(parameter, click.Option) and parameter.is_flag:
            words.append(parameter.opts[-1] if value else parameter.secondary_opts[-1])
        else:
            words += [parameter.opts[-1], shlex.quote(_as_word(value))]
    return " ".join(words)


def _as_word(value: Any) -> str:
    """Return an option's value as it is typed."""
    if isinstance(value, (tuple, list)):
        return ",".join(str(item) for item in value)
    return str(getattr(value, "given", value))
