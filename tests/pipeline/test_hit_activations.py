"""Where activations may be at first: at the hits of a score."""

import numpy as np

from nmfd_cli.pipeline.initial_activations import hit_activations


def test_of_hits_that_meet_in_a_frame_the_stronger_counts() -> None:
    frames = [np.array([3, 4], dtype=np.intp), np.array([9, 12], dtype=np.intp)]
    H = hit_activations(frames, [np.array([1.0, 0.25]), np.full(2, 0.5)], 10, np.float64)
    np.testing.assert_array_equal(H[0, 3:6], [1, 1, 0.25])
    np.testing.assert_array_equal(np.flatnonzero(H > 1e-9), [3, 4, 5, 19])  # 12 is outside
    assert H.min() > 0
