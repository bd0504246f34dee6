"""Which sounds look alike, whatever their level."""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nmfd_cli.core.drum_sounds.description import Description, Float32
from nmfd_cli.core.drum_sounds.rebuilding import templates
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import ParameterError

_SAMPLE_RATE = 44_100
_STFT = Stft(2048, 512)
_N_FRAMES = 40  # half a second
_POOLED_BINS = 4
_BATCH = 64


def representatives(
    description: Description, groups: Sequence[Hashable], *, likeness: ArrayLike = 0.985
) -> NDArray[np.intp]:
    """Choose sounds that stand for all others.

    A sound stands for itself unless an earlier one of its group that does so looks like it: the
    cosine between the roots of their magnitude spectrograms, over half a second, exceeds
    `likeness`.  If there are several, the one that it resembles most stands for it.

    Parameters
    ----------
    description : Description
        Of n sounds, the preferred ones first.
    groups : sequence of n hashables
        Only sounds of one group are compared.
    likeness : float or array_like of n floats
        For all sounds or each, 0 to 1; one above 1 lets its sound always stand for itself.

    Returns
    -------
    ndarray of intp, shape (n,)
        For every sound, the index of the one that stands for it.

    Raises
    ------
    ParameterError
        If there is not one group for each sound.
    """
    if len(groups) != len(description):
        raise ParameterError(
            expected=f"one group for each of {len(description)} sounds", found=str(len(groups))
        )
    prints = _fingerprints(description)
    limits = np.broadcast_to(np.asarray(likeness, dtype=np.float64), len(description))
    chosen = np.arange(len(description))
    for group in dict.fromkeys(groups):
        rows = np.array([row for row, its in enumerate(groups) if its == group])
        cosines = prints[rows] @ prints[rows].T
        kept: list[int] = []
        for place, limit in enumerate(limits[rows]):
            near = cosines[place, kept]
            if kept and near.max() > limit:
                chosen[rows[place]] = rows[kept[near.argmax()]]
            else:
                kept.append(place)
    return chosen


def _fingerprints(description: Description) -> Float32:
    """Return the roots of pooled magnitudes, each sound's of norm 1, shape (n, any)."""
    prints = []
    for first in range(0, len(description), _BATCH):
        part = description.take(range(first, min(first + _BATCH, len(description))))
        W = templates(part, _STFT, sample_rate=_SAMPLE_RATE, n_frames=_N_FRAMES)
        pooled = W[:-1].reshape(-1, _POOLED_BINS, len(part), _N_FRAMES).sum(axis=1)
        rows = np.sqrt(pooled).transpose(1, 0, 2).reshape(len(part), -1)
        prints.append(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    return np.concatenate(prints) if prints else np.zeros((0, 1), dtype=np.float32)
