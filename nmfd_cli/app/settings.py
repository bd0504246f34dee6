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
STRATEGIES = ("drums", "pitched", "random", "uniform")
ALGORITHMS = ("nmfd", "nmf_conv")
UPDATES = ("joint", "mean")
FORMATS = ("wav", "flac")
SUBTYPES = ("float", "double", "pcm_16", "pcm_24", "pcm_32", "input")


def setting(
    default: Any,
    explanation: str,
    *,
    choices: tuple[str, ...] | None = None,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    metavar: str | None = None,
) -> Any:
    """Declare a field with what options and presets need to know of it.

    Parameters
    ----------
    default : any
        What holds if nobody says otherwise.
    explanation : str
        One sentence for the user, without the default.
    choices : tuple of str, optional
    low, high : float, optional
        The range, both ends included.
    above : float, optional
        An open lower end.
    metavar : str, optional
        What stands for the value in the help.
    """
    metadata = {
        "explanation": explanation,
        "choices": choices,
        "low": low,
        "high": high,
        "above": above,
        "metavar": metavar,
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
        If it is none of the choices, or outside of the range.
    """
    choices, low, high, above = (metadata[key] for key in ("choices", "low", "high", "above"))
    if choices and value is not None and value not in choices:
        raise ParameterError(f"{name}: expected one of {', '.join(choices)}, found {value!r}")
    if value is None or isinstance(value, (str, tuple, bool)):
        return
    if not isfinite(value):
        raise ParameterError(f"{name}: expected a finite number, found {value}")
    if low is not None and value < low:
        raise ParameterError(f"{name}: expected {low:g} or more, found {value:g}")
    if high is not None and value > high:
        raise ParameterError(f"{name}: expected {high:g} or less, found {value:g}")
    if above is not None and value <= above:
        raise ParameterError(f"{name}: expected more than {above:g}, found {value:g}")


@dataclass(frozen=True, kw_only=True)
class SeparationSettings(CheckedSettings):
    """How a recording is taken apart; `None` stands for what the recording or score decides."""

    stems: tuple[str, ...] = setting(
        (), "Drum classes to look for, separated by commas.", metavar="CLASS,..."
    )
    init: str | None = setting(
        None, "Where templates and activations start from.", choices=STRATEGIES
    )
    init_templates: str | None = setting(
        None, "Where the templates start from, if not as --init says.", choices=STRATEGIES
    )
    init_activations: str | None = setting(
        None, "Where the activations start from, if not as --init says.", choices=STRATEGIES
    )
    algorithm: str = setting("nmfd", "The solver.", choices=ALGORITHMS)
    components: int = setting(3, "Components where neither drums nor notes name them.", low=1)
    template_frames: int = setting(8, "Frames of a template.", low=1)
    iterations: int = setting(60, "Iterations of the solver.", low=0)
    beta: float = setting(
        0.0, "Divergence of nmf_conv: -1 Itakura-Saito, 0 Kullback-Leibler, 1 Euclidean."
    )
    sparsity_weight: float = setting(0.0, "Pull of nmf_conv's activations to zero.", low=0)
    uncorr_weight: float = setting(
        0.0, "How far nmf_conv keeps the frames of a template apart.", low=0
    )
    update: str = setting(
        "joint", "Update of nmfd's activations: joint never raises the divergence.", choices=UPDATES
    )
    fix_templates: bool = setting(False, "Leave the templates as they start.")
    fix_activations: bool = setting(False, "Leave the activations as they start.")
    decay: float = setting(
        0.75, "What is left of a drum's initial activation one frame later.", low=0, high=1
    )
    onset_tolerance: float = setting(
        0.025, "Seconds by which a note of a score may begin earlier or end later.", low=0
    )
    alpha: float = setting(
        2.0, "Power of the models in the masks: 1 magnitudes, 2 powers.", above=0, high=8
    )
    n_fft: int = setting(2048, "Samples of the analysis window.", low=4, high=1 << 20)
    hop_length: int = setting(512, "Samples from one window to the next.", low=1, high=1 << 20)
    seed: int | None = setting(
        None, "Seed of random initialisation; without one, the reference toolbox's numbers.", low=0
    )
    kit: str | None = setting(None, "Folder with one folder of one-shots a class.", metavar="DIR")
    residual: str | None = setting(
        None, "Write one more stem of this name with what no class explains.", metavar="NAME"
    )
    block_seconds: float = setting(
        60.0, "Longer recordings are worked on in blocks of this length.", low=0.1
    )


@dataclass(frozen=True, kw_only=True)
class OutputSettings(CheckedSettings):
    """Where and how the stems are written."""

    out: str = setting("separated", "Folder of the results.", metavar="DIR")
    filename: str = setting(
        "{track}/{stem}.{ext}", "Path of a stem below that folder.", metavar="TEMPLATE"
    )
    format: str = setting("wav", "File format of the stems.", choices=FORMATS)
    subtype: str | None = setting(
        None,
        "Sample format; 'input' takes the recording's.  [default: float for wav, the recording's "
        "depth for flac]",
        choices=SUBTYPES,
    )
    overwrite: bool = setting(False, "Replace existing files.")
