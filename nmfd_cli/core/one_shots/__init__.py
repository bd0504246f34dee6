"""One-shots out of a separated recording: which hits are alike, and what one of them sounds like.

In the order of the work, for each stem and its onsets:

============ ==================================================================================
module       what it holds
============ ==================================================================================
``excerpts`` pieces of a track; where a hit begins and how clean it is: `find_hits`
``aligning`` where hits that are alike begin beside each other: `align`
``likeness`` which hits are alike, and which of them repeat one waveform: `group_alike`
``cutting``  from hits that are alike to the sound that stands for them: `cut`, `finished`
``refining`` sounds that repeat, taken out of each other where they overlap: `refine`
``playing``  one-shots at their hits again, and how loud each is: `render`, `fit_gains`
============ ==================================================================================
"""
