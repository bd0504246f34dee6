"""Settings that do nothing beside the others: told where somebody has asked for them."""

from collections.abc import Collection, Iterator

from nmfd_cli.settings.definitions import SeparationSettings

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
#: Which starts a setting is of; none of these is taken unless it is named.
_OF_START = {"seed": ("random",), "components": ("random", "uniform")}


def idle_settings(
    given: Collection[str], settings: SeparationSettings, *, has_score: bool
) -> Iterator[tuple[str, str]]:
    """Yield what was asked for in vain, and what it would need.

    Parameters
    ----------
    given : collection of str
        The names of the settings that somebody has given, not a preset.
    settings : SeparationSettings
    has_score : bool
        A score may hold pitches.
    """
    starts = {settings.init, settings.init_templates, settings.init_activations}
    for name in given:
        solver = _OF_SOLVER.get(name, settings.algorithm)
        if solver != settings.algorithm:
            yield name, f"--algorithm {solver}"
        if name in _OF_START and not starts.intersection(_OF_START[name]):
            yield name, f"--init {' or '.join(_OF_START[name])}"
    if "onset_tolerance" in given and not has_score and "pitched" not in starts:
        yield "onset_tolerance", "--score with pitches"
