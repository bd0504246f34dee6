"""How a setting is declared: its default, its range and its explanation, in one line.

A settings class is a frozen dataclass of `CheckedSettings` whose fields are made by `setting`.
Options and presets are made from what the fields say of themselves.
"""

from collections.abc import Mapping
from dataclasses import field, fields
from math import isfinite
from typing import Any

from nmfd_cli.errors import ParameterError


def setting(
    default: Any,
    explanation: str,
    *,
    group: str = "Other",
    choices: tuple[str, ...] | None = None,
    low: float | None = None,
    high: float | None = None,
    above: float | None = None,
    metavar: str | None = None,
    is_option: bool = True,
    off: str | None = None,
) -> Any:
    """Declare a field with what options and presets need to know of it.

    Parameters
    ----------
    explanation : str
        One sentence for the user, without the default.
    group : str
        The section of the help that it stands in.
    low, high, above : float, optional
        The range: `low` and `high` included, `above` not.
    metavar : str, optional
        What stands for the value in the help.
    is_option : bool
        Whether options and presets offer it; otherwise the program fills it in.
    off : str, optional
        The value that an option of its own, ``--no-...``, stands for.
    """
    metadata = dict(locals())
    return field(default=metadata.pop("default"), metadata=metadata)


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
        expected = f"one of {', '.join(choices)}"
        raise ParameterError(setting=name, expected=expected, found=repr(value))
    if value == "":
        raise ParameterError(setting=name, expected="a text", found="an empty one")
    if value is None or isinstance(value, (str, tuple, bool)):
        return
    if not isfinite(value):
        raise ParameterError(setting=name, expected="a finite number", found=str(value))
    expected = ""
    if low is not None and value < low:
        expected = f"{_shown(low)} or more"
    elif high is not None and value > high:
        expected = f"{_shown(high)} or less"
    elif above is not None and value <= above:
        expected = f"more than {_shown(above)}"
    if expected:
        raise ParameterError(setting=name, expected=expected, found=_shown(value))


def _shown(number: float) -> str:
    return f"{number:g}" if isinstance(number, float) else str(number)
