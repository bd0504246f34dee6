"""How good a result is: separated stems, or a transcription, against the truth.

The *reference* is the truth, the *estimate* what is measured by it.

============ ==============================================================
module       what it does
============ ==============================================================
``evaluate`` takes two paths: folders of stems, or files of onsets
``pairing``  finds the stems of two folders, and which belong together
``stems``    measures stems, block by block
``onsets``   counts the onsets that two scores share, class by class
============ ==============================================================

The measures themselves are in `nmfd_cli.core.metrics` and `nmfd_cli.core.onset_matching`.
"""
