"""Titles, time stamps and tempo as each format writes them: RIFF, Vorbis comments, ID3.

What a ``bext`` chunk (EBU Tech 3285) holds stands in FLAC files as comments of the names that
FFmpeg gives it, and the tempo of ``acid`` as ``BPM``.
"""

import struct
from collections.abc import Iterable, Mapping
from typing import Final

from nmfd_cli.io.audio.tags import TIME_REFERENCE

#: Titles: libsndfile's names, those of ``LIST``/``INFO``, of comments and of ID3.
TITLES: Final = {
    "title": (b"INAM", "TITLE", b"TIT2"), "artist": (b"IART", "ARTIST", b"TPE1"),
    "album": (b"IPRD", "ALBUM", b"TALB"), "date": (b"ICRD", "DATE", b"TDRC"),
    "genre": (b"IGNR", "GENRE", b"TCON"), "comment": (b"ICMT", "COMMENT", b"COMM"),
    "copyright": (b"ICOP", "COPYRIGHT", b"TCOP"),
    "tracknumber": (b"ITRK", "TRACKNUMBER", b"TRCK"),
}  # fmt: skip
#: Of ``bext``: comments, and where their texts stand.
_BEXT: Final = {
    "DESCRIPTION": slice(0, 256), "ORIGINATOR": slice(256, 288),
    "ORIGINATOR_REFERENCE": slice(288, 320), "ORIGINATION_DATE": slice(320, 330),
    "ORIGINATION_TIME": slice(330, 338),
}  # fmt: skip
#: The comment that tells the samples since midnight.
_TIME: Final = "TIME_REFERENCE"
_BEXT_SIZE: Final = 602
#: Of ``acid``: flags, of which the first says that it is no loop, and beats a minute.
_ACID_SIZE, _IS_ONE_SHOT = 24, 1


def info_chunk(titles: Mapping[str, str]) -> bytes:
    """Return the content of a ``LIST`` chunk."""
    data = b"INFO"
    for name, text in titles.items():
        content = text.encode() + b"\0"
        data += TITLES[name][0] + len(content).to_bytes(4, "little") + content
        data += bytes(len(content) % 2)
    return data


def titles_of_info(content: bytes) -> dict[str, str]:
    """Return the titles that a ``LIST`` chunk tells, also where its last text is cut off."""
    names = {entry[0]: name for name, entry in TITLES.items()} | {b"IPRT": "tracknumber"}
    titles, place = {}, 4
    while content[:4] == b"INFO" and place + 8 <= len(content):
        end = place + 8 + int.from_bytes(content[place + 4 : place + 8], "little")
        text = content[place + 8 : end].partition(b"\0")[0].decode("utf-8", "replace")
        if text and (name := names.get(content[place : place + 4])):
            titles[name] = text
        place = end + end % 2
    return titles


def id3_tag(titles: Mapping[str, str]) -> bytes:
    """Return an ID3v2.4 tag in UTF-8; libsndfile's own garbles what is not ASCII."""
    frames = b""
    for name, text in titles.items():
        key = TITLES[name][2]
        content = b"\3" + (b"und\0" if key == b"COMM" else b"") + text.encode()
        frames += key + _seven_bits(len(content)) + b"\0\0" + content
    return b"ID3\4\0\0" + _seven_bits(len(frames)) + frames


def _seven_bits(size: int) -> bytes:
    return bytes(size >> 7 * n & 0x7F for n in (3, 2, 1, 0))


def comment_block(titles: Mapping[str, str], chunks: Mapping[bytes, bytes]) -> bytes:
    """Return titles, and what chunks of a WAV file hold, as a block of comments; or nothing."""
    entries = [(TITLES[name][1], text) for name, text in titles.items()]
    bext, acid = chunks.get(b"bext", b""), chunks.get(b"acid", b"")
    if len(bext) >= _BEXT_SIZE:
        texts = {key: bext[place].partition(b"\0")[0] for key, place in _BEXT.items()}
        entries += [(key, text.decode("latin-1")) for key, text in texts.items() if text]
        entries.append((_TIME, str(int.from_bytes(bext[TIME_REFERENCE], "little"))))
    if len(acid) >= _ACID_SIZE and not acid[0] & _IS_ONE_SHOT:
        entries.append(("BPM", f"{struct.unpack('<f', acid[20:24])[0]:g}"))
    return block_of(entries) if entries else b""


def block_of(entries: Iterable[tuple[str, str]], vendor: bytes = b"") -> bytes:
    """Return a block of comments."""
    texts = [f"{key}={text}".encode() for key, text in entries]
    parts = (len(text).to_bytes(4, "little") + text for text in texts)
    head = len(vendor).to_bytes(4, "little") + vendor + len(texts).to_bytes(4, "little")
    return head + b"".join(parts)


def entries_of(block: bytes) -> tuple[bytes, list[tuple[str, str]]]:
    """Return who wrote a block of comments, and its entries as far as they go."""
    size = int.from_bytes(block[:4], "little")
    vendor, place, texts = block[4 : 4 + size], 8 + size, []
    while place + 4 <= len(block):
        size = int.from_bytes(block[place : place + 4], "little")
        texts.append(block[place + 4 : place + 4 + size].decode("utf-8", "replace"))
        place += 4 + size
    return vendor, [(key, text) for key, _, text in (one.partition("=") for one in texts)]


def later(block: bytes, n_samples: int) -> bytes:
    """Return a block of comments whose time stamp is so many samples later."""
    vendor, entries = entries_of(block)
    if not any(_is_time(*entry) for entry in entries):
        return block
    shifted = (
        (key, str(int(text) + n_samples)) if _is_time(key, text) else (key, text)
        for key, text in entries
    )
    return block_of(shifted, vendor)


def _is_time(key: str, text: str) -> bool:
    return key.upper() == _TIME and text.isascii() and text.isdigit()


def bext_chunk(block: bytes) -> bytes:
    """Return the ``bext`` chunk that comments tell of; nothing without a time stamp."""
    entries = {key.upper(): text for key, text in entries_of(block)[1]}
    time = entries.get(_TIME, "")
    if not _is_time(_TIME, time):
        return b""
    data = bytearray(_BEXT_SIZE)
    for key, place in _BEXT.items():
        size = place.stop - place.start
        data[place] = entries.get(key, "").encode("latin-1", "replace")[:size].ljust(size, b"\0")
    data[TIME_REFERENCE] = (int(time) % (1 << 64)).to_bytes(8, "little")
    data[346] = 1  # the version
    return bytes(data)
