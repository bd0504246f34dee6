"""Where kits of drum sounds are: the shipped bank, the user's own, and how they are called."""

from collections import Counter
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from nmfd_cli.core.drum_sounds.kit import Kit
from nmfd_cli.errors import NO_SUCH_FILE, InputFileError, NmfdError, Warn, warn_python
from nmfd_cli.io.audio.decoder import audio_below
from nmfd_cli.io.kit_file import KIT_SUFFIX, read_kit
from nmfd_cli.io.resources import shipped, user_config_folder

#: The name by which the shipped bank is called.
SHIPPED_NAME: Final = "bank"


@dataclass(frozen=True)
class KnownKit:
    """A kit that can be called by its name.

    Attributes
    ----------
    name : str
    path : Path
    kit : Kit or None
        None if the file cannot be read.
    fault : str
        Why it cannot.
    """

    name: str
    path: Path
    kit: Kit | None
    fault: str = ""


def shipped_bank() -> Path:
    """Return the path of the bank that ships with the program."""
    return shipped("data", f"bank{KIT_SUFFIX}")


def user_kits_folder() -> Path:
    """Return the folder whose kits can be called by their names; it need not exist."""
    return user_config_folder() / "kits"


def load_kit(name_or_path: str | Path | None = None, *, warn: Warn = warn_python) -> Kit:
    """Load a kit by whatever the user calls it.

    Parameters
    ----------
    name_or_path : str, Path or None
        None or ``bank`` for the shipped bank; a kit file; a folder of one-shots or recordings,
        which is learned in memory; or the name of a kit in `user_kits_folder`, with or without its
        ending.  Something that exists under that path comes before a name.
    warn : callable, optional
        Takes what should be known of a folder that was learned; see `kit_from_folder`.

    Returns
    -------
    Kit
        With at least one sound, and the files it was read from.

    Raises
    ------
    InputFileError
        If there is none, or it cannot be read or learned.
    """
    path = kit_path(name_or_path)
    if path.is_dir():
        from nmfd_cli.kits.learn import kit_from_folder  # what few need, and takes time

        kit = kit_from_folder(path, warn=warn)
    else:
        kit = read_kit(path)
    if not kit.sounds:
        raise InputFileError(path, expected="a kit of at least one sound", found="an empty one")
    return kit.read_from(path, kit_files(path))


@cache
def shipped_kit() -> Kit:
    """Return the shipped bank, read once a process."""
    return load_kit()


def kit_path(name_or_path: str | Path | None = None) -> Path:
    """Return where a kit is, whatever the user calls it; see `load_kit`.

    Raises
    ------
    InputFileError
        If there is none.
    """
    if name_or_path is None:
        return shipped_bank()
    path = Path(name_or_path)
    if path.exists():
        return path
    named = user_kits_folder() / f"{path.name.removesuffix(KIT_SUFFIX)}{KIT_SUFFIX}"
    if path.name == str(name_or_path) and named.is_file():
        return named
    if str(name_or_path) == SHIPPED_NAME:
        return shipped_bank()
    message = f"{NO_SUCH_FILE}, nor a kit of that name in {user_kits_folder()}"
    raise InputFileError(path, message)


def kit_files(path: Path) -> list[Path]:
    """Return the files that a kit is read from: itself, or all audio below a folder."""
    return audio_below(path) if path.is_dir() else [path]


def known_kits() -> list[KnownKit]:
    """Find the shipped bank and the kits in `user_kits_folder`, sorted by name."""
    own = sorted(user_kits_folder().glob(f"*{KIT_SUFFIX}"))
    places = [(SHIPPED_NAME, shipped_bank()), *((path.stem, path) for path in own)]
    return [_known(name, path) for name, path in places]


def _known(name: str, path: Path) -> KnownKit:
    try:
        return KnownKit(name, path, read_kit(path))
    except NmfdError as error:
        return KnownKit(name, path, None, str(error))


def kit_as_dict(kit: Kit) -> dict[str, Any]:
    """Return what a kit holds as plain values, for JSON: all but the numbers."""
    counts = Counter(sound.source for sound in kit.sounds)
    return {
        "name": kit.name,
        "classes": {drum: len(kit.rows(drum)) for drum in kit.classes},
        "sources": [{**asdict(source), "sounds": counts[source.key]} for source in kit.sources],
        "sounds": [{**asdict(sound), "kits": list(sound.kits)} for sound in kit.sounds],
    }
