"""The sound of a report, compressed so that every browser decodes it."""

import io
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import soundfile as sf

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.errors import OutputError, ParameterError
from nmfd_cli.io.audio.formats import FORMATS
from nmfd_cli.settings.output import REPORT_AUDIO
from nmfd_cli.stop_signals import cleaned_up, signals_held

#: Seconds of a recording beyond which the sound is not embedded unasked: a browser keeps all tracks
#: decoded in memory, a hundred megabytes a minute for a stereo mixture and four stems.
LONGEST_SECONDS = 240.0
#: Bytes that all tracks together may take as FLAC before "auto" turns to Vorbis.
FLAC_BUDGET = 1_500_000
# libsndfile's Vorbis encoder keeps a whole block on the stack
_BLOCK = 16384


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


def encode_tracks(tracks: Sequence[FloatArray], sample_rate: int, audio: str) -> EncodedTracks:
    """Compress tracks of equal length, none of them clipped.

    "flac" is exact to 16 bits and decoded by every browser.  "ogg", Vorbis at about 128 kbit/s for
    stereo, is a fifth of that; Safari knows it from version 18.4 on.  "auto" takes FLAC while all
    tracks together stay below `FLAC_BUDGET` (a few seconds of a drum loop), Vorbis from there on.
    Where one of them does not know the sample rate it takes the other, where neither does no sound.

    Parameters
    ----------
    tracks : sequence of ndarrays, shape (1 or 2, n)
    sample_rate : int
        In Hz.
    audio : str
        One of `REPORT_AUDIO`.

    Raises
    ------
    ParameterError
        If `audio` is none of the choices.
    OutputError
        If it is a format that does not know the sample rate.
    """
    if audio not in REPORT_AUDIO:
        raise ParameterError(
            setting="audio", expected=f"one of {', '.join(REPORT_AUDIO)}", found=repr(audio)
        )
    require_rate(audio, sample_rate)
    known = known_formats(sample_rate)
    if audio == "none" or not known:
        return EncodedTracks("none")
    peak = max((float(max(track.max(), -track.min())) for track in tracks), default=0.0)
    gain = max(1.0, peak * 32768 / 32767)
    encode = partial(_encode, sample_rate=sample_rate, gain=gain)
    if audio == "auto":
        is_choice = len(known) > 1
        flac = _until(tracks, partial(encode, kind="flac"), FLAC_BUDGET) if is_choice else None
        if flac is not None:
            return EncodedTracks("flac", flac, gain)
        audio = known[-1]
    return EncodedTracks(audio, tuple(encode(track, kind=audio) for track in tracks), gain)


def known_formats(sample_rate: int) -> tuple[str, ...]:
    """Return which of "flac" and "ogg" know a sample rate in Hz."""
    return tuple(kind for kind in ("flac", "ogg") if FORMATS[kind].knows_rate(sample_rate))


def require_rate(audio: str, sample_rate: int) -> None:
    """Refuse a format of the sound that does not know a sample rate.

    Raises
    ------
    OutputError
    """
    known = known_formats(sample_rate)
    if audio not in ("flac", "ogg") or audio in known:
        return
    hint = f"--report-audio {known[0]} knows it" if known else "--report-audio none needs none"
    raise OutputError(
        f"sound of the report: expected {FORMATS[audio].rates} for {audio}",
        found=f"{sample_rate} Hz",
        hint=hint,
    )


def _until(
    tracks: Sequence[FloatArray], encode: Callable[[FloatArray], bytes], budget: int
) -> tuple[bytes, ...] | None:
    """Return the tracks encoded, or None as soon as they exceed a number of bytes."""
    files: list[bytes] = []
    for track in tracks:
        files.append(encode(track))
        if sum(map(len, files)) > budget:
            return None
    return tuple(files)


def _encode(samples: FloatArray, *, sample_rate: int, gain: float, kind: str) -> bytes:
    """Return samples (C, n) as a sound file."""
    file = io.BytesIO()
    container, subtype = ("OGG", "VORBIS") if kind == "ogg" else ("FLAC", "PCM_16")
    with cleaned_up() as resources:
        with signals_held():  # libsndfile calls Python back, where what a signal raises gets lost
            sound = sf.SoundFile(
                file, "w", sample_rate, samples.shape[0], format=container, subtype=subtype
            )
            resources.enter_context(sound)
        for start in range(0, samples.shape[1], _BLOCK):
            block = (samples[:, start : start + _BLOCK] / gain).astype(np.float32).T
            with signals_held():
                sound.write(block)
    return file.getvalue()
