"""The command ``nmfd``: finds its subcommands lazily, owns messages and exit codes."""

import importlib
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any, NoReturn

import click

from nmfd_cli import __version__
from nmfd_cli.cli.messages import error_line
from nmfd_cli.errors import NmfdError

#: Where each subcommand stands and what it does: known here, so that help need not import them.
COMMANDS = {
    "separate": ("nmfd_cli.cli.separate", "Write one file for each part of a recording."),
}

INTERRUPTED = 130
TERMINATED = 143


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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nmfd")
def cli() -> None:
    """Take a recording apart: drums or any sound made of recurring events.

    \b
    nmfd separate drums.wav          kick, snare, hi-hat ... as files that add up to drums.wav
    nmfd separate --help             all options
    """


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code: 0 done, 1 failed, 2 wrong options."""
    try:
        result: Any = cli.main(args=list(arguments), prog_name="nmfd", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return 2
    except (click.Abort, KeyboardInterrupt):
        click.echo(error_line("interrupted; nothing was left half-written"), err=True)
        return INTERRUPTED
    except click.ClickException as error:
        click.echo(error_line(error.format_message()), err=True)
        return error.exit_code
    except NmfdError as error:
        click.echo(error_line(str(error)), err=True)
        return 1
    except BrokenPipeError:
        _close_stdout()
        return 0
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        click.echo(error_line(f"{where}{error.strerror or error}"), err=True)
        return 1
    except MemoryError:
        click.echo(error_line("out of memory; --block-seconds sets smaller blocks"), err=True)
        return 1
    return result if isinstance(result, int) else 0


def _close_stdout() -> None:
    """Keep the interpreter from complaining of the reader that went away."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    sys.exit(TERMINATED)


def main() -> NoReturn:
    """Run ``nmfd`` as a program."""
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
