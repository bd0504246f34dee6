"""Presets: settings under a name, shipped with the program, the user's own, or any file.

What holds is, in rising order: the defaults of the settings, what a preset extends, the preset,
the command line.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Any, Final, get_args, get_type_hints

from nmfd_cli.errors import InputFileError, OutputError, ParameterError
from nmfd_cli.io.preset_file import Check, PresetFile, read_preset_file, shown
from nmfd_cli.io.resources import shipped, user_config_folder
from nmfd_cli.io.transaction import write_file
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.settings.fields import CheckedSettings, check_value
from nmfd_cli.settings.output import OutputSettings

SUFFIX = ".toml"
#: The settings that a preset may hold.
CLASSES: Final[tuple[type[CheckedSettings], ...]] = (SeparationSettings, OutputSettings)


@dataclass(frozen=True)
class Preset:
    """Settings under a name.

    Attributes
    ----------
    name : str
        Of the file, without its ending.
    values : mapping of str to any
        All settings that it or what it extends gives.
    given : str
        As it was asked for: a name or a path.
    """

    name: str
    path: Path
    description: str
    values: Mapping[str, Any]
    given: str = ""

    def values_for(self, settings: type[CheckedSettings]) -> dict[str, Any]:
        """Return what it gives for one class of settings, its own name included."""
        names = settings.names()
        own = {"preset": self.name} if "preset" in names else {}
        return own | {name: value for name, value in self.values.items() if name in names}


def user_folder() -> Path:
    """Return the folder of the user's own presets; it need not exist."""
    return user_config_folder() / "presets"


def preset_paths() -> dict[str, Path]:
    """Return all presets known by name; the user's own stand before shipped ones of that name."""
    paths = {**_presets_in(shipped("presets")), **_presets_in(user_folder())}
    return dict(sorted(paths.items()))


def _presets_in(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    files = [path for path in folder.iterdir() if path.suffix == SUFFIX and path.is_file()]
    return {path.stem: path for path in files if not path.name.startswith(".")}


def find_preset(name: str) -> Path:
    """Return the file of a preset.

    Parameters
    ----------
    name : str
        A known name, or the path of a file.

    Raises
    ------
    ParameterError
        If it is neither.
    """
    if Path(name).name != name or name.endswith(SUFFIX):
        return Path(name)
    known = preset_paths()
    if name in known:
        return known[name]
    if Path(name).exists():
        return Path(name)
    close = get_close_matches(name, known, n=1)
    raise ParameterError(
        setting="preset",
        expected=f"one of {', '.join(known)} or a file",
        found=repr(name),
        hint=f"did you mean {close[0]}?" if close else "",
    )


def load_preset(name: str) -> Preset:
    """Read a preset and all that it extends.

    Raises
    ------
    ParameterError
        If there is none of that name.
    InputFileError
        If a file cannot be used, or extends itself in the end.
    """
    chain = list(_chain(find_preset(name)))
    values: dict[str, Any] = {}
    for file in reversed(chain):
        values |= file.values
    first = chain[0]
    return Preset(first.path.stem, first.path, first.description, values, name)


def _chain(path: Path) -> Iterator[PresetFile]:
    """Yield a file, the one it extends, and so on."""
    checks = setting_checks()
    seen: list[Path] = []
    while True:
        file = read_preset_file(path, checks)
        yield file
        if file.extends is None:
            return
        seen.append(path.resolve())
        path = _extended(file)
        if path.resolve() in seen:
            found = f"one over {shown(file.extends)}"
            message = "extends: expected no circle"
            raise InputFileError(file.path, message, file.extends_line, found=found)


def _extended(file: PresetFile) -> Path:
    """Return the file that another extends: a shipped one by name, any by its path from there."""
    assert file.extends is not None
    known = _presets_in(shipped("presets"))
    path = known.get(file.extends, file.path.parent / file.extends)
    try:
        is_there = path.is_file()
    except OSError:  # a name longer than the system allows
        is_there = False
    if not is_there:
        message = f"extends: expected one of {', '.join(sorted(known))} or the path of a file"
        raise InputFileError(file.path, message, file.extends_line, found=shown(file.extends))
    return path


def preset_text(description: str, values: Mapping[str, Any]) -> str:
    """Return a preset as TOML.

    Raises
    ------
    ParameterError
        If a text cannot be written in UTF-8.
    """
    lines = [f"description = {_toml(description)}"]
    lines += [f"{name} = {_toml(value)}" for name, value in values.items()]
    text = "\n".join(lines) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ParameterError(expected="a preset of text that UTF-8 can hold") from error
    return text


def _toml(value: Any) -> str:
    # JSON's texts, numbers and lists of texts are TOML's, too
    return json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)


def save_preset(
    name: str, description: str, values: Mapping[str, Any], *, overwrite: bool = False
) -> Path:
    """Write a preset of the user's: whole or not at all.

    Raises
    ------
    ParameterError
        If the name could not be found again, or a value is not one that a preset may hold.
    OutputError
        If there is one of that name which may not be replaced, or it cannot be written.
    """
    if not name or not name.isprintable() or name[0] in ".-" or set(name) & set('/\\:*?"<>|'):
        expected = "the name of a preset, of letters and digits"
        raise ParameterError(expected=expected, found=repr(name))
    path = user_folder() / f"{name.removesuffix(SUFFIX)}{SUFFIX}"
    if path.stem in _presets_in(shipped("presets")) and not overwrite and not path.exists():
        raise OutputError(f"{path.stem} is a preset that ships; --overwrite puts yours before it")
    write_file(path, preset_text(description, values), overwrite=overwrite)
    return path


def setting_checks() -> dict[str, Check]:
    """Return what checks and converts a value of TOML or Python, by the name of the setting."""
    return {
        item.name: partial(_checked, name=item.name, hint=hints[item.name], metadata=item.metadata)
        for settings, hints in ((kind, get_type_hints(kind)) for kind in CLASSES)
        for item in fields(settings)  # type: ignore[arg-type]
        if item.metadata["is_option"]
    }


def _checked(value: Any, *, name: str, hint: Any, metadata: Mapping[str, Any]) -> Any:
    is_list = Ellipsis in get_args(hint)
    if is_list and not (isinstance(value, list) and value):
        raise ParameterError(setting=name, expected='a list such as ["kick"]', found=shown(value))
    kind = next((kind for kind in get_args(hint) if kind is not NoneType), hint)
    expected, is_one = _KINDS[kind]
    for one in value if is_list else [value]:
        if not is_one(one):
            raise ParameterError(setting=name, expected=expected, found=shown(one))
    converted = tuple(value) if is_list else kind(value)
    check_value(name, converted, metadata)
    return converted


def _is_whole(value: Any) -> bool:
    """Whether a value is a whole number, and a float can hold it."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 1 << 53


#: By the type of a setting, what its value in TOML is to be, and whether one is so.
_KINDS: Final[dict[Any, tuple[str, Callable[[Any], bool]]]] = {
    str: (
        "a line of text",
        lambda value: isinstance(value, str) and value != "" and value.isprintable(),
    ),
    bool: ("true or false", lambda value: isinstance(value, bool)),
    int: ("a whole number", _is_whole),
    float: ("a number", lambda value: isinstance(value, float) or _is_whole(value)),
}
