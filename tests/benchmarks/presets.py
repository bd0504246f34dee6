"""What each preset gains and costs beside the defaults, as it stands.  Not run by pytest.

    python tests/benchmarks/presets.py --data ../shared/audio [--only draft,best]

Every recording with true stems that a preset is made for is separated twice, with the preset and
with the defaults, in every way that the preset leaves open: knowing nothing, knowing the classes,
knowing the score.  A preset that names its drums is tried on the recordings in which these
play; ``melody`` on three made-up pieces of notes, one stem a pitch, with their scores.

SDR is the mean over all true stems, in dB; a stem that was not written counts as silence.  Time is
that of the processor, both runs in turns, relative to the defaults.
"""

import argparse
import json
import os
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: it reads it when it is loaded

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from nmfd_cli.core.metrics import stem_energies
from nmfd_cli.errors import NmfdWarning, warn_python
from nmfd_cli.io.audio.recording import open_recording, read_recording
from nmfd_cli.kits.find import load_kit
from nmfd_cli.pipeline.inputs import score_for
from nmfd_cli.pipeline.separation import separate
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.settings.presets import load_preset, preset_paths

MELODY = "melody"
#: What is known of a recording.
NOTHING, THE_CLASSES, THE_SCORE = "nothing", "classes", "score"
ALL_WAYS = (NOTHING, THE_CLASSES, THE_SCORE)
#: Of the made-up pieces.
RATE = 44100
PIECES = 3


@dataclass(frozen=True)
class Item:
    """A recording with its true stems and its score."""

    mixture: Path
    stems: Mapping[str, Path]
    score: Path


@dataclass(frozen=True)
class Run:
    """What came out of separating a recording: SDR of each true stem, and seconds."""

    sdr: tuple[float, ...]
    seconds: float


def separated(item: Item, settings: SeparationSettings, score: Path | None) -> Run:
    """Separate a recording in memory and hold the stems against the true ones."""
    begin = time.process_time()
    kit = load_kit(settings.kit)
    notes = score_for(score, settings, kit, warn=warn_python) if score is not None else None
    with separate(open_recording(item.mixture), settings, kit=kit, score=notes) as separation:
        parts = list(separation.blocks())
    seconds = time.process_time() - begin
    mixture = np.concatenate([block for block, _ in parts], axis=-1)
    sounds = np.concatenate([part for _, part in parts], axis=-1)
    stems = dict(zip(separation.stem_names, sounds, strict=True))
    sdr = []
    for name, path in item.stems.items():
        true, rate = read_recording(path)
        estimate = stems.get(name, np.zeros_like(true))
        sdr.append(stem_energies(true, estimate, mixture, frame_length=rate // 50).sdr)
    return Run(tuple(sdr), seconds)


def compared(
    items: Sequence[Item], values: Mapping[str, Any], known: str
) -> tuple[list[Run], list[Run]]:
    """Separate recordings with a preset and with the defaults, in turns."""
    with_preset, with_defaults = [], []
    for item in items:
        given: dict[str, Any] = {"stems": tuple(item.stems)} if known == THE_CLASSES else {}
        score = item.score if known == THE_SCORE else None
        with_preset.append(separated(item, SeparationSettings(**{**given, **values}), score))
        with_defaults.append(separated(item, SeparationSettings(**given), score))
    return with_preset, with_defaults


def lines(name: str, items: Sequence[Item]) -> Iterator[str]:
    """Yield a line for each way in which a preset can be used."""
    values = load_preset(name).values_for(SeparationSettings)
    drums = values.get("stems")
    if drums is not None:
        items = [item for item in items if set(item.stems) == set(drums)]
    needs_score = values.get("init") in ("drums", "pitched")
    ways = (THE_SCORE,) if needs_score else (NOTHING,) if drums is not None else ALL_WAYS
    for known in ways:
        preset, defaults = compared(items, values, known)
        gained, before = ([s for run in runs for s in run.sdr] for runs in (preset, defaults))
        ratio = sum(run.seconds for run in preset) / sum(run.seconds for run in defaults)
        yield (
            f"{name:16} knowing {known:8} {len(items):3} recordings {len(gained):3} stems  "
            f"SDR {np.mean(gained):6.2f} for {np.mean(before):6.2f} dB  time {ratio:5.2f}"
        )


# ---------------------------------------------------------------- made-up pieces


def note(pitch: int, seconds: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a plucked note: harmonics that fade the faster the higher they are."""
    f0 = 440 * 2 ** ((pitch - 69) / 12)
    t = np.arange(round(seconds * RATE)) / RATE
    n_harmonics = int(0.45 * RATE / f0)
    sound = np.zeros_like(t)
    for h in range(1, min(n_harmonics, 20) + 1):
        level = rng.uniform(0.5, 1) / h**1.2
        sound += (
            level
            * np.exp(-t * (1.5 + 0.8 * h))
            * np.sin(2 * np.pi * f0 * h * t + rng.uniform(0, 2 * np.pi))
        )
    fade = np.minimum(1, np.minimum(t / 0.004, (seconds - t) / 0.02))
    return 0.15 * sound * fade


def made_up_piece(folder: Path, number: int) -> Item:
    """Write ten seconds of a scale's notes and chords, with the true sound of every pitch."""
    rng = np.random.default_rng(100 + number)
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12]) + (48, 57, 64)[number % 3]
    pitches = [int(p) for p in rng.choice(scale, size=6, replace=False)]
    n = 10 * RATE
    sounds = {pitch: np.zeros(n) for pitch in pitches}
    rows = []
    for step in range(36):
        onset = 0.05 + 0.26 * step
        for pitch in rng.choice(pitches, size=rng.choice([1, 1, 2, 3]), replace=False):
            seconds = float(rng.uniform(0.2, 0.5))
            begin = round(onset * RATE)
            sound = note(int(pitch), seconds, rng)[: n - begin]
            sounds[int(pitch)][begin : begin + len(sound)] += rng.uniform(0.4, 1) * sound
            rows.append(f"{onset:.4f},{pitch},{seconds:.4f}\n")
    folder.mkdir(parents=True)
    sf.write(folder / "mixture.wav", sum(sounds.values()), RATE, "FLOAT")
    (folder / "score.csv").write_text("onset,pitch,duration\n" + "".join(rows))
    stems = {}
    for pitch, samples in sounds.items():
        name = pitch_name(pitch)
        sf.write(folder / f"{name}.wav", samples, RATE, "FLOAT")
        stems[name] = folder / f"{name}.wav"
    return Item(folder / "mixture.wav", stems, folder / "score.csv")


def pitch_name(pitch: int) -> str:
    """Return the name that the stem of a pitch has."""
    letters = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
    return f"pitch_{pitch}_{letters[pitch % 12]}{pitch // 12 - 1}"


# ---------------------------------------------------------------- command


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.json")
    parser.add_argument("--only", default="", metavar="NAME,...", help="these presets")
    options = parser.parse_args()
    wanted = [name for name in options.only.split(",") if name] or list(preset_paths())
    manifest = json.loads((options.data / "manifest.json").read_text(encoding="utf-8"))
    items = [
        Item(
            options.data / item["mixture"],
            {drum: options.data / path for drum, path in item["stems"].items()},
            options.data / item["onsets"],
        )
        for item in manifest["items"]
        if item["type"] == "stems"
    ]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", NmfdWarning)
        pieces = [made_up_piece(Path(folder) / str(n), n) for n in range(PIECES)]
        for name in wanted:
            for line in lines(name, pieces if name == MELODY else items):
                print(line, flush=True)


if __name__ == "__main__":
    main()
