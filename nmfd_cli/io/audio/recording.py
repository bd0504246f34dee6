"""Recordings, read in blocks, exactly."""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from nmfd_cli.errors import InputFileError, NmfdWarning
from nmfd_cli.io.audio.decoder import file_name, is_mp3, silenced
from nmfd_cli.io.audio.length import estimated_length, find_length
from nmfd_cli.io.special_files import refuse_special

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
    try:
        _require_file(path)
    except OSError as error:  # a name too long, or a folder that may not be looked into
        raise InputFileError(path, f"cannot be read: {error.strerror or error}") from error
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


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise InputFileError(path, "expected an audio file, found a folder")
    if not path.exists() and not path.is_symlink():
        raise InputFileError(path, "no such file")
    if path.is_file() and path.stat().st_size == 0:
        raise InputFileError(path, "expected an audio file, found an empty one")


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
