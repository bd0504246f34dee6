"""What libsndfile and ffmpeg decode, what they want, and what is to be kept from them."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

#: The endings of files that are taken for audio in a folder.
AUDIO_SUFFIXES = (
    ".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".au", ".caf",
    ".w64", ".rf64", ".wave", ".bwf", ".bw64",
)  # fmt: skip
#: Those of files that ffmpeg decodes.
FOREIGN_SUFFIXES = (
    ".m4a", ".m4b", ".mp4", ".aac", ".wma", ".asf", ".webm", ".mka", ".mkv", ".mov", ".ac3", ".ape",
    ".wv", ".tta", ".dsf", ".amr", ".3gp",
)  # fmt: skip


@cache
def ffmpeg() -> str | None:
    """Return where ffmpeg is; None if it is not on the PATH."""
    return shutil.which("ffmpeg")


def is_audio(path: Path) -> bool:
    """Whether the ending of a file is that of audio that can be read here."""
    suffix = path.suffix.lower()
    return suffix in AUDIO_SUFFIXES or (suffix in FOREIGN_SUFFIXES and ffmpeg() is not None)


def is_beyond_us(path: Path) -> bool:
    """Whether the ending of a file is that of audio that ffmpeg would read, were it there."""
    return path.suffix.lower() in FOREIGN_SUFFIXES and ffmpeg() is None


def audio_below(folder: str | Path) -> list[Path]:
    """Return all audio files of a folder, at any depth; none where there is no folder."""
    return [file for file in Path(folder).rglob("*") if is_audio(file)]


def file_name(path: Path) -> str | bytes:
    """Return a path as soundfile opens it, also where its name is not UTF-8."""
    return str(path) if sys.platform == "win32" else os.fsencode(path)


def is_mp3(path: Path) -> bool:
    """Whether a file begins as MP3 files do."""
    with path.open("rb") as file:
        head = file.read(3)
    return head == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0")


def is_noisy(file: Any) -> bool:
    """Whether the decoder of an open file writes on stderr."""
    return bool(file.subtype.startswith("MPEG"))


class _Stderr:
    """The process's stderr, which threads have turned away: the first does, the last undoes it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._n_silencing = 0
        self._kept: int | None = None

    def silence(self) -> None:
        with self._lock:
            if self._n_silencing == 0:
                self._kept = _turned_away()
            self._n_silencing += 1

    def restore(self) -> None:
        with self._lock:
            self._n_silencing -= 1
            if self._n_silencing == 0 and self._kept is not None:
                os.dup2(self._kept, 2)
                os.close(self._kept)
                self._kept = None


def _turned_away() -> int | None:
    """Have stderr lead nowhere and return where it led; None if there is no stderr."""
    try:
        kept = os.dup(2)
    except OSError:
        return None
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    return kept


_STDERR = _Stderr()


@contextmanager
def silenced(is_noisy: bool) -> Iterator[None]:
    """Keep a decoder that is noisy, that of MP3 files, from writing on stderr past everybody.

    stderr is the whole process's: it speaks again once no thread keeps it silent.
    """
    if not is_noisy:
        yield
        return
    _STDERR.silence()
    try:
        yield
    finally:
        _STDERR.restore()
