"""The chunks of WAV files and their kin: where the samples are, whatever the head says of it.

Sizes in heads have 32 bits, and not everybody who writes them knows them: who writes to a pipe
leaves a mark for an unknown one, a recorder that lost its power leaves zero, and beyond 4 GiB only
a remainder is left.  What follows the samples tells which size is meant: chunks, or the end.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final, Literal

Order = Literal["little", "big"]

#: Sizes that are none: ffmpeg's 0xFFFFFFFF, sox's 0x7FFFF000, 0x80000000, each less some head.
_UNKNOWN: Final = (range(0x7FFF0000, 0x80000001), range(0xFFFF0000, 0x100000000))
_WRAP: Final = 1 << 32
#: Sizes of 64 bits from here on are none.
_LONGEST: Final = 1 << 62
#: So many bytes behind the samples that are no chunks may be tags of another kind, or padding.
_MOST_TAIL: Final = 4096
#: So many zeros may pad a file to the end of a sector or a cluster.
_MOST_PADDING: Final = 1 << 20
_FOREIGN_TAGS: Final = (b"TAG", b"APETAGEX", b"ID3", b"3DI")

#: How the chunks of a file are written, its form, and the chunks of format and samples.
_KINDS: Final[dict[bytes, tuple[Order, bytes, bytes, bytes]]] = {
    b"RIFF": ("little", b"WAVE", b"fmt ", b"data"),
    b"RF64": ("little", b"WAVE", b"fmt ", b"data"),
    b"BW64": ("little", b"WAVE", b"fmt ", b"data"),
    b"RIFX": ("big", b"WAVE", b"fmt ", b"data"),
    b"FORM": ("big", b"AIF", b"COMM", b"SSND"),
}
#: Bytes of an AIFF file's samples that are none: an offset and the size of blocks.
_SSND_HEAD: Final = 8


@dataclass(frozen=True)
class Layout:
    """Where the samples of a file are.

    Attributes
    ----------
    kind : bytes
        How it begins, e.g. ``RIFF``.
    order : str
        Of bytes, ``little`` or ``big``.
    form : bytes
        ``WAVE``, ``AIFF`` or ``AIFC``.
    format : bytes
        The content of the chunk ``fmt `` or ``COMM``.
    fact : bytes
        That of the chunk ``fact``, which packed samples need.
    begin, size : int
        The bytes of samples that are there.
    promised : int or None
        Bytes of samples as the head has it, if that is not so.
    is_sound : bool
        Whether the head can be read as it is.
    """

    kind: bytes
    order: Order
    form: bytes
    format: bytes = field(repr=False)
    fact: bytes = field(repr=False)
    begin: int
    size: int
    promised: int | None
    is_sound: bool


def chunks(
    file: BinaryIO, position: int, order: Order = "little"
) -> Iterator[tuple[bytes, int, int]]:
    """Walk over the chunks of a RIFF or IFF file: name, where its content begins, its size.

    A chunk of odd size is followed by a byte that does not count; some writers forget it.
    """
    while True:
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        size = int.from_bytes(head[4:], order)
        yield head[:4], position + 8, size
        position += 8 + size + (size % 2 and not _lacks_padding(file, position + 8 + size))


def _lacks_padding(file: BinaryIO, end: int) -> bool:
    """Whether a chunk of odd size is followed by the next one at once."""
    file.seek(end)
    following = file.read(5)
    return len(following) == 5 and _is_name(following[:4]) and not _is_name(following[1:])


def find_layout(file: BinaryIO) -> Layout | None:
    """Return where the samples of a WAV or AIFF file are; None of anything else."""
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] == b".snd":
        return _layout_of_au(file, end)
    order, form, format_name, samples_name = _KINDS.get(head[:4], ("little", b"", b"", b""))
    if not form or not head[8:].startswith(form):
        return None
    known: dict[bytes, bytes] = {}
    is_sound, expected = True, 12
    for name, begin, size in chunks(file, 12, order):
        is_sound &= begin - 8 == expected
        expected = begin + size + size % 2
        if name == samples_name and format_name in known:
            ds64 = known.get(b"ds64", b"")
            skipped = _SSND_HEAD if name == b"SSND" else 0
            begin, size = begin + skipped, _long_size(max(0, size - skipped), ds64)
            there, promised = _sizes(file, begin, end, size=size, order=order)
            tail = begin + there + there % 2
            if promised is None and _are_chunks(
                file, tail, end, order
            ):  # which may be samples, too
                more = sum(n for key, _, n in chunks(file, tail, order) if key == samples_name)
                promised = there + more if more else None
            is_sound &= there == size or promised is not None
            return Layout(
                head[:4], order, head[8:], known[format_name], known.get(b"fact", b""),
                begin, there, promised, is_sound and not _is_beyond(promised, there),
            )  # fmt: skip
        if name in (b"ds64", b"fact", format_name):
            file.seek(begin)
            known[name] = file.read(min(size, 1 << 16))
    return None


def _layout_of_au(file: BinaryIO, end: int) -> Layout | None:
    """Return the layout of an AU file that was never finished; others are read as they are."""
    file.seek(0)
    head = file.read(24)
    begin, size = int.from_bytes(head[4:8], "big"), int.from_bytes(head[8:12], "big")
    if len(head) < 24 or size or not 24 <= begin < end:
        return None
    return Layout(b".snd", "big", b"AU", head, b"", begin, end - begin, 0, False)


def _is_beyond(promised: int | None, there: int) -> bool:
    """Whether there is more than the head says: libsndfile would leave it."""
    return promised is not None and promised < there


def _long_size(size: int, ds64: bytes) -> int:
    """Return a chunk's size, of 64 bits where there is a chunk for that."""
    long_size = int.from_bytes(ds64[8:16], "little")
    return long_size if 0 < long_size < _LONGEST else size


def _sizes(
    file: BinaryIO, begin: int, end: int, *, size: int, order: Order
) -> tuple[int, int | None]:
    """Return the bytes of samples that are there, and what the head says if that is not so."""
    is_unknown = any(size in values for values in _UNKNOWN)
    if begin + size > end:
        return max(0, end - begin), None if is_unknown else size
    if size and _is_tail(file, begin + size, end, order):
        return size, None
    if not size and (begin == end or _are_chunks(file, begin, end, order)):
        return 0, None
    for whole in range(size + (end - begin - size) // _WRAP * _WRAP, size, -_WRAP):
        if _is_tail(file, begin + whole, end, order):
            return whole, None
    return end - begin, None if is_unknown else size


def _is_tail(file: BinaryIO, position: int, end: int, order: Order) -> bool:
    """Whether from here on there are no samples."""
    if end - position < _MOST_TAIL:
        return True
    file.seek(position)
    if file.read(8).startswith(_FOREIGN_TAGS):
        return True
    file.seek(position)
    if end - position <= _MOST_PADDING and not any(file.read(end - position)):
        return True
    return any(_are_chunks(file, place, end, order) for place in (position, position + 1))


def _are_chunks(file: BinaryIO, position: int, end: int, order: Order) -> bool:
    """Whether chunks fill a file from here to its end."""
    for name, begin, size in chunks(file, position, order):
        if not _is_name(name):
            return False
        position = begin + size
    return end - 8 < position <= end


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(0x20 <= byte < 0x7F for byte in name)


def clear_peak_time(path: Path) -> None:
    """Remove the time of day from a WAV file of fractions: the same samples give the same bytes.

    libsndfile notes in a ``PEAK`` chunk when the largest sample was written.

    Parameters
    ----------
    path : Path
        Any file; what is no WAV file or has no such chunk is left alone.
    """
    with path.open("r+b") as file:
        head = file.read(12)
        if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
            return
        for name, begin, _ in chunks(file, 12):
            if name == b"PEAK":
                file.seek(begin + 4)  # a version number stands before it
                file.write(bytes(4))
                file.flush()
                os.fsync(file.fileno())
            if name in (b"PEAK", b"data"):
                return
