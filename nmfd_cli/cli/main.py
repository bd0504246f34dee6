"""The command ``nmfd``: finds its subcommands lazily, owns messages and exit codes."""

import importlib
import io
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from nmfd_cli import __version__
from nmfd_cli.cli.messages import error_line, say_error, say_trace
from nmfd_cli.errors import ParameterError, trace
from nmfd_cli.stop_signals import stop_signals

#: The module of each subcommand and what it does: help need not import them.
COMMANDS = {
    "separate": ("nmfd_cli.cli.separate", "Write one file for each part of a recording."),
    "transcribe": ("nmfd_cli.cli.transcribe", "Find out which drums are played when."),
    "evaluate": ("nmfd_cli.cli.evaluate", "Hold stems or onsets against the truth."),
    "report": ("nmfd_cli.cli.report", "Show and play a separation in one HTML file."),
    "plot": ("nmfd_cli.cli.plot", "Draw a separation as a figure for papers."),
    "kit": ("nmfd_cli.cli.kit", "Learn and extract kits of drum sounds, list and show them."),
    "presets": ("nmfd_cli.cli.presets", "List, show and save settings under a name."),
}

FAILED = 1
WRONG_OPTIONS = 2
INTERRUPTED = 130

_COMPLETE_VARIABLE = "_NMFD_COMPLETE"


class _NoSuchCommand(click.UsageError):
    """There is no such command: the first word may be a mistyped one, or a recording."""

    def __init__(self, name: str, ctx: click.Context) -> None:
        super().__init__(f"no such command {name!r}", ctx)
        meant = [f"separate {name}"] if Path(name).exists() else get_close_matches(name, COMMANDS)
        self.possibilities = [f"nmfd {command}" for command in meant]


class LazyGroup(click.Group):
    """A group that imports a subcommand when it is called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = importlib.import_module(module).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            raise _NoSuchCommand(args[0], ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def main(self, args: Sequence[str] | None = None, *_: object, **__: object) -> NoReturn:
        """Run as a program; click's own way would show errors otherwise and in several lines."""
        sys.exit(run(sys.argv[1:] if args is None else args))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nmfd")
def cli() -> None:
    """Take a recording apart: drums or any sound made of recurring events.

    \b
    nmfd separate drums.wav    kick, snare, hi-hat ... as files that add up to it
    nmfd separate --help       all options
    """


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code.

    Returns
    -------
    int
        0 done, 1 failed, 2 wrong options, 130 interrupted.  A reader of standard output that went
        away had what it wanted: 0.
    """
    try:
        code = _dispatch(arguments)
        _flush_stdout()
    except BrokenPipeError:
        _let_go_of_stdout()
        return 0
    except (Exception, KeyboardInterrupt) as error:
        _let_go_of_stdout()
        return _report(error)
    return code


def _dispatch(arguments: Sequence[str]) -> int:
    try:
        with cli.make_context("nmfd", list(arguments)) as context:
            result: Any = cli.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    return result if isinstance(result, int) else 0


def _report(error: Exception | KeyboardInterrupt) -> int:
    """Say what went wrong in one line and return the exit code."""
    match error:
        # Python 3.11 makes a RuntimeError of one that strikes while a class is made
        case click.Abort() | KeyboardInterrupt() | RuntimeError(__cause__=KeyboardInterrupt()):
            say_error("interrupted; nothing was left half-written")
            return INTERRUPTED
        case click.UsageError():
            return _report_usage(error)
        case click.ClickException():
            say_error(error.format_message())
        case _:
            say_trace(trace(error))
            say_error(error_line(error))
    return WRONG_OPTIONS if isinstance(error, ParameterError) else FAILED


def _report_usage(error: click.UsageError) -> int:
    if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):
        error.show()
        return WRONG_OPTIONS
    param = error.param if type(error) is click.BadParameter else None
    close = getattr(error, "possibilities", None)
    message = error.message if param is not None or close else error.format_message()
    message = " ".join(message.split()).rstrip(".")
    if message[1:2].islower():  # a sentence of click's
        message = message[0].lower() + message[1:]
    message = f"{param.opts[-1]}: {message}" if param else message
    path = error.ctx.command_path if error.ctx is not None else "nmfd"
    say_error(f"{message}; {f'did you mean {close[0]}?' if close else f'try {path} --help'}")
    return WRONG_OPTIONS


def _flush_stdout() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _let_go_of_stdout() -> None:
    """Keep the interpreter from complaining, at its end, of what could not be written."""
    try:
        _flush_stdout()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    """Unwind, so that temporary files go; further signals do not disturb that."""
    for other in stop_signals():
        signal.signal(other, signal.SIG_IGN)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + number)


def _is_ignored(number: int) -> bool:
    return signal.getsignal(number) is signal.SIG_IGN  # as under nohup


def _heed(numbers: Iterable[int]) -> None:
    for number in numbers:
        signal.signal(number, _stop)


def _heed_again(numbers: Iterable[int], lost: "sys.UnraisableHookArgs") -> None:
    """Heed the next signal where Python let go of what the first has raised, in a ``__del__``."""
    if isinstance(lost.exc_value, (KeyboardInterrupt, SystemExit)):
        _heed(numbers)
    else:
        sys.__unraisablehook__(lost)


def main() -> NoReturn:
    """Run ``nmfd`` as a program: `nmfd_cli.__main__` does, which sees an interrupt in any case."""
    heeded = [number for number in stop_signals() if not _is_ignored(number)]
    _heed(heeded)
    sys.unraisablehook = partial(_heed_again, heeded)
    if isinstance(sys.stdout, io.TextIOWrapper):  # names of files that are not UTF-8, as they are
        sys.stdout.reconfigure(errors="surrogateescape")
    if _COMPLETE_VARIABLE in os.environ:
        from click.shell_completion import shell_complete

        sys.exit(
            shell_complete(cli, {}, "nmfd", _COMPLETE_VARIABLE, os.environ[_COMPLETE_VARIABLE])
        )
    cli.main()
