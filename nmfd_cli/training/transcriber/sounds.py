"""The instruments that performances are played on: one-shots in velocity layers, from all sources.

Every instrument knows its source and whether it is held out: held-out instruments play in the
validation sets only.
"""

import pickle
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from nmfd_cli.training.transcriber import machine_voices, voices
from nmfd_cli.training.transcriber.soundfont_drums import drum_jobs, is_held_out, rendered_drums

SAMPLE_RATE: Final = 44_100
#: Samples before the onset in every sound of an instrument.
LEAD: Final = 44

#: Groups of sources, between which a kit chooses.
ACOUSTIC, SOUNDFONT, MACHINE, SYNTHESIS = "acoustic", "soundfont", "machine", "synthesis"

#: Sources whose sounds training never plays.
HELD_OUT_SOURCES: Final = (
    "gogodze",
    "pearl-master-studio",
    "rumpf_kit_z01",
    "machine_LM-2",
    "machine_LM-2_b",
    "machine_Roland-CR-8000",
    "machine_Casio-RZ1",
)
#: Seeds of synthesised voices from here on are held out.
HELD_OUT_SEED: Final = 1_000_000

#: Softest layer of instruments whose layers were equalised in level, in dB.
_SOFTEST_LAYER: Final = -26.0

_LONGEST: Final = {"ride": 3.0, "ride_bell": 3.0, "crash": 3.5, "open_hihat": 2.2, "tom": 2.0}
_USUAL_LONGEST: Final = 1.2

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


@dataclass
class Instrument:
    """A drum (or a cymbal) that can be hit at several velocities.

    Attributes
    ----------
    articulation : str
        As the folders of the sounds name it.
    source, group : str
    layers : list of ndarray of float32, shape (n_channels, n_samples)
        From soft to loud; the onset is at sample `LEAD`.  Channels are microphones of one hit.
    levels : list of float
        Of the layers, in dB relative to the loudest.
    held_out : bool
    """

    articulation: str
    source: str
    group: str
    layers: list[NDArray[np.float32]]
    levels: list[float]
    held_out: bool = False


def onset_power(sound: NDArray[np.float32]) -> float:
    """Return the mean power of the first 100 ms of a sound, shape (..., n_samples), in dB."""
    head = np.sum(sound, axis=0) if sound.ndim > 1 else sound
    return float(10.0 * np.log10(np.sum(head[: SAMPLE_RATE // 10] ** 2) / 4410.0 + 1e-14))


def _cut(channels: NDArray[np.float64], articulation: str) -> NDArray[np.float32] | None:
    """Move the onset to sample `LEAD`, end where the sound has faded; None for silence."""
    envelope = np.abs(channels).max(axis=0)
    peak = envelope[: SAMPLE_RATE // 4].max(initial=0.0)
    if peak < 1e-5:
        return None
    onset = int(np.argmax(envelope > 0.05 * peak))
    padded = np.pad(channels, ((0, 0), (LEAD, 0)))[:, onset:]
    padded[:, :LEAD] *= np.linspace(0.0, 1.0, LEAD)
    longest = int(_LONGEST.get(articulation, _USUAL_LONGEST) * SAMPLE_RATE)
    audible = np.flatnonzero(np.abs(padded).max(axis=0) > 1e-3 * peak)
    kept = padded[:, : min(longest, int(audible[-1]) + 1)]
    n_fade = max(16, min(8000, kept.shape[1] // 4))
    kept[:, -n_fade:] *= np.cos(np.linspace(0.0, np.pi / 2.0, n_fade)) ** 2
    return kept.astype(np.float32) if kept.shape[1] > 400 else None


def make_instrument(
    articulation: str,
    source: str,
    *,
    group: str,
    sounds: Iterable[NDArray[np.float64]],
    ranked: bool = False,
    held_out: bool = False,
) -> Instrument | None:
    """Make an instrument of its sounds, each of shape (n_channels, n_samples).

    Where `ranked`, the sounds come from soft to loud at equal levels, else their levels count.
    """
    layers = [cut for sound in sounds if (cut := _cut(sound, articulation)) is not None]
    if not layers:
        return None
    levels = [onset_power(layer) for layer in layers]
    top = max(levels)
    layers = [layer * np.float32(10.0 ** (-top / 20.0)) for layer in layers]
    if ranked:
        levels = (
            np.linspace(_SOFTEST_LAYER, 0.0, len(layers)).tolist() if len(layers) > 1 else [0.0]
        )
    else:
        levels = [level - top for level in levels]
    return Instrument(articulation, source, group, layers, levels, held_out)


def read_sound(path: Path) -> NDArray[np.float64]:
    """Read a file as an array of shape (n_channels, n_samples) at 44.1 kHz."""
    samples, sample_rate = soundfile.read(path, always_2d=True)
    if sample_rate != SAMPLE_RATE:
        samples = soxr.resample(samples, sample_rate, SAMPLE_RATE)
    return np.asarray(samples.T)


def _stem_of_name(path: Path) -> str:
    """Return what hits of one drum have in common: the name without layer and take."""
    return re.split(r"_vl\d+|_\d{3}$", path.stem)[0]


def folder_instruments(root: Path) -> Iterator[Instrument]:
    """Read the folders SOURCE/ARTICULATION/NAME.flac: velocity layers by their names."""
    for folder in sorted(path for path in root.glob("*/*") if path.parent.name != "rooms"):
        source, articulation = folder.parent.name, folder.name
        is_layered = source in ("muldjord", "gogodze", "frankensnare")
        files = sorted(folder.glob("*.flac"), key=_order)
        groups = groupby(files, key=_stem_of_name if is_layered else lambda path: path.stem)
        for _, its_files in groups:
            instrument = make_instrument(
                articulation.replace("half_open", "open").replace("brush_snare", "snare"),
                source,
                group=MACHINE if source.startswith("machine") else ACOUSTIC,
                sounds=[_mono_if_machine(read_sound(path), source) for path in its_files],
                ranked=is_layered,
                held_out=source in HELD_OUT_SOURCES,
            )
            if instrument is not None:
                yield instrument


def _order(path: Path) -> tuple[str, int, str]:
    layer = re.search(r"_vl(\d+)", path.stem)
    return _stem_of_name(path), int(layer[1]) if layer else 0, path.stem


def _mono_if_machine(sound: NDArray[np.float64], source: str) -> NDArray[np.float64]:
    is_layered = source in ("muldjord", "gogodze", "frankensnare")
    return sound if is_layered else sound.mean(axis=0, keepdims=True)


def rumpf_instruments() -> Iterator[Instrument]:
    """Read Emanuel Rumpf's kit, where Debian's hydrogen-drumkits is installed."""
    for articulation, numbers in _RUMPF.items():
        for number in numbers:
            path = RUMPF_FOLDER / f"beats_{number}.flac"
            if path.is_file():
                instrument = make_instrument(
                    articulation,
                    "rumpf_kit_z01",
                    group=ACOUSTIC,
                    sounds=[read_sound(path).mean(axis=0, keepdims=True)],
                    held_out=True,
                )
                if instrument is not None:
                    yield instrument


def formula_instrument(job: tuple[str, str, int]) -> Instrument | None:
    """Make a voice from formulas: kind (``synthesis`` or ``machine``), drum or articulation, seed."""
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


def soundfont_instruments(job: tuple[Path, int]) -> list[Instrument]:
    """Render the drum set of a SoundFont's program."""
    path, program = job
    made = [
        make_instrument(
            articulation,
            f"{path.stem} {program} {key}",
            group=SOUNDFONT,
            sounds=takes,
            held_out=is_held_out(path.stem, program, articulation),
        )
        for key, articulation, takes in rendered_drums(path, program)
    ]
    return [instrument for instrument in made if instrument is not None]


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
    instruments = list(folder_instruments(sounds)) + list(rumpf_instruments())
    instruments += [one for some in rendered for one in some]
    instruments += [one for one in made if one is not None]
    return without_repeats(instruments)


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
