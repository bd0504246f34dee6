"""Samples on the temporary disk, until all of a recording has passed by."""

import tempfile
from contextlib import ExitStack

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.errors import OutputError
from nmfd_cli.io.temporary import temporary_file


class SampleSpool:
    """The samples of a track, written block by block and then read as one array.

    Parameters
    ----------
    resources : ExitStack
        Whose end gives the disk free again.
    """

    def __init__(self, resources: ExitStack) -> None:
        self._file = resources.enter_context(temporary_file())
        self._n_channels = 1

    def append(self, samples: FloatArray) -> None:
        """Add samples (C, any), as float32.

        Raises
        ------
        OutputError
            If the temporary disk is full.
        """
        self._n_channels = samples.shape[0]
        try:
            self._file.write(np.ascontiguousarray(samples.T, dtype=np.float32).data)
        except OSError as error:
            raise _no_room(error) from error

    def samples(self) -> NDArray[np.float32]:
        """Return all samples, shape (C, n), mapped from the disk.

        Raises
        ------
        OutputError
            If the temporary disk is full: the last of them may have been held back until now.
        """
        try:
            self._file.flush()
        except OSError as error:
            raise _no_room(error) from error
        flat = np.memmap(self._file, dtype=np.float32, mode="r")
        return flat.reshape(-1, self._n_channels).T


def _no_room(error: OSError) -> OutputError:
    return OutputError(
        f"no room for the sound of the report: {error.strerror}",
        path=tempfile.gettempdir(),
        hint="TMPDIR names another folder",
    )
