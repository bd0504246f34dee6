"""The numerics: arrays in, arrays out.  Nothing here opens a file, prints or keeps state.

======================= ============================================================================
module                  what it holds
======================= ============================================================================
``arrays``              types of arrays
``stft``                the short-time Fourier transform, block by block
``drum_classes``        the drum classes and the names that the field has for them
``articulations``       how a drum is struck, by the same names
``drum_sounds/``        what drums sound like, for any STFT
``one_shots/``          from hits to one-shots, and back to the recording
``bands``               from bins to bands and back
``nmfconv/``            the factorisation
``filters``             filters along time for activations
``harmonic_percussive`` what sustains and what is struck, by medians
``masking``             soft masks
``division``            dividing a recording by masks, block by block
``tempo``               the tempo of a transcription
``metrics``             how good a separation is
``onset_matching``      how good a transcription is
``pictures``            frequency axes, levels and colours of what is shown
``drawing``             spectrograms and outlines, block by block
``threads``             threads of the numerics
======================= ============================================================================
"""
