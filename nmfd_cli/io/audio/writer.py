"""Audio files of results: written in blocks, to the bit what was decided on."""

import errno
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from nmfd_cli.errors import OutputError
from nmfd_cli.io.audio.decoder import file_name
from nmfd_cli.io.audio.formats import BYTES, FORMATS
from nmfd_cli.io.audio.recording import AudioFacts
from nmfd_cli.io.audio.riff import clear_peak_time
from nmfd_cli.io.audio.tags import NO_TAGS, Tags, write_tags

#: Bytes of samples that a WAV file holds with a head and what else belongs to them: from there on
#: its sizes of 32 bits do not do, and it becomes RF64.
_LARGEST_WAV = (1 << 32) - (1 << 24)

#: Kilobits a second of stereo at 44.1 kHz at the qualities 0, 1 ... 10 of Vorbis.
_VORBIS_RATES = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 500)
#: Kilobits a second.
DEFAULT_BIT_RATE = 192
#: Samples written at a time.
_BLOCK = 1 << 16

#: Bytes left on a disk that takes no more blocks.
_FULL_DISK = 1 << 16


@dataclass(frozen=True)
class SampleFormat:
    """A way to store samples.

    Attributes
    ----------
    container : str
        ``wav``, ``flac``, ``ogg`` or ``mp3``.
    subtype : str
        libsndfile's name.
    bit_rate : int, optional
        Kilobits a second of the latter two.
    """

    container: str
    subtype: str
    bit_rate: int | None = None

    def __post_init__(self) -> None:
        if not sf.check_format(self.container.upper(), self.subtype):
            raise OutputError(
                f"{self.subtype.lower()} does not exist in {self.container} files",
                setting="subtype",
            )

    @property
    def bits(self) -> int | None:
        """Bits of an integer format, None of a floating-point one."""
        return 8 * BYTES[self.subtype] if self.subtype.startswith("PCM_") else None

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


class AudioWriter:
    """An audio file that is written block by block.

    Parameters
    ----------
    path : Path
        Where it is written.
    facts : AudioFacts
        Whose sample rate and number of channels the file has.
    place : Path
        Where the file will stand in the end: what errors speak of.
    tags : Tags
        What it tells beside the samples.
    """

    def __init__(
        self,
        path: Path,
        facts: AudioFacts,
        sample_format: SampleFormat,
        *,
        place: Path,
        tags: Tags = NO_TAGS,
    ) -> None:
        self._path, self._place, self._tags = path, place, tags
        self._format = sample_format
        container = sample_format.container.upper()
        if container == "WAV":
            n_bytes = facts.n_samples * facts.n_channels * BYTES[sample_format.subtype]
            container = "RF64" if n_bytes > _LARGEST_WAV else "WAVEX" if tags.mask else "WAV"
        rate, channels = facts.sample_rate, facts.n_channels
        try:
            self._file = sf.SoundFile(
                file_name(path),
                "w",
                rate,
                channels,
                sample_format.subtype,
                format=container,
                **_compression(sample_format, facts),
            )
            if container == "OGG":
                for name, text in tags.titles.items():
                    setattr(self._file, name, text)
        except (sf.LibsndfileError, OSError, RuntimeError, TypeError) as error:
            what = f"{container} of {channels} channels at {rate} Hz"
            raise self._failed(error, what) from error

    def write(self, x: NDArray[np.float64]) -> None:
        """Append quantised samples (n_channels, n_samples)."""
        try:
            samples = np.ascontiguousarray(self._format.stored(x).T)
            for start in range(0, len(samples), _BLOCK):  # its encoders have no room for all
                self._file.write(samples[start : start + _BLOCK])
        except (sf.LibsndfileError, OSError, RuntimeError) as error:
            raise self._failed(error) from error

    def mark(self, positions: Sequence[int]) -> None:
        """Add cue points at samples."""
        self._tags = self._tags.with_cue_points(positions)

    def close(self) -> None:
        """Finish the file.

        Raises
        ------
        OutputError
            If what is on disk is not what was written.
        """
        try:
            self._file.close()
            if self._format.container == "ogg":
                from nmfd_cli.io.audio.ogg import clear_serial  # what few need

                clear_serial(self._path)
            elif self._format.container == "wav":
                clear_peak_time(self._path)
            write_tags(self._path, self._format.container, self._tags)
        except (sf.LibsndfileError, OSError, RuntimeError) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception, what: str = "") -> OutputError:
        wrote = f"cannot write {what}" if what else "cannot write"
        return OutputError(f"{wrote}: {_reason(error, self._path)}", path=self._place.parent)

    def abandon(self) -> None:
        """Let go of the file, finished or not, without a word."""
        with suppress(sf.LibsndfileError, OSError, RuntimeError):
            self._file.close()


def _compression(sample_format: SampleFormat, facts: AudioFacts) -> dict[str, Any]:
    """Return what tells libsndfile the bit rate."""
    if sample_format.bit_rate is None:
        return {}
    wanted = float(sample_format.bit_rate)
    if sample_format.container == "mp3":
        rate = facts.sample_rate
        low, high = (32, 320) if rate >= 32000 else (8, 160) if rate >= 16000 else (8, 64)
        return {
            "compression_level": 1 - (min(max(wanted, low), high) - low) / (high - low),
            "bitrate_mode": "CONSTANT",
        }
    of_stereo = wanted * 2 / facts.n_channels * 44100 / facts.sample_rate
    quality = float(np.interp(of_stereo, _VORBIS_RATES, np.arange(len(_VORBIS_RATES)) / 10))
    return {"compression_level": 1 - quality}


def _reason(error: Exception, path: Path) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    with suppress(OSError):  # libsndfile says "System error" of it
        if shutil.disk_usage(path.parent).free < _FULL_DISK:
            return os.strerror(errno.ENOSPC)
    return str(getattr(error, "error_string", error)).rstrip(".")


def require_writable_format(container: str, facts: AudioFacts) -> None:
    """Refuse what a container cannot hold before any work is done, by an `OutputError`."""
    known = FORMATS[container]
    if facts.n_channels > known.most_channels or not known.knows_rate(facts.sample_rate):
        raise OutputError(
            f"{container} holds up to {known.most_channels} channels at {known.rates}",
            setting="format",
            found=f"{facts.n_channels} channels at {facts.sample_rate} Hz",
            hint="--format wav holds them",
        )
