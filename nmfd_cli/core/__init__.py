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
``covariance``          where a sound comes from between two channels, and how diffuse it is
``spatial``             stems told apart by where they stand: the multichannel Wiener filter
``division``            dividing a recording among its stems, block by block
``hit_alignment``       which hits of a stem repeat one waveform, and where each begins
``hit_average``         the mean of aligned hits, and how far it explains each
``repetition``          what of each stem repeated waveforms explain
``sections``            dividing a recording whose stems repeat waveforms
``pulse``               the finest regular pulse of a performance
``metre``               which pulses are beats, and where bars begin
``tempo``               the tempo of a transcription, and how it drifts
``metrics``             how good a separation is
``onset_matching``      how good a transcription is
``pictures``            frequency axes, levels and colours of what is shown
``drawing``             spectrograms and outlines, block by block
``threads``             threads of the numerics
======================= ============================================================================
"""
