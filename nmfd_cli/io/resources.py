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
    named = os.environ.get("XDG_CONFIG_HOME", "")
    if Path(named).is_absolute():
        return Path(named) / "nmfd"
    if sys.platform == "win32":
        named = os.environ.get("APPDATA", "")
        return (Path(named) if named else Path.home() / "AppData" / "Roaming") / "nmfd"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "nmfd"
    return Path.home() / ".config" / "nmfd"
