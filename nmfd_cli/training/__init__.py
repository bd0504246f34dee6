"""Everything that makes what ships in ``data/``; not in the wheel, and imported by nothing else.

=================== ===========================================================================
module              what it makes
=================== ===========================================================================
``synthesis/``      drums from formulas
``demo_data``       ``data/kit`` and ``data/demo``, from the synthesis (a command)
``soundfont``       drums of a SoundFont, one by one, rendered by fluidsynth
``bank_soundfonts`` the SoundFonts' part of the bank
``bank_synthesis``  the synthesis' part of the bank
``bank``            ``data/bank.kit``, from both (a command)
=================== ===========================================================================

The commands are run from a checkout; ``data/README.md`` names them.
"""
