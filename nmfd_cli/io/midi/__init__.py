"""Standard MIDI files: scores in, drum transcriptions out.  Writing needs the extra ``midi``.

A file counts in ticks, and a map of tempos says how long they are.

============  ===========================================================
`reader`      the bytes of a file as a `Score`: `parse_midi`
`events`      its bytes as notes, tempos and names
`clock`       its ticks in seconds
`percussion`  names of General MIDI's percussion beside the drums
`writer`      onsets by drum as the bytes of a file: `midi_bytes`
`tempo_map`   its tempos, steady or drifting, and the ticks of times
============  ===========================================================
"""
