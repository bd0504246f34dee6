"""Which drums play when, from the samples alone: a small network, in NumPy.

In the order of the work:

==============  ================================================================================
``features``    log filterbank relative to the level around each frame
``vocabulary``  what the network tells apart
``layers``      convolution and gated recurrent unit
``network``     reads the weights and computes probabilities, segment by segment
``decoding``    probabilities to hits
``onsets``      places hits to a few milliseconds and measures their level
``transcribe``  the above for a recording that passes by: hits as a score
==============  ================================================================================
"""
