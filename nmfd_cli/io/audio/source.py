"""What libsndfile is given to read: a file as it is, or its samples behind a corrected head.

Nothing is copied: `_Spliced` serves a head from memory and the samples from where they are.
"""

import io
import os
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import soundfile as sf

from nmfd_cli.errors import InputFileError, cannot_read
from nmfd_cli.io.audio.decoder import file_name, is_mp3, silenced
from nmfd_cli.io.audio.riff import Layout, find_layout
from nmfd_cli.io.existing import refuse_special

#: What a WAV file's samples may be.
_PCM, _MPEG, _EXTENSIBLE = 1, (0x50, 0x55), 0xFFFE
#: Bytes of samples that are looked at at a time.
_SCANNED: Final = 1 << 20
#: Bytes within which the first frame of MP3 begins.
_FRAME_WITHIN: Final = 1 << 16


class NotDecodedError(InputFileError):
    """libsndfile does not read a file."""


class SeekableBytes(Protocol):
    """What is read of a file."""

    def seek(self, offset: int, whence: int = 0, /) -> int: ...

    def read(self, size: int = -1, /) -> bytes: ...


@dataclass(frozen=True)
class AudioSource:
    """The bytes of a recording.

    Attributes
    ----------
    path : Path
        The file, or where it comes from.
    layout : Layout or None
        Where the samples of a WAV or AIFF file are.
    head : bytes or None
        What is read in place of all that stands before the samples; None for the file as it is.
    bits : int or None
        How many low bits of the containers the samples take, if they stand there.
    held : binary file or None
        A file without a name that is read instead.
    """

    path: Path
    layout: Layout | None = None
    head: bytes | None = None
    bits: int | None = None
    held: SeekableBytes | None = None

    @property
    def scale(self) -> float:
        """What samples are to be multiplied with."""
        return 1.0 if self.bits is None else 2.0 ** (32 - self.bits)


@contextmanager
def opened(source: AudioSource) -> Iterator[sf.SoundFile]:
    """Open what a source gives to read.

    Raises
    ------
    NotDecodedError
        If libsndfile does not read it.
    """
    path = source.path
    refuse_special(path, "an audio file")
    with ExitStack() as resources:
        try:
            if source.head is None and source.held is None:
                with silenced(is_mp3(path)):
                    file = sf.SoundFile(file_name(path))
            else:
                served = resources.enter_context(_Spliced(source))
                with silenced(not source.head):
                    file = sf.SoundFile(served)
        except (sf.LibsndfileError, RuntimeError, TypeError) as error:
            reason = getattr(error, "error_string", str(error)).rstrip(".")
            found = "none" if "not recognised" in reason else f"what libsndfile refuses: {reason}"
            raise NotDecodedError(
                path, expected="audio (WAV, FLAC, OGG, MP3, AIFF ...)", found=found
            ) from error
        except OSError as error:
            raise cannot_read(path, error) from error
        yield resources.enter_context(file)


@contextmanager
def readable(source: AudioSource) -> Iterator[Any]:
    """Open the bytes of a source as they are."""
    if source.held is not None:
        yield source.held
        return
    with source.path.open("rb") as file:
        yield file


def source_of(path: Path) -> AudioSource:
    """Look at how a file is to be read.

    Raises
    ------
    NotDecodedError
        If libsndfile reads it neither as it is nor behind a corrected head.
    """
    refuse_special(path, "an audio file")
    try:
        with path.open("rb") as file:
            layout = find_layout(file)
    except OSError as error:
        raise cannot_read(path, error) from error
    source = AudioSource(path, layout)
    if layout is not None:
        source = _mended(source, layout)
    try:
        with opened(source):
            return source
    except NotDecodedError:
        if layout is not None and source.head is None:
            mended = replace(source, head=corrected_head(layout))
            with suppress(NotDecodedError), opened(mended):
                return mended
        raise


def _mended(source: AudioSource, layout: Layout) -> AudioSource:
    """Return a source with another head, if libsndfile would misread its own without a word."""
    if layout.form == b"WAVE" and len(layout.format) >= 16:
        tag, n_channels, rate, byte_rate, align, bits = _unpacked(layout)
        if tag in _MPEG:
            return replace(source, head=b"", layout=_from_first_frame(source.path, layout))
        valid = bits
        if tag == _EXTENSIBLE and len(layout.format) >= 26:
            valid = int.from_bytes(layout.format[18:20], layout.order)
            tag = int.from_bytes(layout.format[24:26], layout.order)
        container = align // n_channels if n_channels and align % n_channels == 0 else 0
        is_wider = 0 < (bits + 7) // 8 < container <= 4 and byte_rate == align * rate
        if tag == _PCM and container == 4 and (is_wider or 0 < valid < bits == 32):
            low = _low_bits(source.path, layout, min(valid, bits))
            if low or is_wider:
                return replace(source, head=corrected_head(layout, bits=32), bits=low)
        elif tag == _PCM and is_wider:
            return replace(source, head=corrected_head(layout, bits=8 * container))
    elif layout.form == b"WAVE" and len(layout.format) == 14:  # of PCM, without the bits
        tag, n_channels, _, _, align, _ = _unpacked(layout)
        if tag == _PCM and n_channels and align:
            return replace(source, head=corrected_head(layout, bits=8 * (align // n_channels)))
    return source if layout.is_sound else replace(source, head=corrected_head(layout))


def _from_first_frame(path: Path, layout: Layout) -> Layout:
    """Return where the frames of MP3 begin: something else may stand before them."""
    with path.open("rb") as file:
        file.seek(layout.begin)
        data = file.read(min(_FRAME_WITHIN, layout.size))
    starts = (n for n in range(len(data) - 1) if data[n] == 0xFF and data[n + 1] >= 0xE0)
    first = 0 if data.startswith(b"ID3") else next(starts, 0)
    return replace(layout, begin=layout.begin + first, size=layout.size - first)


def _unpacked(layout: Layout) -> tuple[int, int, int, int, int, int]:
    """Return tag, channels, rate, bytes a second, bytes of a sample of all channels, bits."""
    order = "<" if layout.order == "little" else ">"
    tag, channels, rate, byte_rate, align, bits = struct.unpack(
        order + "HHIIHH", layout.format[:16].ljust(16, b"\0")
    )
    return tag, channels, rate, byte_rate, align, bits


def _low_bits(path: Path, layout: Layout, bits: int) -> int | None:
    """Return the bits of samples that stand at the low end of 32; None if they do not."""
    dtype = "<i4" if layout.order == "little" else ">i4"
    uses_low = False
    with path.open("rb") as file:
        file.seek(layout.begin)
        left = layout.size
        while left > 0:
            data = file.read(min(_SCANNED, left))
            left -= _SCANNED
            samples = np.frombuffer(data[: len(data) // 4 * 4], dtype)
            if ((samples >> (bits - 1)) + 1 >> 1).any():  # neither 0 nor -1
                return None
            uses_low |= bool((samples & ((1 << (32 - bits)) - 1)).any())
            if len(data) < _SCANNED:
                break
    return bits if uses_low else None


def corrected_head(layout: Layout, *, bits: int | None = None) -> bytes:
    """Return the head of a WAV or AIFF file with nothing but what its samples need.

    Parameters
    ----------
    bits : int, optional
        Of a sample, in place of what it says.
    """
    if layout.form == b"AU":  # 0xFFFFFFFF says that the samples go on to the end
        return layout.format[:4] + struct.pack(">II", 24, 0xFFFFFFFF) + layout.format[12:24]
    if layout.form != b"WAVE":
        return _head_of_aiff(layout)
    order = layout.order
    described = layout.format
    if bits is not None:
        _, channels, rate, *_ = _unpacked(layout)
        align = channels * bits // 8
        form = "<HHIIHH" if order == "little" else ">HHIIHH"
        described = struct.pack(form, _PCM, channels, rate, rate * align, align, bits)
    body = b"WAVE" + _chunk(b"fmt ", described, order)
    if len(layout.fact) >= 4 and bits is None:
        body += _chunk(b"fact", layout.fact[:4], order)
    total = 4 + len(body) + 8 + layout.size
    if total + 36 < 0xFFFF0000:
        body += b"data" + layout.size.to_bytes(4, order)
        return (b"RIFX" if order == "big" else b"RIFF") + total.to_bytes(4, order) + body
    align = max(1, int.from_bytes(described[12:14], order))
    ds64 = struct.pack("<QQQI", total + 36, layout.size, layout.size // align, 0)
    body = b"WAVE" + _chunk(b"ds64", ds64, order) + body[4:]
    return b"RF64\xff\xff\xff\xff" + body + b"data\xff\xff\xff\xff"


def _chunk(name: bytes, content: bytes, order: Any) -> bytes:
    return name + len(content).to_bytes(4, order) + content + bytes(len(content) % 2)


def _head_of_aiff(layout: Layout) -> bytes:
    channels, bits = struct.unpack(">H4xH", layout.format[:8])
    frames = layout.size // max(1, channels * ((bits + 7) // 8))
    described = layout.format[:2] + struct.pack(">I", frames & 0xFFFFFFFF) + layout.format[6:]
    samples = b"SSND" + min(layout.size + 8, 0xFFFFFFFF).to_bytes(4, "big") + bytes(8)
    body = layout.form + _chunk(b"COMM", described, "big") + samples
    return b"FORM" + min(len(body) + layout.size, 0xFFFFFFFF).to_bytes(4, "big") + body


class _Spliced(io.RawIOBase):
    """A file to read: a head from memory, then a part of a file from the disk."""

    def __init__(self, source: AudioSource) -> None:
        layout = source.layout if source.head is not None else None
        self._head = source.head or b""
        self._own = source.path.open("rb") if source.held is None else None
        self._file: SeekableBytes = self._own or source.held  # type: ignore[assignment]
        self._begin = layout.begin if layout is not None else 0
        whole = self._file.seek(0, os.SEEK_END) - self._begin
        self._end = len(self._head) + (min(layout.size, whole) if layout is not None else whole)
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._end}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        wanted = max(0, min(len(view), self._end - self._position))
        of_head = self._head[self._position : self._position + wanted]
        view[: len(of_head)] = of_head
        n_read = len(of_head)
        if n_read < wanted:
            # other readers of the same file have moved it meanwhile
            self._file.seek(self._begin + self._position + n_read - len(self._head))
            data = self._file.read(wanted - n_read)
            view[n_read : n_read + len(data)] = data
            n_read += len(data)
        self._position += n_read
        return n_read

    def close(self) -> None:
        if self._own is not None:
            self._own.close()
        super().close()
