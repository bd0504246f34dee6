"""Where results stand and how they get there: consumers of a separation that write files.

In the order of the work:

========================  ========================================================================
``names``                 `Places`: where all files of a recording will stand, decided once
``stem_writer``           `StemWriter`: takes blocks of stems
``manifest``              what the stems were made of, in a hidden file beside them, and how
                          the next run finishes what an ended process had finished making
``transcription_writer``  transcriptions as a table, JSON or MIDI
========================  ========================================================================
"""
