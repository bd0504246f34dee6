"""What happens to the recordings of a batch, as values: for a bar, a log and the summary."""

from collections.abc import Callable
from dataclasses import dataclass

from nmfd_cli.batch.results import WrittenSeparation
from nmfd_cli.errors import NmfdError


@dataclass(frozen=True)
class Event:
    """Something happened to one recording.

    Attributes
    ----------
    index : int
        Its place in the batch, from 0.
    input : str
        Its path as it was given.
    """

    index: int
    input: str


@dataclass(frozen=True)
class Started(Event):
    """Work on it began; on a cluster this may come again, when a worker was lost."""


@dataclass(frozen=True)
class Progress(Event):
    """How much of a station is done.

    Attributes
    ----------
    stage : str
        The station's name.
    share : float
        From 0 to 1.
    """

    stage: str
    share: float


@dataclass(frozen=True)
class Ended(Event):
    """Nothing more comes of it.

    Attributes
    ----------
    warnings : tuple of str
        What was found on the way that the user should know.
    """

    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Done(Ended):
    """Its stems were written.

    Attributes
    ----------
    result : WrittenSeparation
    seconds : float
        That it took.
    """

    result: WrittenSeparation
    seconds: float


@dataclass(frozen=True)
class Skipped(Ended):
    """Its stems stand complete already.

    Attributes
    ----------
    result : WrittenSeparation
        As when they were written.
    """

    result: WrittenSeparation


@dataclass(frozen=True)
class Failed(Ended):
    """Nothing was written for it.

    Attributes
    ----------
    reason : str
        One line.
    trace : str
        Where an error came from that was not expected, in many lines.
    error : NmfdError or None
        What the reason was rendered from, if it was expected.
    """

    reason: str
    trace: str = ""
    error: NmfdError | None = None


OnEvent = Callable[[Event], None]
