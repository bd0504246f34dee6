"""Drums from formulas: the one-shots of the shipped kit and the demo recording.

============ ==================================================================================
module       what it holds
============ ==================================================================================
``parts``    decaying modes, decaying coloured noise, a room, cutting and levelling
``membrane`` modes of a struck drum head
``metal``    modes of a struck plate, square waves of drum machines
``kick``     ``Kick``, its parameters, and ``kick``, which strikes it; likewise ``snare``, ``tom``,
             ``hihat``, ``cymbal`` and ``clap``
``voices``   ``one_shot``, which strikes any of them
``kit``      the concrete drums of the shipped kit
``groove``   the demo: pattern, hands, panning, stems
============ ==================================================================================

Everything is a function of its arguments and of a generator that is passed in; nothing of it was
sampled from recordings.
"""

from nmfd_cli.training.synthesis.clap import Clap
from nmfd_cli.training.synthesis.cymbal import Cymbal
from nmfd_cli.training.synthesis.groove import Stroke, render_demo
from nmfd_cli.training.synthesis.hihat import HiHat
from nmfd_cli.training.synthesis.kick import Kick
from nmfd_cli.training.synthesis.kit import KIT, render_kit
from nmfd_cli.training.synthesis.snare import Snare
from nmfd_cli.training.synthesis.tom import Tom
from nmfd_cli.training.synthesis.voices import Voice, one_shot

__all__ = [
    "KIT",
    "Clap",
    "Cymbal",
    "HiHat",
    "Kick",
    "Snare",
    "Stroke",
    "Tom",
    "Voice",
    "one_shot",
    "render_demo",
    "render_kit",
]
