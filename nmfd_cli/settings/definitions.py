"""Every setting, with its default, its range and its explanation: once.

Command-line options, presets and the library are made from these fields.  The module imports
nothing but the standard library, so that ``nmfd --help`` need not wait for the numerics.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial

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
_sought, _initial, _solver, _masks = (partial(setting, group=group) for group in GROUPS[1:5])


@dataclass(frozen=True, kw_only=True)
class SeparationSettings(CheckedSettings):
    """How a recording is taken apart; `None` stands for what the recording or score decides."""

    stems: tuple[str, ...] = _sought(
        (),
        "Drums to look for: classes, or articulations such as ride, crash.  [default: those that "
        "sound]",
        metavar="DRUM,...",
    )
    sensitivity: tuple[str, ...] = _sought(
        (),
        "How readily hits are transcribed, from 0 (few) to 1 (many), or by drum: "
        "snare=0.7,tom=0.3.  [default: 0.5]",
        metavar="S|DRUM=S,...",
    )
    init: str | None = _initial(
        None,
        "What templates and activations begin as: auto transcribes drums; drums, pitched take what "
        "a score holds; random, uniform know nothing.  [default: the score's; without one, auto]",
        choices=STRATEGIES,
    )
    init_templates: str | None = _initial(
        None,
        "What the templates begin as, if not as --init says; averaged is libnmfd's for drums.",
        choices=TEMPLATE_STRATEGIES,
    )
    init_activations: str | None = _initial(
        None, "What the activations begin as, if not as --init says.", choices=ACTIVATION_STRATEGIES
    )
    algorithm: str = _solver(
        "nmfd",
        "The solver: nmfd lowers the Kullback-Leibler divergence, nmf_conv that of --beta.",
        choices=ALGORITHMS,
    )
    components: int = _sought(
        3, "How many components, where neither drums nor notes name them.", low=1
    )
    template_frames: int = _initial(8, "Frames of a template at full resolution.", low=1)
    tail: float = _initial(
        1.6,
        "How long a drum template lasts in all; behind its frames it widens.",
        low=0,
        high=10,
        metavar="SECONDS",
    )
    templates_per_class: int = _initial(
        2, "Initial templates of a drum, from the kit; toms and cymbals take twice as many.", low=1
    )
    prior_hits: float = _solver(
        0.5,
        "How strongly templates hold on to their initial values: as if seen in so many more hits.",
        low=0,
    )
    iterations: int = _solver(20, "Iterations of the solver.", low=0)
    beta: float = _solver(
        0.0, "Divergence of nmf_conv: -1 Itakura-Saito, 0 Kullback-Leibler, 1 Euclidean."
    )
    sparsity_weight: float = _solver(0.0, "Pull of nmf_conv's activations to zero.", low=0)
    uncorr_weight: float = _solver(
        0.0, "How far nmf_conv keeps the frames of a template apart.", low=0
    )
    update: str = _solver(
        "joint", "Update of nmfd's activations: joint never raises the divergence.", choices=UPDATES
    )
    precision: str = _solver("float32", "Arithmetic of the solver.", choices=PRECISIONS)
    fix_templates: bool = _solver(False, "Leave the templates as they are initialised.")
    fix_activations: bool = _solver(False, "Leave the activations as they are initialised.")
    decay: float = _initial(
        0.75, "What is left of a drum's initial activation one frame later.", low=0, high=1
    )
    onset_tolerance: float = _initial(
        0.025,
        "By how much a note of a score may begin earlier or end later.",
        low=0,
        metavar="SECONDS",
    )
    alpha: float = _masks(
        2.0, "Power of the models in the masks: 1 magnitudes, 2 powers.", above=0, high=8
    )
    space: bool = _masks(
        True, "Tell the stems of a stereo recording apart by their direction, too."
    )
    repetition: bool = _masks(
        True, "Find waveforms that a drum repeats, as drum machines do, and divide what they leave."
    )
    n_fft: int = _masks(2048, "Samples of the analysis window.", low=4, high=1 << 20)
    hop_length: int = _masks(512, "Samples from one window to the next.", low=1, high=1 << 20)
    seed: int | None = _initial(
        None, "Seed of what begins as random.  [default: libnmfd's numbers]", low=0
    )
    kit: str | None = _sought(
        None,
        "Drum sounds for the templates: a kit file, the name of one, or a folder of samples.",
        metavar="KIT",
    )
    start: float = _sought(
        0.0,
        "Begin at this time of the recording, in seconds or m:ss; times of scores do not change.",
        low=0,
        metavar="TIME",
    )
    end: float | None = _sought(None, "End at this time of the recording.", above=0, metavar="TIME")
    score_tempo: float | None = _sought(
        None,
        "Beats a minute of a MIDI score, in place of its own.",
        low=10,
        high=1000,
        metavar="BPM",
    )
    score_offset: float = _sought(
        0.0, "How much later the notes of a score come in the recording.", metavar="TIME"
    )
    drum_map: str | None = _sought(
        None,
        "MIDI notes of drums: a TOML file or a name such as general-midi (README.md has all).",
        metavar="MAP",
    )
    residual: str = _sought(
        AUTO,
        "Name of one more stem, for what belongs to no class; auto writes other, but only where "
        "more than drums sounds.",
        metavar="NAME",
        off=NONE,
    )
    block_seconds: float = _masks(
        60.0,
        "Longer recordings are worked on in pieces, from temporary disk.",
        low=0.1,
        metavar="SECONDS",
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


#: Which solver takes a setting that the other has not.
_OF_SOLVER = {
    "beta": "nmf_conv",
    "sparsity_weight": "nmf_conv",
    "uncorr_weight": "nmf_conv",
    "update": "nmfd",
    "prior_hits": "nmfd",
    "fix_templates": "nmfd",
    "fix_activations": "nmfd",
}
#: Which initialisations take a setting; none of these is chosen unless it is named.
_OF_INIT = {"seed": ("random",), "components": ("random", "uniform")}


def idle_settings(
    given: Collection[str], settings: SeparationSettings, *, has_score: bool
) -> Iterator[tuple[str, str]]:
    """Yield each of the given settings, by name, that does nothing, and what it would need."""
    chosen = {settings.init, settings.init_templates, settings.init_activations}
    for name in given:
        solver = _OF_SOLVER.get(name, settings.algorithm)
        if solver != settings.algorithm:
            yield name, f"--algorithm {solver}"
        if name in _OF_INIT and not chosen.intersection(_OF_INIT[name]):
            yield name, f"--init {' or '.join(_OF_INIT[name])}"
    for name in ("score_tempo", "score_offset", "drum_map"):
        if name in given and not has_score:
            yield name, "--score"
    if "onset_tolerance" in given and not has_score and "pitched" not in chosen:
        yield "onset_tolerance", "--score with pitches"
