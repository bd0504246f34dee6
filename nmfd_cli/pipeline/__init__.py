"""The walk: from a recording to its stems, for every command and for the library alike.

In the order of the work:

=======================  =========================================================================
``inputs``               the user's files, opened once: `open_inputs`
``separation``           the walk itself: `separate`, `transcribe`, `FactorisedRecording`
``components``           what is looked for: drum classes, pitches or nothing but a number
``context``              `Context`: what is known before the factorisation
``events``               which drums play when, where no score says so
``initial_templates``    W0: one function a strategy
``initial_activations``  H0: one function a strategy
``accompaniment``        what sounds beside drums: whether there is any, and its model
``result``               `Result`: what was found, for reports, figures and programs
=======================  =========================================================================
"""
