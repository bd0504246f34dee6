"""Where the templates start from."""

from typing import Any

import numpy as np

from nmfd_cli.core.nmfconv import (
    init_templates,
)


def test_partials_above_nyquist_are_skipped() -> None:
    """At 440 Hz a transform of 1 Hz a bin holds one partial below 500 Hz and two below 1000 Hz."""
    for n_bins, n_partials in ((501, 1), (1001, 2)):
        (comb,) = init_templates(
            num_bins=n_bins, strategy="pitched", pitches=[69], block_size=1000, fs=1000
        )
        rises = np.count_nonzero(np.diff((comb[:, 0] > 1e-6).astype(int)) > 0)
        assert rises == n_partials
        assert comb.shape == (n_bins, 1)


def test_note_above_nyquist() -> None:
    (comb,) = init_templates(num_bins=5, strategy="pitched", pitches=[127], block_size=8, fs=8000)
    np.testing.assert_allclose(comb, 0.2)


def test_note_below_the_first_bin() -> None:
    (comb,) = init_templates(
        num_bins=5,
        strategy="pitched",
        pitches=[72],
        pitch_tol_up=3,
        pitch_tol_down=3,
        num_harmonics=1,
        block_size=8,
        fs=8000,
    )
    np.testing.assert_allclose(comb[:, 0], [1, 0, 0, 0, 0], atol=1e-12)


def test_templates_sum_to_one() -> None:
    arguments: dict[str, Any] = {"num_comp": 2, "num_bins": 65, "num_template_frames": 3}
    for strategy in ("random", "uniform", "pitched"):
        templates = init_templates(**arguments, strategy=strategy, pitches=[60, 64])
        assert [w.shape for w in templates] == [(65, 3), (65, 3)]
        np.testing.assert_allclose([w.sum() for w in templates], 1)
