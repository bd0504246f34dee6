"""A hostile input: how it is made and what the real command must say of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

#: As little work as there can be that still has all stations.
CHEAP = (
    "--init", "random", "--components", "2", "--iterations", "2", "--n-fft", "256",
    "--hop-length", "128",
)  # fmt: skip
#: All that listening does, on windows of the usual length.
LISTENING = ("--iterations", "3")
#: What a score or a kit is tried with.
SCORED = ("--iterations", "2", "--n-fft", "256", "--hop-length", "128")

RATE = 8000
#: Long enough for several frames of FLAC.
SECONDS = 2.0

FOUND_NO_AUDIO = "expected audio (WAV, FLAC, OGG, MP3, AIFF ...), found "


@dataclass(frozen=True)
class Case:
    """A hostile input.

    Attributes
    ----------
    name : str
    make : callable
        Writes it into a folder.
    says : str
        What must stand in what the command says; empty where that is left open.
    codes : tuple of int
        The exit codes that are right.
    recording : str
        What is separated.
    arguments : tuple of str
        What else the command is given.
    sound : ndarray, shape (n, C), optional
        The samples in it, at `RATE`, where libsndfile by itself does not find them.
    """

    name: str
    make: Callable[[Path], object]
    says: str = ""
    codes: tuple[int, ...] = (1,)
    recording: str = "in.wav"
    arguments: tuple[str, ...] = CHEAP
    sound: NDArray[np.float64] | None = None


def hits(seconds: float = SECONDS, rate: int = RATE) -> NDArray[np.float64]:
    """Return decaying noise and a decaying tone, stereo, as an array (n, 2)."""
    n = round(seconds * rate)
    t = np.arange(n) / rate
    noise = np.random.default_rng(3).uniform(-0.3, 0.3, (n, 2)) * np.exp(-30 * (t % 0.25))[:, None]
    tone = 0.4 * np.sin(2 * np.pi * 70 * t) * np.exp(-12 * ((t + 0.1) % 0.5))
    return noise + tone[:, None]


def write(path: Path, samples: NDArray[np.floating], rate: int = RATE, **form: str) -> Path:
    sf.write(path, samples, rate, **({"format": "WAV", "subtype": "PCM_16"} | form))
    return path


def good(folder: Path) -> Path:
    """Write a recording that nothing is wrong with."""
    return write(folder / "in.wav", hits())


def beside(name: str, content: bytes | None) -> Callable[[Path], object]:
    """Write a recording that nothing is wrong with and a file beside it, or for None a folder."""

    def make(folder: Path) -> None:
        good(folder)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if content is None else path.write_bytes(content)

    return make
