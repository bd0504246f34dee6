"""Audio in and out: recordings that are read in blocks, stems that are written in blocks.

In the order of the work:

==============  ================================================================================
``riff``        the chunks of WAV files and their kin
``decoder``     what libsndfile and its decoders want
``length``      how many samples a file holds, where its head does not say
``recording``   `Recording`: facts and blocks of samples; `open_recording`, `recording_at`
``samples``     the same of an array: `recording_from`
``streams``     standard input as a recording, standard output as the place of one file
``writer``      `SampleFormat`, `AudioWriter`
``spool``       the samples of a track on the temporary disk
==============  ================================================================================
"""
