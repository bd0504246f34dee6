"""A spectrogram on disk is the target that it would be in memory."""

from pathlib import Path

import numpy as np
import pytest

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.engine.target import ArrayTarget, panels_of
from nmfd_cli.errors import OutputError
from nmfd_cli.io.spool import SpooledSpectrogram

SHAPE = (5, 23)


@pytest.mark.parametrize("level", [1e-6, 1.0, 1e8])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_panels_are_those_of_a_target_in_memory(dtype: type, level: float) -> None:
    V: FloatArray = (level * np.random.default_rng(1).random(SHAPE)).astype(dtype)
    V[2] = 0
    V[:, 7] = 0
    whole = ArrayTarget(V, V.dtype, 4)
    with SpooledSpectrogram(SHAPE[0], 4, V.dtype) as spool:
        for part in np.split(V, [1, 1, 9, 22], axis=1):
            spool.append(part)
        assert spool.shape == SHAPE
        assert spool.total == pytest.approx(whole.total, rel=1e-6)
        for panel in [*panels_of(spool), *reversed(panels_of(spool))]:
            found = spool.panel(panel.index)
            np.testing.assert_allclose(found, whole.panel(panel.index), rtol=1e-5)
            assert found.flags.c_contiguous
            assert found.min() > 0


def test_silence_sums_up_to_nothing() -> None:
    with SpooledSpectrogram(SHAPE[0], 4, np.dtype(np.float32)) as spool:
        spool.append(np.zeros(SHAPE, np.float32))
        assert spool.total == 0
        assert all(spool.panel(panel.index).min() > 0 for panel in panels_of(spool))


def test_a_panel_that_is_gone_is_told() -> None:
    with SpooledSpectrogram(SHAPE[0], 4, np.dtype(np.float32)) as spool:
        spool.append(np.ones(SHAPE, np.float32))
        spool._file.truncate(100)
        with pytest.raises(OutputError, match=r"expected 80 bytes .*, could read 20"):
            spool.panel(1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_while_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    device = open("/dev/full", "wb")  # noqa: PTH123, SIM115 - the spool closes it
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: device)
    full = pytest.raises(OutputError, match="No space left on device; TMPDIR names another")
    with SpooledSpectrogram(SHAPE[0], 4, np.dtype(np.float32)) as spool, full:
        spool.append(np.ones(SHAPE, np.float32))
