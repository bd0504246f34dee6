"""How many samples a file of audio holds, where its head does not say or says what is not so.

A file may be cut off, by a download or a full disk, so that its head promises more than is there;
one that was written to a pipe has a head without a length.  libsndfile takes what is there of the
plain formats without a word, and the head's word, or a guess, for the packed ones.
"""

import math
import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import soundfile as sf

from nmfd_cli.io.audio.decoder import file_name, silenced
from nmfd_cli.io.audio.riff import chunks

#: Lengths from here on are no lengths: ffmpeg's 0xFFFFFFFF, sox's 0x7FFFF000 less the head.
UNKNOWN_FROM: Final = 0x7FFF0000
#: As many samples of an unknown number libsndfile says a FLAC stream has.
_UNKNOWN_SAMPLES: Final = 1 << 62
#: Formats whose samples libsndfile cannot tell from the size of the file.
_PACKED: Final = ("FLAC", "MP3")
#: Samples read at a time to count them.
_COUNTED: Final = 4096
#: Of an MP3 file, where the tag with its length stands: behind the tags of its title and cover.
_MP3_HEAD: Final = 4096
#: Bytes of a sample; the others are compressed.
_BYTES: Final = {
    "PCM_U8": 1, "PCM_S8": 1, "ULAW": 1, "ALAW": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4,
    "FLOAT": 4, "DOUBLE": 8,
}  # fmt: skip

#: The largest page of an OGG file.
_OGG_PAGE: Final = 27 + 255 + 255 * 255

#: Of the plain formats: how their parts are written, and the part that holds the samples.
_CHUNKS: Final[dict[bytes, tuple[Literal["little", "big"], bytes, bytes]]] = {
    b"RIFF": ("little", b"WAVE", b"data"),
    b"RF64": ("little", b"WAVE", b"data"),
    b"RIFX": ("big", b"WAVE", b"data"),
    b"FORM": ("big", b"AIF", b"SSND"),
}


def find_length(path: Path, file: Any) -> tuple[int, str]:
    """Tell how many samples a channel are there, and what shows that there were more.

    Parameters
    ----------
    path : Path
    file : soundfile.SoundFile
        Open at its start; it is somewhere else afterwards.

    Returns
    -------
    n_samples : int
        That can be read.
    missing : str
        What the file has lost; empty if nothing is known to be missing.
    """
    claimed: int = file.frames
    if file.format in _PACKED:
        there = _decodable(path, file)
        is_promise = claimed < _UNKNOWN_SAMPLES and (file.format != "MP3" or _has_length_tag(path))
        return there, _promise(claimed, file) if is_promise and there < claimed else ""
    if file.format == "OGG":
        return claimed, "" if _has_last_page(path) else "its last page is missing"
    missing = _missing_bytes(path) if file.subtype in _BYTES else 0
    if not missing:
        return claimed, ""
    promised = claimed + math.ceil(missing / (_BYTES[file.subtype] * file.channels))
    return claimed, _promise(promised, file)


def _promise(n_samples: int, file: Any) -> str:
    return f"its head promises {n_samples} samples ({n_samples / file.samplerate:.3f} s)"


def _decodable(path: Path, file: Any) -> int:
    """Return how many samples a packed file yields."""
    claimed: int = file.frames
    if claimed < _UNKNOWN_SAMPLES and _reaches(file, claimed):
        return claimed
    status = path.stat()
    with silenced(file.format == "MP3"):
        return _count(path, status.st_size, status.st_mtime_ns)


def estimated_length(file: Any) -> int:
    """Return the samples a channel that libsndfile takes an open file to have; 0 for unknown."""
    return file.frames if file.frames < _UNKNOWN_SAMPLES else 0


def _missing_bytes(path: Path) -> int:
    """Return how many bytes of samples a plain file lacks; 0 where it does not say."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        file.seek(0)
        order, form, wanted = _CHUNKS.get(file.read(4), ("little", b"", b""))
        if not form or not file.read(8)[4:].startswith(form):
            return 0
        long_size = 0
        for name, begin, size in chunks(file, 12, order):
            if name == b"ds64":  # of RF64: lengths that 32 bits do not hold
                long_size = int.from_bytes(file.read(16)[8:], "little")
            elif name == wanted:
                promised = long_size or (size if size < UNKNOWN_FROM else 0)
                return max(0, begin + promised - end) if promised < _UNKNOWN_SAMPLES else 0
    return 0


def _reaches(file: Any, n_samples: int) -> bool:
    """Whether the last sample can be read."""
    with suppress(sf.LibsndfileError, RuntimeError):
        file.seek(n_samples - 1)
        return len(file.read(1)) == 1
    return False


@lru_cache(maxsize=64)
def _count(path: Path, size: int, mtime: int) -> int:
    """Count the samples that can be decoded, one by one where it ends in the middle of a block."""
    count, is_end = _counted(path, math.inf)
    return count if is_end else _counted(path, count)[0]


def _counted(path: Path, fine_from: float) -> tuple[int, bool]:
    count = 0
    with suppress(sf.LibsndfileError, RuntimeError), sf.SoundFile(file_name(path)) as file:
        while True:
            step = _COUNTED if count < fine_from else 1
            n_read = len(file.read(step, dtype="float32"))
            count += n_read
            if n_read < step:
                return count, True
    return count, False


def _has_last_page(path: Path) -> bool:
    """Whether an OGG file ends with the page that says that it is the last."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _OGG_PAGE))
        end = file.read()
    page = end[end.rfind(b"OggS") :]
    if len(page) < 27:
        return False
    size = 27 + page[26] + sum(page[27 : 27 + page[26]])  # its head says in how many parts
    return bool(page[5] & 4) and len(page) >= size


def _has_length_tag(path: Path) -> bool:
    """Whether an MP3 file says how long it is; for others libsndfile guesses."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3":
            size = int.from_bytes(head[6:10], "big")
            # seven bits a byte
            file.seek(10 + sum(((size >> 8 * n) & 0x7F) << 7 * n for n in range(4)))
        else:
            file.seek(0)
        frame = file.read(_MP3_HEAD)
    return any(tag in frame for tag in (b"Xing", b"Info", b"VBRI"))
