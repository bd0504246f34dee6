"""The last step: from a checkpoint to the file that ships, with thresholds and figures.

Thresholds are chosen and figures measured on the validation sets.
"""

import json
import pickle
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nmfd_cli.training.transcriber.articulations import best_factors
from nmfd_cli.training.transcriber.instruments import Instrument
from nmfd_cli.training.transcriber.model import Architecture, Network
from nmfd_cli.training.transcriber.pool import VALIDATION_SETS, Pool, load_validation
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
from nmfd_cli.transcription.vocabulary import OUTPUTS

#: What torch adds to variances in a batch normalisation.
_NORM_EPS = 1e-5


def load_network(checkpoint: Path) -> Network:
    """Return the averaged network of a checkpoint, ready to run."""
    state = torch.load(checkpoint, weights_only=False)
    network = Network(Architecture(**state["architecture"]))
    network.load_state_dict(state["average"])
    return network.eval()


def _folded(state: Mapping[str, torch.Tensor], place: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return kernel and bias of a convolution with its batch normalisation."""
    kernel, norm = state[f"convolutions.{place}.0.weight"], f"convolutions.{place}.1."
    scale = state[norm + "weight"] / torch.sqrt(state[norm + "running_var"] + _NORM_EPS)
    bias = state[norm + "bias"] - state[norm + "running_mean"] * scale
    return kernel * scale[:, None, None, None], bias


def weights_of(network: Network) -> dict[str, NDArray[np.float32]]:
    """Return the weights by the names that `nmfd_cli.transcription.network` reads."""
    state = network.state_dict()
    tensors: dict[str, torch.Tensor] = {}
    for place in range(len(network.architecture.channels)):
        kernel, bias = _folded(state, place)
        tensors |= {f"convolution{place}": kernel, f"convolution{place}_bias": bias}
    for name in ("dense", "output"):
        tensors |= {name: state[f"{name}.weight"], f"{name}_bias": state[f"{name}.bias"]}
    for name, suffix in (("forward", "_l0"), ("backward", "_l0_reverse")):
        for part, letters in (("input", "ih"), ("hidden", "hh")):
            tensors[f"{name}_{part}"] = state[f"recurrent.weight_{letters}{suffix}"]
            tensors[f"{name}_{part}_bias"] = state[f"recurrent.bias_{letters}{suffix}"]
    return {name: tensor.numpy().astype(np.float32) for name, tensor in tensors.items()}


def export(
    network: Network,
    path: Path,
    *,
    thresholds: NDArray[np.float64],
    thresholds_separation: NDArray[np.float64],
    articulation_factors: NDArray[np.float64],
    record: Mapping[str, Any],
) -> None:
    """Write weights (float16), thresholds and the training record.

    Parameters
    ----------
    thresholds, thresholds_separation : ndarray, shape (N_DRUMS,)
    articulation_factors : ndarray, shape (N_ARTICULATIONS,)
    record : mapping
        Whatever JSON can hold; ``outputs`` is added.
    """
    arrays: dict[str, NDArray[Any]] = {
        name: array.astype(np.float16) for name, array in weights_of(network).items()
    }
    arrays["strides"] = np.array(network.architecture.strides)
    arrays["thresholds"] = thresholds.astype(np.float32)
    arrays["thresholds_separation"] = thresholds_separation.astype(np.float32)
    arrays["articulation_factors"] = articulation_factors.astype(np.float32)
    arrays["record"] = np.array(json.dumps({**record, "outputs": OUTPUTS}))
    part = path.with_suffix(".part.npz")
    np.savez_compressed(part, **arrays)  # type: ignore[arg-type]
    part.rename(path)


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
            "training": _counts(one for one in instruments if not one.held_out),
            "held out": _counts(one for one in instruments if one.held_out),
        },
    }


def _counts(instruments: Iterable[Instrument]) -> dict[str, int]:
    """Return how many instruments each source gives."""
    mark = " formulas"
    sources = (one.source.split(mark if mark in one.source else " ")[0] for one in instruments)
    return dict(sorted(Counter(sources).items()))


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
