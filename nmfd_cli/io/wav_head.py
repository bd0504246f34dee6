"""The head of WAV files, as far as libsndfile writes something there that nobody asked for."""

import os
from pathlib import Path


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
        while len(chunk := file.read(8)) == 8 and chunk[:4] != b"data":
            if chunk[:4] == b"PEAK":
                file.seek(4, os.SEEK_CUR)  # a version number stands before it
                file.write(bytes(4))
                file.flush()
                os.fsync(file.fileno())
                return
            size = int.from_bytes(chunk[4:], "little")
            file.seek(size + size % 2, os.SEEK_CUR)
