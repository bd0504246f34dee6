"""Settings: one place for defaults and ranges, the same through every door."""

import re
from dataclasses import fields
from typing import Any

import click
import pytest
from click.testing import CliRunner

from nmfd_cli.cli.main import cli
from nmfd_cli.cli.options import Command, preset_option, settings_from, settings_options
from nmfd_cli.errors import ParameterError
from nmfd_cli.pipeline.initial_activations import ACTIVATIONS
from nmfd_cli.pipeline.initial_templates import TEMPLATES
from nmfd_cli.pipeline.separation import RULES
from nmfd_cli.settings.definitions import (
    ACTIVATION_STRATEGIES,
    ALGORITHMS,
    GROUPS,
    STRATEGIES,
    TEMPLATE_STRATEGIES,
    SeparationSettings,
)
from nmfd_cli.settings.fields import CheckedSettings
from nmfd_cli.settings.output import BatchSettings, OutputSettings

CLASSES: tuple[type[CheckedSettings], ...] = (SeparationSettings, OutputSettings, BatchSettings)


def fields_of(settings: type[CheckedSettings]) -> list[Any]:
    return list(fields(settings))  # type: ignore[arg-type]


def read_from_options(settings: type[CheckedSettings], *arguments: str) -> CheckedSettings:
    """Return the settings that a command with these options makes."""
    made: list[CheckedSettings] = []

    @click.command(cls=Command)
    @settings_options(settings)
    @preset_option
    def command(**options: Any) -> None:
        made.append(settings_from(settings, options))

    result = CliRunner().invoke(command, arguments)
    assert (result.exit_code, result.output) == (0, "")
    return made[0]


@pytest.mark.parametrize("settings", CLASSES)
def test_a_command_without_options_has_the_defaults_of_the_library(
    settings: type[CheckedSettings],
) -> None:
    assert read_from_options(settings) == settings()


@pytest.mark.parametrize("settings", [SeparationSettings, OutputSettings])
def test_every_setting_is_explained_and_stands_in_a_section(
    settings: type[CheckedSettings],
) -> None:
    for item in fields_of(settings):
        assert item.metadata["explanation"].endswith((".", "]")), item.name
        assert item.metadata["group"] in GROUPS[:-1], f"{item.name}: give it a group of the help"


@pytest.mark.parametrize("settings", CLASSES)
def test_every_range_holds_its_default_and_has_an_end(settings: type[CheckedSettings]) -> None:
    for item in fields_of(settings):
        for end, step in (("low", -1), ("high", 1), ("above", 0)):
            limit = item.metadata[end]
            if limit is None:
                continue
            wrong = limit + step
            shown = re.escape(f"{wrong:g}" if isinstance(wrong, float) else str(wrong))
            line = f"^{item.name}: expected .*, found {shown}$"
            with pytest.raises(ParameterError, match=line) as caught:
                settings(**{item.name: wrong})
            assert caught.value.setting == item.name


@pytest.mark.parametrize("settings", CLASSES)
def test_every_choice_is_taken_and_no_other(settings: type[CheckedSettings]) -> None:
    for item in fields_of(settings):
        choices = item.metadata["choices"]
        for choice in choices or ():
            settings(**{item.name: choice})
        if choices:
            with pytest.raises(ParameterError) as caught:
                settings(**{item.name: "zzz"})
            expected = f"{item.name}: expected one of {', '.join(choices)}, found 'zzz'"
            assert str(caught.value) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_are_finite(value: float) -> None:
    with pytest.raises(ParameterError, match=f"^beta: expected a finite number, found {value}$"):
        SeparationSettings(beta=value)


def test_choices_are_the_keys_of_what_is_chosen_from() -> None:
    assert set(ALGORITHMS) == set(RULES)
    assert set(TEMPLATE_STRATEGIES) == set(TEMPLATES)
    assert set(ACTIVATION_STRATEGIES) == set(ACTIVATIONS)
    assert set(STRATEGIES) <= set(TEMPLATES) | set(ACTIVATIONS)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"stem": "a", "minus": "b"}, "stem: expected either --stem or --minus, found both"),
        ({"out": "-"}, "out: standard output (-) takes one file, "
         "expected --stem or --minus to name it"),
    ],
)  # fmt: skip
def test_outputs_that_exclude_each_other_are_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        OutputSettings(**values)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("arguments", "warning"),
    [
        (["--beta", "1"], "--beta: does nothing without --algorithm nmf_conv"),
        (
            ["--algorithm", "nmf_conv", "--update", "mean"],
            "--update: does nothing without --algorithm nmfd",
        ),
        (["--drum-map", "roland-td"], "--drum-map: does nothing without --score"),
        (["--seed", "3"], "--seed: does nothing without --init random"),
        (["--components", "5"], "--components: does nothing without --init random or uniform"),
        (
            ["--onset-tolerance", "0.1"],
            "--onset-tolerance: does nothing without --score with pitches",
        ),
        (["--beta", "1", "--algorithm", "nmf_conv"], None),
        (["--seed", "3", "--init-templates", "random"], None),
        (["--components", "5", "--init", "uniform"], None),
        (["--seed", "3", "--quiet"], None),
    ],
)
def test_an_option_that_does_nothing_is_warned_of(
    arguments: list[str], warning: str | None
) -> None:
    result = CliRunner().invoke(cli, ["separate", "missing.wav", *arguments])
    lines = [line for line in result.stderr.splitlines() if "warning" in line]
    assert lines == ([f"nmfd: warning: {warning}"] if warning else [])
