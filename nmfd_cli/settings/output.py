"""Where and how results are written, and how many recordings at a time: each setting once.

Imports nothing that takes time, as `definitions`.
"""

from dataclasses import dataclass
from functools import partial

from nmfd_cli.errors import ParameterError
from nmfd_cli.io.audio.formats import FORMATS, LOSSY, SUBTYPES
from nmfd_cli.settings.fields import CheckedSettings, setting

REPORT_AUDIO = ("auto", "flac", "ogg", "none")

_written = partial(setting, group="Output")

#: What stands for standard input and output in place of a path.
STREAM = "-"


@dataclass(frozen=True, kw_only=True)
class OutputSettings(CheckedSettings):
    """Where and how the stems are written."""

    out: str = _written(
        "separated",
        "Folder of the results; - writes the one file to standard output.",
        metavar="DIR",
    )
    filename: str = _written(
        "{track}/{stem}.{ext}", "Path of a stem below that folder.", metavar="TEMPLATE"
    )
    format: str = _written("wav", "File format of the stems.", choices=tuple(FORMATS))
    subtype: str | None = _written(
        None,
        "Sample format; 'input' takes the recording's.  [default: float for wav, else the "
        "recording's]",
        choices=SUBTYPES,
    )
    bit_rate: int | None = _written(
        None,
        "Kilobits a second of ogg (about) and mp3.  [default: 192]",
        low=8,
        high=500,
        metavar="KBPS",
    )
    cue_points: bool = _written(False, "Mark the hits of a stem by cue points in its WAV file.")
    overwrite: bool = _written(False, "Replace existing files.")
    stem: str | None = _written(
        None,
        "Of the stems write this one, or the sum of several; --stems says what is looked for.",
        metavar="NAME,...",
    )
    minus: str | None = _written(
        None, "Write one file: everything but this stem, or several.", metavar="NAME,..."
    )
    report: bool = _written(False, "Write an HTML report beside the stems, too: see and play them.")
    report_audio: str = _written(
        "auto",
        "Sound in the report: flac is exact, ogg small, auto takes what fits.",
        choices=REPORT_AUDIO,
    )
    preset: str = _written("default", "The name of the preset in use.", is_option=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stem is not None and self.minus is not None:
            raise ParameterError(setting="stem", expected="either --stem or --minus", found="both")
        held = FORMATS[self.format].subtypes
        if self.subtype is not None and self.subtype not in held:
            expected = f"one that {self.format} holds ({', '.join(held) or 'none: --bit-rate'})"
            raise ParameterError(setting="subtype", expected=expected, found=self.subtype)
        if self.bit_rate is not None and self.format not in LOSSY:
            raise ParameterError(
                setting="bit_rate", expected="--format ogg or mp3", found=self.format
            )
        if self.cue_points and self.format != "wav":
            raise ParameterError(setting="cue_points", expected="--format wav", found=self.format)
        if self.is_stream and self.stem is None and self.minus is None:
            raise ParameterError(
                "standard output (-) takes one file",
                setting="out",
                expected="--stem or --minus to name it",
            )
        if self.is_stream and self.report:
            raise ParameterError(
                setting="report",
                expected="a folder (--out) to write it to",
                found="standard output (-)",
            )

    @property
    def is_stream(self) -> bool:
        """Whether the one file goes to standard output."""
        return self.out == STREAM


@dataclass(frozen=True, kw_only=True)
class BatchSettings(CheckedSettings):
    """How a batch is run."""

    jobs: int = setting(1, "Recordings worked on at a time, each in a process.", low=1, metavar="N")
    skip_existing: bool = setting(
        False, "Leave recordings alone whose results stand complete, with the same settings."
    )
    scheduler: str | None = setting(
        None, "Send the recordings to this Dask scheduler, e.g. tcp://host:8786.", metavar="ADDRESS"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        # Dask waits for most of a minute, and complains in many lines, where there is no port
        host, _, port = (self.scheduler or "host:0").rpartition(":")
        if not host or not port.isdecimal():
            raise ParameterError(
                setting="scheduler",
                expected="an address such as tcp://host:8786",
                found=repr(self.scheduler),
            )
