"""Kits of drum sounds: found by the name the user calls them, learned, extracted, made templates.

A `Kit` (`nmfd_cli.core.drum_sounds.kit`) is loaded once and handed on as a value.

=================== ================================================================
module              what it does
=================== ================================================================
``find``            where a kit is, loads it, lists those that can be called by name
``learn``           makes a kit from a folder of the user's own sounds
``templates``       makes templates of a kit's sounds for the STFT of a recording
``extract``         makes one-shots of a separated recording, and plays it on them
``instrument``      lays those out on keys and velocities: SFZ, MIDI
``extracted_files`` writes them
=================== ================================================================
"""
