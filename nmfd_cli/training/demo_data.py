"""Render the shipped sounds, the kit of one-shots and the demo, from their synthesis.

``python -m nmfd_cli.training.demo_data data`` writes them below the directory ``data``;
``python -m nmfd_cli.training.demo_data --check data`` compares what lies there with the code.

The files are the same to the bit wherever numpy computes the same; another mathematics library may
move a sample by one step of 16 bits, which the comparison lets pass.
"""

import csv
import io
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile as sf

from nmfd_cli.training.synthesis.groove import Hit, render_demo
from nmfd_cli.training.synthesis.shipped_kit import render_kit
from nmfd_cli.training.synthesis.signals import SAMPLE_RATE

SCORE_PATH = "demo/drums.csv"
TOLERANCE = 2
"""Largest difference between samples that still counts as equal, in steps of 16 bits."""

Samples = npt.NDArray[np.int16]


def render_data() -> tuple[dict[str, Samples], str]:
    """Render all that is shipped.

    Returns
    -------
    sounds : dict of ndarray of int16, shape (n_samples,) for the kit, (n_samples, 2) for the demo
        By their path below the data directory.
    score : str
        Text of ``demo/drums.csv``.
    """
    sounds: dict[str, Samples] = {}
    for drum, shots in render_kit().items():
        for name, shot in shots.items():
            sounds[f"kit/{drum}/{name}.wav"] = np.rint(32767.0 * shot).astype(np.int16)
    mixture, stems, hits = render_demo()
    sounds["demo/drums.wav"] = mixture
    for drum, stem in stems.items():
        sounds[f"demo/stems/{drum}.flac"] = stem
    return sounds, score_text(hits)


def score_text(hits: Sequence[Hit]) -> str:
    """The demo's score as CSV: onset in seconds, drum class, velocity (1 to 127) of each hit."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["onset", "drum", "velocity"])
    for hit in hits:
        velocity = max(1, round(127 * hit.velocity))
        writer.writerow([f"{hit.onset / SAMPLE_RATE:.6f}", hit.drum, velocity])
    return text.getvalue()


def make_data(directory: Path) -> None:
    """Write the kit and the demo below `directory`, over what is there.

    Parameters
    ----------
    directory : Path
        Gets ``kit/<class>/<name>.wav``, ``demo/drums.wav``, ``demo/stems/<class>.flac`` and
        ``demo/drums.csv``.
    """
    sounds, score = render_data()
    for path, samples in sounds.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        sf.write(target, samples, SAMPLE_RATE, subtype="PCM_16")
    (directory / SCORE_PATH).write_text(score, encoding="utf-8", newline="\n")


def differences(directory: Path) -> list[str]:
    """Compare the files below `directory` with what the code renders.

    Returns
    -------
    list of str
        One line for each file that is missing, additional or different; empty if all is well.
    """
    sounds, score = render_data()
    found = {path.relative_to(directory).as_posix() for path in sound_files(directory)}
    lines = [f"{path}: not made by the synthesis" for path in sorted(found - sounds.keys())]
    for path, samples in sounds.items():
        if path not in found:
            lines.append(f"{path}: missing")
        else:
            lines += [f"{path}: {fault}" for fault in sound_faults(directory / path, samples)]
    score_file = directory / SCORE_PATH
    if not score_file.is_file() or score_file.read_text(encoding="utf-8") != score:
        lines.append(f"{SCORE_PATH}: missing or different")
    return lines


def sound_files(directory: Path) -> list[Path]:
    """Paths of all WAV and FLAC files of the kit and the demo."""
    return [
        path
        for part in ("kit", "demo")
        for path in (directory / part).rglob("*")
        if path.suffix in {".wav", ".flac"}
    ]


def sound_faults(path: Path, expected: Samples) -> list[str]:
    """What is different in a file from the samples it should hold; at most one line."""
    samples, sample_rate = sf.read(path, dtype="int16")
    if sample_rate != SAMPLE_RATE or samples.shape != expected.shape:
        wanted = f"{SAMPLE_RATE} Hz and shape {expected.shape}"
        return [f"expected {wanted}, found {sample_rate} Hz and {samples.shape}"]
    largest = int(np.max(np.abs(samples.astype(np.int32) - expected)))
    return [f"samples differ by up to {largest}"] if largest > TOLERANCE else []


def main(arguments: Sequence[str]) -> int:
    """Make the data, or check it with ``--check``; returns the exit code."""
    directories = [Path(argument) for argument in arguments if argument != "--check"]
    if len(directories) != 1:
        print("usage: python -m nmfd_cli.training.demo_data [--check] DIR", file=sys.stderr)
        return 2
    if "--check" not in arguments:
        make_data(directories[0])
        return 0
    lines = differences(directories[0])
    for line in lines:
        print(line)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
