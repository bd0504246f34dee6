"""What else an audio file tells: time stamps, tempo, loops, markers, titles, speakers.

Kept as they are where the stem's format has a place for them; of titles only the usual ones go from
one format to another.  Formats: EBU Tech 3285 (``bext``), the RIFF specification of 1991 and 1994
(``LIST``, ``cue ``, ``smpl``), FLAC's and ID3's own.
"""

import os
import shutil
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from nmfd_cli.io.audio.riff import Layout, chunks

#: The chunks of WAV files that are kept, and those that hold for the whole recording only.
_KEPT: Final = (
    b"bext", b"LIST", b"acid", b"smpl", b"cue ", b"iXML", b"inst", b"id3 ", b"ID3 ", b"axml",
    b"_PMX",
)  # fmt: skip
_OF_WHOLE: Final = (b"acid", b"iXML")
#: Bytes of all of them that are kept at most.
_MOST_BYTES: Final = 1 << 23
#: Of ``bext``, where the samples since midnight stand.
TIME_REFERENCE: Final = slice(338, 346)
#: libsndfile's names of titles.
_TITLES: Final = (
    "title", "artist", "album", "date", "genre", "comment", "copyright", "tracknumber",
)  # fmt: skip
#: FLAC's blocks: foreign data, comments, a cue sheet, pictures.
_APPLICATION, _COMMENTS, _CUE_SHEET, _PICTURE = 2, 4, 5, 6


@dataclass(frozen=True)
class Tags:
    """What a file tells beside its samples.

    Attributes
    ----------
    chunks : tuple of (bytes, bytes)
        Of a WAV file, name and content, in their order.
    blocks : tuple of (int, bytes)
        Of a FLAC file, kind and content.
    id3 : bytes
        The ID3v2 tag that an MP3 file begins with.
    titles : dict of str to str
        By libsndfile's names.
    mask : int
        Which speakers the channels are of, as WAVEFORMATEXTENSIBLE has it; 0 for the usual.
    """

    chunks: tuple[tuple[bytes, bytes], ...] = ()
    blocks: tuple[tuple[int, bytes], ...] = ()
    id3: bytes = b""
    titles: dict[str, str] = field(default_factory=dict)
    mask: int = 0

    def with_cue_points(self, positions: Sequence[int]) -> "Tags":
        """Return the same with cue points at samples of a WAV file."""
        at = [position for position in positions if position < 1 << 32]
        before = next((data for name, data in self.chunks if name == b"cue "), b"")
        others = tuple(one for one in self.chunks if one[0] != b"cue ")
        if not at:
            return self
        return replace(self, chunks=(*others, (b"cue ", _cue_points(at, before))))

    def part(self, begin: int, end: int, *, n_samples: int) -> "Tags":
        """Return what holds for the samples from begin to end of n_samples."""
        if (begin, end) == (0, n_samples):
            return self
        shifted = ((name, _shifted(name, data, begin, end)) for name, data in self.chunks)
        kept = tuple((name, data) for name, data in shifted if data and name not in _OF_WHOLE)
        from nmfd_cli.io.audio.titles import later  # what few need

        blocks = tuple(
            (kind, later(data, begin) if kind == _COMMENTS else data)
            for kind, data in self.blocks
            if kind not in (_CUE_SHEET, _APPLICATION)
        )
        return replace(self, chunks=kept, blocks=blocks)


def _cue_points(positions: Sequence[int], before: bytes) -> bytes:
    """Return a ``cue `` chunk: what it held, then a point at each position."""
    kept = [before[n : n + 24] for n in range(4, len(before) - 23, 24)]
    first = 1 + max((int.from_bytes(point[:4], "little") for point in kept), default=0)
    points = [
        struct.pack("<II4sIII", (first + n) & 0xFFFFFFFF, at, b"data", 0, 0, at)
        for n, at in enumerate(positions)
    ]
    return (len(kept) + len(points)).to_bytes(4, "little") + b"".join([*kept, *points])


#: Of what tells nothing.
NO_TAGS: Final = Tags()


def _shifted(name: bytes, data: bytes, begin: int, end: int) -> bytes:
    """Return a chunk for the samples from begin to end; nothing if none of it is left."""
    if name == b"bext" and len(data) >= TIME_REFERENCE.stop:
        time = (int.from_bytes(data[TIME_REFERENCE], "little") + begin) % (1 << 64)
        return data[:338] + time.to_bytes(8, "little") + data[346:]
    if name == b"cue " and len(data) >= 4:
        points = []
        for n in range(4, len(data) - 23, 24):
            key, _, chunk, of_chunk, block, at = struct.unpack("<II4sIII", data[n : n + 24])
            if begin <= at < end:
                points.append(
                    struct.pack("<II4sIII", key, at - begin, chunk, of_chunk, block, at - begin)
                )
        return len(points).to_bytes(4, "little") + b"".join(points) if points else b""
    if name == b"smpl" and len(data) >= 36:
        loops = []
        for n in range(36, len(data) - 23, 24):
            key, kind, first, last, fraction, count = struct.unpack("<6I", data[n : n + 24])
            if begin <= first <= last < end:
                loops.append(
                    struct.pack("<6I", key, kind, first - begin, last - begin, fraction, count)
                )
        return data[:28] + struct.pack("<II", len(loops), 0) + b"".join(loops)
    return data


def read_tags(file: BinaryIO, layout: Layout | None, titles: dict[str, str], channels: int) -> Tags:
    """Return what a file tells.

    Parameters
    ----------
    file : binary file
    layout : Layout or None
        Of a WAV or AIFF file.
    titles : dict of str to str
        What libsndfile finds.
    channels : int
    """
    known = {name: text for name, text in titles.items() if name in _TITLES and text}
    if layout is not None and layout.form == b"WAVE" and layout.order == "little":
        found = _chunks_of(file, layout)
        for name, content in found:
            if name == b"LIST":  # libsndfile sees none behind a corrected head
                from nmfd_cli.io.audio.titles import titles_of_info  # what few need

                known = titles_of_info(content) | known
        return Tags(found, titles=known, mask=_mask(layout, channels))
    if layout is not None and layout.form.startswith(b"AIF"):
        for name, begin, size in chunks(file, 12, "big"):
            if name == b"ID3 " and size <= _MOST_BYTES:
                file.seek(begin)
                return Tags(id3=file.read(size), titles=known)
    file.seek(0)
    head = file.read(10)
    if head[:4] == b"fLaC":
        blocks = [block for block in _flac_blocks(file)[0] if block[0] in _OWN_BLOCKS]
        return Tags(blocks=tuple(blocks), titles=known)
    if head[:3] == b"ID3":
        size = sum((byte & 0x7F) << 7 * (3 - n) for n, byte in enumerate(head[6:10]))
        tag = head + file.read(min(size, _MOST_BYTES))
        return Tags(id3=tag if len(tag) == 10 + size else b"", titles=known)
    return Tags(titles=known)


_OWN_BLOCKS: Final = (_APPLICATION, _COMMENTS, _CUE_SHEET, _PICTURE)


def _chunks_of(file: BinaryIO, layout: Layout) -> tuple[tuple[bytes, bytes], ...]:
    found: list[tuple[bytes, bytes]] = []
    end = layout.begin + layout.size
    left = _MOST_BYTES
    for start in (12, end + end % 2):
        for name, begin, size in chunks(file, start):
            if begin >= layout.begin and start == 12:
                break
            if name in _KEPT and size <= left:
                file.seek(begin)
                data = file.read(size)
                left -= size
                found += [(name, data)] if len(data) == size else []
    return tuple(found)


def _mask(layout: Layout, channels: int) -> int:
    if layout.format[:2] != b"\xfe\xff" or len(layout.format) < 24:
        return 0
    mask = int.from_bytes(layout.format[20:24], "little")
    return 0 if (channels, mask) in ((1, 4), (2, 3)) else mask


def _flac_blocks(file: BinaryIO) -> tuple[list[tuple[int, bytes]], int]:
    """Return the blocks of a FLAC file's head, and where its frames begin."""
    blocks: list[tuple[int, bytes]] = []
    position, is_last = 4, False
    while not is_last:
        file.seek(position)
        head = file.read(4)
        if len(head) < 4:
            break
        is_last, size = bool(head[0] & 0x80), int.from_bytes(head[1:], "big")
        blocks.append((head[0] & 0x7F, file.read(size)))
        position += 4 + size
    return blocks, position


def write_tags(path: Path, container: str, tags: Tags) -> None:
    """Put into a finished file what it has a place for.

    Parameters
    ----------
    path : Path
    container : str
        ``wav``, ``flac``, ``ogg`` or ``mp3``; OGG takes titles when it is opened.
    """
    if tags == NO_TAGS:
        return
    from nmfd_cli.io.audio.titles import bext_chunk, comment_block, id3_tag, info_chunk

    if container == "wav":
        stamp = bext_chunk(dict(tags.blocks).get(_COMMENTS, b""))
        others = {b"bext": stamp, b"id3 ": tags.id3}
        own = [*tags.chunks, *(one for one in others.items() if one[1])]
        if tags.titles and not tags.chunks:
            own.append((b"LIST", info_chunk(tags.titles)))
        if own or tags.mask:
            _append_chunks(path, own, tags.mask)
    elif container == "flac":
        comments = comment_block(tags.titles, dict(tags.chunks))
        _insert_blocks(path, tags.blocks or ([(_COMMENTS, comments)] if comments else []))
    elif container == "mp3" and (tags.id3 or tags.titles):
        _replace_head(path, 0, tags.id3 or id3_tag(tags.titles))


def _append_chunks(path: Path, own: Iterable[tuple[bytes, bytes]], mask: int) -> None:
    with path.open("r+b") as file:
        places = {}
        for name, begin, _ in chunks(file, 12):
            places[name] = begin
            if name == b"data":
                break
        end = file.seek(0, os.SEEK_END)
        file.write(bytes(end % 2))
        for name, data in own:
            file.write(name + len(data).to_bytes(4, "little") + data + bytes(len(data) % 2))
        size = file.tell() - 8
        if b"ds64" in places:
            file.seek(places[b"ds64"])
            file.write(size.to_bytes(8, "little"))
        else:
            file.seek(4)
            file.write(size.to_bytes(4, "little"))
        file.seek(places[b"fmt "])
        if mask and file.read(2) == b"\xfe\xff":
            file.seek(places[b"fmt "] + 20)
            file.write(mask.to_bytes(4, "little"))


def _insert_blocks(path: Path, own: Iterable[tuple[int, bytes]]) -> None:
    own = list(own)
    if not own:
        return
    with path.open("rb") as file:
        blocks, frames = _flac_blocks(file)
    blocks = [block for block in blocks if block[0] not in _OWN_BLOCKS]
    every = [*blocks[:1], *own, *blocks[1:]]
    head = b"fLaC"
    for n, (kind, data) in enumerate(every):
        is_last = n == len(every) - 1
        head += bytes([kind | 0x80 * is_last]) + len(data).to_bytes(3, "big") + data
    _replace_head(path, frames, head)


def _replace_head(path: Path, skipped: int, head: bytes) -> None:
    """Put another head in place of the first bytes of a file."""
    from nmfd_cli.io.temporary import temporary_file  # few files have such a head

    with path.open("r+b") as file, temporary_file() as rest:
        file.seek(skipped)
        shutil.copyfileobj(file, rest, 1 << 20)
        rest.seek(0)
        file.seek(0)
        file.write(head)
        shutil.copyfileobj(rest, file, 1 << 20)
        file.truncate()


def titles_of(file: Any) -> dict[str, str]:
    """Return the titles that libsndfile finds in an open file."""
    return {name: getattr(file, name) for name in _TITLES}
