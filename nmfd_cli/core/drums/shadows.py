"""Strokes that are only the shadow of others.

The templates of a class are activated, too, where something is struck that it resembles: toms by
snares and kicks that the bank does not know.  Such shadows are as regular as what throws them, so
that over the strokes of another class the ratio of the two tells how long its shadow is; a stroke
of its own stands out of all of them, and is much of what sounds then.
"""

from collections.abc import Mapping

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.drums.onsets import Peaks, neighbourhood

#: Frames around a stroke over which activations are added up.
_AROUND = 5
#: Strength of strokes that may throw a shadow, and how many of a class tell how long it is.
_THROWS_FROM, _LEAST_STROKES = 0.3, 3
#: How many times its usual length a shadow may be long, and the power of the share in all that
#: sounds.  These and what of a stroke must be left (`SHADOWED` in `listening`) were chosen by the
#: onsets and stems of 32 recordings rendered from eight kits that are unknown to the bank, leaving
#: kits out in turn, and of 4 measured ones.
_LONGEST, _SHARE_POWER = 1.5, 0.5
#: Below this level beside the loudest, a class is taken to be at it.
_LEAST_LEVEL = 1e-6


def shares(activations: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return the share of each class in all that is activated around each frame, (M,) each."""
    around = {drum: neighbourhood(row, _AROUND) for drum, row in activations.items()}
    total = np.maximum(np.sum(list(around.values()), axis=0), np.finfo(np.float64).tiny)
    return {drum: row / total for drum, row in around.items()}


def out_of_shadows(
    drum: str,
    activations: Mapping[str, FloatArray],
    strokes: Mapping[str, Peaks],
    hop_length: int,
) -> FloatArray:
    """Return how far each stroke of a class stands out of the shadows of the others.

    Parameters
    ----------
    drum : str
    activations : dict of str to ndarray, shape (M,)
    strokes : dict of str to Peaks
        Of all classes.
    hop_length : int
        Samples a frame.

    Returns
    -------
    ndarray, shape (n,)
        Of the strokes of `drum`: from 0 to their strength.
    """
    levels = {name: _relative(neighbourhood(row, _AROUND)) for name, row in activations.items()}
    n_frames = len(levels[drum])
    own = strokes[drum].frames(hop_length, n_frames)
    shadow = np.zeros(len(own))
    for name in levels:
        throwing = strokes[name].above(_THROWS_FROM).frames(hop_length, n_frames)
        if name != drum and len(throwing) >= _LEAST_STROKES:
            usual = float(np.median(levels[drum][throwing] / levels[name][throwing]))
            np.maximum(shadow, usual * levels[name][own], out=shadow)
    left = np.maximum(strokes[drum].strength - _LONGEST * shadow, 0)
    clear: FloatArray = left * shares(activations)[drum][own] ** _SHARE_POWER
    return clear


def _relative(row: FloatArray) -> FloatArray:
    """Return a row beside its loudest frame, and nowhere quite nothing."""
    relative: FloatArray = row / max(float(row.max(initial=0)), np.finfo(np.float64).tiny)
    return np.maximum(relative, _LEAST_LEVEL)
