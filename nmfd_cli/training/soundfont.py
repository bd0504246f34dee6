"""Drum sounds of SoundFont files, rendered by the program ``fluidsynth``."""

import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.errors import InputFileError, cannot_read
from nmfd_cli.io.audio.recording import read_recording
from nmfd_cli.io.temporary import temporary_folder

_DRUM_BANK = 128
_PRESET = struct.Struct("<20sHH14x")  # name, program, bank: SoundFont 2.04, 7.2
_LIST = struct.Struct("<4sI4s")

_LEAD_SECONDS = 0.5
_RING_SECONDS = 2.1
_SPACING_SECONDS = 2.6
_EARLY_SECONDS = 0.02  # before the note, in case that a sample begins with silence
_BLEED = 1e-5  # full scale; what is softer is silence
_GAIN = 0.4
_TICKS = 1000  # a second


def drum_programs(path: str | Path) -> dict[int, str]:
    """Read which drum kits a SoundFont has.

    Returns
    -------
    dict of str by int
        Names of the presets of bank 128 by their program, ascending.

    Raises
    ------
    InputFileError
        If there is no such file, or it is no SoundFont.
    """
    try:
        with Path(path).open("rb") as file:
            presets = _preset_headers(file)
    except FileNotFoundError as error:
        raise InputFileError(path, expected="a SoundFont", found="no such file") from error
    except OSError as error:
        raise cannot_read(path, error) from error
    if presets is None:
        raise InputFileError(path, expected="a SoundFont (SF2 or SF3)", found="none")
    whole = presets[: len(presets) // _PRESET.size * _PRESET.size]
    return {
        program: name.split(b"\0")[0].decode("latin-1")
        for name, program, bank in sorted(_PRESET.iter_unpack(whole), key=lambda entry: entry[1])
        if bank == _DRUM_BANK
    }


def _preset_headers(file: BinaryIO) -> bytes | None:
    """Walk the RIFF chunks to ``pdta``/``phdr``; None where there is none."""
    if file.read(4) != b"RIFF" or file.read(8)[4:] != b"sfbk":
        return None
    while len(header := file.read(_LIST.size)) == _LIST.size:
        _, size, kind = _LIST.unpack(header)
        if kind != b"pdta":
            file.seek(size - 4 + size % 2, 1)
            continue
        chunk, length = struct.unpack("<4sI", file.read(8).ljust(8, b"\0"))
        return file.read(length) if chunk == b"phdr" else None
    return None


def require_fluidsynth() -> str:
    """Return the path of the program.

    Raises
    ------
    InputFileError
        If it is not installed.
    """
    found = shutil.which("fluidsynth")
    if found is None:
        raise InputFileError(
            "fluidsynth", expected="this program to render SoundFonts", found="none on the PATH"
        )
    return found


def render_notes(
    path: str | Path, program: int, notes: Sequence[tuple[int, int]], *, sample_rate: int = 44_100
) -> list[NDArray[np.float64] | None]:
    """Strike keys of a drum kit one by one, dry, with 2.1 seconds for each to ring.

    Parameters
    ----------
    path : str or Path
        A SoundFont.
    program : int
        The drum kit, 0 to 127.
    notes : sequence of (int, int)
        Keys and velocities, 0 to 127.
    sample_rate : int
        In Hz.

    Returns
    -------
    list of (ndarray of float64, shape (n_samples, 2), or None)
        One for each note: from shortly before the note on; None where nothing sounds.

    Raises
    ------
    InputFileError
        If ``fluidsynth`` is missing or fails, or a note still sounds when the next begins.
    """
    samples = _rendered(path, _midi_file(program, notes), sample_rate)
    early = round(_EARLY_SECONDS * sample_rate)
    sounds: list[NDArray[np.float64] | None] = []
    for place, (key, velocity) in enumerate(notes):
        begin = round((_LEAD_SECONDS + place * _SPACING_SECONDS) * sample_rate) - early
        sound = samples[begin : begin + early + round(_RING_SECONDS * sample_rate)]
        if np.abs(sound[: early // 2]).max(initial=0.0) > _BLEED:
            raise InputFileError(
                path, expected=f"silence before key {key} at velocity {velocity}", found="sound"
            )
        sounds.append(sound if np.abs(sound).max(initial=0.0) > _BLEED else None)
    return sounds


def _rendered(path: str | Path, midi: bytes, sample_rate: int) -> NDArray[np.float64]:
    """Run fluidsynth on a MIDI file: no reverb, no chorus, none of the user's configuration."""
    program = require_fluidsynth()
    with temporary_folder() as folder:
        score, sound, commands = (folder / name for name in ("a.mid", "a.wav", "empty"))
        score.write_bytes(midi)
        commands.touch()
        options = [
            "-o",
            "synth.dynamic-sample-loading=1",
            "-n",
            "-i",
            "-q",
            "-R",
            "0",
            "-C",
            "0",
            "-f",
            str(commands),
            "-g",
            str(_GAIN),
        ]
        options += ["-r", str(sample_rate), "-O", "float", "-T", "wav", "-F", str(sound)]
        done = subprocess.run(
            [program, *options, str(path), str(score)], capture_output=True, check=False
        )
        if done.returncode != 0 or not sound.is_file():
            reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise InputFileError(path, f"fluidsynth cannot render it: {''.join(reason)}")
        samples, _ = read_recording(sound)
    return samples.T


def _midi_file(program: int, notes: Sequence[tuple[int, int]]) -> bytes:
    """Write the notes on the drum channel, each silenced before the next."""
    events = [(0, bytes([0xC9, program]))]
    for place, (key, velocity) in enumerate(notes):
        begin = round((_LEAD_SECONDS + place * _SPACING_SECONDS) * _TICKS)
        end = begin + round(_RING_SECONDS * _TICKS)
        events.append((begin, bytes([0x99, key, velocity])))
        events.append((end, bytes([0x89, key, 0])))
        events.append((end, bytes([0xB9, 120, 0])))  # all sound off
    track = b"\0\xff\x51\x03" + (1_000_000).to_bytes(3, "big")  # a beat a second
    now = 0
    for time, event in events:
        track += _variable_length(time - now) + event
        now = time
    track += _variable_length(_TICKS) + b"\xff\x2f\0"
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, _TICKS)
    return head + b"MTrk" + struct.pack(">I", len(track)) + track


def _variable_length(number: int) -> bytes:
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(0x80 | number & 0x7F)
    return bytes(reversed(digits))
