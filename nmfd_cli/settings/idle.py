"""Settings that do nothing beside the others: who asks for one is warned."""

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
#: Which initialisations take a setting; none of these is chosen unless it is named.
_OF_INIT = {"seed": ("random",), "components": ("random", "uniform")}


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
