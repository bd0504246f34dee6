"""Sounds of SoundFont files, rendered by the program ``fluidsynth``."""

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
from nmfd_cli.training.synthesis.signals import SAMPLE_RATE

_DRUM_BANK = 128
_PRESET = struct.Struct("<20sHH14x")  # name, program, bank: SoundFont 2.04, 7.2
_LIST = struct.Struct("<4sI4s")

_LEAD_SECONDS = 0.5
_RING_SECONDS = 2.1
_SPACING_SECONDS = 2.6
_EARLY_SECONDS = 0.02  # before the note, in case that a sample begins with silence
_BLEED = 1e-5  # full scale; what is softer is silence
TICKS = 1000  # a second
_OPTIONS = ("-o", "synth.dynamic-sample-loading=1", "-O", "float")


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
    path: str | Path, program: int, notes: Sequence[tuple[int, int]]
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

    Returns
    -------
    list of (ndarray of float64, shape (n_samples, 2), or None)
        One for each note: from shortly before the note on; None where nothing sounds.

    Raises
    ------
    InputFileError
        If ``fluidsynth`` is missing or fails, or a note still sounds when the next begins.
    """
    events = [(0, bytes([0xC9, program]))]
    for place, (key, velocity) in enumerate(notes):
        begin = round((_LEAD_SECONDS + place * _SPACING_SECONDS) * TICKS)
        end = begin + round(_RING_SECONDS * TICKS)
        events.append((begin, bytes([0x99, key, velocity])))
        events.append((end, bytes([0x89, key, 0])))
        events.append((end, bytes([0xB9, 120, 0])))  # all sound off
    samples = render(path, events, _OPTIONS)
    early = round(_EARLY_SECONDS * SAMPLE_RATE)
    sounds: list[NDArray[np.float64] | None] = []
    for place, (key, velocity) in enumerate(notes):
        begin = round((_LEAD_SECONDS + place * _SPACING_SECONDS) * SAMPLE_RATE) - early
        sound = samples[begin : begin + early + round(_RING_SECONDS * SAMPLE_RATE)]
        if np.abs(sound[: early // 2]).max(initial=0.0) > _BLEED:
            raise InputFileError(
                path, expected=f"silence before key {key} at velocity {velocity}", found="sound"
            )
        sounds.append(sound if np.abs(sound).max(initial=0.0) > _BLEED else None)
    return sounds


def render(
    path: str | Path, events: Sequence[tuple[int, bytes]], options: Sequence[str] = ()
) -> NDArray[np.float64]:
    """Run fluidsynth: no reverb, no chorus, none of the user's configuration.

    Parameters
    ----------
    path : str or Path
        A SoundFont.
    events : sequence of (int, bytes)
        MIDI messages at times in `TICKS`, ascending.
    options : sequence of str
        Further ones of fluidsynth.

    Returns
    -------
    ndarray of float64, shape (n_samples, 2)
        At 44.1 kHz; it ends some time after the last event.

    Raises
    ------
    InputFileError
        If ``fluidsynth`` is missing or fails.
    """
    program = require_fluidsynth()
    with temporary_folder() as folder:
        score, sound, commands = (folder / name for name in ("a.mid", "a.wav", "empty"))
        score.write_bytes(_midi_file(events))
        commands.touch()
        quiet_and_dry = [
            "-n",
            "-i",
            "-q",
            "-R",
            "0",
            "-C",
            "0",
            "-g",
            "0.4",
            "-r",
            str(SAMPLE_RATE),
        ]
        to_file = ["-f", str(commands), "-r", str(SAMPLE_RATE), "-T", "wav", "-F", str(sound)]
        command = [program, *quiet_and_dry, *options, *to_file, str(path), str(score)]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode != 0 or not sound.is_file():
            reason = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise InputFileError(path, f"fluidsynth cannot render it: {''.join(reason)}")
        samples, _ = read_recording(sound)
    return samples.T


def _midi_file(events: Sequence[tuple[int, bytes]]) -> bytes:
    """Write events as a MIDI file of one track."""
    track = b"\0\xff\x51\x03" + (1_000_000).to_bytes(3, "big")  # a beat a second
    now = 0
    for time, event in events:
        track += _variable_length(time - now) + event
        now = time
    track += _variable_length(TICKS) + b"\xff\x2f\0"
    head = b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS)
    return head + b"MTrk" + struct.pack(">I", len(track)) + track


def _variable_length(number: int) -> bytes:
    """Write a number as MIDI files do: 7 bits a byte, the last without the highest bit."""
    digits = [number & 0x7F]
    while number := number >> 7:
        digits.append(0x80 | number & 0x7F)
    return bytes(reversed(digits))
