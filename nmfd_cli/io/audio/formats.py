"""What there is to know of each audio format that is written, once.

Imports nothing that takes time: options are made of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Format:
    """A file format.

    Attributes
    ----------
    usual : str
        The subtype where none is asked for; of a lossy format libsndfile's name of its only one.
    subtypes : tuple of str
        Those that may be asked for; ``input`` is the recording's, or what is closest to it.
    rates : str
        The sample rates that it knows, as errors tell of them.
    knows_rate : callable
        Whether a sample rate in Hz is one of them.
    """

    usual: str
    subtypes: tuple[str, ...] = ()
    most_channels: int = 1024
    rates: str = "any rate"
    knows_rate: Callable[[int], bool] = lambda rate: True

    @property
    def is_lossy(self) -> bool:
        """Whether it does not keep samples as they are."""
        return not self.subtypes


_MP3_RATES: Final = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)

FORMATS: Final = {
    "wav": Format("float", ("float", "double", "pcm_16", "pcm_24", "pcm_32", "input")),
    "flac": Format(
        "input",
        ("pcm_16", "pcm_24", "input"),
        most_channels=8,
        rates="up to 65535 Hz (655350 Hz in steps of 10)",  # what a frame's head has room for
        knows_rate=lambda rate: rate <= 65535 or (rate <= 655350 and rate % 10 == 0),
    ),
    "ogg": Format(
        "VORBIS",
        most_channels=8,
        rates="8000 to 192000 Hz",
        knows_rate=lambda rate: 8000 <= rate <= 192000,
    ),
    "mp3": Format(
        "MPEG_LAYER_III",
        most_channels=2,
        rates=f"{', '.join(map(str, _MP3_RATES))} Hz",
        knows_rate=lambda rate: rate in _MP3_RATES,
    ),
}
LOSSY: Final = tuple(name for name, known in FORMATS.items() if known.is_lossy)
SUBTYPES: Final = FORMATS["wav"].subtypes

#: Bytes of a sample; those of other subtypes are compressed.
BYTES: Final = {
    "PCM_U8": 1, "PCM_S8": 1, "ULAW": 1, "ALAW": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4,
    "FLOAT": 4, "DOUBLE": 8,
}  # fmt: skip
