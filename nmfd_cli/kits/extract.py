"""A recording as an instrument: one-shots of its drums, for samplers, with its hits."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.articulations import PARENTS, owner
from nmfd_cli.core.metrics import decibels
from nmfd_cli.core.one_shots.cutting import Sound, cut, finished, level_of
from nmfd_cli.core.one_shots.excerpts import Shares, find_hits, shares_of
from nmfd_cli.core.one_shots.likeness import group_alike
from nmfd_cli.core.one_shots.playing import render
from nmfd_cli.core.one_shots.refining import Repeated, fitted, refine
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.spool import SampleSpool
from nmfd_cli.kits.instrument import Named, Note, Zone, notes_on, played, zones_of

#: The share of hits that must agree on an articulation for a sound to have it.
_AGREED = 0.4


@dataclass(frozen=True)
class ExtractedKit:
    """Drum sounds out of a recording, and how they make it again.

    Attributes
    ----------
    zones : tuple of Zone
        Keys and velocities with their sounds.
    notes : tuple of Note
        The hits of the recording, in their order.
    again : ndarray, shape (C, n)
        What the notes sound like.
    sdr : dict of str to float
        In dB, of that against the recording ("mixture") and of each stem's notes against the stem.
    """

    zones: tuple[Zone, ...]
    notes: tuple[Note, ...]
    again: FloatArray
    sdr: dict[str, float]


class KitDraft:
    """Takes a recording and its stems block by block, and makes a kit of them.

    Parameters
    ----------
    resources : ExitStack
        Whose end gives temporary disk free again.
    stems : sequence of str
        Their names.
    sample_rate : int
        In Hz.
    """

    def __init__(self, resources: ExitStack, stems: Sequence[str], sample_rate: int) -> None:
        self._names, self._rate = tuple(stems), sample_rate
        self._spools = [SampleSpool(resources) for _ in range(len(self._names) + 1)]

    def add(self, mixture: NDArray[np.float64], stems: FloatArray) -> None:
        """Keep the next block of the recording (C, n) and its stems (S, C, n)."""
        for spool, samples in zip(self._spools, (mixture, *stems), strict=True):
            spool.append(samples)

    def kit(self, score: Score) -> ExtractedKit:
        """Return the kit, once all has passed by.

        Parameters
        ----------
        score : Score
            What is played when.
        """
        mixture, *stems = (spool.samples() for spool in self._spools)
        shares = shares_of(stems, self._rate)
        sounds = [
            sound
            for index, name in enumerate(self._names)
            for sound in _sounds_of_stem(
                name,
                stems[index],
                _hits_of(score, self._names, index),
                shares=shares[index],
                sample_rate=self._rate,
            )
        ]
        zones = zones_of(_with_gains(mixture, sounds, self._rate))
        notes = notes_on(zones, self._rate)
        shape = mixture.shape
        again = np.zeros(shape)
        sdr = {"mixture": 0.0}
        for name, stem in zip(self._names, stems, strict=True):
            own = [
                one
                for one, note in zip(played(notes), notes, strict=True)
                if note.zone.stem == name
            ]
            if own:
                rendered = render(own, shape[1], self._rate)
                again += rendered
                sdr[name] = _sdr(stem, rendered)
        sdr["mixture"] = _sdr(mixture, again)
        return ExtractedKit(tuple(zones), tuple(notes), again, sdr)


def _sdr(reference: FloatArray, estimate: FloatArray) -> float:
    energy = float(np.square(reference, dtype=np.float64).sum())
    return decibels(energy, float(np.square(reference - estimate).sum()))


def _sounds_of_stem(
    name: str,
    stem: FloatArray,
    played: tuple[list[str | None], FloatArray],
    *,
    shares: Shares,
    sample_rate: int,
) -> list[Named]:
    """Return the sounds of a stem, not yet faded where they repeat."""
    struck, onsets = played
    if not len(onsets) or not stem.any():
        return []
    hits = find_hits(stem, onsets, shares, sample_rate)
    groups = group_alike(stem, hits, sample_rate, struck=struck)
    sounds = [cut(stem, hits, group, sample_rate) for group in groups]
    if all(sound.repeats for sound in sounds):
        sounds = _refined(stem, sounds, sample_rate)
    return [Named(name, _name_of(name, struck, one), one) for one in sounds]


def _hits_of(score: Score, names: Sequence[str], index: int) -> tuple[list[str | None], FloatArray]:
    """Return how a stem's hits are struck, and their onsets, ascending."""
    columns = zip(score.onsets, score.drums, score.articulations, strict=True)
    mine = [(t, how) for t, drum, how in columns if owner(drum, how, names) == names[index]]
    mine.sort(key=lambda hit: hit[0])
    return [how for _, how in mine], np.array([onset for onset, _ in mine])


def _name_of(stem: str, struck: Sequence[str | None], sound: Sound) -> str:
    """Return the articulation that most hits of a sound have, else the stem's name."""
    known = [struck[hit] for hit in sound.members]
    common = max(dict.fromkeys(known), key=known.count)
    agreed = common in PARENTS and known.count(common) >= _AGREED * len(known)
    return common if agreed and common is not None else stem


def _repeated(sound: Sound) -> Repeated:
    return Repeated(sound.takes[0].samples, sound.starts[0], sound.gains)


def _refined(stem: FloatArray, sounds: Sequence[Sound], sample_rate: int) -> list[Sound]:
    """Take sounds that repeat out of each other, where one rings on into the next."""
    refined = []
    found = refine(stem, [_repeated(sound) for sound in sounds], sample_rate)
    for sound, one in zip(sounds, found, strict=True):
        level = level_of(one.samples, sample_rate)
        take = replace(sound.takes[0], samples=one.samples, level=level)
        refined.append(replace(sound, takes=(take,), gains=one.gains))
    return refined


def _with_gains(mixture: FloatArray, sounds: Sequence[Named], sample_rate: int) -> list[Named]:
    """Return finished sounds; where they repeat, their gains are those that fit the recording.

    Other hits are as loud as they are in the recording: the least squares of waveforms that differ
    would be too soft.
    """
    done = [finished(one.sound, sample_rate) for one in sounds]
    fits = fitted(mixture, [_repeated(sound) for sound in done], sample_rate)
    return [
        replace(one, sound=replace(sound, gains=fit.gains) if sound.repeats else sound)
        for one, sound, fit in zip(sounds, done, fits, strict=True)
    ]


def kit_as_dict(kit: ExtractedKit, sample_rate: int) -> dict[str, Any]:
    """Return what is known of a kit as plain values, for JSON."""
    sounds = [
        {
            "file": f"samples/{file}",
            "class": zone.stem,
            "articulation": zone.name if zone.name in PARENTS else None,
            "key": zone.key,
            "velocities": [zone.low, zone.high],
            "cluster": cluster,
            "hits": len(zone.sound.members),
            "made_of": len(take.made_of),
            "repeats": zone.sound.repeats,
            "likeness": round(zone.sound.likeness, 3),
            "confidence": round(take.confidence, 3),
            "peak_db": round(decibels(float(np.abs(take.samples).max()) ** 2, 1.0), 2),
            "seconds": round(take.samples.shape[1] / sample_rate, 4),
        }
        for cluster, zone in enumerate(kit.zones)
        for file, take in zip(zone.files, zone.sound.takes, strict=True)
    ]
    hits = [
        {
            "onset": round(note.attack / sample_rate, 6),
            "key": note.zone.key,
            "velocity": note.velocity,
            "file": f"samples/{note.zone.files[note.take]}",
        }
        for note in kit.notes
    ]
    sdr = {name: round(value, 2) for name, value in kit.sdr.items()}
    return {"sdr": sdr, "sounds": sounds, "hits": hits}
