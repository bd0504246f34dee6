"""Recordings, read in blocks, exactly."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.errors import NO_SUCH_FILE, InputFileError, Warn, cannot_read, warn_python
from nmfd_cli.io.audio.decoder import is_noisy, silenced
from nmfd_cli.io.audio.formats import SUBTYPES
from nmfd_cli.io.audio.length import UNKNOWN_SAMPLES, find_length
from nmfd_cli.io.audio.source import AudioSource, NotDecodedError, opened, readable, source_of
from nmfd_cli.io.audio.tags import NO_TAGS, Tags, read_tags, titles_of

#: What stands for standard input in place of a path.
STREAM: Final = "-"
#: What standard input is called where a name is needed, of a track for example; and in messages.
STDIN_NAME: Final = "stdin"
STDIN_CALLED: Final = "standard input"

#: The largest sample that is taken: its power still is a number in single precision.
_LOUDEST = 1e12

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class AudioFacts:
    """What is known of audio without its samples.

    Attributes
    ----------
    sample_rate : int
        In Hz.
    n_samples : int
        Samples a channel.
    subtype : str
        libsndfile's name of the sample format, e.g. ``PCM_24``.
    """

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
        """The sample format that holds every sample."""
        if self.subtype in ("PCM_S8", "PCM_U8"):
            return "PCM_16"
        return self.subtype if self.subtype.lower() in SUBTYPES else "FLOAT"


@dataclass(frozen=True)
class Recording(AudioFacts):
    """Audio that can be read as often as it is needed, wherever it lies.

    Attributes
    ----------
    name : str
        What errors and warnings call it: the path as it was given, or ``standard input``.
    title : str
        What results call it: the file's name.
    read : callable
        ``read(block_samples)`` yields the samples; see `blocks`.
    tags : Tags
        What its file tells beside the samples.
    """

    name: str
    title: str
    read: Callable[[int], Iterator[Samples]] = field(repr=False, compare=False)
    tags: Tags = field(default=NO_TAGS, repr=False, compare=False)

    @property
    def facts(self) -> AudioFacts:
        """What is known of it, without the samples."""
        return AudioFacts(self.sample_rate, self.n_channels, self.n_samples, self.subtype)

    def part(self, begin: int, end: int) -> "Recording":
        """Return the samples from begin to end, the latter not included, as a recording."""
        read = partial(_part_of_blocks, self.read, begin, end)
        tags = self.tags.part(begin, end, n_samples=self.n_samples)
        return replace(self, n_samples=end - begin, read=read, tags=tags)

    def between(self, start: float, end: float | None) -> "Recording":
        """Return what sounds from start to end, in seconds; without an end, to the last sample.

        Raises
        ------
        InputFileError
            If that is nothing.
        """
        begin, stop = round(start * self.sample_rate), self.n_samples
        if end is not None:
            stop = min(stop, round(end * self.sample_rate))
        if begin >= stop:
            to = "the end" if end is None else f"{end:g} s"
            wanted, found = f"sound from {start:g} s to {to}", f"{self.seconds:.3f} s in all"
            raise InputFileError(self.name, expected=wanted, found=found)
        return self if stop - begin == self.n_samples else self.part(begin, stop)

    def blocks(self, block_samples: int) -> Iterator[Samples]:
        """Yield the samples in order, in arrays (n_channels, up to block_samples).

        Integer formats are read as k / 2**(bits - 1), exactly.

        Raises
        ------
        InputFileError
            If a file cannot be decoded to its end, or holds NaN, infinity or what is near it.
        """
        return self.read(block_samples)


def open_recording(
    path: str | Path, *, name: str | None = None, title: str | None = None, warn: Warn = warn_python
) -> Recording:
    """Look at an audio file.

    Of one that was cut off, what is there counts; a warning says so.

    Parameters
    ----------
    name, title : str, optional
        As in `Recording`, where the path is not what the user knows it by.

    Raises
    ------
    InputFileError
        If it is missing, no file, no audio that libsndfile or ffmpeg reads, or holds no samples.
    """
    path = Path(path)
    called = name if name is not None else str(path)
    try:
        try:
            _require_file(path)
        except OSError as error:  # a name too long, or a folder that may not be looked into
            raise cannot_read(path, error) from error
        try:
            source = source_of(path)
        except NotDecodedError as error:
            from nmfd_cli.io.audio.foreign import decoded  # what few need

            source = decoded(path, error, warn=warn)
        with opened(source) as file:
            n_samples, missing = find_length(source, file)
            subtype = (
                file.subtype if source.bits is None else "PCM_24" if source.bits > 16 else "PCM_16"
            )
            facts = AudioFacts(file.samplerate, file.channels, n_samples, subtype)
            titles, channels = titles_of(file), file.channels
        with readable(source) as content:
            tags = read_tags(content, source.layout, titles, channels)
    except InputFileError as error:
        error.path = called
        raise
    if n_samples == 0:
        hint = f"it was cut off: {missing}" if missing else ""
        raise InputFileError(called, expected="sound", found="0 samples", hint=hint)
    if missing:
        there = f"{n_samples} samples ({facts.seconds:.3f} s) are there"
        warn(f"{called}: cut off: {missing}, {there}")
    read = partial(_file_blocks, source, called, facts)
    return Recording(**vars(facts), name=called, title=title or path.name, read=read, tags=tags)


@contextmanager
def recording_at(path: str | Path, *, warn: Warn = warn_python) -> Iterator[Recording]:
    """Open a file, or standard input for ``-``, of which the temporary copy goes at the end.

    Raises
    ------
    InputFileError
        As `open_recording`; or if standard input is empty or cannot be read.
    ParameterError
        If standard input is a terminal.
    OutputError
        If the temporary disk is full.
    """
    if str(path) != STREAM:
        yield open_recording(path, warn=warn)
        return
    from nmfd_cli.io.audio.streams import spooled_stdin  # what few need

    with spooled_stdin() as copy:
        yield open_recording(copy, name=STDIN_CALLED, title=STDIN_NAME, warn=warn)


def estimated_seconds(path: str | Path) -> float | None:
    """Return how long a recording is as its head has it; None if it does not say.

    Raises
    ------
    InputFileError
        If it is no audio that libsndfile reads.
    """
    with opened(source_of(Path(path))) as file:
        return file.frames / file.samplerate or None if file.frames < UNKNOWN_SAMPLES else None


def read_recording(path: str | Path) -> tuple[Samples, int]:
    """Return all samples (n_channels, n_samples) of a short file and its sample rate in Hz."""
    recording = open_recording(path)
    return next(recording.blocks(recording.n_samples)), recording.sample_rate


def require_sane(block: FloatArray, *, name: str, sample_rate: int, position: int = 0) -> None:
    """Refuse samples whose powers would not be numbers.

    Parameters
    ----------
    block : ndarray, shape (n, n_channels)
    name : str
        What the recording is called.
    sample_rate : int
        In Hz.
    position : int
        Sample of the recording at which the block begins.

    Raises
    ------
    InputFileError
    """
    if not block.size or (block.min() >= -_LOUDEST and block.max() <= _LOUDEST):  # not so of NaN
        return
    first = int(np.argmin((np.abs(block) <= _LOUDEST).all(axis=1)))
    is_finite = bool(np.isfinite(block[first]).all())
    found = f"{np.abs(block[first]).max():g}" if is_finite else "NaN or infinity"
    bad = position + first
    raise InputFileError(
        name,
        expected=f"samples of up to {_LOUDEST:g}, 1 is full scale"
        if is_finite
        else "finite samples",
        found=f"{found} at sample {bad} ({bad / sample_rate:.3f} s)",
    )


def _part_of_blocks(
    read: Callable[[int], Iterator[Samples]], begin: int, end: int, block_samples: int
) -> Iterator[Samples]:
    waiting: list[Samples] = []
    position = n_waiting = 0
    for block in read(block_samples):
        wanted = block[:, max(0, begin - position) : max(0, end - position)]
        position += block.shape[1]
        waiting.append(wanted)
        n_waiting += wanted.shape[1]
        if n_waiting >= block_samples:
            joined = np.concatenate(waiting, axis=1)
            yield joined[:, :block_samples]
            waiting, n_waiting = [joined[:, block_samples:]], n_waiting - block_samples
        if position >= end:
            break
    if n_waiting:
        yield np.concatenate(waiting, axis=1)


def _file_blocks(
    source: AudioSource, name: str, facts: AudioFacts, block_samples: int
) -> Iterator[Samples]:
    position = 0

    def broken(reason: str) -> InputFileError:
        read = f"could read {position}: {reason.rstrip('.')}"
        return InputFileError(name, f"expected {facts.n_samples} samples, {read}")

    with opened(source) as file:
        while position < facts.n_samples:
            wanted = min(block_samples, facts.n_samples - position)
            try:
                with silenced(is_noisy(file)):
                    block = file.read(wanted, dtype="float64", always_2d=True)
            except (sf.LibsndfileError, RuntimeError) as error:
                raise broken(str(error)) from error
            if len(block) < wanted:
                position += len(block)
                raise broken("the file ends there")
            block *= source.scale
            require_sane(block, name=name, sample_rate=facts.sample_rate, position=position)
            position += len(block)
            yield block.T


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise InputFileError(path, expected="an audio file", found="a folder")
    if not path.exists() and not path.is_symlink():
        raise InputFileError(path, NO_SUCH_FILE)
    if path.is_file() and path.stat().st_size == 0:
        raise InputFileError(path, expected="an audio file", found="an empty one")
