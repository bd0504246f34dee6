"""One-shots out of a separated recording: which hits are alike, and what one of them sounds like.

In the order of the work, for each stem and its onsets:

============= ====================================================================================
module        what it holds
============= ====================================================================================
`excerpts`    pieces of a track, where a hit begins, how clean it is: `Hits`, `find_hits`
`likeness`    which hits are alike, and which of them repeat one waveform: `Group`, `group_alike`
`cutting`     from a group of hits to the sound that stands for it: `OneShot`, `cut`
`playing`     one-shots at their hits again: `Played`, `render`, `fit_gains`
============= ====================================================================================
"""
