"""How many files are worked on; imports nothing that takes time, as `app.settings`."""

from dataclasses import dataclass

from nmfd_cli.settings.definitions import CheckedSettings, setting


@dataclass(frozen=True, kw_only=True)
class BatchSettings(CheckedSettings):
    """How a batch is run."""

    jobs: int = setting(1, "Recordings worked on at a time, each in a process.", low=1, metavar="N")
    skip_existing: bool = setting(
        False, "Leave recordings alone whose results stand complete, with the same settings."
    )
    scheduler: str | None = setting(
        None, "Send the recordings to this Dask scheduler, e.g. tcp://host:8786.", metavar="ADDRESS"
    )
