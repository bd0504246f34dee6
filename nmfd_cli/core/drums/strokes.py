"""From onsets to activations."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nmfd_cli.core.arrays import EPS, FloatArray

#: Frames from that of the onset on in which a stroke may begin: its own, and the next one, as the
#: window of the first may reach no more than the onset's edge.
STROKE_FRAMES = 2


def stroke_activations(
    frames: Sequence[Sequence[int] | NDArray[np.intp]],
    n_frames: int,
    level: float,
    dtype: DTypeLike = np.float64,
) -> FloatArray:
    """Return activations that may only be where strokes are.

    Parameters
    ----------
    frames : sequence of R sequences of int
        The frames of each component's onsets; those outside of the recording are left out.
    n_frames : int
        M.
    level : float
        The activation of a stroke.
    dtype : dtype, optional

    Returns
    -------
    ndarray, shape (R, M)
        `level` where a stroke may be, 2**-52 of it elsewhere.
    """
    H = np.full((len(frames), n_frames), EPS * level, dtype)
    for row, onsets in zip(H, frames, strict=True):
        first = np.asarray(onsets, dtype=np.intp)
        first = first[(first >= 0) & (first < n_frames)]
        for later in range(STROKE_FRAMES):
            row[np.minimum(first + later, n_frames - 1)] = level
    return H
