"""Folders of drum samples: one folder a class, one hit a file."""

from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.drum_classes import drum_class
from nmfd_cli.errors import InputFileError, ParameterError
from nmfd_cli.io.audio.decoder import is_audio
from nmfd_cli.io.audio.recording import read_recording


def read_one_shots(folder: str | Path, drum: str, sample_rate: int) -> list[NDArray[np.float64]]:
    """Read all one-shots of a class, mixed to mono, at one sample rate.

    Parameters
    ----------
    folder : str or Path
        A kit: holds one folder a class.
    drum : str
        Name of the class's folder; where there is none, the first that is called by another name of
        the class will do.
    sample_rate : int
        In Hz; files of another rate are resampled.

    Returns
    -------
    list of ndarrays, shape (n_samples,)
        In the order of the file names; none is silent.

    Raises
    ------
    InputFileError
        If the folder is missing, holds no audio file, or one of them is silent or unreadable.
    """
    path = _class_folder(Path(folder), drum)
    if not path.is_dir():
        raise InputFileError(path, expected=f"a folder of {drum} samples", found="none")
    files = [
        file for file in sorted(path.iterdir()) if is_audio(file) and not file.name.startswith(".")
    ]
    if not files:
        raise InputFileError(path, expected=f"at least one {drum} sample", found="no audio file")
    return [_read_mono(file, sample_rate) for file in files]


def _class_folder(folder: Path, drum: str) -> Path:
    exact = folder / drum
    if exact.is_dir() or not folder.is_dir():
        return exact
    named = sorted(item for item in folder.iterdir() if not item.name.startswith("."))
    return next((i for i in named if i.is_dir() and _is_called(i.name, drum)), exact)


def _is_called(name: str, drum: str) -> bool:
    with suppress(ParameterError):
        return drum_class(name) == drum
    return False


def _read_mono(path: Path, sample_rate: int) -> NDArray[np.float64]:
    samples, rate = read_recording(path)
    mono: NDArray[np.float64] = samples.mean(axis=0)
    if not mono.any():
        raise InputFileError(path, expected="a drum sound", found="silence")
    if rate == sample_rate:
        return mono
    from scipy.signal import resample_poly  # a second of start-up that few calls need

    divisor = int(np.gcd(rate, sample_rate))
    resampled: NDArray[np.float64] = resample_poly(mono, sample_rate // divisor, rate // divisor)
    return resampled
