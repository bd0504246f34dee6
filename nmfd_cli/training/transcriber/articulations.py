"""How rare articulations weigh against frequent ones, chosen on the validation sets."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.training.transcriber.targets import AUDIBLE_BANDS
from nmfd_cli.transcription.decoding import articulation_evidence
from nmfd_cli.transcription.features import FRAMES_PER_SECOND
from nmfd_cli.transcription.vocabulary import (
    ARTICULATIONS,
    DRUMS,
    N_ARTICULATIONS,
    N_DRUMS,
    OUTPUTS,
)

_GRID: Final = tuple(2.0 ** (np.arange(-8, 9) / 2.0))
_N_ROUNDS: Final = 3

#: What a side stick has to exceed, as if it were the evidence for a plain hit.
_PLAIN: Final = 0.5


def hits_of(
    drum: str, probabilities: Sequence[NDArray[np.float32]], rows: Sequence[NDArray[np.float32]]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the evidence at a drum's true hits, and which articulation each has.

    Returns
    -------
    ndarray, shape (n_hits, n_articulations)
        With a constant last column for a plain hit where the drum has one articulation only.
    ndarray, shape (n_hits,)
        Columns of the true articulations.
    """
    names = ARTICULATIONS[drum]
    first = OUTPUTS.index(names[0])
    evidence, truths = [], []
    for curves, its_rows in zip(probabilities, rows, strict=True):
        for time, its_drum, articulation, audibility in its_rows:
            if int(its_drum) == DRUMS.index(drum) and audibility >= AUDIBLE_BANDS:
                found = articulation_evidence(curves, round(float(time) * FRAMES_PER_SECOND))
                its_own = found[first - N_DRUMS :][: len(names)].tolist()
                evidence.append([*its_own, _PLAIN] if len(names) == 1 else its_own)
                truths.append(int(articulation) - first if articulation >= 0 else len(names))
    return np.array(evidence), np.array(truths)


def mean_f_measure(chosen: NDArray[np.int64], truths: NDArray[np.int64]) -> float:
    """Return the mean of the F-measures of the articulations, rare ones counting as frequent."""
    values = []
    for one in np.unique(truths):
        n_right = int(np.sum((chosen == one) & (truths == one)))
        values.append(2.0 * n_right / (np.sum(chosen == one) + np.sum(truths == one)))
    return float(np.mean(values))


def best_factors(
    probabilities: Sequence[NDArray[np.float32]], rows: Sequence[NDArray[np.float32]]
) -> NDArray[np.float64]:
    """Choose the factor of each articulation, one after the other, by the mean F-measure.

    Returns
    -------
    ndarray, shape (N_ARTICULATIONS,)
    """
    factors = np.ones(N_ARTICULATIONS)
    for drum, names in ARTICULATIONS.items():
        evidence, truths = hits_of(drum, probabilities, rows)
        if not len(truths):
            continue
        first = OUTPUTS.index(names[0]) - N_DRUMS
        its_own = np.ones(evidence.shape[1])
        for place in list(range(len(names))) * _N_ROUNDS:
            scores = []
            for factor in _GRID:
                its_own[place] = factor
                scores.append(mean_f_measure(np.argmax(its_own * evidence, axis=1), truths))
            its_own[place] = _GRID[int(np.argmax(scores))]
        factors[first : first + len(names)] = its_own[: len(names)]
    return factors
