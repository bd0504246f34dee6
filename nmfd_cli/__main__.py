"""``python -m nmfd_cli`` is ``nmfd``."""

from nmfd_cli.cli.main import main

if __name__ == "__main__":
    main()
