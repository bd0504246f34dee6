"""Samples that a program holds in memory, as a recording."""

from collections.abc import Iterator
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.audio.recording import Recording, require_sane

#: What a recording without a file is called, by errors and by results.
_NAME, _TITLE = "source", "array"
#: What the head of a WAV file has room for, and libsndfile reads.
_HIGHEST_RATE, _MOST_CHANNELS = (1 << 31) - 1, 1024


def recording_from(source: ArrayLike, sample_rate: int | None) -> Recording:
    """Take samples for a recording.

    Parameters
    ----------
    source : array, shape (n,) or (C, n)
        Floats of full scale 1, or integers of their type's full scale, the unsigned ones around its
        middle.  Not copied: it should stay as it is while it is worked on.
    sample_rate : int
        In Hz.

    Raises
    ------
    ParameterError
        If they are no samples, or no sample rate.
    InputFileError
        If a sample is too large to be worked with.
    """
    samples, rate = _samples(source), _rate(sample_rate)
    require_sane(samples.T, name=_NAME, sample_rate=rate)

    def read(block_samples: int) -> Iterator[NDArray[np.float64]]:
        for start in range(0, samples.shape[1], block_samples):
            yield samples[:, start : start + block_samples].astype(np.float64)

    return Recording(
        sample_rate=rate,
        n_channels=samples.shape[0],
        n_samples=samples.shape[1],
        subtype="FLOAT" if samples.dtype == np.float32 else "DOUBLE",
        name=_NAME,
        title=_TITLE,
        read=read,
    )


def _rate(sample_rate: Any) -> int:
    is_number = isinstance(sample_rate, Real) and not isinstance(sample_rate, bool)
    if not is_number or not 1 <= sample_rate <= _HIGHEST_RATE or sample_rate != int(sample_rate):
        raise ParameterError(
            setting="sample_rate",
            expected=f"a whole number of Hz for samples, 1 to {_HIGHEST_RATE}",
            found=repr(sample_rate),
        )
    return int(sample_rate)


def _samples(source: ArrayLike) -> FloatArray:
    """Return samples (C, n) of full scale 1."""
    expected = "samples of shape (n,) or (channels, n)"
    try:
        array: NDArray[Any] = np.asarray(source)
    except (TypeError, ValueError, OverflowError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise ParameterError(f"expected {expected}: {reason}", setting=_NAME) from error
    samples = np.atleast_2d(array)
    if samples.ndim > 2 or samples.shape[0] > samples.shape[1] or not samples.size:
        raise ParameterError(setting=_NAME, expected=expected, found=str(array.shape))
    if len(samples) > _MOST_CHANNELS:
        raise ParameterError(
            setting=_NAME, expected=f"up to {_MOST_CHANNELS} channels", found=str(len(samples))
        )
    if samples.dtype.kind in "iu":
        half = 2.0 ** (8 * samples.dtype.itemsize - 1)
        middle = half if samples.dtype.kind == "u" else 0.0
        return (samples - middle) / half
    if samples.dtype.kind != "f":
        raise ParameterError(setting=_NAME, expected="samples as numbers", found=str(samples.dtype))
    if not np.isfinite(samples).all():
        raise ParameterError(setting=_NAME, expected="finite samples", found="NaN or infinity")
    return samples
