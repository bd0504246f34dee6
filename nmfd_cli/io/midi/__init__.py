"""Standard MIDI files: scores in, drum transcriptions out.  Writing needs the extra ``midi``.

A file counts in ticks, and a map of tempos says how long they are.

============  ===========================================================
`reader`      a file as a `nmfd_cli.io.score.Score`: `read_midi`
`events`      its bytes as notes, tempos and names
`clock`       its ticks in seconds
`percussion`  names of General MIDI's percussion beside the drums
`writer`      onsets by drum as the bytes of a file: `midi_bytes`
`tempo_map`   its tempos, steady or drifting, and the ticks of times
`extra`       mido, if it is installed, and the channel of drums
============  ===========================================================
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
