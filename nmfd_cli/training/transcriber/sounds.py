"""The instruments that performances are played on: one-shots in velocity layers, from all sources.

Every instrument knows its source and whether it is held out: held-out instruments play in the
validation sets only."""

import pickle
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from itertools import chain, groupby
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from nmfd_cli.training.synthesis.signals import SAMPLE_RATE
from nmfd_cli.training.transcriber import machine_voices, voices
from nmfd_cli.training.transcriber.instruments import (
    ACOUSTIC,
    MACHINE,
    SOUNDFONT,
    SYNTHESIS,
    Instrument,
    make_instrument,
)
from nmfd_cli.training.transcriber.soundfont_drums import drum_jobs, is_held_out, rendered_drums

#: Sources whose sounds training never plays.
HELD_OUT_SOURCES: Final = (
    "gogodze", "pearl-master-studio", "rumpf_kit_z01", "machine_LM-2", "machine_LM-2_b",
    "machine_Roland-CR-8000", "machine_Casio-RZ1",
)  # fmt: skip
#: Seeds of synthesised voices from here on are held out.
HELD_OUT_SEED: Final = 1_000_000


#: The sounds of Emanuel Rumpf's kit that have a General MIDI key, by articulation.
RUMPF_FOLDER: Final = Path("/usr/share/hydrogen/data/drumkits/rumpf_kit_z01_h2")
_RUMPF: Final = {
    "kick": ("06-38", "06-46", "07-18", "07-20"),
    "sidestick": ("09-12",),
    "snare": ("01-21", "06-25"),
    "clap": ("01-26",),
    "closed_hihat": ("09-10",),
    "pedal_hihat": ("06-28",),
    "open_hihat": ("08-31",),
    "tom": ("08-17", "08-18", "08-19"),
    "crash": ("06-43",),
    "ride_bell": ("06-40",),
}


def read_sound(path: Path) -> NDArray[np.float64]:
    """Read a file as an array of shape (n_channels, n_samples) at 44.1 kHz."""
    samples, sample_rate = soundfile.read(path, always_2d=True)
    if sample_rate != SAMPLE_RATE:
        samples = soxr.resample(samples, sample_rate, SAMPLE_RATE)
    return np.asarray(samples.T)


def _stem_of_name(path: Path) -> str:
    """Return what hits of one drum have in common: the name without layer and take."""
    return re.split(r"_vl\d+|_\d{3}$", path.stem)[0]


def folder_instruments(root: Path) -> Iterator[Instrument | None]:
    """Read the folders SOURCE/ARTICULATION/NAME.flac: velocity layers by their names."""
    for folder in sorted(path for path in root.glob("*/*") if path.parent.name != "rooms"):
        source, articulation = folder.parent.name, folder.name
        is_layered = source in ("muldjord", "gogodze", "frankensnare")
        files = sorted(folder.glob("*.flac"), key=_order)
        groups = groupby(files, key=_stem_of_name if is_layered else lambda path: path.stem)
        for _, its_files in groups:
            sounds = [read_sound(path) for path in its_files]
            yield make_instrument(
                articulation.replace("half_open", "open").replace("brush_snare", "snare"),
                source,
                group=MACHINE if source.startswith("machine") else ACOUSTIC,
                sounds=sounds if is_layered else [s.mean(axis=0, keepdims=True) for s in sounds],
                ranked=is_layered,
                held_out=source in HELD_OUT_SOURCES,
            )


def _order(path: Path) -> tuple[str, int, str]:
    layer = re.search(r"_vl(\d+)", path.stem)
    return _stem_of_name(path), int(layer[1]) if layer else 0, path.stem


def rumpf_instruments() -> Iterator[Instrument | None]:
    """Read Emanuel Rumpf's kit, where Debian's hydrogen-drumkits is installed."""
    for articulation, numbers in _RUMPF.items():
        for number in numbers:
            path = RUMPF_FOLDER / f"beats_{number}.flac"
            if path.is_file():
                sound = read_sound(path).mean(axis=0, keepdims=True)
                yield make_instrument(
                    articulation, "rumpf_kit_z01", group=ACOUSTIC, sounds=[sound], held_out=True
                )


def formula_instrument(job: tuple[str, str, int]) -> Instrument | None:
    """Make a voice from formulas: kind (`SYNTHESIS` or `MACHINE`), drum or articulation, seed."""
    kind, name, seed = job
    rng = np.random.default_rng([seed, sum(name.encode()), len(kind)])
    if kind == SYNTHESIS:
        articulation, voice = voices.random_voice(name, rng)
        takes = [voices.sound_of(voice, np.random.default_rng([seed, k])) for k in range(2)]
    else:
        articulation, takes = name, [machine_voices.machine_sound(name, rng)]
    return make_instrument(
        articulation,
        f"{kind} formulas {name} {seed}",
        group=SYNTHESIS if kind == SYNTHESIS else MACHINE,
        sounds=[np.atleast_2d(take) for take in takes],
        held_out=seed >= HELD_OUT_SEED,
    )


def soundfont_instruments(job: tuple[Path, int]) -> list[Instrument | None]:
    """Render the drum set of a SoundFont's program."""
    path, program = job
    return [
        make_instrument(
            articulation,
            f"{path.stem} {program} {key}",
            group=SOUNDFONT,
            sounds=takes,
            held_out=is_held_out(path.stem, program, articulation),
        )
        for key, articulation, takes in rendered_drums(path, program)
    ]


def without_repeats(instruments: Iterable[Instrument]) -> list[Instrument]:
    """Drop sounds that programs share; of equal ones a held-out one stays, so that none leaks."""
    kept: dict[tuple[str, bytes], Instrument] = {}
    for instrument in sorted(instruments, key=lambda one: not one.held_out):
        head = np.rint(200.0 * instrument.layers[-1][0, : SAMPLE_RATE // 5]).astype("<i2")
        kept.setdefault((instrument.articulation, head.tobytes()), instrument)
    return list(kept.values())


def formula_jobs(n_each: int) -> list[tuple[str, str, int]]:
    """Return jobs of `formula_instrument`: `n_each` of a drum, a sixth as many held out."""
    counts = {"hihat": 1.4, "cymbal": 1.4, "clap": 0.6}
    drums = ("kick", "snare", "hihat", "tom", "cymbal", "clap")
    jobs: list[tuple[str, str, int]] = []
    for kind, names in ((SYNTHESIS, drums), (MACHINE, tuple(machine_voices.MAKERS))):
        for name in names:
            n = round(n_each * counts.get(name, 1.0))
            jobs += [(kind, name, seed) for seed in range(n)]
            jobs += [(kind, name, HELD_OUT_SEED + seed) for seed in range(max(2, n // 6))]
    return jobs


def collect(sounds: Path, executor: Executor, *, n_formulas: int = 120) -> list[Instrument]:
    """Make all instruments: folders of one-shots, SoundFonts, formulas."""
    made = executor.map(formula_instrument, formula_jobs(n_formulas), chunksize=8)
    rendered = executor.map(soundfont_instruments, drum_jobs())
    instruments = chain(
        folder_instruments(sounds), rumpf_instruments(), chain.from_iterable(rendered), made
    )
    return without_repeats(one for one in instruments if one is not None)


def load_or_collect(sounds: Path, cache: Path, executor: Executor) -> list[Instrument]:
    """Read the instruments from a file made earlier, or make them and write it."""
    if cache.is_file():
        with cache.open("rb") as file:
            loaded: list[Instrument] = pickle.load(file)
        return loaded
    instruments = collect(sounds, executor)
    part = cache.with_suffix(".part")
    with part.open("wb") as file:
        pickle.dump(instruments, file, protocol=5)
    part.rename(cache)
    return instruments
