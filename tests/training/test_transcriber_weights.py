"""The network in NumPy computes what torch computes, where torch is installed."""

from pathlib import Path

import numpy as np
import pytest

from nmfd_cli.io.resources import shipped
from nmfd_cli.transcription.features import band_levels, network_input
from nmfd_cli.transcription.network import Network, shipped_network
from nmfd_cli.transcription.vocabulary import N_ARTICULATIONS

torch = pytest.importorskip("torch")

SAMPLE_RATE = 44_100


def bursts(seconds: float) -> np.ndarray:
    rng = np.random.default_rng(0)
    samples = np.zeros(int(seconds * SAMPLE_RATE), dtype=np.float32)
    shape = np.exp(-np.arange(4000) / 800.0)
    for begin in rng.integers(0, len(samples) - 4000, int(4 * seconds)):
        samples[begin : begin + 4000] += (rng.standard_normal(4000) * shape * 0.2).astype("f4")
    return samples


def in_torch(path: Path, inputs: np.ndarray) -> np.ndarray:
    """Run the weights of a file with torch's own layers, written without regard to ours."""
    with np.load(path) as file:
        weights = {
            name: torch.from_numpy(file[name].astype(np.float32))
            for name in file.files
            if file[name].dtype == np.float16
        }
        strides = file["strides"].tolist()
    maps = torch.from_numpy(inputs.transpose(1, 0, 2))[None]
    for k, stride in enumerate(strides):
        kernel = weights[f"convolution{k}"]
        maps = torch.nn.functional.conv2d(
            maps,
            kernel,
            weights[f"convolution{k}_bias"],
            stride=(1, stride),
            padding=(1, kernel.shape[3] // 2),
        ).relu()
    flat = maps.permute(0, 2, 1, 3).flatten(2)
    dense = (flat @ weights["dense"].T + weights["dense_bias"]).relu()
    n = weights["forward_hidden"].shape[1]
    recurrent = torch.nn.GRU(dense.shape[2], n, batch_first=True, bidirectional=True)
    names = {"weight_ih": "input", "weight_hh": "hidden", "bias_ih": "input_bias"}
    names["bias_hh"] = "hidden_bias"
    with torch.no_grad():
        for suffix, direction in (("", "forward"), ("_reverse", "backward")):
            for theirs, ours in names.items():
                getattr(recurrent, f"{theirs}_l0{suffix}").copy_(weights[f"{direction}_{ours}"])
        context, _ = recurrent(dense)
    logits = torch.cat([context, dense], dim=2) @ weights["output"].T + weights["output_bias"]
    return np.asarray(torch.sigmoid(logits)[0].numpy())


def test_the_shipped_weights_run_like_in_torch() -> None:
    samples = bursts(12.0)
    inputs = network_input(band_levels(samples, SAMPLE_RATE))
    expected = in_torch(shipped("data", "transcriber.npz"), inputs)
    found = shipped_network().probabilities(samples, SAMPLE_RATE)
    assert np.abs(found - expected).max() < 1e-4


def test_an_exported_network_runs_like_the_one_that_was_trained(tmp_path: Path) -> None:
    pytest.importorskip("soxr")
    from nmfd_cli.training.transcriber.model import Architecture
    from nmfd_cli.training.transcriber.model import Network as Trained
    from nmfd_cli.training.transcriber.shipping import export

    torch.manual_seed(0)
    trained = Trained(Architecture(channels=(4, 6, 8, 8), dense=12, recurrent=8))
    samples = bursts(5.0)
    inputs = torch.from_numpy(network_input(band_levels(samples, SAMPLE_RATE)))[None]
    with torch.no_grad():
        for _ in range(20):
            trained(inputs)  # moves the statistics of the batch normalisation
        trained.eval()
        expected = torch.sigmoid(trained(inputs))[0].numpy()
    thresholds = np.full(6, 0.5)
    export(
        trained,
        tmp_path / "weights.npz",
        thresholds=thresholds,
        thresholds_separation=thresholds,
        articulation_factors=np.ones(N_ARTICULATIONS),
        record={},
    )
    found = Network(tmp_path / "weights.npz").probabilities(samples, SAMPLE_RATE)
    assert np.abs(found - expected).max() < 2e-3  # the weights are rounded to 16 bits
