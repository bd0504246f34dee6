"""The last step: thresholds and figures on the validation sets, and the file that ships."""

import json
import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nmfd_cli.training.transcriber.articulations import best_factors
from nmfd_cli.training.transcriber.export import export, load_network
from nmfd_cli.training.transcriber.pool import VALIDATION_SETS, Pool, described, load_validation
from nmfd_cli.training.transcriber.rendering import CLIP_SECONDS
from nmfd_cli.training.transcriber.validation import (
    SEPARATION_BETA,
    Measured,
    best_thresholds,
    figures,
    measure,
    probabilities_of,
    table_of,
)


def measure_all(
    network: torch.nn.Module, pool: Path
) -> tuple[dict[str, Measured], NDArray[np.float64]]:
    """Measure a network on every validation set, and choose the factors of articulations there."""
    sets = {}
    all_probabilities, all_rows = [], []
    for name in VALIDATION_SETS:
        levels, rows = load_validation(pool, name)
        probabilities = probabilities_of(network, levels)
        sets[name] = measure(probabilities, rows)
        all_probabilities += probabilities
        all_rows += rows
    return sets, best_factors(all_probabilities, all_rows)


def _commit() -> str:
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


def training_record(work: Path) -> dict[str, Any]:
    """Return how the checkpoint in a folder came about."""
    state = torch.load(work / "checkpoint.pt", weights_only=False)
    with (work / "instruments.pickle").open("rb") as file:
        instruments = pickle.load(file)
    n_clips = len(Pool(work / "pool", "train"))
    return {
        "commit": _commit(),
        "settings": dict(state["settings"]),
        "architecture": state["architecture"],
        "initial": state["initial"],
        "steps": state["n_steps"],
        "minutes": round(state["seconds"] / 60.0, 1),
        "clips": n_clips,
        "hours of clips": round(n_clips * CLIP_SECONDS / 3600.0, 1),
        "instruments": {
            "training": json.loads(described([one for one in instruments if not one.held_out])),
            "held out": json.loads(described([one for one in instruments if one.held_out])),
        },
    }


def ship(work: Path, output: Path, report: Callable[[str], None]) -> None:
    """Choose thresholds on the validation sets, print the figures there, write the weights."""
    torch.set_num_threads(1)
    network = load_network(work / "checkpoint.pt")
    sets, articulation_factors = measure_all(network, work / "pool")
    thresholds = best_thresholds(sets)
    separation = best_thresholds(sets, SEPARATION_BETA)
    result = figures(sets, thresholds)
    report(f"thresholds {thresholds.round(3)}, for separation {separation.round(3)}")
    report(table_of(result))
    record = training_record(work)
    record["figures"] = result
    record["figures for separation"] = figures(sets, separation)
    export(
        network,
        output,
        thresholds=thresholds,
        thresholds_separation=separation,
        articulation_factors=articulation_factors,
        record=record,
    )
