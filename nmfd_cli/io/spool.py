"""A spectrogram on disk, for recordings that are longer than a block."""

import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.errors import OutputError


class SpooledSpectrogram:
    """A magnitude spectrogram (K, M) in a temporary file, read panel by panel.

    The file has no name where the system allows that, so nothing is left of it however the process
    ends.  Satisfies `core.nmfconv.engine.Target`.

    Parameters
    ----------
    n_bins : int
        K.
    panel_frames : int
        Frames of a panel.
    dtype : dtype

    Attributes
    ----------
    shape : tuple of int
        (K, M), as far as it has been written.
    total : float
        The sum of all entries.
    whole : None
        It does not lie in memory.
    """

    def __init__(self, n_bins: int, panel_frames: int, dtype: np.dtype[Any]) -> None:
        self.dtype = np.dtype(dtype)
        self.panel_frames = panel_frames
        self.total = 0.0
        self.whole = None
        self._n_bins = n_bins
        self._n_frames = 0
        self._pending = np.empty((n_bins, 0), dtype=self.dtype)
        self._file = tempfile.TemporaryFile(prefix="nmfd-")  # noqa: SIM115 - closed by close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def shape(self) -> tuple[int, int]:
        return self._n_bins, self._n_frames

    @property
    def n_bytes(self) -> int:
        """Temporary disk taken."""
        return self._n_bins * self._n_frames * self.dtype.itemsize

    def append(self, magnitude: NDArray[Any]) -> None:
        """Add frames (K, any).

        Raises
        ------
        OutputError
            If the temporary disk is full.
        """
        floored = np.maximum(magnitude, np.finfo(self.dtype).tiny).astype(self.dtype, copy=False)
        self.total += float(floored.sum(dtype=np.float64))
        self._n_frames += magnitude.shape[1]
        self._pending = np.concatenate([self._pending, floored], axis=1)
        while self._pending.shape[1] >= self.panel_frames:
            self._write(self._pending[:, : self.panel_frames])
            self._pending = self._pending[:, self.panel_frames :]

    def _write(self, panel: NDArray[Any]) -> None:
        try:
            self._file.write(np.ascontiguousarray(panel).data)
        except OSError as error:
            raise OutputError(
                f"{tempfile.gettempdir()}: no room for the spectrogram ({self.n_bytes / 1e9:.1f} GB"
                f" so far): {error.strerror}; TMPDIR names another folder"
            ) from error

    def panels(self) -> Iterator[tuple[int, int, NDArray[Any]]]:
        """Yield ``start, stop, V[:, start:stop]`` in order; the array holds until the next one."""
        self._file.seek(0)
        buffer = np.empty((self._n_bins, self.panel_frames), dtype=self.dtype)
        n_written = self._n_frames - self._pending.shape[1]
        for start in range(0, n_written, self.panel_frames):
            self._file.readinto(buffer.data)
            yield start, start + self.panel_frames, buffer
        if n_written < self._n_frames:
            yield n_written, self._n_frames, self._pending
