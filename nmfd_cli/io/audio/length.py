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
from typing import Any, Final

import soundfile as sf

from nmfd_cli.io.audio.decoder import is_noisy, silenced
from nmfd_cli.io.audio.formats import BYTES
from nmfd_cli.io.audio.source import AudioSource, opened

#: As many samples of an unknown number libsndfile says a FLAC stream has.
UNKNOWN_SAMPLES: Final = 1 << 62
#: Formats whose samples libsndfile cannot tell from the size of the file.
_PACKED: Final = ("FLAC", "MP3")
#: Samples read at a time to count them.
_COUNTED: Final = 4096
#: Of an MP3 file, where the tag with its length stands: behind the tags of its title and cover.
_MP3_HEAD: Final = 4096
#: The largest page of an OGG file.
_OGG_PAGE: Final = 27 + 255 + 255 * 255


def find_length(source: AudioSource, file: Any) -> tuple[int, str]:
    """Tell how many samples a channel are there, and what shows that there were more.

    Parameters
    ----------
    file : soundfile.SoundFile
        What it gives to read, open at its start; it is somewhere else afterwards.

    Returns
    -------
    n_samples : int
        That can be read.
    missing : str
        What the file has lost; empty if nothing is known to be missing.
    """
    claimed: int = file.frames
    if file.format in _PACKED:
        there = _decodable(source, file)
        is_promise = claimed < UNKNOWN_SAMPLES and (file.format != "MP3" or _has_length_tag(source))
        return there, _promise(claimed, file) if is_promise and there < claimed else ""
    if file.format == "OGG":
        return claimed, "" if _has_last_page(source.path) else "its last page is missing"
    promised = source.layout.promised if source.layout is not None else None
    if promised is None or file.subtype not in BYTES:
        return claimed, ""
    n_promised = promised // (BYTES[file.subtype] * file.channels)
    return claimed, _promise(n_promised, file) if n_promised != claimed else ""


def _promise(n_samples: int, file: Any) -> str:
    return f"its head promises {n_samples} samples ({n_samples / file.samplerate:.3f} s)"


def _decodable(source: AudioSource, file: Any) -> int:
    """Return how many samples a packed file yields."""
    claimed: int = file.frames
    if claimed < UNKNOWN_SAMPLES and _reaches(file, claimed):
        return claimed
    status = source.path.stat()
    with silenced(is_noisy(file)):
        return _count(source, status.st_size, status.st_mtime_ns)


def _reaches(file: Any, n_samples: int) -> bool:
    """Whether the last sample can be read."""
    with suppress(sf.LibsndfileError, RuntimeError):
        file.seek(n_samples - 1)
        return len(file.read(1)) == 1
    return False


@lru_cache(maxsize=64)
def _count(source: AudioSource, size: int, mtime: int) -> int:
    """Count the samples that can be decoded, one by one where it ends in the middle of a block."""
    count, is_end = _counted(source, math.inf)
    return count if is_end else _counted(source, count)[0]


def _counted(source: AudioSource, fine_from: float) -> tuple[int, bool]:
    count = 0
    with suppress(sf.LibsndfileError, RuntimeError), opened(source) as file:
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


def _has_length_tag(source: AudioSource) -> bool:
    """Whether an MP3 file says how long it is; for others libsndfile guesses."""
    begin = source.layout.begin if source.layout is not None else 0
    with source.path.open("rb") as file:
        file.seek(begin)
        head = file.read(10)
        if head[:3] == b"ID3":
            size = int.from_bytes(head[6:10], "big")
            # seven bits a byte
            file.seek(begin + 10 + sum(((size >> 8 * n) & 0x7F) << 7 * n for n in range(4)))
        else:
            file.seek(begin)
        frame = file.read(_MP3_HEAD)
    return any(tag in frame for tag in (b"Xing", b"Info", b"VBRI"))
