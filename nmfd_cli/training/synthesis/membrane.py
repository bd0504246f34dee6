"""Modes of a struck circular membrane, shared by kick, snare and tom."""

import numpy as np

from nmfd_cli.training.synthesis.parts import Signal

MEMBRANE_RATIOS: tuple[tuple[int, float], ...] = (
    (0, 1.000),
    (1, 1.594),
    (2, 2.136),
    (0, 2.296),
    (3, 2.653),
    (1, 2.918),
    (4, 3.156),
    (2, 3.501),
    (0, 3.600),
    (5, 3.652),
    (3, 4.060),
    (6, 4.154),
)
"""Number of nodal diameters m and frequency over that of the lowest mode, for the first modes.

The zeros j_mn of the Bessel functions J_m over j_01 = 2.405: the ideal circular membrane
(Fletcher and Rossing, "The Physics of Musical Instruments", 2nd ed., chapter 3)."""


HEADS_RATIO = 1.81
"""Ratio of the two modes in which the heads of a drum move against and with each other.

Measured on a snare drum at 182 and 330 Hz (Rossing, Bork, Zhao and Fystrom, "Acoustics of snare
drums", Journal of the Acoustical Society of America 92, 1992)."""


def membrane_modes(
    frequency: float, *, t60: float, damping: float, tilt: float, eccentricity: float
) -> tuple[Signal, Signal, Signal]:
    """Frequencies, amplitudes and decay times of a struck membrane.

    Parameters
    ----------
    frequency : float
        Of the lowest mode, in Hz.
    t60 : float
        Decay time of the lowest mode, in seconds.
    damping : float
        Exponent with which the decay times shorten, t60 (f / f_01)^-damping.
    tilt : float
        Slope of the amplitudes, in dB per octave: steeper for a softer beater.
    eccentricity : float
        Where the head is struck, 0 at the centre, 1 near the rim.  For small arguments
        J_m(x) grows as x^m, so a mode of m nodal diameters is weighted by eccentricity^m.

    Returns
    -------
    frequencies, amplitudes, t60 : ndarray, shape (12,)
        In Hz, relative to the lowest mode, and seconds.
    """
    diameters = np.array([m for m, _ in MEMBRANE_RATIOS], dtype=np.float64)
    ratios = np.array([ratio for _, ratio in MEMBRANE_RATIOS])
    amplitudes = eccentricity**diameters * 10.0 ** (tilt * np.log2(ratios) / 20.0)
    return frequency * ratios, amplitudes, t60 * ratios**-damping
