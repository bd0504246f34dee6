"""Standard MIDI files: scores in, drum transcriptions out.  Needs the extra ``midi``.

A file counts in ticks, and a map of tempos says how long they are.

===========  =========================================================
`reader`     a file as a `nmfd_cli.io.score.Score`: `read_midi`
`clock`      its ticks in seconds
`writer`     onsets by drum as the bytes of a file: `midi_bytes`
`extra`      mido, if it is installed, and what both sides agree upon
===========  =========================================================
"""

from nmfd_cli.io.midi.reader import parse_midi, read_midi
from nmfd_cli.io.midi.writer import DEFAULT_BPM, FASTEST_BPM, SLOWEST_BPM, midi_bytes

__all__ = [
    "DEFAULT_BPM",
    "FASTEST_BPM",
    "SLOWEST_BPM",
    "midi_bytes",
    "parse_midi",
    "read_midi",
]
