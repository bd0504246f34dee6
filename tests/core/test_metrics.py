"""Measures of separation, against their definitions and mir_eval."""

import sys
import warnings
from functools import reduce
from operator import add
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nmfd_cli.core.metrics import (
    StemEnergies,
    bss_eval,
    decibels,
    stem_energies,
)
from nmfd_cli.errors import MissingExtraError

Samples = NDArray[np.float64]

FRAME = 20


def noise(seed: int, n_samples: int = 1000, n_channels: int = 2) -> Samples:
    return 0.1 * np.random.default_rng(seed).standard_normal((n_channels, n_samples))


def imported(name: str) -> Any:
    """Return a module of an extra, or skip the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name)


# --- stems ---------------------------------------------------------------------------------------


def test_sdr_is_its_definition() -> None:
    s, e = noise(1), noise(2)
    expected = 10 * np.log10(((s**2).sum() + 1e-7) / (((s - e) ** 2).sum() + 1e-7))
    assert stem_energies(s, e, s, frame_length=FRAME).sdr == pytest.approx(expected)


def test_si_sdr_is_its_definition_and_knows_no_scale() -> None:
    s, e = noise(1), noise(1) + noise(2)
    a = (s * e).sum() / (s**2).sum()
    expected = 10 * np.log10(((a * s) ** 2).sum() / ((e - a * s) ** 2).sum())
    for scale in (1.0, 0.1, -3.0):
        found = stem_energies(s, scale * e, s, frame_length=FRAME).si_sdr
        assert found == pytest.approx(expected)


def test_silence_is_what_is_left_of_the_others_where_a_stem_is_silent() -> None:
    s, x = np.zeros((2, 100)), noise(3, 100)
    s[:, :40] = 0.5
    e = s + 0.01 * x
    assert stem_energies(s, e, s + x, frame_length=FRAME).silence == pytest.approx(-40)
    assert stem_energies(s, s, s + x, frame_length=FRAME).silence == -100
    assert stem_energies(s + 0.5, e, s + x, frame_length=FRAME).silence is None


@pytest.mark.parametrize(("level", "is_silent"), [(0.00099, True), (0.00101, False)])
def test_silence_is_below_60_db(level: float, is_silent: bool) -> None:
    s = np.full((1, 10), level)
    assert (stem_energies(s, s, s, frame_length=7).silent_mixture > 0) == is_silent


def test_a_silent_estimate_has_0_db() -> None:
    s = noise(1)
    found = stem_energies(s, np.zeros_like(s), s, frame_length=FRAME)
    assert found.sdr == pytest.approx(0, abs=1e-9)
    assert found.si_sdr == -100


def test_a_silent_reference_has_no_si_sdr() -> None:
    found = stem_energies(np.zeros((1, 9)), noise(1, 9, 1), noise(2, 9, 1), frame_length=FRAME)
    assert found.si_sdr is None
    assert found.silence is not None


def test_perfect_is_finite() -> None:
    s = noise(1)
    found = stem_energies(s, s, s, frame_length=FRAME)
    assert found.si_sdr == 100
    assert 60 < found.sdr < 100


def test_no_samples_measure_nothing() -> None:
    empty = np.zeros((2, 0))
    assert stem_energies(empty, empty, empty, frame_length=FRAME) == StemEnergies(0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("n_samples", [1, FRAME - 1, FRAME, 7 * FRAME, 7 * FRAME + 3])
def test_blocks_add_up_to_the_whole(n_samples: int) -> None:
    gate = np.arange(n_samples) % 50 < 25
    s, e, x = noise(1, n_samples) * gate, noise(2, n_samples), noise(3, n_samples)
    blocks = [slice(cut, cut + 3 * FRAME) for cut in range(0, n_samples, 3 * FRAME)]
    parts = [stem_energies(s[:, b], e[:, b], x[:, b], frame_length=FRAME) for b in blocks]
    whole, together = stem_energies(s, e, x, frame_length=FRAME), reduce(add, parts)
    assert together.sdr == pytest.approx(whole.sdr)
    assert together.si_sdr == pytest.approx(whole.si_sdr)
    assert together.silence == (None if whole.silence is None else pytest.approx(whole.silence))


def test_inputs_stay_as_they_are() -> None:
    arrays = noise(1), noise(2), noise(3)
    copies = [x.copy() for x in arrays]
    stem_energies(*arrays, frame_length=FRAME)
    for x, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(x, copy)


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(1, 1, 0), (1, 100, -20), (0, 1, -100), (0, 0, -100), (1, 0, 100), (1e-300, 1e300, -100)],
)
def test_decibels_are_within_100(numerator: float, denominator: float, expected: float) -> None:
    assert decibels(numerator, denominator) == pytest.approx(expected)


@pytest.mark.slow
def test_bss_eval_is_that_of_mir_eval_and_silence_is_the_least() -> None:
    separation = imported("mir_eval.separation")
    true = noise(1, 4000, 3)
    found = true + 0.3 * noise(2, 4000, 3) + 0.2 * true[::-1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        *expected, _ = separation.bss_eval_sources(true, found, compute_permutation=False)
    np.testing.assert_allclose(bss_eval(true, found), np.transpose(expected))
    found[1] = 0
    with_silence = bss_eval(true, found)
    assert with_silence[1] == (-100, -100, -100)
    np.testing.assert_allclose(with_silence[2], np.transpose(expected)[2])


def test_bss_eval_without_mir_eval_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mir_eval.separation", None)
    with pytest.raises(MissingExtraError) as raised:
        bss_eval(noise(1), noise(2))
    assert str(raised.value) == ("BSS Eval needs an optional package: pip install 'nmfd-cli[eval]'")
