"""Every setting of a separation, with its default, its range and its explanation: once.

Command-line options, presets and the library are made from these fields.  The module imports
nothing but the standard library, so that ``nmfd --help`` need not wait for the numerics.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import isfinite
from typing import Any

from nmfd_cli.errors import ParameterError

#: The keys of the strategy dictionaries in `core.nmfconv`; a test compares them.
STRATEGIES = ("auto", "drums", "pitched", "random", "uniform")
TEMPLATE_STRATEGIES = ("drums", "averaged", "pitched", "random", "uniform")
ACTIVATION_STRATEGIES = ("auto", "drums", "pitched", "random", "uniform")
ALGORITHMS = ("nmfd", "nmf_conv")
UPDATES = ("joint", "accelerated", "mean")
PRECISIONS = ("float32", "float64")
FORMATS = ("wav", "flac")
REPORT_AUDIO = ("auto", "flac", "ogg", "none")
SUBTYPES = ("float", "double", "pcm_16", "pcm_24", "pcm_32", "input")

#: What a format holds, if not every subtype.
SUBTYPES_OF = {"flac": ("pcm_16", "pcm_24", "input")}

#: What stands for standard input and output in place of a path.
STREAM = "-"

#: The sections of the help, in their order.
GROUPS = ("Output", "What to look for", "Initialisation", "Solver", "Masks and STFT", "Other")


def setting(
    default: Any,
    explanation: str,
    *,
    group: str = GROUPS[-1],
    choices: tuple[str, ...] | None = None,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    metavar: str | None = None,
    is_option: bool = True,
) -> Any:
    """Declare a field with what options and presets need to know of it.

    Parameters
    ----------
    default : any
        What holds if nobody says otherwise.
    explanation : str
        One sentence for the user, without the default.
    group : str
        The section of the help that it stands in.
    choices : tuple of str, optional
    low, high : float, optional
        The range, both ends included.
    above : float, optional
        An open lower end.
    metavar : str, optional
        What stands for the value in the help.
    is_option : bool
        Whether options and presets offer it; otherwise the program fills it in.
    """
    metadata = {
        "explanation": explanation,
        "group": group,
        "choices": choices,
        "low": low,
        "high": high,
        "above": above,
        "metavar": metavar,
        "is_option": is_option,
    }
    return field(default=default, metadata=metadata)


class CheckedSettings:
    """Refuses values outside of what its fields declare."""

    def __post_init__(self) -> None:
        for item in fields(self):  # type: ignore[arg-type]
            check_value(item.name, getattr(self, item.name), item.metadata)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all fields."""
        return tuple(item.name for item in fields(cls))  # type: ignore[arg-type]


def check_value(name: str, value: Any, metadata: Mapping[str, Any]) -> None:
    """Hold a value against what its field declares.

    Raises
    ------
    ParameterError
        If it is none of the choices, empty, or outside of the range.
    """
    choices, low, high, above = (metadata[key] for key in ("choices", "low", "high", "above"))
    if choices and value is not None and value not in choices:
        raise ParameterError(f"{name}: expected one of {', '.join(choices)}, found {value!r}")
    if value == "":
        raise ParameterError(f"{name}: expected a text, found an empty one")
    if value is None or isinstance(value, (str, tuple, bool)):
        return
    if not isfinite(value):
        raise ParameterError(f"{name}: expected a finite number, found {value}")
    if low is not None and value < low:
        raise ParameterError(f"{name}: expected {_shown(low)} or more, found {_shown(value)}")
    if high is not None and value > high:
        raise ParameterError(f"{name}: expected {_shown(high)} or less, found {_shown(value)}")
    if above is not None and value <= above:
        raise ParameterError(f"{name}: expected more than {_shown(above)}, found {_shown(value)}")


def _shown(number: float) -> str:
    return f"{number:g}" if isinstance(number, float) else str(number)


@dataclass(frozen=True, kw_only=True)
class SeparationSettings(CheckedSettings):
    """How a recording is taken apart; `None` stands for what the recording or score decides."""

    stems: tuple[str, ...] = setting(
        (),
        "Drum classes to look for, separated by commas.",
        metavar="CLASS,...",
        group="What to look for",
    )
    init: str | None = setting(
        None,
        "Where templates and activations start from.",
        choices=STRATEGIES,
        group="Initialisation",
    )
    init_templates: str | None = setting(
        None,
        "Where the templates start from, if not as --init says.",
        choices=TEMPLATE_STRATEGIES,
        group="Initialisation",
    )
    init_activations: str | None = setting(
        None,
        "Where the activations start from, if not as --init says.",
        choices=ACTIVATION_STRATEGIES,
        group="Initialisation",
    )
    algorithm: str = setting("nmfd", "The solver.", choices=ALGORITHMS, group="Solver")
    components: int = setting(
        3, "Components where neither drums nor notes name them.", low=1, group="What to look for"
    )
    template_frames: int = setting(
        8, "Frames of a template at full resolution.", low=1, group="Initialisation"
    )
    tail: float = setting(
        0.8,
        "Seconds that a drum template lasts in all; behind its frames it widens.",
        low=0,
        high=10,
        group="Initialisation",
    )
    templates_per_class: int = setting(
        2,
        "Sounds of the kit that a drum starts from; toms and cymbals take twice as many.",
        low=1,
        group="Initialisation",
    )
    prior_hits: float = setting(
        0.5,
        "How strongly templates hold on to their start: as if so many strokes were heard besides.",
        low=0,
        group="Solver",
    )
    iterations: int = setting(40, "Iterations of the solver.", low=0, group="Solver")
    beta: float = setting(
        0.0,
        "Divergence of nmf_conv: -1 Itakura-Saito, 0 Kullback-Leibler, 1 Euclidean.",
        group="Solver",
    )
    sparsity_weight: float = setting(
        0.0, "Pull of nmf_conv's activations to zero.", low=0, group="Solver"
    )
    uncorr_weight: float = setting(
        0.0, "How far nmf_conv keeps the frames of a template apart.", low=0, group="Solver"
    )
    update: str = setting(
        "joint",
        "Update of nmfd's activations: joint never raises the divergence.",
        choices=UPDATES,
        group="Solver",
    )
    precision: str = setting(
        "float32", "Arithmetic of the solver.", choices=PRECISIONS, group="Solver"
    )
    fix_templates: bool = setting(False, "Leave the templates as they start.", group="Solver")
    fix_activations: bool = setting(False, "Leave the activations as they start.", group="Solver")
    decay: float = setting(
        0.75,
        "What is left of a drum's initial activation one frame later.",
        low=0,
        high=1,
        group="Initialisation",
    )
    onset_tolerance: float = setting(
        0.025,
        "Seconds by which a note of a score may begin earlier or end later.",
        low=0,
        group="Initialisation",
    )
    alpha: float = setting(
        2.0,
        "Power of the models in the masks: 1 magnitudes, 2 powers.",
        above=0,
        high=8,
        group="Masks and STFT",
    )
    space: bool = setting(
        True,
        "Tell the stems of a stereo recording apart by their direction, too.",
        group="Masks and STFT",
    )
    repetition: bool = setting(
        True,
        "Find waveforms that a drum repeats, as drum machines do, and divide what they leave.",
        group="Masks and STFT",
    )
    n_fft: int = setting(
        2048, "Samples of the analysis window.", low=4, high=1 << 20, group="Masks and STFT"
    )
    hop_length: int = setting(
        512, "Samples from one window to the next.", low=1, high=1 << 20, group="Masks and STFT"
    )
    seed: int | None = setting(
        None,
        "Seed of random initialisation; without one, the reference toolbox's numbers.",
        low=0,
        group="Initialisation",
    )
    kit: str | None = setting(
        None,
        "Drum sounds to start from: a kit file, the name of one, or a folder of samples.",
        metavar="KIT",
        group="What to look for",
    )
    residual: str | None = setting(
        None,
        "Write one more stem of this name with what no class explains.",
        metavar="NAME",
        group="What to look for",
    )
    block_seconds: float = setting(
        60.0,
        "Longer recordings are worked on in pieces, from temporary disk.",
        low=0.1,
        group="Masks and STFT",
    )


@dataclass(frozen=True, kw_only=True)
class OutputSettings(CheckedSettings):
    """Where and how the stems are written."""

    out: str = setting(
        "separated",
        "Folder of the results; - writes the one file to standard output.",
        metavar="DIR",
        group="Output",
    )
    filename: str = setting(
        "{track}/{stem}.{ext}",
        "Path of a stem below that folder.",
        metavar="TEMPLATE",
        group="Output",
    )
    format: str = setting("wav", "File format of the stems.", choices=FORMATS, group="Output")
    subtype: str | None = setting(
        None,
        "Sample format; 'input' takes the recording's.  [default: float for wav, the recording's "
        "depth for flac]",
        choices=SUBTYPES,
        group="Output",
    )
    overwrite: bool = setting(False, "Replace existing files.", group="Output")
    stem: str | None = setting(None, "Write this stem only.", metavar="NAME", group="Output")
    minus: str | None = setting(
        None, "Write one file only: everything but this stem.", metavar="NAME", group="Output"
    )
    report: bool = setting(
        False, "Write an HTML report beside the stems, too: see and hear them.", group="Output"
    )
    report_audio: str = setting(
        "auto",
        "Sound in the report: flac is exact, ogg small, auto takes what fits.",
        choices=REPORT_AUDIO,
        group="Output",
    )
    preset: str = setting(
        "default", "The name of the preset in use.", group="Output", is_option=False
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.stem is not None and self.minus is not None:
            raise ParameterError("stem: expected either --stem or --minus, found both")
        held = SUBTYPES_OF.get(self.format, SUBTYPES)
        if self.subtype is not None and self.subtype not in held:
            raise ParameterError(
                f"subtype: expected one that {self.format} holds ({', '.join(held)}), "
                f"found {self.subtype}"
            )
        if self.is_stream and self.stem is None and self.minus is None:
            raise ParameterError(
                "out: standard output (-) takes one file, expected --stem or --minus to name it"
            )
        if self.is_stream and self.report:
            raise ParameterError(
                "report: expected a folder (--out) to write it to, found standard output (-)"
            )

    @property
    def is_stream(self) -> bool:
        """Whether the one file goes to standard output."""
        return self.out == STREAM
