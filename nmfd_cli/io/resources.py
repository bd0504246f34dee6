"""Where the files that ship with the program are, installed or not."""

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
