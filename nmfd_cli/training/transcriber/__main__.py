"""``python -m nmfd_cli.training.transcriber``: see `steps`, which processes can import."""

from nmfd_cli.training.transcriber.steps import main

if __name__ == "__main__":
    main()
