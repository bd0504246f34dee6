"""From a checkpoint to the weights file that ships."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nmfd_cli.training.transcriber.model import Architecture, Network
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
