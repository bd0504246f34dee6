"""Kits and paths: folders for files, links to nothing, names that are no text."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from hostile_audio import damaged, floats
from hostile_case import CHEAP, FOUND_NO_AUDIO, SCORED, Case, beside, good, hits, write
from numpy.typing import NDArray

#: The place of the one stem is that of the recording.
OVER_ITSELF = ("-o", ".", "--filename", "in.wav", "--stem", "component_1", "--overwrite")


def kit(**classes: dict[str, bytes]) -> Callable[[Path], object]:
    """Write a good recording and a folder of samples."""

    def make(folder: Path) -> None:
        good(folder)
        for drum, files in classes.items():
            (folder / "kit" / drum).mkdir(parents=True)
            for name, data in files.items():
                (folder / "kit" / drum / name).write_bytes(data)

    return make


def sound(samples: NDArray[np.floating]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write(Path(folder) / "a.wav", samples, subtype="FLOAT").read_bytes()


def cases_of_kits() -> Iterator[Case]:
    def case(name: str, make: Callable[[Path], object], says: str, code: int = 1) -> Case:
        return Case(f"kit: {name}", make, says, (code,), arguments=("--kit", "kit", *SCORED))

    kick, snare = sound(hits(0.1)[:, 0]), sound(hits(0.2)[:, 0])
    yield case("an empty class", kit(kick={"a.wav": kick}, snare={}), "kit/snare: expected")
    yield case(
        "a text file in it",
        kit(kick={"a.wav": kick, "read.me": b"text"}, snare={"a.wav": snare}),
        "",
        0,
    )
    yield case(
        "a text called audio",
        kit(kick={"a.wav": kick, "b.wav": b"text"}),
        f"kit/kick/b.wav: {FOUND_NO_AUDIO}",
    )
    yield case("silence", kit(kick={"a.wav": sound(np.zeros(800))}), "kit/kick/a.wav: expected")
    yield case(
        "NaN",
        kit(kick={"a.wav": sound(damaged(np.nan))}),
        "kit/kick/a.wav: expected finite samples",
    )
    yield case("an empty folder", beside("kit", None), "kit: expected")
    yield case(
        "no kit file",
        beside("kit", b"PK\3\4 no archive"),
        "kit: expected a whole kit file",
    )


def cases_of_places() -> Iterator[Case]:
    yield Case(
        "a folder without audio",
        lambda f: (f / "in.wav").mkdir(),
        "expected audio files in this folder, found none",
    )
    yield Case("nothing", lambda f: None, "in.wav: no such file or folder")
    yield Case(
        "a link to itself", lambda f: (f / "in.wav").symlink_to("in.wav"), "found a link to nothing"
    )
    yield Case(
        "folders linked in a circle",
        linked_folders,
        codes=(0,),
        recording="loop",
        arguments=("--recursive", *CHEAP),
    )
    yield Case(
        "a name of 300 letters",
        lambda f: None,
        "cannot be read: File name too long",
        recording="x" * 300,
    )
    yield Case(
        "the output folder is a file",
        beside("separated", b""),
        "separated: expected a folder for the results, found a file",
    )
    yield Case(
        "a folder where a stem belongs",
        beside("separated/in/component_1.wav", None),
        "expected to write a file, found a folder",
    )
    yield Case(
        "a stem stands there already",
        beside("separated/in/component_2.wav", b"mine"),
        "exists; --overwrite replaces it",
    )
    yield Case(
        "stems over the recording",
        good,
        "found a file that is to be read",
        arguments=(*CHEAP, *OVER_ITSELF),
    )
    yield Case(
        "an integer format that would clip",
        floats(hits(0.5) * 20),
        "would clip in pcm_16",
        arguments=(*CHEAP, "--subtype", "pcm_16"),
    )
    if hasattr(os, "mkfifo"):
        yield Case(
            "a pipe in place of a file",
            lambda f: os.mkfifo(f / "in.wav"),
            "found a pipe or a device",
        )
        yield Case("a device", lambda f: None, "found a pipe or a device", recording="/dev/zero")
        yield Case(
            "score: a device",
            good,
            "found a pipe or a device",
            arguments=("--score", "/dev/zero", *SCORED),
        )
    if sys.platform == "linux":
        yield Case(
            "a name that is not UTF-8",
            lambda f: write(f / "good.wav", hits(0.5)).rename(f / os.fsdecode(b"dr\xffms.wav")),
            codes=(0,),
            recording=os.fsdecode(b"dr\xffms.wav"),
        )
        yield Case(
            "a broken one with such a name",
            lambda f: (f / os.fsdecode(b"\xfe\n.wav")).write_text("x"),
            r"\xfe\n.wav: expected audio",
            recording=os.fsdecode(b"\xfe\n.wav"),
        )
    if can_be_locked_out():
        yield Case("a file that may not be read", lambda f: good(f).chmod(0), "Permission denied")
        yield Case(
            "a folder that may not be written",
            locked_folder,
            "Permission denied",
        )


def can_be_locked_out() -> bool:
    """Whether permissions mean something to this process; to root they do not."""
    with tempfile.TemporaryDirectory() as folder:
        locked = Path(folder) / "locked"
        locked.touch(mode=0)
        return not os.access(locked, os.R_OK)


def linked_folders(folder: Path) -> None:
    (folder / "loop" / "in").mkdir(parents=True)
    write(folder / "loop" / "in" / "in.wav", hits(0.5))
    (folder / "loop" / "in" / "up").symlink_to("..")


def locked_folder(folder: Path) -> None:
    good(folder)
    (folder / "separated").mkdir(0o500)
