"""Arrays that were computed once, kept in the user's cache folder.

Whatever goes wrong here goes unnoticed: what cannot be read is computed again, what cannot be kept
is not.  A file appears whole or not at all, so that processes may write at the same time.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.errors import OutputError
from nmfd_cli.io.resources import user_cache_folder
from nmfd_cli.io.staging import remove_abandoned
from nmfd_cli.io.transaction import Transaction

#: So many bytes are kept together; what has not been wanted for longest goes first.
_MOST_BYTES = 64 * 2**20


def cached_array(
    key: str, shape: tuple[int, ...], make: Callable[[], NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Return an array of non-negative numbers from the cache, or make and keep it.

    Parameters
    ----------
    key : str
        Names all that the array depends on; letters, digits and hyphens.
    shape : tuple of int
        What is found in another shape is made again.
    """
    path: Path | None = None
    with suppress(Exception):  # there is no end to what a damaged file makes a reader raise
        path = user_cache_folder() / f"{key}.npy"
        with path.open("rb") as file:
            found: NDArray[Any] = np.load(file, allow_pickle=False)
        if _is_sound(found, shape):
            with suppress(OSError):
                os.utime(path)
            return found
    array = make()
    if path is not None and array.nbytes <= _MOST_BYTES / 2:
        with suppress(OSError, OutputError):
            _keep(path, array)
    return array


def _is_sound(found: Any, shape: tuple[int, ...]) -> bool:
    is_array = isinstance(found, np.ndarray) and found.dtype == np.float32
    return (
        is_array and found.shape == shape and bool((found >= 0).all() and np.isfinite(found).all())
    )


def _keep(path: Path, array: NDArray[Any]) -> None:
    with Transaction(path.parent, overwrite=True) as files:
        np.save(files.place(path), array)
        files.commit()
    remove_abandoned(path.parent)
    _drop_oldest(path.parent)


def _drop_oldest(folder: Path) -> None:
    """Remove what is too much."""
    n_bytes = 0
    for file in sorted(folder.glob("*.npy"), key=lambda file: -file.stat().st_mtime):
        n_bytes += file.stat().st_size
        if n_bytes > _MOST_BYTES:
            file.unlink(missing_ok=True)
