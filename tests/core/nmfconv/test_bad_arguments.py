"""What the documented functions say to bad arguments."""

from collections.abc import Callable
from typing import Any

import numpy as np
import oracle
import pytest
from factor_cases import target

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv import (
    conv_model,
    init_activations,
    init_templates,
    nmf_conv,
    nmfd,
)
from nmfd_cli.core.nmfconv.drum_templates import learn_template
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import ParameterError

V = target(5, 12)
GOOD: dict[str, Any] = {"num_comp": 2, "num_template_frames": 3, "num_iter": 2}
DRUMS: dict[str, Any] = {"num_frames": 9, "strategy": "drums", "time_res": 0.1}
PITCHED: dict[str, Any] = DRUMS | {"strategy": "pitched"}


def with_entry(value: float) -> oracle.Array:
    changed = V.copy()
    changed[1, 2] = value
    return changed


OF_BOTH_SOLVERS: list[tuple[Any, dict[str, Any], str]] = [
    (with_entry(-2.5), {}, "V: expected no negative number, found -2.5"),
    (with_entry(np.nan), {}, "V: expected finite numbers, found NaN or infinity"),
    (with_entry(np.inf), {}, "V: expected finite numbers, found NaN or infinity"),
    (V[0], {}, "V: expected a matrix of (bins, frames), found shape (12,)"),
    (V[:0], {}, "V: expected a matrix of (bins, frames), found shape (0, 12)"),
    (V[np.newaxis], {}, "V: expected a matrix of (bins, frames), found shape (1, 5, 12)"),
    (V + 1j, {}, "V: expected real numbers, found complex128"),
    (V, {"num_comp": 0}, "num_comp: expected at least 1, found 0"),
    (V, {"num_template_frames": 0}, "num_template_frames: expected at least 1, found 0"),
    (
        V,
        {"num_template_frames": 13},
        "num_template_frames: expected at most the 12 frames of V, found 13",
    ),
    (V, {"num_iter": -1}, "num_iter: expected 0 or more, found -1"),
    (V, {"num_bins": 6}, "num_bins: expected 5, as V has, found 6"),
    (V, {"num_frames": 11}, "num_frames: expected 12, as V has, found 11"),
    (
        V,
        {"init_W": 3 * [np.ones((5, 3))]},
        "init_W: expected 2 templates (num_comp), found 3",
    ),
    (
        V,
        {"init_W": [np.ones((5, 3)), np.ones((5, 4))]},
        "init_W[1]: expected shape (5, 3), found (5, 4)",
    ),
    (
        V,
        {"init_W": [np.ones((5, 3)), -np.ones((5, 3))]},
        "init_W[1]: expected finite numbers from 0 on, found others",
    ),
    (V, {"init_H": np.ones((2, 11))}, "init_H: expected shape (2, 12), found (2, 11)"),
    (V, {"init_H": np.ones(12)}, "init_H: expected shape (2, 12), found (12,)"),
    (
        V,
        {"init_H": np.full((2, 12), np.nan)},
        "init_H: expected finite numbers from 0 on, found others",
    ),
    (V, {"init_H": np.ones((2, 12)) + 1j}, "init_H: expected real numbers, found complex128"),
]


@pytest.mark.parametrize("solve", [nmfd, nmf_conv])
@pytest.mark.parametrize(("V", "arguments", "text"), OF_BOTH_SOLVERS)
def test_bad_arguments_of_both_solvers(
    solve: Callable[..., Any], V: Any, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        solve(V, **(GOOD | arguments))
    assert str(caught.value) == text


def no_return(**_: Any) -> Any:
    return None


def one_component(W: FloatArray, H: FloatArray) -> tuple[FloatArray, FloatArray]:
    return W[:, :1], H[:1]


BAD_CALLS: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: nmfd(V, **GOOD, update="fast"),
        "update: expected one of mean, joint, accelerated, found 'fast'",
    ),
    (
        lambda: nmfd(V, **GOOD, func_preprocess=no_return),
        "hook: expected it to return W and H, found NoneType",
    ),
    (
        lambda: nmfd(V, **GOOD, func_preprocess=one_component),
        "hook: expected W of shape (5, 2, 3) and H of shape (2, 12), found (5, 1, 3) and (1, 12)",
    ),
    (lambda: nmf_conv(V, **GOOD, beta=np.nan), "beta: expected a finite number, found nan"),
    (
        lambda: nmf_conv(V, **GOOD, sparsity_weight=-1),
        "sparsity_weight: expected a number from 0 on, found -1",
    ),
    (
        lambda: nmf_conv(V, **GOOD, uncorr_weight=np.inf),
        "uncorr_weight: expected a number from 0 on, found inf",
    ),
    (
        lambda: conv_model(np.ones((4, 2, 3)), np.ones((3, 9))),
        "expected W of shape (bins, components, template frames) and H of shape "
        "(components, frames), found (4, 2, 3) and (3, 9)",
    ),
    (
        lambda: init_templates(strategy="comb"),
        "template strategy: expected one of random, uniform, pitched, drums, found 'comb'",
    ),
    (
        lambda: init_activations(strategy="comb"),
        "activation strategy: expected one of random, uniform, pitched, drums, found 'comb'",
    ),
    (lambda: init_templates(0, 9), "num_comp: expected a number from 1 on, found 0"),
    (lambda: init_templates(2), "num_bins: expected a number from 1 on, found None"),
    (lambda: init_templates(2, 9, 0), "num_template_frames: expected at least 1, found 0"),
    (lambda: init_activations(0, 9), "num_comp: expected a number from 1 on, found 0"),
    (lambda: init_activations(2), "num_frames: expected a number from 1 on, found None"),
    (
        lambda: init_templates(num_bins=9, strategy="pitched"),
        "the strategy 'pitched' needs at least one pitch, found none",
    ),
    (
        lambda: init_activations(**PITCHED, onsets=[1], durations=[1]),
        "the strategy needs pitches and onsets and durations, found no pitches",
    ),
    (
        lambda: init_activations(**PITCHED, pitches=[60], durations=[1]),
        "the strategy needs pitches and onsets and durations, found no onsets",
    ),
    (
        lambda: init_activations(**PITCHED, pitches=[60], onsets=[1]),
        "the strategy needs pitches and onsets and durations, found no durations",
    ),
    (
        lambda: init_activations(**DRUMS, onsets=[1]),
        "the strategy needs drums and onsets, found no drums",
    ),
    (
        lambda: init_activations(**DRUMS, drums=[1]),
        "the strategy needs drums and onsets, found no onsets",
    ),
    (
        lambda: init_activations(**PITCHED, pitches=[60, 62], onsets=[1, 2], durations=[1]),
        "expected lists of equal length, found 2 pitches, 2 onsets, 1 durations",
    ),
    (
        lambda: init_activations(**DRUMS, drums=[1, 2, 1], onsets=[0.1]),
        "expected lists of equal length, found 3 drums, 1 onsets",
    ),
    (
        lambda: init_activations(**DRUMS, drums=[], onsets=[]),
        "num_comp: expected a number from 1 on, found None",
    ),
    (
        lambda: init_activations(2, **DRUMS, drums=[1, 3], onsets=[0.1, 0.2]),
        "drums: expected whole numbers from 1 to 2, found 3",
    ),
    (
        lambda: init_activations(2, **DRUMS, drums=[1, 1.5], onsets=[0.1, 0.2]),
        "drums: expected whole numbers from 1 to 2, found 1.5",
    ),
    (
        lambda: init_activations(1, **DRUMS, drums=["kick", "snare"], onsets=[0.1, 0.2]),
        "num_comp: expected at least 2 for the notes given, found 1",
    ),
    (
        lambda: init_activations(**(DRUMS | {"time_res": None}), drums=[1], onsets=[0.1]),
        "time_res: expected seconds above 0, found None",
    ),
    (
        lambda: init_activations(**DRUMS, drums=[1], onsets=[np.nan]),
        "expected finite times in seconds, found NaN or infinity",
    ),
    (
        lambda: init_activations(**DRUMS, drums=[1, 2], onsets=[0.1, 0.2], decay=np.ones(3)),
        "decay: expected one value or one for each of 2 rows, found 3",
    ),
    (
        lambda: init_activations(**DRUMS, drums=[1], onsets=[0.1], decay=np.nan),
        "decay: expected numbers between 0 and 1, found NaN",
    ),
    (
        lambda: learn_template([np.zeros(99)], Stft(16, 4), 8, 1),
        "expected at least one recording with sound, found none",
    ),
]


@pytest.mark.parametrize(("call", "text"), BAD_CALLS, ids=[text[:40] for _, text in BAD_CALLS])
def test_bad_arguments(call: Callable[[], Any], text: str) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    assert str(caught.value) == text
