"""How well hits are found on clips of held-out sounds, and at which thresholds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from nmfd_cli.core.onset_matching import match_onsets
from nmfd_cli.training.transcriber.targets import AUDIBLE_BANDS
from nmfd_cli.transcription.decoding import peak_frames, refined_times
from nmfd_cli.transcription.features import network_input
from nmfd_cli.transcription.vocabulary import DRUMS, N_DRUMS

#: Largest distance of a found hit from a true one, in seconds.
TOLERANCE: Final = 0.05
#: True hits of a drum closer than this are one: a flam.
_MERGED: Final = 0.03
#: How much more a missed hit weighs than a false one where stems are the aim.
SEPARATION_BETA: Final = 2.0

_GRID: Final = 1.0 / (1.0 + np.exp(-np.arange(-4.0, 3.01, 0.25)))

Rows = NDArray[np.float32]
Probabilities = NDArray[np.float32]


@dataclass(frozen=True)
class References:
    """True hits of a drum in a clip, in seconds: those that count, and those that hardly sound."""

    audible: list[float]
    faint: NDArray[np.float64]


def references(rows: Rows) -> list[References]:
    """Return the true hits of each drum."""
    result = []
    for drum in range(N_DRUMS):
        its_own = rows[rows[:, 1] == drum]
        is_audible = its_own[:, 3] >= AUDIBLE_BANDS
        merged: list[float] = []
        for time in np.sort(its_own[is_audible, 0]).tolist():
            if not merged or time - merged[-1] > _MERGED:
                merged.append(time)
        result.append(References(merged, its_own[~is_audible, 0].astype(np.float64)))
    return result


def count_matches(true: Sequence[float], found: Sequence[float]) -> NDArray[np.int64]:
    """Return how many hits match, are true, are found."""
    return np.array([len(match_onsets(true, found, TOLERANCE)), len(true), len(found)])


def _counts(curve: Probabilities, threshold: float, its: References) -> NDArray[np.int64]:
    """Count the hits of a drum in a clip; what is found at a faint hit is not false."""
    frames = peak_frames(curve, threshold)
    found = refined_times(curve, frames)
    if len(its.faint) and len(found):
        near_faint = np.abs(found[:, np.newaxis] - its.faint).min(axis=1) <= TOLERANCE
        true = np.array(its.audible or [np.inf])
        near_true = np.abs(found[:, np.newaxis] - true).min(axis=1) <= TOLERANCE
        found = found[near_true | ~near_faint]
    return count_matches(its.audible, found.tolist())


def f_measure(counts: NDArray[np.int64], beta: float = 1.0) -> NDArray[np.float64]:
    """Return F of counts, shape (..., 3); van Rijsbergen's with misses `beta` squared times."""
    matches, true, found = np.moveaxis(np.asarray(counts, dtype=np.float64), -1, 0)
    weight = beta * beta
    return np.asarray((1.0 + weight) * matches / np.maximum(weight * true + found, 1.0))


def probabilities_of(
    network: torch.nn.Module, levels: Iterable[NDArray[np.float32]]
) -> list[Probabilities]:
    """Run the torch network over clips."""
    network.eval()
    result = []
    with torch.no_grad():
        for one in levels:
            inputs = torch.from_numpy(network_input(one))[np.newaxis]
            result.append(torch.sigmoid(network(inputs))[0].numpy())
    return result


@dataclass
class Measured:
    """Counts of one validation set at every threshold of the grid, shape (N_DRUMS, n_grid, 3)."""

    counts: NDArray[np.int64]

    def at(self, thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the counts of each drum at a threshold of the grid each, (N_DRUMS, 3)."""
        places = [int(np.argmin(np.abs(_GRID - one))) for one in thresholds]
        return self.counts[np.arange(N_DRUMS), places]


def measure(probabilities: Sequence[Probabilities], rows: Sequence[Rows]) -> Measured:
    """Count hits at all thresholds."""
    counts = np.zeros((N_DRUMS, len(_GRID), 3), dtype=np.int64)
    for curves, its_rows in zip(probabilities, rows, strict=True):
        for drum, its in enumerate(references(its_rows)):
            for place, threshold in enumerate(_GRID.tolist()):
                counts[drum, place] += _counts(curves[:, drum], threshold, its)
    return Measured(counts)


def best_thresholds(sets: Mapping[str, Measured], beta: float = 1.0) -> NDArray[np.float64]:
    """Return the threshold of each drum with the best F on all sets together, shape (N_DRUMS,)."""
    total = np.sum([its.counts for its in sets.values()], axis=0)
    return np.asarray(_GRID[np.argmax(f_measure(total, beta), axis=1)])


def figures(
    sets: Mapping[str, Measured], thresholds: NDArray[np.float64]
) -> dict[str, dict[str, float]]:
    """Return F of each drum, of three and of five drums together, on each set and on all."""
    tables = {name: its.at(thresholds) for name, its in sets.items()}
    tables["all"] = np.sum(list(tables.values()), axis=0)
    result = {}
    for name, table in tables.items():
        its_figures = dict(zip(DRUMS, f_measure(table).round(3).tolist(), strict=True))
        for n_drums in (3, 5):
            its_figures[f"{n_drums} drums"] = float(f_measure(table[:n_drums].sum(axis=0)).round(3))
        result[name] = its_figures
    return result


def table_of(result: Mapping[str, Mapping[str, float]]) -> str:
    """Return figures as lines of text."""
    names = list(next(iter(result.values())))
    lines = [" ".join(["set".ljust(12), *(name.rjust(8) for name in names)])]
    for its_set, its_figures in result.items():
        cells = (f"{its_figures[name]:8.3f}" for name in names)
        lines.append(" ".join([its_set.ljust(12), *cells]))
    return "\n".join(lines)
