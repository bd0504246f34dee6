"""Which drums play when: from a recording to the score of its hits."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.articulations import PARENTS, class_of, owner
from nmfd_cli.core.bands import Bands
from nmfd_cli.core.drum_sounds.bank_templates import BankTemplates
from nmfd_cli.errors import Progress
from nmfd_cli.io.audio.recording import Recording
from nmfd_cli.io.score.notes import Note, Score
from nmfd_cli.transcription.decoding import Hit, decode
from nmfd_cli.transcription.features import HOP_SECONDS
from nmfd_cli.transcription.network import Network
from nmfd_cli.transcription.onsets import attack_weights, refine_onsets
from nmfd_cli.transcription.vocabulary import DRUMS

#: Velocity of the loudest hit of a drum, and how many velocities a halving of the level takes away:
#: General MIDI sound modules make the amplitude the square of the velocity.
_LOUDEST: Final = 127
_LEVEL_POWER: Final = 0.5
#: The sensitivity at which the trained thresholds hold.
_USUAL_SENSITIVITY: Final = 0.5
#: Drums that are easily taken for others, and for which.
RIVALS: Final[Mapping[str, tuple[str, ...]]] = {
    "tom": ("kick", "snare"),
    "cymbal": ("hihat",),
    "clap": ("snare", "hihat"),
}
#: How probable a hit of such a drum has to be to show that it is there, how many it takes, and
#: within how many frames another hit is at the same time.
_SURE_OF_RIVALS: Final = 0.65
_FEWEST_OF_RIVALS: Final = 2
_NEAR_FRAMES: Final = 3
_SMALLEST: Final = 1e-7
#: Samples a channel that are read at a time.
_BLOCK_SAMPLES: Final = 1 << 16
#: Below this share of the channels' power their mean is no picture of them: they cancel out.
_LEAST_MEAN_POWER: Final = 0.01


@dataclass(frozen=True)
class Hits:
    """The probabilities of hits throughout a recording, and how readily one is believed.

    Attributes
    ----------
    probabilities : ndarray, shape (n_frames, N_OUTPUTS)
    network : Network
        With its thresholds.
    sensitivities : mapping of str to float
        By drum class, 0 to 1; the empty name stands for all others.
    """

    probabilities: NDArray[np.float32]
    network: Network
    sensitivities: Mapping[str, float]

    @classmethod
    def of(
        cls,
        recording: Recording,
        network: Network,
        sensitivities: Mapping[str, float],
        progress: Progress,
    ) -> "Hits":
        """Run the network over a recording, which passes by once."""
        samples = _MonoSamples(recording)

        def read(begin: int, end: int) -> NDArray[np.float32]:
            progress("transcribing", min(1.0, end / recording.n_samples))
            return samples.between(begin, end)

        probabilities = network.probabilities_of(read, recording.n_samples, recording.sample_rate)
        return cls(probabilities, network, sensitivities)

    def sure(self, names: Collection[str]) -> list[Hit]:
        """Return the hits of some drums or articulations with the best F-measure."""
        return self._above(self.network.thresholds, names)

    def likely(self, names: Collection[str]) -> list[Hit]:
        """Return the hits of some drums or articulations of which few are missed.

        These are all that sounds: what is taken for a rival that is none of them is one of them.
        """
        classes = {class_of(name) for name in names}
        given = replace(self, probabilities=_given(self.probabilities, classes))
        return given._above(self.network.thresholds_separation, names)

    def present(self, names: Collection[str]) -> set[str]:
        """Return those of some drums or articulations that sound.

        One sure hit shows that a drum is there.  Of drums that are easily taken for others
        (`RIVALS`) it takes two, more probable than any rival at that time: on held-out sounds that
        leaves 31 false classes, for 79, where 413 could be, and loses 3 % more of their hits.
        """
        usual = [hit for hit in self.sure(names) if hit.drum not in RIVALS]
        thresholds = np.maximum(self.network.thresholds, _SURE_OF_RIVALS)
        found = [hit for hit in self._above(thresholds, names) if self._is_no_rival(hit)]
        counts = Counter(owner(hit.drum, struck(hit), names) for hit in found)
        present = {owner(hit.drum, struck(hit), names) for hit in usual}
        present |= {name for name, count in counts.items() if count >= _FEWEST_OF_RIVALS}
        return {name for name in present if name is not None}

    def _is_no_rival(self, hit: Hit) -> bool:
        """Whether a hit is of a drum with rivals, none of which is more probable around it."""
        rivals = [DRUMS.index(drum) for drum in RIVALS.get(hit.drum, ())]
        frame = round(hit.time / HOP_SECONDS)
        around = self.probabilities[max(0, frame - _NEAR_FRAMES) : frame + _NEAR_FRAMES + 1]
        return bool(rivals) and float(around[:, rivals].max()) < hit.confidence

    def _above(self, thresholds: NDArray[np.float32], names: Collection[str]) -> list[Hit]:
        usual = self.sensitivities.get("", _USUAL_SENSITIVITY)
        by_drum = {drum: self.sensitivities.get(drum, usual) for drum in DRUMS}
        hits = decode(self.probabilities, thresholds, sensitivity=by_drum)
        return [hit for hit in hits if owner(hit.drum, struck(hit), names) is not None]


def _given(probabilities: NDArray[np.float32], drums: set[str]) -> NDArray[np.float32]:
    """Return probabilities where only some drums can sound.

    That of another goes to its rivals among them, in proportion to their own.
    """
    result = probabilities.copy()
    for drum in (drum for drum in DRUMS if drum not in drums):
        rivals = [
            index
            for index, rival in enumerate(DRUMS)
            if rival in drums and (rival in RIVALS.get(drum, ()) or drum in RIVALS.get(rival, ()))
        ]
        own = probabilities[:, rivals]
        total = np.maximum(own.sum(axis=1, keepdims=True), _SMALLEST)
        result[:, rivals] += probabilities[:, [DRUMS.index(drum)]] * own / total
    return np.minimum(result, 1)


def hits_as_score(
    hits: Sequence[Hit], recording: Recording, bank: BankTemplates, bands: Bands
) -> Score:
    """Place hits to a few milliseconds and give them velocities.

    Parameters
    ----------
    hits : sequence of Hit
        By time.
    recording : Recording
    bank : BankTemplates
        Templates of all names that hits may belong to.
    bands : Bands
        Of the templates.

    Returns
    -------
    Score
        Of those hits that belong to a name of the bank and at which anything sounds.  The loudest
        of each drum has velocity 127.
    """
    names = tuple(dict.fromkeys(bank.drums))
    owners = [owner(hit.drum, struck(hit), names) for hit in hits]
    kept = [(hit, name) for hit, name in zip(hits, owners, strict=True) if name is not None]
    if not kept:
        return Score.of(())
    weights = attack_weights(bank, names, bands, recording.sample_rate)
    rows = [names.index(name) for _, name in kept]
    onsets = refine_onsets(recording, [hit.time for hit, _ in kept], rows, weights)
    loudest = {row: onsets.level[np.array(rows) == row].max() for row in set(rows)}
    notes: list[Note] = []
    for (hit, _), row, sample, level in zip(kept, rows, onsets.samples, onsets.level, strict=True):
        if level == 0:
            continue
        velocity = max(1, round(_LOUDEST * (level / loudest[row]) ** _LEVEL_POWER))
        onset = int(sample) / recording.sample_rate
        notes.append((onset, None, None, hit.drum, float(velocity), struck(hit), hit.confidence))
    return Score.of(notes)


def struck(hit: Hit) -> str | None:
    """Return the articulation of a hit, if it has one."""
    return hit.articulation if hit.articulation in PARENTS else None


class _MonoSamples:
    """The mean of a recording's channels, in spans that proceed in time."""

    def __init__(self, recording: Recording) -> None:
        self._blocks = recording.blocks(_BLOCK_SAMPLES)
        self._kept = np.zeros((recording.n_channels, 0), dtype=np.float32)
        self._position = 0  # of the first sample that is kept

    def between(self, begin: int, end: int) -> NDArray[np.float32]:
        """Return samples from one index to another; none before an earlier `begin`."""
        drop = min(max(0, begin - self._position), self._kept.shape[1])
        parts, n_kept = [self._kept[:, drop:]], self._kept.shape[1] - drop
        self._position += drop
        while self._position + n_kept < end and (block := next(self._blocks, None)) is not None:
            parts.append(block.astype(np.float32))
            n_kept += block.shape[1]
        self._kept = np.concatenate(parts, axis=1)
        return _downmix(self._kept[:, begin - self._position : end - self._position])


def _downmix(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of the channels (C, n), or the loudest where they cancel each other out."""
    mean = np.asarray(samples.mean(axis=0), dtype=np.float32)
    power = np.square(samples).mean(axis=1)
    if np.square(mean).mean() >= _LEAST_MEAN_POWER * power.mean():
        return mean
    return np.asarray(samples[int(np.argmax(power))])
