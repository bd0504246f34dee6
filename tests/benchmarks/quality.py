"""How well drums are separated and transcribed, in one table.  Not run by pytest.

    python tests/benchmarks/quality.py --data ../shared/audio [--jobs 2] [--full]

Every recording with true stems is separated three times: knowing its classes, knowing nothing, and
knowing its score.  A cell is the mean SDR over all true stems, in dB, where a stem that was not
written counts as silence; below stand the F-measures of the onsets that were found on the way, of
recordings with onsets only, too.  Beside each figure stands what is wanted, and a ``!`` where it is
missed.

``--exclude-kits`` leaves sounds out of the bank, to see what depends on single kits, and
``--without space,repetition`` switches parts of the division off, to see what they give.
"""

import argparse
import fnmatch
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import reduce
from multiprocessing import get_context
from operator import add
from pathlib import Path
from typing import Any

import numpy as np

from nmfd_cli.core.metrics import decibels, stem_energies
from nmfd_cli.core.onset_matching import OnsetCounts
from nmfd_cli.errors import NmfdWarning
from nmfd_cli.evaluation.onsets import evaluate_onsets
from nmfd_cli.io.audio.recording import open_recording, read_recording
from nmfd_cli.io.kit_file import write_kit
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.score.reader import read_score
from nmfd_cli.kits.find import load_kit
from nmfd_cli.pipeline.separation import separate, transcribe
from nmfd_cli.settings.definitions import SeparationSettings

MODES = ("classes", "auto", "score")
CLASSES = ("kick", "snare", "hihat", "tom", "cymbal", "clap")
TOLERANCE = 0.05
#: A stem of a class that does not play may be so loud beside the mixture, in dB.
FAINT = -30.0

#: What is wanted at least, by row and mode.
WANTED: Mapping[tuple[str, str], float] = {
    ("all", "classes"): 14.8,
    ("tier A", "classes"): 16.3,
    ("tier B", "classes"): 9.5,
    ("tier C", "classes"): 20.5,
    ("all", "auto"): 14.0,
    ("all", "score"): 16.0,
    ("F rendered, all classes", "classes"): 0.87,
    ("F real and amen, kick", "classes"): 0.98,
    ("F real and amen, snare", "classes"): 0.95,
    ("F real and amen, hihat", "classes"): 0.91,
}
#: What is wanted at most.
_MOST_TIMES = 20.0


@dataclass(frozen=True)
class Result:
    """What one run on one recording gave.

    Attributes
    ----------
    item : dict
        The entry of the manifest.
    mode : str
    sdr : dict of str to float
        Of each true stem, in dB.
    false : dict of str to float
        Classes that do not play and got a stem, with its level beside the mixture in dB.
    onsets : dict of str to OnsetCounts
    """

    item: Mapping[str, Any]
    mode: str
    onsets: Mapping[str, OnsetCounts]
    sdr: Mapping[str, float] = field(default_factory=dict)
    false: Mapping[str, float] = field(default_factory=dict)

    @property
    def has_stems(self) -> bool:
        return bool(self.item["type"] == "stems")


# ---------------------------------------------------------------- measuring


def run(data: Path, item: Mapping[str, Any], mode: str, options: Mapping[str, Any]) -> Result:
    """Separate, or only transcribe, a recording and measure what comes out."""
    stems = tuple(item["classes"]) if mode == "classes" else ()
    settings = SeparationSettings(stems=stems, **options)
    truth = read_score(data / item["onsets"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NmfdWarning)
        if item["type"] == "stems":
            return _separated(data, item, mode, settings, truth)
        recording = open_recording(data / item["mixture"])
        found = transcribe(recording, settings, kit=load_kit(settings.kit))
    return Result(item, mode, evaluate_onsets(truth, found, TOLERANCE).classes)


def _separated(
    data: Path, item: Mapping[str, Any], mode: str, settings: SeparationSettings, truth: Score
) -> Result:
    score = truth if mode == "score" else None
    recording = open_recording(data / item["mixture"])
    with separate(recording, settings, kit=load_kit(settings.kit), score=score) as separation:
        parts = list(separation.blocks())
    mixture = np.concatenate([block for block, _ in parts], axis=-1)
    sounds = np.concatenate([block for _, block in parts], axis=-1)
    stems = dict(zip(separation.stem_names, sounds, strict=True))
    sdr = {}
    for drum, path in item["stems"].items():
        reference, rate = read_recording(data / path)
        estimate = stems.get(drum, np.zeros_like(reference))
        sdr[drum] = stem_energies(reference, estimate, mixture, frame_length=rate // 50).sdr
    false = {
        drum: decibels(float(np.vdot(stem, stem)), float(np.vdot(mixture, mixture)))
        for drum, stem in stems.items()
        if drum not in item["stems"]
    }
    found = separation.score
    assert found is not None
    return Result(item, mode, evaluate_onsets(truth, found, TOLERANCE).classes, sdr, false)


def run_all(data: Path, options: Mapping[str, Any], jobs: int) -> list[Result]:
    """Run everything, in so many processes."""
    items = json.loads((data / "manifest.json").read_text(encoding="utf-8"))["items"]
    tasks = [
        (item, mode)
        for item in items
        for mode in MODES
        if item["type"] == "stems" or mode != "score"
    ]
    tasks.sort(key=lambda task: -task[0]["duration"])
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(run, data, item, mode, options) for item, mode in tasks]
        return [future.result() for future in futures]


def times_of_imports(data: Path, repeats: int = 5) -> float:
    """Return how many times as long as two imports a whole process takes for a 10 s stereo file.

    Both in turns, the fastest of each: whatever else runs on the machine only slows down.
    """
    items = json.loads((data / "manifest.json").read_text(encoding="utf-8"))["items"]
    stereo = [item for item in items if item["channels"] == 2]
    item = min(stereo, key=lambda item: abs(float(item["duration"]) - 10))
    with tempfile.TemporaryDirectory() as folder:
        separate = ["-m", "nmfd_cli", "separate", str(data / item["mixture"]), "-q"]
        whole = [*separate, "--overwrite", "-o", folder]
        imports = ["-c", "import numpy, soundfile"]
        seconds = [(_seconds(whole), _seconds(imports)) for _ in range(repeats)]
    return min(whole for whole, _ in seconds) / min(imports for _, imports in seconds)


def _seconds(arguments: Sequence[str]) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True)
    return time.perf_counter() - begin


# ---------------------------------------------------------------- showing

#: A row of the table: what it is of, and a figure for each mode.
Row = tuple[str, Mapping[str, float], int]


def rows_of(results: Sequence[Result]) -> Iterator[Row]:
    """Yield the rows of the table: name, figure of each mode, digits."""
    tiers = sorted({result.item["tier"] for result in results if result.has_stems})
    yield "all", _mean_sdr(results), 1
    for tier in tiers:
        yield f"tier {tier}", _mean_sdr([r for r in results if r.item["tier"] == tier]), 1
    for drum in CLASSES:
        yield drum, _mean_sdr(results, drum), 1
    rendered = [result for result in results if result.has_stems]
    real = [result for result in results if not result.has_stems]
    yield "F rendered, all classes", _f_measure(rendered, CLASSES), 3
    for drum in CLASSES:
        yield f"F rendered, {drum}", _f_measure(rendered, [drum]), 3
    for drum in CLASSES[:3]:
        yield f"F real and amen, {drum}", _f_measure(real, [drum]), 3


def _mean_sdr(results: Sequence[Result], drum: str | None = None) -> dict[str, float]:
    means = {}
    for mode in MODES:
        chosen = [result.sdr for result in results if result.mode == mode]
        values = [v for sdr in chosen for name, v in sdr.items() if drum in (None, name)]
        if values:
            means[mode] = float(np.mean(values))
    return means


def _f_measure(results: Sequence[Result], drums: Sequence[str]) -> dict[str, float]:
    """Pool the onsets of some classes over recordings."""
    measures = {}
    for mode in MODES[:2]:
        counts = [
            result.onsets[drum]
            for result in results
            if result.mode == mode
            for drum in drums
            if drum in result.onsets
        ]
        if counts:
            measures[mode] = reduce(add, counts, OnsetCounts(0, 0, 0)).f_measure
    return measures


def table_lines(results: Sequence[Result], times: float | None) -> Iterator[str]:
    """Yield the table, a line at a time."""
    n_stems = sum(len(result.sdr) for result in results if result.mode == MODES[0])
    yield f"{f'SDR of {n_stems} stems, dB':26}" + "".join(
        f"{title:>12}{'wanted':>10}" for title in ("given", "auto", "score")
    )
    for name, figures, digits in rows_of(results):
        cells = (_cells(figures.get(mode), WANTED.get((name, mode)), digits) for mode in MODES)
        yield (f"{name:26}" + "".join(cells)).rstrip()
    loud = [level for result in results for level in result.false.values() if level > FAINT]
    yield _auto_line(f"false stems over {FAINT:g} dB", f"{len(loud)}", len(loud) == 0, "0")
    if times is not None:
        is_met = times <= _MOST_TIMES
        yield _auto_line("time, times the imports", f"{times:.1f}", is_met, f"<={_MOST_TIMES:g}")


def _auto_line(name: str, value: str, is_met: bool, wanted: str) -> str:
    return f"{name:26}{'':22}{value + ('' if is_met else '!'):>12}{wanted:>10}"


def _cells(value: float | None, wanted: float | None, digits: int) -> str:
    shown = "" if value is None else f"{value:.{digits}f}"
    if wanted is None or value is None:
        return f"{shown:>12}{'':10}"
    mark = "" if round(value, digits) >= wanted else "!"
    return f"{shown + mark:>12}{f'>={wanted:g}':>10}"


def detail_lines(results: Sequence[Result]) -> Iterator[str]:
    """Yield a line for each run."""
    for result in sorted(results, key=lambda r: (str(r.item["id"]), r.mode)):
        sdr = "  ".join(f"{drum} {value:.1f}" for drum, value in result.sdr.items())
        onsets = "  ".join(
            f"{drum} {counts.n_matched}/{counts.n_reference}+{counts.n_estimate}"
            for drum, counts in result.onsets.items()
        )
        yield f"{result.item['id']:16} {result.mode:8} {sdr}  |  {onsets}"


def false_lines(results: Sequence[Result]) -> Iterator[str]:
    """Yield a line for each stem of a class that does not play, the loudest first."""
    found = [
        (level, result.item["id"], drum)
        for result in results
        for drum, level in result.false.items()
    ]
    for level, name, drum in sorted(found, reverse=True):
        yield f"false stem: {name} {drum}, {level:.1f} dB beside the mixture"


# ---------------------------------------------------------------- command


@contextmanager
def kit_without(excluded: Sequence[str]) -> Iterator[str | None]:
    """Hand out a kit of the bank's sounds but those of some sets of drums; None for all."""
    if not excluded:
        yield None
        return
    kit = load_kit(None)
    left = kit.where(
        lambda sound: not any(fnmatch.fnmatch(k, e) for k in sound.kits for e in excluded)
    )
    lost = [drum for drum in CLASSES if not left.rows(drum)]
    if lost:
        sys.exit(f"--exclude-kits: expected a sound of each class, none left of {', '.join(lost)}")
    print(f"bank: {len(left)} of {len(kit)} sounds, without {', '.join(excluded)}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rest.kit"
        write_kit(path, left)
        yield str(path)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.json")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--full", action="store_true", help="also a line for each run")
    parser.add_argument("--no-time", action="store_true", help="leave the timing out")
    parser.add_argument("--block-seconds", type=float, help="as nmfd separate takes it")
    parser.add_argument(
        "--exclude-kits",
        default="",
        metavar="NAME,...",
        help="sets of drums to leave out of the bank; * stands for anything",
    )
    parser.add_argument(
        "--without", default="", metavar="SETTING,...", help="settings to switch off"
    )
    arguments = parser.parse_args()
    times = None if arguments.no_time else times_of_imports(arguments.data)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # of each process that is started from here
    excluded = [name.strip() for name in arguments.exclude_kits.split(",") if name.strip()]
    with kit_without(excluded) as kit:
        options = {"kit": kit, "block_seconds": arguments.block_seconds}
        given = {name: value for name, value in options.items() if value is not None}
        given |= dict.fromkeys(filter(None, arguments.without.split(",")), False)
        results = run_all(arguments.data, given, arguments.jobs)
    if arguments.full:
        print(*detail_lines(results), "", sep="\n")
    print(*table_lines(results, times), "", *false_lines(results), sep="\n")


if __name__ == "__main__":
    main()
