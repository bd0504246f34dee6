"""Any drum by its parameters: the voices' type, their seeds and the hit."""

from typing import TypeAlias
from zlib import crc32

import numpy as np

from nmfd_cli.training.synthesis.clap import Clap, clap
from nmfd_cli.training.synthesis.cymbal import Cymbal, cymbal
from nmfd_cli.training.synthesis.hihat import HiHat, hihat
from nmfd_cli.training.synthesis.kick import Kick, kick
from nmfd_cli.training.synthesis.signals import Signal
from nmfd_cli.training.synthesis.snare import Snare, snare
from nmfd_cli.training.synthesis.tom import Tom, tom

Voice: TypeAlias = Kick | Snare | HiHat | Tom | Cymbal | Clap


def voice_generator(*names: str | int) -> np.random.Generator:
    """Random generator of a sound, seeded by its name: adding one voice changes no other."""
    return np.random.default_rng(crc32("/".join(map(str, names)).encode()))


def one_shot(voice: Voice, rng: np.random.Generator, *, sample_rate: int = 44100) -> Signal:
    """Strike any voice once.

    Returns
    -------
    ndarray, shape (n,), range [-0.9, 0.9]
        It starts with the hit and ends in silence.
    """
    match voice:
        case Kick():
            return kick(voice, rng, sample_rate=sample_rate)
        case Snare():
            return snare(voice, rng, sample_rate=sample_rate)
        case HiHat():
            return hihat(voice, rng, sample_rate=sample_rate)
        case Tom():
            return tom(voice, rng, sample_rate=sample_rate)
        case Cymbal():
            return cymbal(voice, rng, sample_rate=sample_rate)
        case Clap():
            return clap(voice, rng, sample_rate=sample_rate)
