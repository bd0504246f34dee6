"""The library that reads and writes MIDI, an extra, and the channel of percussion."""

from typing import Any, Final

from nmfd_cli.errors import MissingExtraError

#: General MIDI's channel of percussion, the tenth, counted from 0.
DRUM_CHANNEL: Final = 9


def require_mido() -> Any:
    """Return the module `mido`.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        import mido
    except ImportError:
        raise MissingExtraError("MIDI", "midi") from None
    return mido
