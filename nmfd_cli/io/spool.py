"""A spectrogram on disk, for recordings that are longer than a block."""

import tempfile
import threading
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.nmfconv.engine.target import least_entry
from nmfd_cli.errors import OutputError
from nmfd_cli.io.temporary import temporary_file


class SpooledSpectrogram:
    """A magnitude spectrogram (K, M) in a temporary file, read panel by panel.

    The file has no name where the system allows that, so nothing is left of it however the process
    ends.  Satisfies `core.nmfconv.engine.target.Target`.

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
    in_memory : bool
        No.
    """

    in_memory = False

    def __init__(self, n_bins: int, panel_frames: int, dtype: np.dtype[Any]) -> None:
        self.dtype = np.dtype(dtype)
        self.panel_frames = panel_frames
        self.total = 0.0
        self._n_bins = n_bins
        self._n_frames = 0
        self._pending = np.empty((n_bins, 0), dtype=self.dtype)
        self._reading = threading.Lock()
        self._file = temporary_file()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(OSError):  # a full disk has been told of by then
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
        self.total += float(magnitude.sum(dtype=np.float64))
        self._n_frames += magnitude.shape[1]
        frames = magnitude.astype(self.dtype, copy=False)
        self._pending = np.concatenate([self._pending, frames], axis=1)
        while self._pending.shape[1] >= self.panel_frames:
            self._write(self._pending[:, : self.panel_frames])
            self._pending = self._pending[:, self.panel_frames :]

    def _write(self, panel: NDArray[Any]) -> None:
        try:
            self._file.write(np.ascontiguousarray(panel).data)
            self._file.flush()
        except OSError as error:
            raise OutputError(
                f"no room for the spectrogram ({self.n_bytes / 1e9:.1f} GB so far): "
                f"{error.strerror}",
                path=tempfile.gettempdir(),
                hint="TMPDIR names another folder",
            ) from error

    def panel(self, index: int, scratch: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return a panel (K, m); from several threads at once, too.

        Parameters
        ----------
        index : int
        scratch : ndarray, optional
            Where to put it.
        """
        start = index * self.panel_frames
        if start >= self._n_frames - self._pending.shape[1]:
            return self._above_zero(self._pending.copy(order="C"))
        size = self._n_bins * self.panel_frames
        panel = np.empty(size, dtype=self.dtype) if scratch is None else scratch[:size]
        with self._reading:
            self._file.seek(index * panel.nbytes)
            n_read = self._file.readinto(panel.data)
        if n_read != panel.nbytes:
            raise OutputError(
                f"expected {panel.nbytes} bytes of the spectrogram, could read {n_read}",
                path=tempfile.gettempdir(),
            )
        return self._above_zero(panel.reshape(self._n_bins, self.panel_frames))

    def _above_zero(self, panel: NDArray[Any]) -> NDArray[Any]:
        """Return a panel, changed in place, as `Target` promises it."""
        least = self.dtype.type(least_entry(self.total, self.dtype))
        np.maximum(panel, least, out=panel)
        return panel
