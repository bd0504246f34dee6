"""What drums are known to sound like, brought to bear on a recording.

A bank of many sounds explains the recording first in a hundred bands, where that is cheap; the
sounds of each class that explain most of it become the templates that the separation starts from.

================= =================================================================
module            what it does
================= =================================================================
``strokes``       from onsets to activations
``onsets``        from activations to onsets, to a few milliseconds
``shadows``       which of them are but the shadow of others
``listening``     which drums play when: the transcription
================= =================================================================
"""
