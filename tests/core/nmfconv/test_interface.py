"""The documented module: its names, parameters and returns, and what they promise."""

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from typing import Any

import numpy as np
import oracle
import pytest
from factor_cases import model, target

from nmfd_cli.core import nmfconv
from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv import (
    conv_model,
    init_activations,
    init_templates,
    nmf_conv,
    nmfd,
    shift_operator,
)

REQUIRED = inspect.Parameter.empty

#: The documented functions: parameters in order, with their defaults; "**" takes any keyword.
DOCUMENTED: dict[str, dict[str, Any]] = {
    "conv_model": {"W": REQUIRED, "H": REQUIRED},
    "shift_operator": {"A": REQUIRED, "shift_amount": REQUIRED},
    "init_activations": {
        "num_comp": None,
        "num_frames": None,
        "strategy": "random",
        "time_res": None,
        "pitches": None,
        "decay": None,
        "onsets": None,
        "durations": None,
        "drums": None,
        "onset_offset_tol": 0.025,
    },
    "init_templates": {
        "num_comp": None,
        "num_bins": None,
        "num_template_frames": 1,
        "strategy": "random",
        "pitches": None,
        "pitch_tol_up": 0.75,
        "pitch_tol_down": 0.75,
        "num_harmonics": 25,
        "desired_drum_classes": None,
        "num_iter": 30,
        "block_size": 2048,
        "hop_size": 512,
        "fs": 44100,
        "input_dir": "data/",
    },
    "initialize_drum_specific_nmfd_templates": {
        "desired_drum_classes": None,
        "num_iter": 30,
        "num_template_frames": 8,
        "block_size": 2048,
        "hop_size": 512,
        "fs": 44100,
        "input_dir": "data/",
    },
    "nmf_conv": {
        "V": REQUIRED,
        "num_comp": 3,
        "num_iter": 30,
        "num_template_frames": 8,
        "beta": 0,
        "init_W": None,
        "init_H": None,
        "sparsity_weight": 0,
        "uncorr_weight": 0,
        "num_bins": None,
        "num_frames": None,
        "**": REQUIRED,
    },
    "nmfd": {
        "V": REQUIRED,
        "num_comp": 3,
        "num_frames": None,
        "num_iter": 30,
        "num_template_frames": 8,
        "init_W": None,
        "init_H": None,
        "func_preprocess": None,
        "func_postprocess": None,
        "fix_W": False,
        "fix_H": False,
        "num_bins": None,
        "**": REQUIRED,
    },
}


def test_every_documented_function_is_exported() -> None:
    assert sorted(nmfconv.__all__) == sorted(DOCUMENTED)


@pytest.mark.parametrize("name", list(DOCUMENTED))
def test_signature(name: str) -> None:
    documented, added = {}, []
    for parameter in inspect.signature(getattr(nmfconv, name)).parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            added.append(parameter)
        elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
            documented["**"] = parameter.default
        else:
            assert parameter.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
            documented[parameter.name] = parameter.default
    assert list(documented.items()) == list(DOCUMENTED[name].items())
    for default, found in zip(DOCUMENTED[name].values(), documented.values(), strict=True):
        assert type(default) is type(found)
    assert all(parameter.default is not REQUIRED for parameter in added)


MODULES = [
    *(name for _, name, _ in pkgutil.walk_packages(nmfconv.__path__, f"{nmfconv.__name__}.")),
    *(f"nmfd_cli.core.{name}" for name in ("arrays", "filters", "masking", "stft", "threads")),
]


@pytest.mark.parametrize("name", MODULES)
def test_doctests(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("solve", [nmfd, nmf_conv])
def test_defaults_and_returns(solve: Callable[..., Any]) -> None:
    V = target()
    W, H, parts, cost, *rest = solve(V)
    assert isinstance(W, list)
    assert isinstance(parts, list)
    assert [w.shape for w in W] == 3 * [(9, 8)]
    assert [part.shape for part in parts] == 3 * [V.shape]
    assert H.shape == (3, 24)
    assert cost.shape == (30,)
    assert cost[-1] < cost[0]
    np.testing.assert_allclose([w.sum() for w in W], 1)
    for r, part in enumerate(parts):
        wanted = model(W[r][:, np.newaxis], H[r : r + 1])
        np.testing.assert_allclose(part, wanted, rtol=1e-12, atol=1e-15)
    for tensor in rest:
        np.testing.assert_array_equal(tensor, np.stack(W, axis=1))
    assert len(rest) == (1 if solve is nmfd else 0)


def test_defaults_start_from_random_templates_and_uniform_activations() -> None:
    V = target()
    init_W = init_templates(3, 9, 8)
    init_H = init_activations(3, 24, strategy="uniform")
    for solve in (nmfd, nmf_conv):
        np.testing.assert_array_equal(solve(V)[1], solve(V, init_W=init_W, init_H=init_H)[1])


def test_sizes_may_be_told() -> None:
    V = target()
    for solve in (nmfd, nmf_conv):
        told = solve(V, num_iter=2, num_bins=9, num_frames=24)
        np.testing.assert_array_equal(told[1], solve(V, num_iter=2)[1])


def test_nmf_conv_ignores_other_keywords() -> None:
    V = target()
    np.testing.assert_array_equal(nmf_conv(V, num_iter=2)[1], nmf_conv(V, num_iter=2, fs=1)[1])


@pytest.mark.parametrize("solve", [nmfd, nmf_conv])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_type_of_the_input_is_kept(solve: Callable[..., Any], dtype: type) -> None:
    W, H, parts, *_ = solve(target().astype(dtype), num_iter=3)
    assert {a.dtype for a in (*W, H, *parts)} == {np.dtype(dtype)}
    W, H, parts, *_ = solve(target(), num_iter=3, dtype=dtype)
    assert {a.dtype for a in (*W, H, *parts)} == {np.dtype(dtype)}


@pytest.mark.parametrize("solve", [nmfd, nmf_conv])
def test_integers_and_other_layouts(solve: Callable[..., Any]) -> None:
    V = np.random.default_rng(0).integers(0, 9, (9, 24))
    wanted = solve(V.astype(np.float64), num_iter=3)[1]
    for other in (V, V.astype(np.uint8), np.asfortranarray(V), V.astype(np.float16)):
        np.testing.assert_allclose(solve(other, num_iter=3)[1], wanted, rtol=1e-9)


@pytest.mark.parametrize("solve", [nmfd, nmf_conv])
def test_arguments_are_not_changed(solve: Callable[..., Any]) -> None:
    V, init_W, init_H = target(), init_templates(3, 9, 4), init_activations(3, 24)
    V[2] = 0
    copies = V.copy(), [w.copy() for w in init_W], init_H.copy()
    solve(V, num_template_frames=4, init_W=init_W, init_H=init_H)
    np.testing.assert_array_equal(V, copies[0])
    np.testing.assert_array_equal(init_W, copies[1])
    np.testing.assert_array_equal(init_H, copies[2])


def test_shifts_leave_their_argument() -> None:
    A = target()
    copy = A.copy()
    for amount in (-30, -24, -3, 0, 3, 24, 30):
        shifted = shift_operator(A, amount)
        np.testing.assert_array_equal(shifted, oracle.shift(A, amount))
        assert not np.shares_memory(shifted, A)
    np.testing.assert_array_equal(A, copy)


def test_model_of_integers_and_of_templates_longer_than_the_recording() -> None:
    W: Any = np.arange(12).reshape(2, 1, 6)
    H: Any = np.array([[1, 2, 0]])
    wanted = oracle.model(W.astype(np.float64), H.astype(np.float64))
    np.testing.assert_allclose(conv_model(W, H), wanted, rtol=0, atol=1e-15)
    assert conv_model(W.astype(np.float32), H.astype(np.float32)).dtype == np.float32


def test_no_global_generator_is_touched() -> None:
    np.random.seed(7)  # noqa: NPY002 - the generator that must not move
    before = np.random.get_state(legacy=False)  # noqa: NPY002
    init_templates(3, 9, 4)
    init_activations(3, 24)
    nmfd(target(), num_iter=1)
    nmf_conv(target(), num_iter=1)
    after = np.random.get_state(legacy=False)  # noqa: NPY002
    assert before["state"]["pos"] == after["state"]["pos"]
    np.testing.assert_array_equal(before["state"]["key"], after["state"]["key"])


def test_random_starts_are_the_reference_s() -> None:
    """The reference draws one template after the other from a generator seeded with 42."""
    generator = np.random.RandomState(42)
    for found in init_templates(3, 9, 4):
        template = generator.random_sample((9, 4))
        np.testing.assert_allclose(found, template / template.sum(), rtol=1e-14)
    wanted = np.random.RandomState(42).random_sample((3, 24))
    np.testing.assert_array_equal(init_activations(3, 24), wanted)


def test_random_starts_from_a_generator() -> None:
    def starts(seed: int) -> FloatArray:
        H = init_activations(2, 5, rng=np.random.default_rng(seed))
        W = init_templates(2, 5, 1, rng=np.random.default_rng(seed))
        return np.vstack([H, *(w.T for w in W)])

    np.testing.assert_array_equal(starts(1), starts(1))
    assert (starts(1) != starts(2)).all()
    solved = [nmfd(target(), num_iter=1, rng=np.random.default_rng(s))[1] for s in (1, 1, 2)]
    np.testing.assert_array_equal(solved[0], solved[1])
    assert (solved[0] != solved[2]).any()
