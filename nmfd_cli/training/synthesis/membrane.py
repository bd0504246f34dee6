"""A struck circular membrane that glides in pitch, shared by kick, snare and tom."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nmfd_cli.training.synthesis.signals import Signal, gliding_modes
from nmfd_cli.training.synthesis.voice import Voice

NODAL_DIAMETERS = np.array([0, 1, 2, 0, 3, 1, 4, 2, 0, 5, 3, 6], dtype=np.float64)
MEMBRANE_RATIOS = np.array(
    [1.0, 1.594, 2.136, 2.296, 2.653, 2.918, 3.156, 3.501, 3.6, 3.652, 4.06, 4.154]
)
"""Number of nodal diameters m and frequency over that of the lowest mode, for the first modes.

The zeros j_mn of the Bessel functions J_m over j_01 = 2.405: the ideal circular membrane
(Fletcher and Rossing, "The Physics of Musical Instruments", 2nd ed., chapter 3)."""


HEADS_RATIO = 1.81
"""Ratio of the two modes in which the heads of a drum move against and with each other.

Measured on a snare drum at 182 and 330 Hz (Rossing, Bork, Zhao and Fystrom, "Acoustics of snare
drums", Journal of the Acoustical Society of America 92, 1992)."""


@dataclass(frozen=True)
class Head(Voice):
    """How a drum head is tuned and struck.

    Attributes
    ----------
    frequency : float
        Settled pitch of the lowest mode in Hz.
    t60 : float
        Decay of the lowest mode in seconds.
    glide, glide_time : float
        Excess of pitch at the onset (0.5 is a fifth) and its time constant in seconds.
    tilt : float
        Slope of the modes, dB per octave: steeper for a softer beater.
    eccentricity : float
        Where the head is struck, 0 at the centre, 1 near the rim.  For small arguments
        J_m(x) grows as x^m, so a mode of m nodal diameters is weighted by eccentricity^m.
    """

    frequency: float = 120.0
    t60: float = 0.9
    glide: float = 0.12
    glide_time: float = 0.05
    tilt: float = -7.0
    eccentricity: float = 0.5


def struck_head(
    head: Head,
    n_samples: int,
    more: Sequence[tuple[float, float, float]] = (),
    *,
    damping: float,
    level: float = 0.0,
) -> Signal:
    """Modes of a struck head, which start sharp and settle together.

    Parameters
    ----------
    head : Head
    n_samples : int
    more : sequence of (frequency, amplitude, t60)
        Modes beside those of the membrane: in Hz, relative to the lowest mode, and seconds.
    damping : float
        Exponent with which the membrane's decay times shorten, t60 (f / f_01)^-damping.
    level : float
        Of the membrane's modes, in dB.

    Returns
    -------
    ndarray, shape (n_samples,)
    """
    ratios = MEMBRANE_RATIOS
    amplitudes = head.eccentricity**NODAL_DIAMETERS * 10.0 ** (head.tilt * np.log2(ratios) / 20.0)
    beside = np.array(more).reshape(-1, 3)
    return gliding_modes(
        np.append(head.frequency * ratios, beside[:, 0]),
        np.append(amplitudes * 10.0 ** (level / 20.0), beside[:, 1]),
        np.append(head.t60 * ratios**-damping, beside[:, 2]),
        n_samples=n_samples,
        glide=head.glide,
        glide_time=head.glide_time,
    )
