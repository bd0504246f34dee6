"""Training of the transcriber: from one-shots to ``data/transcriber.npz``.

=================== ================================================================================
module              what it holds
=================== ================================================================================
``soundfont_drums`` drum sounds of SoundFonts, and which are held out
``voices``          drums from the project's formulas, moved at random
``machine_voices``  drum machines that never were
``sounds``          all instruments in velocity layers; which sources are held out
``grooves``         patterns of one bar in many styles
``performances``    who is hit when: grooves, fills, rolls, ghost notes
``kits``            an instrument for every part of a clip, prepared as it shall sound
``effects``         filters, rooms, compression, damage
``melodic_notes``   notes of a SoundFont's melodic programs
``singing``         voice-like sounds
``accompaniment``   bass, chords, leads and voices that play with the drums
``rendering``       a clip: kit, performance, rooms, accompaniment, bus; levels and rows of hits
``pool``            clips in files; the validation sets
``targets``         what the network shall answer at each frame
``augmentation``    what changes a clip each time that it is seen
``model``           the network in torch
``train``           the training itself, in processes that average their gradients
``validation``      figures on held-out sounds, and thresholds
``export``          the weights file
``__main__``        the command that does all of it
=================== ================================================================================

It needs the extra ``[training]``, and Debian's fluidsynth, fluid-soundfont-gm,
musescore-general-soundfont and hydrogen-drumkits.
"""
