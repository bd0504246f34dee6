"""Kits of drum sounds: the shipped bank, the user's own, and how they are found by name."""

import os
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from nmfd_cli.core.drum_sounds import Kit
from nmfd_cli.errors import InputFileError, NmfdError
from nmfd_cli.io.kit_file import KIT_SUFFIX, read_kit, write_kit
from nmfd_cli.io.one_shots import AUDIO_SUFFIXES
from nmfd_cli.io.replacement import require_free
from nmfd_cli.io.resources import shipped, user_config_folder

__all__ = [
    "SHIPPED_NAME",
    "Kit",
    "KnownKit",
    "kit_as_dict",
    "known_kits",
    "learn_kit",
    "load_kit",
    "shipped_bank",
    "user_kits_folder",
]

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


def load_kit(name_or_path: str | Path | None = None) -> Kit:
    """Load a kit by whatever the user calls it.

    Parameters
    ----------
    name_or_path : str, Path or None
        None or ``bank`` for the shipped bank; a kit file; a folder of one-shots or recordings,
        which is learned in memory; or the name of a kit in `user_kits_folder`, with or without its
        ending.  Something that exists under that path comes before a name.

    Returns
    -------
    Kit
        With at least one sound.

    Raises
    ------
    InputFileError
        If there is none, or it cannot be read or learned.
    """
    path = kit_path(name_or_path)
    if path.is_dir():
        from nmfd_cli.kits.learn import kit_from_folder  # what few need, and takes time

        return kit_from_folder(path)
    return _with_sounds(path)


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
    raise InputFileError(
        path,
        "expected a kit file, a folder of drum sounds or the name of a kit in"
        f" {user_kits_folder()}, found none",
    )


def kit_files(path: Path) -> list[Path]:
    """Return the files that a kit is read from: itself, or all audio below a folder."""
    if not path.is_dir():
        return [path]
    return [file for file in path.rglob("*") if file.suffix.lower() in AUDIO_SUFFIXES]


def _with_sounds(path: Path) -> Kit:
    kit = read_kit(path)
    if not kit.sounds:
        raise InputFileError(path, "expected a kit of at least one sound, found an empty one")
    return kit


def learn_kit(
    folder: str | Path,
    out: str | Path,
    *,
    name: str | None = None,
    licence: str = "",
    overwrite: bool = False,
) -> Kit:
    """Learn a kit from a user's own sounds and write it.

    Parameters
    ----------
    folder : str or Path
        See `nmfd_cli.kits.learn`.
    out : str or Path
        The kit file.
    name : str, optional
        Of the kit; the file's name without its ending when left out.
    licence : str
        Of the sounds.
    overwrite : bool
        Whether an existing file may be replaced.

    Returns
    -------
    Kit
        What was written.

    Raises
    ------
    InputFileError
        As `kit_from_folder` does.
    OutputError
        If the file cannot be written, or exists and may not be replaced: told before the sounds are
        read.
    """
    from nmfd_cli.kits.learn import kit_from_folder

    sources = frozenset(map(os.path.realpath, kit_files(Path(folder))))
    require_free(Path(out), overwrite, sources)
    title = name or Path(out).name.removesuffix(KIT_SUFFIX)
    kit = kit_from_folder(folder, name=title, licence=licence)
    write_kit(out, kit, overwrite=overwrite)
    return kit


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
        "classes": {drum: len(kit.rows(drum)) for drum in kit.drums},
        "sources": [{**asdict(source), "sounds": counts[source.key]} for source in kit.sources],
        "sounds": [{**asdict(sound), "kits": list(sound.kits)} for sound in kit.sounds],
    }
