"""The sound of a report, compressed so that every browser decodes it."""

import io
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soundfile as sf

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.errors import ParameterError

#: What `encode_tracks` offers.
AUDIO_CHOICES = ("auto", "flac", "ogg", "none")
#: Bytes that all tracks together may take as FLAC before "auto" turns to Vorbis.
FLAC_BUDGET = 1_500_000
# libsndfile's Vorbis encoder keeps a whole block on the stack
_BLOCK = 16384
# what Vorbis knows, in Hz
_VORBIS_RATES = range(8000, 192001)


@dataclass(frozen=True)
class EncodedTracks:
    """Sound files in memory.

    Attributes
    ----------
    format : str
        "flac", "ogg" or "none".
    tracks : tuple of bytes
        Empty for "none".
    gain : float
        What decoded samples are to be multiplied by; above 1 where a track exceeds full scale.
    """

    format: str
    tracks: tuple[bytes, ...] = ()
    gain: float = 1.0

    def as_text(self) -> tuple[str, ...]:
        """Return the files in base64."""
        return tuple(b64encode(track).decode("ascii") for track in self.tracks)


def encode_tracks(
    tracks: Sequence[FloatArray], sample_rate: int, audio: str = "auto"
) -> EncodedTracks:
    """Compress tracks of equal length, none of them clipped.

    "flac" is exact to 16 bits and decoded by every browser.  "ogg", Vorbis at about 128 kbit/s for
    stereo, is a fifth of that; Safari knows it from version 18.4 on.  "auto" takes FLAC while all
    tracks together stay below `FLAC_BUDGET` (a few seconds of a drum loop), Vorbis from there on.

    Parameters
    ----------
    tracks : sequence of ndarrays, shape (C, n)
        More than two channels become one.
    sample_rate : int
        In Hz.
    audio : str
        One of `AUDIO_CHOICES`.

    Raises
    ------
    ParameterError
    """
    if audio not in AUDIO_CHOICES:
        raise ParameterError(f"audio: expected one of {', '.join(AUDIO_CHOICES)}, found {audio!r}")
    if audio == "none":
        return EncodedTracks("none")
    heard = [track if len(track) <= 2 else track.mean(axis=0, keepdims=True) for track in tracks]
    peak = max((float(np.abs(track).max(initial=0)) for track in heard), default=0.0)
    gain = max(1.0, peak * 32768 / 32767)
    scaled = [(track / gain).astype(np.float32).T for track in heard]
    if audio == "auto" and sample_rate in _VORBIS_RATES:
        flac = _until(scaled, sample_rate, FLAC_BUDGET)
        if flac is not None:
            return EncodedTracks("flac", flac, gain)
        audio = "ogg"
    kind = "ogg" if audio == "ogg" and sample_rate in _VORBIS_RATES else "flac"
    return EncodedTracks(kind, tuple(_encode(track, sample_rate, kind) for track in scaled), gain)


def _until(tracks: Sequence[FloatArray], sample_rate: int, budget: int) -> tuple[bytes, ...] | None:
    """Return the tracks as FLAC, or None as soon as they exceed a number of bytes."""
    files: list[bytes] = []
    for track in tracks:
        files.append(_encode(track, sample_rate, "flac"))
        if sum(map(len, files)) > budget:
            return None
    return tuple(files)


def _encode(samples: FloatArray, sample_rate: int, kind: str) -> bytes:
    """Return samples (n, C) as a sound file."""
    file = io.BytesIO()
    container, subtype = ("OGG", "VORBIS") if kind == "ogg" else ("FLAC", "PCM_16")
    with sf.SoundFile(
        file, "w", sample_rate, samples.shape[1], format=container, subtype=subtype
    ) as sound:
        for start in range(0, len(samples), _BLOCK):
            sound.write(samples[start : start + _BLOCK])
    return file.getvalue()
