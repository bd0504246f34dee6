"""Audio files of results: written in blocks, to the bit what was decided on."""

import errno
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from nmfd_cli.errors import OutputError
from nmfd_cli.io.audio.decoder import file_name

#: Bits of the integer sample formats; every other one holds fractions.
_BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}

#: The sample rates of FLAC, as errors tell of them.
FLAC_RATES = "up to 65535 Hz (655350 Hz in steps of 10)"

#: Bytes left on a disk that takes no more blocks.
_FULL_DISK = 1 << 16


@dataclass(frozen=True)
class SampleFormat:
    """A way to store samples.

    Attributes
    ----------
    container : str
        ``wav`` or ``flac``.
    subtype : str
        libsndfile's name.
    """

    container: str
    subtype: str

    def __post_init__(self) -> None:
        if not sf.check_format(self.container.upper(), self.subtype):
            raise OutputError(
                f"subtype: {self.subtype.lower()} does not exist in {self.container} files"
            )

    @property
    def bits(self) -> int | None:
        """Bits of an integer format, None of a floating-point one."""
        return _BITS.get(self.subtype)

    def quantise(self, x: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Return the nearest samples that the format holds, as float64; beyond its range too."""
        if self.bits is None:
            dtype = np.float64 if self.subtype == "DOUBLE" else np.float32
            return x.astype(dtype).astype(np.float64)
        steps = 2.0 ** (self.bits - 1)
        quantised: NDArray[np.float64] = np.rint(x.astype(np.float64) * steps) / steps
        return quantised

    def holds(self, low: float, high: float) -> bool:
        """Whether samples of this range can be stored."""
        return self.bits is None or (low >= -1 and high <= 1 - 2.0 ** (1 - self.bits))

    def stored(self, x: NDArray[np.float64]) -> NDArray[Any]:
        """Return quantised samples as the array that libsndfile stores bit by bit."""
        if self.bits is None:
            return x.astype(np.float64 if self.subtype == "DOUBLE" else np.float32)
        if self.bits <= 16:
            return (x * 2.0**15).astype(np.int16)
        return (x * 2.0**31).astype(np.int32)


class StemFile:
    """An audio file that is written block by block.

    Parameters
    ----------
    path : Path
    sample_rate : int
        In Hz.
    n_channels : int
    sample_format : SampleFormat
    shown_as : Path, optional
        The place that errors name.
    """

    def __init__(
        self,
        path: Path,
        sample_rate: int,
        n_channels: int,
        sample_format: SampleFormat,
        *,
        shown_as: Path | None = None,
    ) -> None:
        self._path = path
        self._folder = (shown_as or path).parent
        self._format = sample_format
        container = sample_format.container.upper()
        try:
            self._file = sf.SoundFile(
                file_name(path), "w", sample_rate, n_channels, sample_format.subtype,
                format=container,
            )  # fmt: skip
        except (sf.LibsndfileError, OSError, RuntimeError, TypeError) as error:
            raise OutputError(
                f"{self._folder}: cannot write {container} of {n_channels} channels at "
                f"{sample_rate} Hz: {_reason(error, path)}"
            ) from error

    def write(self, x: NDArray[np.float64]) -> None:
        """Append quantised samples (n_channels, n_samples)."""
        try:
            self._file.write(np.ascontiguousarray(self._format.stored(x).T))
        except (sf.LibsndfileError, OSError, RuntimeError) as error:
            raise OutputError(
                f"{self._folder}: cannot write: {_reason(error, self._path)}"
            ) from error

    def close(self) -> None:
        """Finish the file.

        Raises
        ------
        OutputError
            If what is on disk is not what was written.
        """
        try:
            self._file.close()
        except (sf.LibsndfileError, OSError, RuntimeError) as error:
            raise OutputError(
                f"{self._folder}: cannot write: {_reason(error, self._path)}"
            ) from error

    def abandon(self) -> None:
        """Let go of the file, finished or not, without a word."""
        with suppress(sf.LibsndfileError, OSError, RuntimeError):
            self._file.close()


def _reason(error: Exception, path: Path) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    with suppress(OSError):  # libsndfile says "System error" of it
        if shutil.disk_usage(path.parent).free < _FULL_DISK:
            return os.strerror(errno.ENOSPC)
    return str(getattr(error, "error_string", error)).rstrip(".")


def require_writable_format(container: str, n_channels: int, sample_rate: int) -> None:
    """Refuse what a container cannot hold before any work is done.

    Raises
    ------
    OutputError
    """
    if container == "flac" and (n_channels > 8 or not flac_holds(sample_rate)):
        raise OutputError(
            f"format: flac holds up to 8 channels and {FLAC_RATES}, found {n_channels} channels "
            f"at {sample_rate} Hz; --format wav holds them"
        )


def flac_holds(sample_rate: int) -> bool:
    """Whether the head of a FLAC frame has room for a sample rate in Hz: see `FLAC_RATES`."""
    return sample_rate <= 65535 or (sample_rate <= 655350 and sample_rate % 10 == 0)
