"""Which drums are hit when: from samples to a list of hits, by a small network in NumPy.

============== ====================================================================================
module         what it holds
============== ====================================================================================
``vocabulary`` the six drums, their articulations, and the order of the network's outputs
``features``   log filterbank of a mono recording, relative to its local level
``layers``     convolution and gated recurrent unit
``network``    reads the weights and computes probabilities, in segments of fixed length
``decoding``   from probabilities to hits: thresholds, times between frames, articulations
============== ====================================================================================

The weights are ``data/transcriber.npz``; ``nmfd_cli.training.transcriber`` makes them, and
``data/README.md`` says from which sounds.
"""
