"""Notes of the melodic programs of a SoundFont, rendered by ``fluidsynth``, as a small sampler."""

import struct
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

SAMPLE_RATE: Final = 44_100

#: General MIDI programs with a pitch: no timpani, no percussion, no effects.
PROGRAMS: Final = tuple(program for program in range(112) if program != 47)
#: Programs that accompany in the validation sets only.
HELD_OUT_PROGRAMS: Final = tuple(program for program in PROGRAMS if program % 5 == 2)

KEYS: Final = (31, 40, 48, 55, 62, 69, 77)
_SPACING, _LENGTH = 2.0, 1.5
_TICKS: Final = 1000
_PROGRAMS_PER_RUN: Final = 16


def _number(value: int) -> bytes:
    """Write a number as MIDI files do: 7 bits a byte, the last one without the highest bit."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(0x80 | value & 0x7F)
    return bytes(reversed(digits))


def _midi(programs: Sequence[int]) -> bytes:
    """Return a MIDI file that plays all keys of all programs, one after the other."""
    track, now = b"\0\xff\x51\x03" + (1_000_000).to_bytes(3, "big"), 0
    for place, (program, key) in enumerate((p, k) for p in programs for k in KEYS):
        begin = round(place * _SPACING * _TICKS)
        events = [(begin, bytes([0xC0, program])), (begin, bytes([0x90, key, 100]))]
        events += [(begin + round(_LENGTH * _TICKS), bytes([0x80, key, 0]))]
        for time, event in events:
            track += _number(time - now) + event
            now = time
    track += _number(_TICKS) + b"\xff\x2f\0"
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, _TICKS)
    return head + b"MTrk" + struct.pack(">I", len(track)) + track


def _rendered(font: Path, programs: Sequence[int]) -> NDArray[np.float32]:
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder, "a.mid"), Path(folder, "a.wav")
        score.write_bytes(_midi(programs))
        options = ["-n", "-i", "-q", "-R", "0", "-C", "0", "-g", "0.4", "-r", str(SAMPLE_RATE)]
        command = ["fluidsynth", *options, "-T", "wav", "-F", str(sound), str(font), str(score)]
        subprocess.run(command, check=True, capture_output=True)
        samples, _ = soundfile.read(sound, always_2d=True, dtype="float32")
    return np.asarray(samples.mean(axis=1), dtype=np.float32)


def render_notes(font: Path) -> dict[int, NDArray[np.float16]]:
    """Render every program.

    Returns
    -------
    dict of ndarray of float16, shape (len(KEYS), n_samples), by program
        Each note from its onset on, peak 1 or silent.
    """
    n_samples = int(_SPACING * SAMPLE_RATE) - 200
    notes: dict[int, NDArray[np.float16]] = {}
    for first in range(0, len(PROGRAMS), _PROGRAMS_PER_RUN):
        programs = PROGRAMS[first : first + _PROGRAMS_PER_RUN]
        samples = np.pad(_rendered(font, programs), (0, 2 * SAMPLE_RATE))
        for place, program in enumerate(programs):
            begins = (place * len(KEYS) + np.arange(len(KEYS))) * _SPACING * SAMPLE_RATE
            its_own = np.stack([samples[int(b) :][:n_samples] for b in begins])
            peaks = np.abs(its_own).max(axis=1, keepdims=True)
            notes[program] = (its_own / np.maximum(peaks, 1e-4)).astype(np.float16)
    return notes


def load_or_render(font: Path, cache: Path) -> dict[int, NDArray[np.float16]]:
    """Read the notes from a file made earlier, or render them and write it."""
    if not cache.is_file():
        notes = render_notes(font)
        part = cache.with_suffix(".part.npz")
        np.savez(part, **{str(key): its_own for key, its_own in notes.items()})  # type: ignore[arg-type]
        part.rename(cache)
    with np.load(cache) as file:
        return {int(name): file[name] for name in file.files}
