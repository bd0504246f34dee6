"""How much faster a folder is with ``-j 2`` than with ``-j 1`` and than a loop of single calls.

``python tests/benchmarks/batch.py [--files 200] [--jobs 2] [--loop 20]`` copies the demo as often
as it says, runs the real command, and prints seconds, files per second and ratios, and whether the
results are the same bit for bit.  Wanted at 200 files on two processors: a ratio of 1.7.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from nmfd_cli.io.existing import file_hash
from nmfd_cli.io.resources import shipped

WANTED = 1.7


def command(arguments: Sequence[str | Path]) -> float:
    """Run ``nmfd separate`` and return the seconds that it took."""
    begin = perf_counter()
    subprocess.run(
        [sys.executable, "-m", "nmfd_cli", "separate", "--quiet", *map(str, arguments)],
        check=True,
    )
    return perf_counter() - begin


def one_by_one(recordings: Sequence[Path], out: Path) -> float:
    """Call the command once a recording, as a loop of a shell does."""
    return sum(command([recording, "--out", out]) for recording in recordings)


def tree(folder: Path) -> dict[Path, str]:
    """Return the hashes of all files below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder): file_hash(path) for path in files}


def line(what: str, seconds: float, count: int) -> str:
    """Return one line of the result."""
    return f"{what:<24}{count:4} files {seconds:8.1f} s {count / seconds:7.2f} files/s"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--loop", type=int, default=20, help="how many files the loop does")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nmfd-benchmark-") as name:
        folder = Path(name)
        recordings = [folder / "in" / f"drums_{n:04}.wav" for n in range(options.files)]
        (folder / "in").mkdir()
        for recording in recordings:
            shutil.copy(shipped("data", "demo", "drums.wav"), recording)
        looped = recordings[: options.loop]
        loop = one_by_one(looped, folder / "loop")
        alone = command([folder / "in", "--out", folder / "alone", "--jobs", "1"])
        together = command([folder / "in", "--out", folder / "jobs", "--jobs", str(options.jobs)])
        same = tree(folder / "alone") == tree(folder / "jobs")
    print(line("a call a file", loop, len(looped)))
    print(line("-j 1", alone, options.files))
    print(line(f"-j {options.jobs}", together, options.files))
    ratio = alone / together
    print(f"-j {options.jobs} against -j 1: {ratio:.2f} times as fast (wanted {WANTED})")
    per_file = loop / len(looped) * options.files
    print(f"-j {options.jobs} against a loop: {per_file / together:.2f} times as fast")
    print("the same bit for bit" if same else "NOT the same bit for bit")


if __name__ == "__main__":
    main()
