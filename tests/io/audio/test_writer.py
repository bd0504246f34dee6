"""Stems beyond 4 GiB."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from nmfd_cli.io.audio import writer
from nmfd_cli.io.audio.recording import AudioFacts
from nmfd_cli.io.audio.writer import AudioWriter, SampleFormat


@pytest.mark.parametrize(("n_samples", "kind"), [(1000, "WAV"), (537_000_000, "RF64")])
def test_wav_becomes_rf64_where_it_must(tmp_path: Path, n_samples: int, kind: str) -> None:
    path = tmp_path / "a.wav"
    facts = AudioFacts(48000, 2, n_samples, "FLOAT")
    file = AudioWriter(path, facts, SampleFormat("wav", "FLOAT"), place=path)
    samples = np.random.default_rng(1).standard_normal((2, 1000)).astype(np.float32)
    file.write(samples.astype(np.float64))
    file.close()
    _, peak, after = path.read_bytes().partition(b"PEAK")
    assert not peak or after[8:12] == bytes(4)  # no time of day
    assert sf.info(path).format == kind
    np.testing.assert_array_equal(sf.read(path, dtype="float32")[0].T, samples)
    assert writer._LARGEST_WAV < 2**32


@pytest.mark.slow
def test_a_file_beyond_4_gib_is_read_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    n_blocks, block = 260, np.zeros((2, 1 << 21))
    facts = AudioFacts(48000, 2, n_blocks * block.shape[1], "FLOAT")
    file = AudioWriter(path, facts, SampleFormat("wav", "FLOAT"), place=path)
    for _ in range(n_blocks):
        file.write(block)
    file.close()
    assert path.stat().st_size > 2**32
    assert sf.info(path).frames == facts.n_samples
