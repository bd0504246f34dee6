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


def load_network(checkpoint: Path) -> Network:
    """Return the averaged network of a checkpoint, ready to run."""
    state = torch.load(checkpoint, weights_only=False)
    sizes = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in state["architecture"].items()
    }
    network = Network(Architecture(**sizes))
    network.load_state_dict(state["average"])
    return network.eval()


def _folded(convolution: torch.nn.Sequential) -> tuple[torch.Tensor, torch.Tensor]:
    """Return kernel and bias of a convolution with its batch normalisation."""
    kernel, norm = convolution[0].weight, convolution[1]
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return kernel * scale[:, None, None, None], norm.bias - norm.running_mean * scale


def weights_of(network: Network) -> dict[str, NDArray[np.float32]]:
    """Return the weights by the names that `nmfd_cli.transcription.network` reads."""
    tensors: dict[str, torch.Tensor] = {}
    for place, convolution in enumerate(network.convolutions):
        kernel, bias = _folded(convolution)  # type: ignore[arg-type]
        tensors[f"convolution{place}"] = kernel
        tensors[f"convolution{place}_bias"] = bias
    tensors |= {"dense": network.dense.weight, "dense_bias": network.dense.bias}
    for name, suffix in (("forward", ""), ("backward", "_reverse")):
        for part, letters in (("input", "ih"), ("hidden", "hh")):
            tensors[f"{name}_{part}"] = getattr(network.recurrent, f"weight_{letters}_l0{suffix}")
            tensors[f"{name}_{part}_bias"] = getattr(
                network.recurrent, f"bias_{letters}_l0{suffix}"
            )
    tensors |= {"output": network.output.weight, "output_bias": network.output.bias}
    return {name: tensor.detach().numpy().astype(np.float32) for name, tensor in tensors.items()}


def export(
    network: Network,
    path: Path,
    *,
    thresholds: NDArray[np.float64],
    thresholds_separation: NDArray[np.float64],
    record: Mapping[str, Any],
) -> None:
    """Write weights (float16), thresholds and the training record.

    Parameters
    ----------
    thresholds, thresholds_separation : ndarray, shape (N_DRUMS,)
    record : mapping
        Whatever JSON can hold; ``outputs`` is added.
    """
    arrays: dict[str, NDArray[Any]] = {
        name: array.astype(np.float16) for name, array in weights_of(network).items()
    }
    arrays["strides"] = np.array(network.architecture.strides)
    arrays["thresholds"] = thresholds.astype(np.float32)
    arrays["thresholds_separation"] = thresholds_separation.astype(np.float32)
    arrays["record"] = np.array(json.dumps({**record, "outputs": OUTPUTS}))
    part = path.with_suffix(".part.npz")
    np.savez_compressed(part, **arrays)  # type: ignore[arg-type]
    part.rename(path)
