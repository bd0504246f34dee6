"""What waits on the temporary disk: a long recording's spectrogram, the sound of a report."""

import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.engine.target import least_entry
from nmfd_cli.errors import OutputError
from nmfd_cli.io.temporary import no_room, temporary_file


class SpooledSpectrogram:
    """A magnitude spectrogram (K, M) in a temporary file, read panel by panel.

    Satisfies `core.nmfconv.engine.target.Target`.

    Parameters
    ----------
    n_bins : int
        K.
    panel_frames : int
        Frames of a panel.
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

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):  # a full disk has been told of by then
            self._file.close()

    @property
    def shape(self) -> tuple[int, int]:
        """(K, M), as far as it has been written."""
        return self._n_bins, self._n_frames

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
            n_bytes = self._n_bins * self._n_frames * self.dtype.itemsize
            what = f"the spectrogram ({n_bytes / 1e9:.1f} GB so far): {error.strerror}"
            raise no_room(what) from error

    def panel(self, index: int, scratch: NDArray[Any] | None = None) -> NDArray[Any]:
        """Return a panel (K, m), put into `scratch` if that is given; see `Target`."""
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
        self._attempt(lambda: self._file.write(np.ascontiguousarray(samples.T, np.float32).data))

    def samples(self) -> NDArray[np.float32]:
        """Return all samples, shape (C, n), mapped from the disk.

        Raises
        ------
        OutputError
            If the temporary disk is full: the last of them may have been held back until now.
        """
        self._attempt(self._file.flush)
        flat = np.memmap(self._file, dtype=np.float32, mode="r")
        return flat.reshape(-1, self._n_channels).T

    def _attempt(self, action: Callable[[], object]) -> None:
        try:
            action()
        except OSError as error:
            raise no_room(f"the sound of the report: {error.strerror}") from error
