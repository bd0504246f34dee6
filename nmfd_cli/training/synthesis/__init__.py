"""Drums from formulas: the one-shots of the shipped kit and the demo recording.

=============== ===================================================================================
module          what it holds
=============== ===================================================================================
``signals``     decaying modes, decaying coloured noise
``voice``       ``Voice``, what all drums have in common: a room, cutting and levelling
``membrane``    a struck drum head
``metal``       modes of a struck plate, square waves of drum machines
``kick``        ``Kick``, its parameters and how it sounds; likewise ``snare``, ``tom``, ``hihat``,
                ``cymbal`` and ``clap``
``shipped_kit`` the concrete drums of the shipped kit
``groove``      the demo: pattern, hands, panning, stems
=============== ===================================================================================

Everything is a function of its arguments and of a generator that is passed in; nothing of it was
sampled from recordings.
"""
