"""Recordings: read in blocks, written in blocks, at the sample format's own precision."""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from nmfd_cli.errors import InputFileError, NmfdWarning, OutputError
from nmfd_cli.io.audio_length import estimated_length, file_name, find_length, is_mp3, silenced
from nmfd_cli.io.special_files import refuse_special

#: Bits of the integer sample formats; every other one holds fractions.
_BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}

#: The largest sample that is taken: its power still is a number in single precision.
_LOUDEST = 1e12

#: What a lossy or odd format is closest to, for writing stems in the input's precision.
_CLOSEST = {
    "FLOAT": "FLOAT", "DOUBLE": "DOUBLE", "PCM_S8": "PCM_16", "PCM_U8": "PCM_16",
    "PCM_16": "PCM_16", "PCM_24": "PCM_24", "PCM_32": "PCM_32",
}  # fmt: skip


@dataclass(frozen=True)
class Recording:
    """A readable audio file.

    Attributes
    ----------
    path : Path
    sample_rate : int
        In Hz.
    n_channels : int
    n_samples : int
        Samples a channel.
    subtype : str
        libsndfile's name of the sample format, e.g. ``PCM_24``.
    """

    path: Path
    sample_rate: int
    n_channels: int
    n_samples: int
    subtype: str

    @property
    def seconds(self) -> float:
        """The duration."""
        return self.n_samples / self.sample_rate

    @property
    def precision(self) -> str:
        """The sample format that holds every sample of this recording."""
        return _CLOSEST.get(self.subtype, "FLOAT")

    def blocks(self, block_samples: int) -> Iterator[NDArray[np.float64]]:
        """Yield the samples in order, in arrays (n_channels, up to block_samples).

        Integer formats are read as k / 2**(bits - 1), exactly.

        Raises
        ------
        InputFileError
            If the file cannot be decoded to its end, or holds NaN, infinity or what is near it.
        """
        position = 0
        with _open(self.path) as file:
            while position < self.n_samples:
                wanted = min(block_samples, self.n_samples - position)
                try:
                    with silenced(file.format == "MP3"):
                        block = file.read(wanted, dtype="float64", always_2d=True)
                except (sf.LibsndfileError, RuntimeError) as error:
                    raise self._broken(position, str(error)) from error
                if len(block) < wanted:
                    raise self._broken(position + len(block), "the file ends there")
                self._require_sane(block, position)
                position += len(block)
                yield block.T

    def _require_sane(self, block: NDArray[np.float64], position: int) -> None:
        """Refuse samples whose powers would not be numbers."""
        is_sane = (np.abs(block) <= _LOUDEST).all(axis=1)  # False for NaN
        if is_sane.all():
            return
        first = int(np.argmin(is_sane))
        is_finite = np.isfinite(block[first]).all()
        expected = (
            f"samples of up to {_LOUDEST:g}, 1 is full scale" if is_finite else "finite samples"
        )
        found = f"{np.abs(block[first]).max():g}" if is_finite else "NaN or infinity"
        bad = position + first
        raise InputFileError(
            self.path,
            f"expected {expected}, found {found} at sample {bad} ({bad / self.sample_rate:.3f} s)",
        )

    def _broken(self, position: int, reason: str) -> InputFileError:
        return InputFileError(
            self.path,
            f"expected {self.n_samples} samples, could read {position}: {reason.rstrip('.')}",
        )


def open_recording(path: str | Path) -> Recording:
    """Look at an audio file.

    Of one that was cut off, what is there counts; a warning says so.

    Raises
    ------
    InputFileError
        If it is missing, no file, no audio that libsndfile reads, or holds no samples.
    """
    path = Path(path)
    if path.is_dir():
        raise InputFileError(path, "expected an audio file, found a folder")
    if not path.exists() and not path.is_symlink():
        raise InputFileError(path, "no such file")
    if path.is_file() and path.stat().st_size == 0:
        raise InputFileError(path, "expected an audio file, found an empty one")
    with _open(path) as file:
        n_samples, missing = find_length(path, file)
        recording = Recording(path, file.samplerate, file.channels, n_samples, file.subtype)
    if recording.n_samples == 0:
        hint = f"; it was cut off: {missing}" if missing else ""
        raise InputFileError(path, f"expected sound, found 0 samples{hint}")
    if missing:
        there = f"{n_samples} samples ({recording.seconds:.3f} s) are there"
        warnings.warn(f"{path}: cut off: {missing}, {there}", NmfdWarning, stacklevel=2)
    return recording


def estimated_seconds(path: str | Path) -> float | None:
    """Return how long a recording is as its head has it; None if it does not say.

    Raises
    ------
    InputFileError
        If it is no audio that libsndfile reads.
    """
    with _open(Path(path)) as file:
        return estimated_length(file) / file.samplerate or None


def read_recording(path: str | Path) -> tuple[NDArray[np.float64], int]:
    """Return all samples (n_channels, n_samples) of a short file and its sample rate in Hz."""
    recording = open_recording(path)
    return next(recording.blocks(recording.n_samples)), recording.sample_rate


def _open(path: Path) -> sf.SoundFile:
    refuse_special(path, "an audio file")
    try:
        with silenced(is_mp3(path)):
            return sf.SoundFile(file_name(path))
    except (sf.LibsndfileError, RuntimeError, TypeError) as error:
        reason = getattr(error, "error_string", str(error)).rstrip(".")
        raise InputFileError(
            path, f"expected audio that libsndfile reads (WAV, FLAC, OGG, MP3, AIFF): {reason}"
        ) from error
    except OSError as error:
        raise InputFileError(path, f"cannot be read: {error.strerror or error}") from error


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
    """

    def __init__(
        self, path: Path, sample_rate: int, n_channels: int, sample_format: SampleFormat
    ) -> None:
        self._path = path
        self._format = sample_format
        container = sample_format.container.upper()
        try:
            self._file = sf.SoundFile(
                file_name(path), "w", sample_rate, n_channels, sample_format.subtype,
                format=container,
            )  # fmt: skip
        except (sf.LibsndfileError, OSError, RuntimeError, TypeError) as error:
            raise OutputError(
                f"{path.parent}: cannot write {container} of {n_channels} channels at "
                f"{sample_rate} Hz: {_reason(error)}"
            ) from error

    def write(self, x: NDArray[np.float64]) -> None:
        """Append quantised samples (n_channels, n_samples)."""
        try:
            self._file.write(np.ascontiguousarray(self._format.stored(x).T))
        except (sf.LibsndfileError, OSError, RuntimeError) as error:
            raise OutputError(f"{self._path.parent}: cannot write: {_reason(error)}") from error

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
            raise OutputError(f"{self._path.parent}: cannot write: {_reason(error)}") from error

    def abandon(self) -> None:
        """Let go of the file, finished or not, without a word."""
        with suppress(sf.LibsndfileError, OSError, RuntimeError):
            self._file.close()


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(getattr(error, "error_string", error)).rstrip(".")


def require_writable_format(container: str, n_channels: int, sample_rate: int) -> None:
    """Refuse what a container cannot hold before any work is done.

    Raises
    ------
    OutputError
    """
    if container == "flac" and (n_channels > 8 or sample_rate > 655350):
        raise OutputError(
            f"format: flac holds up to 8 channels and 655350 Hz, found {n_channels} channels at "
            f"{sample_rate} Hz; --format wav holds them"
        )
