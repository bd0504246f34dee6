"""Pipes and devices under the names of files: reading one may wait, or never end."""

from pathlib import Path

from nmfd_cli.errors import InputFileError


def refuse_special(path: Path, expected: str) -> None:
    """Refuse what has a name but is neither a file nor a folder.

    Parameters
    ----------
    path : Path
        What is not there at all is left to who opens it, but for a link to nothing.
    expected : str
        What should be there, for the message.

    Raises
    ------
    InputFileError
    """
    if path.is_symlink() and not path.exists():
        raise InputFileError(path, expected=expected, found="a link to nothing")
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InputFileError(path, expected=expected, found="a pipe or a device")
