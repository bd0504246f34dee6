"""Bad and hostile inputs, given to the real command in processes of its own.

``python tests/hostile.py`` runs them all and prints the table: input, exit code, line.

Every case has a folder of its own, in which ``nmfd separate`` runs, with ``TMPDIR`` in it.  What
must hold beside the code and the line is told by `complaints`.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf
from hostile_audio import cases_of_audio
from hostile_case import RATE, Case
from hostile_places import cases_of_kits, cases_of_places
from hostile_texts import cases_of_presets, cases_of_scores
from numpy.typing import NDArray

from nmfd_cli.io.audio.decoder import is_mp3, silenced
from nmfd_cli.io.existing import file_hash

#: The command ends long before that, also on a machine with other work.
PATIENCE = 300
#: So many run at a time at most: a container sees more processors than it may use.
MOST_AT_A_TIME = 4
#: Letters of a line that the table shows.
SHOWN = 150


@dataclass(frozen=True)
class Outcome:
    """What the command did with a case."""

    case: Case
    folder: Path
    before: frozenset[tuple[str, str]]
    code: int
    lines: tuple[str, ...]

    @property
    def line(self) -> str:
        """What it said of the input: its last word."""
        told = [line for line in self.lines if line.startswith("nmfd: ")]
        return (told or list(self.lines) or [""])[-1]


def all_cases() -> list[Case]:
    """Return the whole table."""
    makers = (cases_of_audio, cases_of_scores, cases_of_presets, cases_of_kits, cases_of_places)
    return [case for make in makers for case in make()]


# ---------------------------------------------------------------- running and judging


def run_case(case: Case, folder: Path) -> Outcome:
    """Make an input and give it to the real command, in a process of its own."""
    (folder / "tmp").mkdir(parents=True)
    case.make(folder)
    before = files_in(folder)
    command = [sys.executable, "-W", "error", "-m", "nmfd_cli", "separate"]
    try:
        done = subprocess.run(
            [*command, *case.arguments, "--", case.recording],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(folder / "tmp"), "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired:
        return Outcome(case, folder, before, -1, (f"no end within {PATIENCE} s",))
    said = done.stderr.decode(errors="surrogateescape") + done.stdout.decode()
    return Outcome(case, folder, before, done.returncode, tuple(said.splitlines()))


def files_in(folder: Path) -> frozenset[tuple[str, str]]:
    """Return all that is below a folder, hidden files and links, too, and what the files hold."""
    return frozenset(
        (
            str(path.relative_to(folder)),
            file_hash(path) if path.is_file() and os.access(path, os.R_OK) else "",
        )
        for path in folder.rglob("*")
    )


def run_all(cases: Sequence[Case], folder: Path) -> list[Outcome]:
    """Run cases, several at a time."""
    with ThreadPoolExecutor(min(MOST_AT_A_TIME, os.cpu_count() or 1)) as threads:
        places = [folder / f"{number:03}" for number in range(len(cases))]
        return list(threads.map(run_case, cases, places))


def complaints(outcome: Outcome) -> list[str]:
    """Return what is wrong with what the command did; nothing, if all is well."""
    case = outcome.case
    text = "\n".join(outcome.lines)
    wrong = []
    if outcome.code not in case.codes:
        wrong.append(f"expected exit code {case.codes}, found {outcome.code}")
    if "Traceback" in text or "unexpected" in text:
        wrong.append("an error that was not foreseen")
    if case.says not in text:
        wrong.append(f"expected to be told {case.says!r}")
    if strangers := [line for line in outcome.lines if not _OURS.search(line)]:
        wrong.append(f"somebody else spoke: {strangers[0]}")
    if outcome.code == 0:
        return wrong + wrong_stems(outcome)
    if outcome.lines and not outcome.lines[-1].startswith("nmfd: error: "):
        wrong.append("expected an error in the end")
    if sum(line.startswith("nmfd: error: ") for line in outcome.lines) != 1:
        wrong.append("expected one error")
    if changed := files_in(outcome.folder) ^ outcome.before:
        wrong.append(f"left behind or changed: {sorted(changed)}")
    return wrong


#: How the lines begin and end that the command writes.
_OURS = re.compile(r"^nmfd: (warning|error): |: separated/.* s in .* s\)$")


def wrong_stems(outcome: Outcome) -> list[str]:
    """Hold the stems against what can be heard of the recording."""
    recording = outcome.folder / outcome.case.recording
    if recording.is_dir():
        recording = recording / "in" / "in.wav"
    heard, rate = (
        what_is_heard(recording) if outcome.case.sound is None else (outcome.case.sound, RATE)
    )
    changed = {outcome.folder / name for name, _ in files_in(outcome.folder) ^ outcome.before}
    folder = outcome.folder / "separated" / recording.stem
    stems = [path for path in changed if path.parent == folder and not path.name.startswith(".")]
    manifests = [path for path in changed if path.match(f"{folder}/.*.nmfd.json")]
    wrong = []
    if extra := changed - {*stems, *manifests, folder, folder.parent}:
        wrong.append(f"left behind or changed: {sorted(map(str, extra))}")
    if not stems or len(manifests) != 1:
        return [*wrong, f"{len(stems)} stems and {len(manifests)} manifests were written"]
    total = np.zeros_like(heard)
    for stem in stems:
        samples, stem_rate = sf.read(os.fsencode(stem), always_2d=True)
        if (samples.shape, stem_rate) != (heard.shape, rate):
            return [*wrong, f"{stem.name}: {samples.shape} at {stem_rate} Hz of {heard.shape}"]
        if not np.isfinite(samples).all():
            wrong.append(f"{stem.name}: not finite")
        total += samples
    error = np.abs(total - heard).max()
    if not error <= 1e-6 * np.abs(heard).max():
        wrong.append(f"the stems miss the recording by {error:.2g}")
    return wrong


def what_is_heard(path: Path) -> tuple[NDArray[np.float64], int]:
    """Read a recording sample by sample, as far as that goes."""
    blocks = []
    with (
        silenced(is_mp3(path)),
        sf.SoundFile(os.fsencode(path)) as file,
        suppress(sf.LibsndfileError, RuntimeError),
    ):
        while len(block := file.read(1, always_2d=True)):
            blocks.append(block)
    return np.concatenate(blocks), file.samplerate


def main() -> None:
    """Run all and print the table."""
    parser = argparse.ArgumentParser(description="Run hostile inputs and print the table.")
    parser.add_argument("only", nargs="*", help="cases whose name holds one of these")
    only = parser.parse_args().only
    cases = [case for case in all_cases() if not only or any(part in case.name for part in only)]
    n_wrong = 0
    with tempfile.TemporaryDirectory(prefix="nmfd-hostile-") as folder:
        for outcome in run_all(cases, Path(folder)):
            wrong = complaints(outcome)
            n_wrong += bool(wrong)
            print(f"{outcome.case.name:36} -> {outcome.code}  {outcome.line[:SHOWN]}")
            for complaint in wrong:
                print(f"{'':36} !! {complaint}")
    print(f"{len(cases)} inputs, {n_wrong} with complaints")
    sys.exit(1 if n_wrong else 0)


if __name__ == "__main__":
    main()
