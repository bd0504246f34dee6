"""The parts of WAV files and their kin, and what libsndfile writes there that nobody asked for."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal


def chunks(
    file: BinaryIO, position: int, order: Literal["little", "big"] = "little"
) -> Iterator[tuple[bytes, int, int]]:
    """Walk over the parts of a RIFF or IFF file: name, where its content begins, its size."""
    while True:
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        size = int.from_bytes(head[4:], order)
        yield head[:4], position + 8, size
        position += 8 + size + size % 2


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
