"""``nmfd``, and ``python -m nmfd_cli``: imports nothing before an interrupt can end it quietly."""

import sys


def main() -> None:
    """Run ``nmfd`` as a program."""
    try:
        from nmfd_cli.cli.main import main as run_as_program

        run_as_program()
    except KeyboardInterrupt:  # before there was any work, or after it
        sys.exit(130)


if __name__ == "__main__":
    main()
