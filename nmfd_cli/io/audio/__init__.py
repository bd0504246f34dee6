"""Audio in and out: recordings that are read in blocks, stems that are written in blocks.

In the order of the work:

==============  ================================================================================
``formats``     what there is to know of each format that is written
``riff``        the chunks of WAV files and their kin, and where the samples are
``decoder``     what libsndfile and its decoders want
``source``      what libsndfile is given to read: a file, or its samples behind a corrected head
``foreign``     what ffmpeg decodes, where libsndfile does not
``tags``        what else a file tells: time stamps, tempo, loops, titles
``titles``      titles and time stamps, as each format writes them
``length``      how many samples a file holds, where its head does not say
``recording``   `Recording`: facts and blocks of samples; `open_recording`, `recording_at`
``samples``     the same of an array: `recording_from`
``streams``     standard input as a recording, standard output as the place of one file
``writer``      `SampleFormat`, `AudioWriter`
==============  ================================================================================
"""
