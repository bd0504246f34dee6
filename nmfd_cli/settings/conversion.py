"""Values of TOML and of Python as values of the settings, each checked against its field."""

from collections.abc import Mapping
from dataclasses import fields
from functools import partial
from types import NoneType
from typing import Any, Final, get_args, get_type_hints

from nmfd_cli.errors import ParameterError
from nmfd_cli.io.preset_file import Check, shown
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.settings.fields import CheckedSettings, check_value
from nmfd_cli.settings.output import OutputSettings

#: The settings that a preset may hold.
CLASSES: Final[tuple[type[CheckedSettings], ...]] = (SeparationSettings, OutputSettings)

#: The largest whole number that is handed on.
_LARGEST: Final = 1 << 53


def setting_checks() -> dict[str, Check]:
    """Return what checks and converts a value of TOML or Python, by the name of the setting."""
    checks: dict[str, Check] = {}
    for settings in CLASSES:
        hints = get_type_hints(settings)
        for item in fields(settings):  # type: ignore[arg-type]
            if item.metadata["is_option"]:
                hint = hints[item.name]
                checks[item.name] = partial(
                    _checked, name=item.name, hint=hint, metadata=item.metadata
                )
    return checks


def _checked(value: Any, *, name: str, hint: Any, metadata: Mapping[str, Any]) -> Any:
    kind = next((kind for kind in get_args(hint) if kind is not NoneType), hint)
    if get_args(hint) and Ellipsis in get_args(hint):
        kind = tuple
    converted = _CONVERSIONS[kind](name, value)
    check_value(name, converted, metadata)
    return converted


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ParameterError(setting=name, expected="a line of text", found=shown(value))
    return value


def _names(name: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, list) and value:
        return tuple(_text(name, item) for item in value)
    raise ParameterError(setting=name, expected='a list such as ["kick"]', found=shown(value))


def _truth(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ParameterError(setting=name, expected="true or false", found=shown(value))


def _whole(name: str, value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST:
        return value
    raise ParameterError(setting=name, expected="a whole number", found=shown(value))


def _number(name: str, value: Any) -> float:
    if isinstance(value, float):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST:
        return float(value)
    raise ParameterError(setting=name, expected="a number", found=shown(value))


#: How a value of TOML becomes one of a setting.
_CONVERSIONS: dict[Any, Any] = {
    str: _text,
    tuple: _names,
    bool: _truth,
    int: _whole,
    float: _number,
}
