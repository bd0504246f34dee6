"""Where the activations start from."""

from typing import Any

import numpy as np
import oracle
import pytest
from factor_cases import target

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.filters import nema
from nmfd_cli.core.nmfconv import (
    init_activations,
)
from nmfd_cli.errors import NmfdWarning

DRUMS: dict[str, Any] = {"num_frames": 9, "strategy": "drums", "time_res": 0.1}


def gates(**arguments: Any) -> oracle.Array:
    """Return initial activations of ten frames of 0.1 s, with nothing but 0 and 1 (or a decay)."""
    H = init_activations(num_frames=10, time_res=0.1, **arguments)
    return np.asarray(np.where(H > 1e-6, H, 0))


def impulses(**arguments: Any) -> list[list[int]]:
    """Return the frames of the impulses in each row."""
    H = gates(strategy="drums", decay=0, **arguments)
    return [np.flatnonzero(row).tolist() for row in H]


def test_drums_by_number() -> None:
    assert impulses(drums=[1, 3, 1], onsets=[0.2, 0.5, 0.9]) == [[1, 8], [4]]
    assert impulses(drums=[1, 3, 1], onsets=[0.2, 0.5, 0.9], num_comp=3) == [[1, 8], [], [4]]
    assert impulses(drums=[1.0, 3.0], onsets=[0.2, 0.5], num_comp=4) == [[1], [], [4], []]


def test_drums_by_name() -> None:
    """Rows in the order of the drum classes, names without a class after them."""
    names = ["zither", "hihat", "BD", "snare", "hihat"]
    onsets = [0.2, 0.3, 0.4, 0.5, 0.6]
    wanted = [[3], [4], [2, 5], [1]]
    assert impulses(drums=names, onsets=onsets) == wanted
    assert impulses(drums=names, onsets=onsets, num_comp=5) == [*wanted, []]


def test_onset_in_the_first_frame() -> None:
    assert impulses(drums=[1, 1, 1, 1], onsets=[0, 0.04, 0.1, -0.04]) == [[0]]
    H = gates(strategy="pitched", pitches=[60], onsets=[0], durations=[0.2])
    assert np.flatnonzero(H[0]).tolist() == [0, 1]


def test_note_within_the_first_frame() -> None:
    H = gates(strategy="pitched", pitches=[60], onsets=[0], durations=[0.02], onset_offset_tol=0)
    assert np.flatnonzero(H[0]).tolist() == [0]


def test_last_frame() -> None:
    assert impulses(drums=[1], onsets=[1.0]) == [[9]]


@pytest.mark.parametrize(("onset", "frames"), [(1.2, []), (1e9, []), (-0.2, [])])
def test_onset_outside_is_dropped(onset: float, frames: list[int]) -> None:
    with pytest.warns(NmfdWarning, match=r"^1 onset outside of the recording dropped$"):
        assert impulses(drums=[1, 2], onsets=[onset, 0.5]) == [frames, [4]]


def test_warning_points_to_the_caller() -> None:
    with pytest.warns(NmfdWarning) as caught:
        init_activations(1, **DRUMS, drums=[1], onsets=[7])
    assert caught[0].filename == __file__


def test_note_outside_is_dropped() -> None:
    arguments = {"pitches": [60, 60, 60], "onsets": [2, 0.5, 3], "durations": [1, 0.1, 1]}
    with pytest.warns(NmfdWarning, match=r"^2 notes outside of the recording dropped$") as caught:
        H = gates(strategy="pitched", **arguments)
    assert np.flatnonzero(H[0]).tolist() == [4, 5]
    assert len(caught) == 1


def test_note_past_the_end_is_cut() -> None:
    H = gates(strategy="pitched", pitches=[60, 62], onsets=[0.8, 0.3], durations=[9, 0])
    assert [np.flatnonzero(row).tolist() for row in H] == [[7, 8, 9], [2]]


def test_equal_pitches_share_a_row() -> None:
    H = gates(strategy="pitched", pitches=[62, 60, 62], onsets=[0.1, 0.4, 0.7], durations=3 * [0.1])
    assert H.shape == (2, 10)
    assert [np.flatnonzero(row).tolist() for row in H] == [[3, 4], [0, 1, 6, 7]]


@pytest.mark.parametrize("decay", [[0.5, 0.25], [[0.5], [0.25]]], ids=["vector", "column"])
def test_decay_of_each_row(decay: list[Any]) -> None:
    H = gates(strategy="drums", drums=[1, 2], onsets=[0.2, 0.2], decay=np.array(decay))
    np.testing.assert_allclose(H[:, 1:4], [[1, 0.5, 0.25], [1, 0.25, 0.0625]], rtol=1e-9)


def test_decay_of_all_rows() -> None:
    H = gates(strategy="drums", drums=[1, 2], onsets=[0.2, 0.2], decay=0.5)
    np.testing.assert_allclose(H[:, 1:4], 2 * [[1, 0.5, 0.25]], rtol=1e-9)
    H = gates(strategy="drums", drums=[1], onsets=[0.2])
    np.testing.assert_allclose(H[0, 1:4], [1, 0.9, 0.81], rtol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nema_filters_row_by_row(dtype: type) -> None:
    A: FloatArray = target().astype(dtype)
    copy = A.copy()
    decays = np.linspace(0, 1.2, A.shape[0])
    filtered = nema(A, decays)
    assert filtered.dtype == dtype
    np.testing.assert_array_equal(A, copy)
    for row, decay, found in zip(A, np.minimum(decays, 0.9999999), filtered, strict=True):
        past = row[0]
        for x, y in zip(row[1:], found[1:], strict=True):
            past = max(x, decay * past + (1 - decay) * x)
            np.testing.assert_allclose(y, past, rtol=1e-5 if dtype is np.float32 else 1e-12)


def test_silence_keeps_the_floor() -> None:
    H = init_activations(2, 10, "drums", 0.1, onsets=[0.5], drums=[1])
    assert H.min() == EPS
    H = init_activations(2, 10, "pitched", 0.1, [60], onsets=[0.5], durations=[0.1])
    assert H.min() == EPS
