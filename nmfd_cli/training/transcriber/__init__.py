"""Training of the transcriber: from one-shots to ``data/transcriber.npz``.

=================== ================================================================================
module              what it holds
=================== ================================================================================
``soundfont_drums`` drum sounds of SoundFonts, and which are held out
``voices``          drums from the project's formulas, moved at random
``machine_voices``  drum machines that never were
``instruments``     one-shots in velocity layers, cut at their onset
``sounds``          all instruments of all sources; which sources are held out
``meter``           how a bar is divided
``grooves``         patterns of one bar in many styles
``player``          a drummer that plays grooves with fills, crashes, flams and ghost notes
``performances``    who is hit when: grooves, rolls, and hits without any pattern
``takes``           the sounds of a part: filtered, transposed, at several levels
``kits``            an instrument for every part of a clip
``effects``         filters, rooms, compression, damage
``melodic_notes``   notes of a SoundFont's melodic programs
``singing``         voice-like sounds
``accompaniment``   bass, chords, leads and voices that play with the drums
``mixing``          hits on buses: gains, choked hi-hats, the outputs of each hit
``rendering``       a clip: kit, performance, rooms, accompaniment, bus; levels and rows of hits
``pool``            clips in files; the validation sets
``targets``         what the network shall answer at each frame
``augmentation``    what changes a clip each time that it is seen
``batches``         excerpts of clips as the training sees them
``model``           the network in torch
``train``           the training itself, in processes that average their gradients
``validation``      figures on held-out sounds, and thresholds
``articulations``   how rare articulations weigh against frequent ones
``shipping``        the weights file: thresholds, figures and the training record go into it
``__main__``        the command that does all of it
=================== ================================================================================

It needs the extra ``[training]``, and Debian's fluidsynth, fluid-soundfont-gm,
musescore-general-soundfont and hydrogen-drumkits.
"""
