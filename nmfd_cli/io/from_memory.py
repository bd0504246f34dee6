"""Samples and scores that a program holds in memory, as the files that a separation reads."""

from collections.abc import Mapping
from contextlib import ExitStack
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.audio.writer import SampleFormat, StemFile
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.score.writer import score_text
from nmfd_cli.io.temporary import temporary_folder
from nmfd_cli.io.told_as import told_as

#: What a score may be: a file, or onsets by drum: seconds (n,), or seconds and velocities (n, 2).
ScoreLike = str | Path | Mapping[str, ArrayLike]

#: What a recording without a file is called.
_ARRAY_NAME = "array"
#: What the head of a WAV file has room for, and libsndfile reads.
_HIGHEST_RATE, _MOST_CHANNELS = (1 << 31) - 1, 1024


def recording_file(
    source: str | Path | ArrayLike, sample_rate: int | None, resources: ExitStack
) -> tuple[Path, str]:
    """Return a file that holds a recording, and what to call it.

    Parameters
    ----------
    source : str, Path or array
        As `nmfd_cli.separate` takes it.
    sample_rate : int or None
        In Hz; of samples.
    resources : ExitStack
        Whose end removes a temporary file; until then errors about it speak of ``source``.

    Raises
    ------
    ParameterError
        If they are no samples, or no sample rate.
    """
    if isinstance(source, (str, Path)):
        if sample_rate is not None:
            raise ParameterError("sample_rate: expected none for a file, which has its own")
        return Path(source), Path(source).name
    samples, rate = _samples(source), _rate(sample_rate)
    path = resources.enter_context(temporary_folder()) / f"{_ARRAY_NAME}.wav"
    precision = SampleFormat("wav", "FLOAT" if samples.dtype == np.float32 else "DOUBLE")
    file = StemFile(path, rate, samples.shape[0], precision)
    resources.callback(file.abandon)
    file.write(samples.astype(np.float64))
    file.close()
    resources.enter_context(told_as(path, "source"))
    return path, _ARRAY_NAME


def _rate(sample_rate: Any) -> int:
    is_number = isinstance(sample_rate, Real) and not isinstance(sample_rate, bool)
    if not is_number or not 1 <= sample_rate <= _HIGHEST_RATE or sample_rate != int(sample_rate):
        raise ParameterError(
            f"sample_rate: expected a whole number of Hz for samples, 1 to {_HIGHEST_RATE}, "
            f"found {sample_rate!r}"
        )
    return int(sample_rate)


def _samples(source: ArrayLike) -> FloatArray:
    """Return samples (C, n) of full scale 1."""
    array = _array(source, "source: expected samples of shape (n,) or (channels, n)")
    samples = np.atleast_2d(array)
    if samples.ndim > 2 or samples.shape[0] > samples.shape[1] or not samples.size:
        raise ParameterError(
            f"source: expected samples of shape (n,) or (channels, n), found {array.shape}"
        )
    if len(samples) > _MOST_CHANNELS:
        raise ParameterError(
            f"source: expected up to {_MOST_CHANNELS} channels, found {len(samples)}"
        )
    if samples.dtype.kind in "iu":
        half = 2.0 ** (8 * samples.dtype.itemsize - 1)
        middle = half if samples.dtype.kind == "u" else 0.0
        return (samples - middle) / half
    if samples.dtype.kind != "f":
        raise ParameterError(f"source: expected samples as numbers, found {samples.dtype}")
    if not np.isfinite(samples).all():
        raise ParameterError("source: expected finite samples, found NaN or infinity")
    return samples


def score_file(score: ScoreLike, resources: ExitStack) -> Path:
    """Return a file that holds a score.

    Parameters
    ----------
    score : str, Path or mapping
        As `nmfd_cli.separate` takes it.
    resources : ExitStack
        Whose end removes a temporary file; until then errors about it speak of ``score``.

    Raises
    ------
    ParameterError
        If it is none.
    """
    if isinstance(score, (str, Path)):
        return Path(score)
    if not isinstance(score, Mapping):
        raise ParameterError(
            "score: expected a file, or a dictionary of drums and their onsets, found "
            f"{type(score).__name__}"
        )
    rows: list[tuple[float, str, float | None]] = []
    places: dict[int, str] = {}
    for drum, onsets in score.items():
        _require_cell(drum)
        for index, note in enumerate(_notes(drum, onsets)):
            rows.append((note[0], str(drum), note[1] if len(note) > 1 else None))
            places[len(rows) + 1] = f"score[{drum!r}][{index}]"  # below the header
    path = resources.enter_context(temporary_folder()) / "score.csv"
    nothing = (None,) * len(rows)
    onsets_, drums, velocities = zip(*rows, strict=True) if rows else ((), (), ())
    text = score_text(Score(onsets_, nothing, nothing, drums, velocities))
    path.write_text(text, encoding="utf-8")
    resources.enter_context(told_as(path, "score", places))
    return path


def _require_cell(drum: Any) -> None:
    """Refuse a name that a table would break at or leave out; others are known to the reader."""
    name = str(drum)
    if not name.isprintable() or '"' in name or "#" in name:
        raise ParameterError(f"score: expected the name of a drum, found {drum!r}")


def _notes(drum: Any, onsets: ArrayLike) -> list[list[float]]:
    """Return the notes of a drum: onset, or onset and velocity, of each."""
    expected = f"score: expected onsets of shape (n,) or (n, 2) for {drum}"
    notes = _array(onsets, expected, dtype=np.float64)
    if notes.ndim not in (1, 2) or (notes.ndim == 2 and notes.shape[1] != 2):
        raise ParameterError(f"{expected}, found {notes.shape}")
    listed: list[list[float]] = (notes[:, None] if notes.ndim == 1 else notes).tolist()
    return listed


def _array(given: ArrayLike, expected: str, dtype: Any = None) -> NDArray[Any]:
    try:
        return np.asarray(given, dtype=dtype)
    except (TypeError, ValueError, OverflowError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ParameterError(f"{expected}: {reason}") from error
