"""Templates of a kit in bands: their grid, their classes, and which are most active."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nmfd_cli.core.drum_sounds.bank_templates import BankTemplates, most_active, ringing_grid


@given(st.integers(1, 40), st.floats(0, 10), st.floats(0.001, 0.1))
def test_a_ringing_grid_is_fine_at_first_and_never_too_long(
    head: int, seconds: float, hop: float
) -> None:
    grid = ringing_grid(head, seconds, hop)
    widths = np.diff(grid.edges)
    assert grid.edges[: head + 1] == tuple(range(head + 1))
    assert grid.n_frames <= max(head, round(seconds / hop))
    assert (np.diff(widths) >= 0).all()
    assert all(width & (width - 1) == 0 for width in widths), "powers of two"
    missing = max(head, round(seconds / hop)) - grid.n_frames
    assert missing < 2 * max(2, widths[-1])


def bank_of(drums: Sequence[str], n_bands: int = 10, n_boxes: int = 8) -> BankTemplates:
    W = np.random.default_rng(0).random((n_bands, len(drums), n_boxes)) + 0.01
    return BankTemplates(W, tuple(drums), ringing_grid(n_boxes, 0, 0.01))


def test_the_most_active_of_each_class_are_taken() -> None:
    bank = bank_of(["kick", "kick", "snare", "kick", "snare"])
    H = np.outer([1, 3, 9, 2, 8], np.ones(4))
    assert most_active(bank, H, 1, 1) == [1, 2]
    assert most_active(bank, H, 2, 2) == [1, 2, 3, 4]
    assert most_active(bank, H, 9, 9) == [0, 1, 2, 3, 4]


def test_a_bank_is_taken_apart_by_class() -> None:
    bank = bank_of(["kick", "snare", "kick"])
    assert bank.members("kick") == [0, 2]
    some = bank.of(["snare", "kick"])
    assert some.drums == ("snare", "kick", "kick")
    np.testing.assert_array_equal(some.W, bank.W[:, [1, 0, 2]])
