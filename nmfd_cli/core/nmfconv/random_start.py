"""Random numbers to start from: those of the reference toolbox, unless a generator is given."""

import numpy as np

from nmfd_cli.core.arrays import FloatArray

#: The seed of the reference toolbox.
_REFERENCE_SEED = 42


def random_matrices(
    count: int, shape: tuple[int, int], rng: "np.random.Generator | None"
) -> list[FloatArray]:
    """Draw matrices one after the other.

    Parameters
    ----------
    count : int
    shape : tuple of int
    rng : numpy.random.Generator or None
        Without one the numbers are those that the reference toolbox draws.

    Returns
    -------
    list of `count` ndarrays, shape `shape`, float64
        In [0, 1).
    """
    draw = np.random.RandomState(_REFERENCE_SEED).random_sample if rng is None else rng.random
    return [draw(shape) for _ in range(count)]
