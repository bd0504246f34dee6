"""Every setting, with its default, its range and its explanation: once.

Command-line options, presets and the library are made from these fields.  The module imports
nothing but the standard library, so that ``nmfd --help`` need not wait for the numerics.
"""

from dataclasses import dataclass

from nmfd_cli.errors import ParameterError
from nmfd_cli.settings.fields import CheckedSettings, setting

#: The keys of the strategy dictionaries in `core.nmfconv`; a test compares them.
STRATEGIES = ("auto", "drums", "pitched", "random", "uniform")
TEMPLATE_STRATEGIES = ("drums", "averaged", "pitched", "random", "uniform")
ACTIVATION_STRATEGIES = ("auto", "drums", "pitched", "random", "uniform")
ALGORITHMS = ("nmfd", "nmf_conv")
UPDATES = ("joint", "accelerated", "mean")
PRECISIONS = ("float32", "float64")
#: What a setting holds that the recording decides on, and one that is switched off.
AUTO = "auto"
NONE = "none"

#: The stem of what sounds beside drums, where nobody calls it otherwise.
ACCOMPANIMENT = "other"

#: The sections of the help, in their order.
GROUPS = ("Output", "What to look for", "Initialisation", "Solver", "Masks and STFT", "Other")


@dataclass(frozen=True, kw_only=True)
class SeparationSettings(CheckedSettings):
    """How a recording is taken apart; `None` stands for what the recording or score decides."""

    stems: tuple[str, ...] = setting(
        (),
        "Drums to look for: classes, or articulations such as ride, crash.  [default: those that "
        "sound]",
        metavar="DRUM,...",
        group="What to look for",
    )
    sensitivity: tuple[str, ...] = setting(
        (),
        "How readily hits are transcribed, from 0 (few) to 1 (many), or by drum: "
        "snare=0.7,tom=0.3.  [default: 0.5]",
        metavar="S|DRUM=S,...",
        group="What to look for",
    )
    init: str | None = setting(
        None,
        "What templates and activations begin as: auto transcribes drums; drums, pitched take what "
        "a score holds; random, uniform know nothing.  [default: the score's; without one, auto]",
        choices=STRATEGIES,
        group="Initialisation",
    )
    init_templates: str | None = setting(
        None,
        "What the templates begin as, if not as --init says; averaged is libnmfd's for drums.",
        choices=TEMPLATE_STRATEGIES,
        group="Initialisation",
    )
    init_activations: str | None = setting(
        None,
        "What the activations begin as, if not as --init says.",
        choices=ACTIVATION_STRATEGIES,
        group="Initialisation",
    )
    algorithm: str = setting(
        "nmfd",
        "The solver: nmfd lowers the Kullback-Leibler divergence, nmf_conv that of --beta.",
        choices=ALGORITHMS,
        group="Solver",
    )
    components: int = setting(
        3,
        "How many components, where neither drums nor notes name them.",
        low=1,
        group="What to look for",
    )
    template_frames: int = setting(
        8, "Frames of a template at full resolution.", low=1, group="Initialisation"
    )
    tail: float = setting(
        1.6,
        "How long a drum template lasts in all; behind its frames it widens.",
        low=0,
        high=10,
        metavar="SECONDS",
        group="Initialisation",
    )
    templates_per_class: int = setting(
        2,
        "Initial templates of a drum, from the kit; toms and cymbals take twice as many.",
        low=1,
        group="Initialisation",
    )
    prior_hits: float = setting(
        0.5,
        "How strongly templates hold on to their initial values: as if seen in so many more hits.",
        low=0,
        group="Solver",
    )
    iterations: int = setting(20, "Iterations of the solver.", low=0, group="Solver")
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
    fix_templates: bool = setting(
        False, "Leave the templates as they are initialised.", group="Solver"
    )
    fix_activations: bool = setting(
        False, "Leave the activations as they are initialised.", group="Solver"
    )
    decay: float = setting(
        0.75,
        "What is left of a drum's initial activation one frame later.",
        low=0,
        high=1,
        group="Initialisation",
    )
    onset_tolerance: float = setting(
        0.025,
        "By how much a note of a score may begin earlier or end later.",
        low=0,
        metavar="SECONDS",
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
        "Seed of what begins as random.  [default: libnmfd's numbers]",
        low=0,
        group="Initialisation",
    )
    kit: str | None = setting(
        None,
        "Drum sounds for the templates: a kit file, the name of one, or a folder of samples.",
        metavar="KIT",
        group="What to look for",
    )
    start: float = setting(
        0.0,
        "Begin at this time of the recording, in seconds or m:ss; times of scores do not change.",
        low=0,
        metavar="TIME",
        group="What to look for",
    )
    end: float | None = setting(
        None,
        "End at this time of the recording.",
        above=0,
        metavar="TIME",
        group="What to look for",
    )
    score_tempo: float | None = setting(
        None,
        "Beats a minute of a MIDI score, in place of its own.",
        low=10,
        high=1000,
        metavar="BPM",
        group="What to look for",
    )
    score_offset: float = setting(
        0.0,
        "How much later the notes of a score come in the recording.",
        metavar="TIME",
        group="What to look for",
    )
    drum_map: str | None = setting(
        None,
        "MIDI notes of drums: a TOML file, general-midi or roland-td.",
        metavar="MAP",
        group="What to look for",
    )
    residual: str = setting(
        AUTO,
        "Name of one more stem, for what belongs to no class; auto writes other, but only where "
        "more than drums sounds.",
        metavar="NAME",
        group="What to look for",
        off=NONE,
    )
    block_seconds: float = setting(
        60.0,
        "Longer recordings are worked on in pieces, from temporary disk.",
        low=0.1,
        metavar="SECONDS",
        group="Masks and STFT",
    )

    @property
    def residual_name(self) -> str:
        """What the stem of the residual is called, if there is one."""
        return ACCOMPANIMENT if self.residual == AUTO else self.residual

    @property
    def has_residual(self) -> bool:
        """Whether the residual is a stem whatever sounds."""
        return self.residual not in (AUTO, NONE)

    @property
    def sensitivities(self) -> dict[str, float]:
        """The sensitivity of each drum that is named; of all others under the empty name.

        Raises
        ------
        ParameterError
            If one is no number from 0 to 1.
        """
        found: dict[str, float] = {}
        for entry in self.sensitivity:
            drum, _, number = entry.rpartition("=")
            try:
                value = float(number)
            except ValueError:
                value = -1.0
            if not 0 <= value <= 1:
                raise ParameterError(
                    setting="sensitivity",
                    expected="numbers from 0 to 1, for all drums or as in snare=0.7",
                    found=repr(entry),
                )
            found[drum.strip()] = value
        return found

    def __post_init__(self) -> None:
        super().__post_init__()
        self.sensitivities  # noqa: B018 - refuses what is no number
        if self.end is not None and self.end <= self.start:
            raise ParameterError(
                setting="end", expected=f"more than --start ({self.start:g})", found=f"{self.end:g}"
            )
