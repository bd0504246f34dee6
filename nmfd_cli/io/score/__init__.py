"""Scores: what is played when, read from a table or a MIDI file, or made of arrays in memory.

====================  ==============================================================
`notes`               `Score`, the value that all others make or take, and its limits
`reader`              a file or a text as a `Score`: `read_score`, `parse_score`
`layout`, `cells`     its table: which column holds what, and each cell as a value
`shapes`              what columns without a header are
`drum_map`            which MIDI note is which drum: `load_drum_map`
`memory`              onsets by drum as a `Score`: `score_from`
`writer`              a `Score` as text or plain values: `score_text`, `score_notes`
====================  ==============================================================
"""
