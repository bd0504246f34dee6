"""The network in NumPy, with the weights that ship."""

from pathlib import Path

import numpy as np
import pytest

from nmfd_cli.io.resources import shipped
from nmfd_cli.transcription.decoding import decode
from nmfd_cli.transcription.network import SEGMENT_FRAMES, Network, shipped_network
from nmfd_cli.transcription.vocabulary import N_DRUMS, N_OUTPUTS

SAMPLE_RATE = 44_100


@pytest.fixture(scope="module")
def network() -> Network:
    return shipped_network()


def bursts(seconds: float, seed: int = 0) -> np.ndarray:
    """Return bursts of noise at random times."""
    rng = np.random.default_rng(seed)
    samples = np.zeros(int(seconds * SAMPLE_RATE), dtype=np.float32)
    shape = np.exp(-np.arange(4000) / 800.0)
    for begin in rng.integers(0, max(1, len(samples) - 4000), int(4 * seconds)):
        samples[begin : begin + 4000] += (rng.standard_normal(4000) * shape * 0.2).astype("f4")
    return samples


def test_the_weights_are_small() -> None:
    assert shipped("data", "transcriber.npz").stat().st_size <= 1_000_000


def test_the_weights_know_where_they_come_from(network: Network) -> None:
    assert {"figures", "instruments", "settings", "commit"} <= network.record.keys()
    for thresholds in (network.thresholds, network.thresholds_separation):
        assert thresholds.shape == (N_DRUMS,)
        assert ((thresholds > 0.0) & (thresholds < 1.0)).all()
    assert (network.thresholds_separation <= network.thresholds).all()


def test_the_weights_of_other_outputs_are_refused(network: Network, tmp_path: Path) -> None:
    with np.load(shipped("data", "transcriber.npz")) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["record"] = np.array('{"outputs": ["kick"]}')
    np.savez(tmp_path / "other.npz", **arrays)
    with pytest.raises(ValueError, match=r"expected the outputs .* found \('kick',\)"):
        Network(tmp_path / "other.npz")


@pytest.mark.parametrize("n_samples", [0, 1, 441, 5000])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_odd_recordings_give_finite_probabilities(
    network: Network, n_samples: int, value: float
) -> None:
    samples = np.full(n_samples, value, dtype=np.float32)
    probabilities = network.probabilities(samples, SAMPLE_RATE)
    assert probabilities.shape[1] == N_OUTPUTS
    assert np.isfinite(probabilities).all()


@pytest.mark.parametrize("level", [0.0, 1e-5, 1e-3, 0.3])
def test_noise_alone_has_no_hits(network: Network, level: float) -> None:
    rng = np.random.default_rng(0)
    samples = (level * rng.standard_normal(20 * SAMPLE_RATE)).astype(np.float32)
    hits = decode(network.probabilities(samples, SAMPLE_RATE), network.thresholds)
    assert len([hit for hit in hits if hit.time > 0.1]) <= 1


def test_dither_alone_has_no_hits(network: Network) -> None:
    rng = np.random.default_rng(0)
    dither = rng.random((2, 20 * SAMPLE_RATE)).sum(axis=0) - 1.0
    samples = (np.rint(dither) / 2.0**15).astype(np.float32)
    hits = decode(network.probabilities(samples, SAMPLE_RATE), network.thresholds)
    assert len([hit for hit in hits if hit.time > 0.1]) <= 1


@pytest.mark.slow
def test_segments_join_without_a_seam(network: Network) -> None:
    samples = bursts(3.0 * SEGMENT_FRAMES / 100.0)
    whole = network.probabilities(samples, SAMPLE_RATE)
    begin = SEGMENT_FRAMES - 1000  # whole seconds
    excerpt = samples[begin * SAMPLE_RATE // 100 :][: 20 * SAMPLE_RATE]
    alone = network.probabilities(excerpt, SAMPLE_RATE)
    assert np.abs(whole[begin + 500 : begin + 1500] - alone[500:1500]).max() < 0.1


@pytest.mark.slow
def test_reading_piece_by_piece_changes_no_bit(network: Network) -> None:
    samples = bursts(40.0)
    spans: list[tuple[int, int]] = []

    def read(begin: int, end: int) -> np.ndarray:
        spans.append((begin, end))
        return samples[begin:end].copy()

    found = network.probabilities_of(read, len(samples), SAMPLE_RATE)
    assert np.array_equal(found, network.probabilities(samples, SAMPLE_RATE))
    assert len(spans) > 1
    assert max(end - begin for begin, end in spans) < 45 * SAMPLE_RATE


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_the_number_of_threads_changes_no_bit(network: Network, n_threads: int) -> None:
    limits = pytest.importorskip("threadpoolctl").threadpool_limits
    samples = bursts(5.0)
    expected = network.probabilities(samples, SAMPLE_RATE)
    with limits(n_threads):
        assert np.array_equal(network.probabilities(samples, SAMPLE_RATE), expected)
