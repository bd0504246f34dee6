"""Where the files that ship with the program are, installed or not."""

import os
import sys
from pathlib import Path


def shipped(*parts: str) -> Path:
    """Return the path of something below ``data/`` or ``presets/``.

    A wheel carries both inside of the package; a checkout has them beside it.

    Parameters
    ----------
    *parts : str
        For example ``"data", "kit"``.

    Examples
    --------
    >>> shipped("data").is_dir()
    True
    """
    package = Path(__file__).parent.parent
    installed = package / "_shipped"
    return (installed if installed.is_dir() else package.parent).joinpath(*parts)


def user_config_folder() -> Path:
    """Return the folder of the user's own presets and kits; it need not exist.

    ``$XDG_CONFIG_HOME/nmfd`` where that variable holds an absolute path, else the platform's place:
    ``%APPDATA%`` on Windows, ``~/Library/Application Support`` on macOS, ``~/.config`` elsewhere.
    """
    return _users_folder(
        "XDG_CONFIG_HOME", ".config", windows=("APPDATA", "Roaming"), macos="Application Support"
    )


def user_cache_folder() -> Path:
    """Return the folder of what can be computed again; it need not exist.

    ``$XDG_CACHE_HOME/nmfd`` where that variable holds an absolute path, else the platform's place:
    ``%LOCALAPPDATA%`` on Windows, ``~/Library/Caches`` on macOS, ``~/.cache`` elsewhere.
    """
    return _users_folder(
        "XDG_CACHE_HOME", ".cache", windows=("LOCALAPPDATA", "Local"), macos="Caches"
    )


def _users_folder(variable: str, usual: str, *, windows: tuple[str, str], macos: str) -> Path:
    named = os.environ.get(variable, "")
    if Path(named).is_absolute():
        return Path(named) / "nmfd"
    if sys.platform == "win32":
        named = os.environ.get(windows[0], "")
        return (Path(named) if named else _home() / "AppData" / windows[1]) / "nmfd"
    if sys.platform == "darwin":
        return _home() / "Library" / macos / "nmfd"
    return _home() / usual / "nmfd"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError:  # a user that the system does not know, as containers have them
        return Path(os.sep)
