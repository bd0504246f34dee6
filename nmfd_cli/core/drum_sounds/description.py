"""The cells in which a sound's energy is counted, and the codes in which it is kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Codes = NDArray[np.uint8]


def _edges(start: float, stop: float, *, step: float, per_doubling: float) -> Float64:
    """Return edges from 0: every `step` up to `start`, then `per_doubling` an octave to `stop`."""
    linear = np.arange(round(start / step)) * step
    n_cells = round(per_doubling * np.log2(stop / start))
    edges = np.concatenate([linear, np.geomspace(start, stop, n_cells + 1)])
    edges.flags.writeable = False
    return edges


# They belong to version 1 of the file format: a file of that version has these cells.
#: Edges of the cells of a spectrum, Hz, ascending from 0.
FREQUENCY_EDGES: Final = _edges(600.0, 48_000.0, step=4.0, per_doubling=96.0)
#: Edges of the bands of a profile, Hz, ascending from 0.
BAND_EDGES: Final = _edges(850.0, 22_050.0, step=42.5, per_doubling=4.0)
#: Edges of the cells of a profile, seconds after the onset, ascending from 0.
TIME_EDGES: Final = _edges(0.06, 2.0, step=0.006, per_doubling=4.0)

#: Decibels a step of a code; code 0 stands for `FLOOR_DB` below the table's maximum.
STEP_DB: Final = 1.5
FLOOR_DB: Final = 84.0
#: The code of a table's maximum.
LARGEST_CODE: Final = round(FLOOR_DB / STEP_DB)


@dataclass(frozen=True, slots=True)
class Description:
    """What `n_sounds` sounds look like, independent of any STFT.

    Parameters
    ----------
    spectrum : ndarray of uint8, shape (n_sounds, len(FREQUENCY_EDGES) - 1)
        Energy density over frequency, coded in `STEP_DB` below the loudest cell of the sound.
    profile : ndarray of uint8, shape (n_sounds, len(BAND_EDGES) - 1, len(TIME_EDGES) - 1)
        Energy density over time, coded in `STEP_DB` below the loudest cell of the band.
    level_db : ndarray of float32, shape (n_sounds,)
        Energy density of a sound's loudest cell, dB re 1 full-scale square second per Hz.
    """

    spectrum: Codes
    profile: Codes
    level_db: Float32

    def __len__(self) -> int:
        return len(self.level_db)

    def take(self, indices: Sequence[int] | NDArray[np.integer[Any]]) -> "Description":
        """Return the sounds at `indices`, in that order."""
        rows = np.asarray(indices, dtype=np.intp)
        return Description(self.spectrum[rows], self.profile[rows], self.level_db[rows])

    @classmethod
    def stack(cls, parts: Sequence[Self]) -> Self:
        """Return the sounds of all `parts`, at least one, as one description."""
        return cls(
            np.concatenate([part.spectrum for part in parts]),
            np.concatenate([part.profile for part in parts]),
            np.concatenate([part.level_db for part in parts]),
        )


def encode(density: Float64, peak: Float64 | np.floating[Any]) -> Codes:
    """Code a density in steps of decibels below `peak`, which broadcasts against it."""
    ratio = np.maximum(density / peak, 10.0 ** (-FLOOR_DB / 10.0))
    codes: Codes = np.rint((10.0 * np.log10(ratio) + FLOOR_DB) / STEP_DB).astype(np.uint8)
    return codes


def decode(codes: Codes) -> Float32:
    """Return the densities relative to their maximum, (0, 1]; code 0 stays positive."""
    table = 10.0 ** ((np.arange(LARGEST_CODE + 1) * STEP_DB - FLOOR_DB) / 10.0)
    decoded: Float32 = table.astype(np.float32)[codes]
    return decoded


def centres(edges: Float64) -> Float64:
    """Return the middles of the cells between `edges`."""
    return (edges[1:] + edges[:-1]) / 2.0


def cumulative(values: Float64) -> Float64:
    """Return the running sum along the last axis, beginning with 0: one longer than `values`."""
    zero = np.zeros((*values.shape[:-1], 1))
    return np.concatenate([zero, values.cumsum(axis=-1)], axis=-1)


def interpolate(x: Float64, points: NDArray[np.floating[Any]], values: Float64) -> Float64:
    """Interpolate every row of `values` at `x`, like `numpy.interp` does for one row.

    Parameters
    ----------
    x : ndarray, shape (n,)
    points : ndarray, shape (m,), ascending
    values : ndarray, shape (..., m)

    Returns
    -------
    ndarray, shape (..., n)
    """
    place = np.interp(x, points, np.arange(len(points)))
    below = np.minimum(place.astype(np.intp), len(points) - 2)
    share = place - below
    result: Float64 = values[..., below] * (1.0 - share) + values[..., below + 1] * share
    return result


def periodic_hann(n_samples: int) -> Float64:
    """Return a periodic Hann window, shape (n_samples,), range [0, 1]."""
    return 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n_samples) / n_samples)
