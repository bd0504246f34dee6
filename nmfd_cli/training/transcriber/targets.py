"""What the network shall answer at each frame, and where its answer does not count."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.transcription.features import FRAMES_PER_SECOND
from nmfd_cli.transcription.vocabulary import N_OUTPUTS

#: Marks frames whose answer does not count.
IGNORED: Final = -1.0

#: A hit with fewer bands for itself can hardly be heard.
AUDIBLE_BANDS: Final = 3.0

_REACH: Final = 2


def frame_targets(rows: NDArray[np.float32], n_frames: int) -> NDArray[np.float32]:
    """Return the targets of a clip.

    A hit's frame has the target 1; a neighbour what is left of the distance to the hit.  Around
    hits that cannot be heard nothing counts, unless another hit is wanted there.

    Parameters
    ----------
    rows : ndarray, shape (n_hits, 4)
        As in `rendering.Clip`.

    Returns
    -------
    ndarray of float32, shape (n_frames, N_OUTPUTS)
        In [0, 1], or `IGNORED`.
    """
    targets = np.zeros((n_frames, N_OUTPUTS), dtype=np.float32)
    is_audible = rows[:, 3] >= AUDIBLE_BANDS
    for time, drum, articulation, _ in rows[is_audible]:
        place = float(time) * FRAMES_PER_SECOND
        first = int(np.floor(place)) - _REACH + 1
        for frame in range(max(0, first), min(n_frames, first + 2 * _REACH)):
            distance = abs(frame - place)
            value = 1.0 if distance <= 0.5 else max(0.0, 1.0 - (distance - 0.25) / 1.3)
            for output in (int(drum), int(articulation)):
                if output >= 0:
                    targets[frame, output] = max(targets[frame, output], value)
    for time, drum, articulation, _ in rows[~is_audible]:
        begin = max(0, int(time * FRAMES_PER_SECOND) - 3)
        for output in (int(drum), int(articulation)):
            if output >= 0:
                around = targets[begin : begin + 8, output]
                around[around == 0.0] = IGNORED
    return targets
