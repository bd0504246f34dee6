"""The documented module: its interface, what it promises, and what it says to bad arguments."""

import doctest
import importlib
import inspect
import pkgutil
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmfd_cli.core import nmfconv
from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.filters import nema
from nmfd_cli.core.nmfconv import (
    conv_model,
    init_activations,
    init_templates,
    nmf_conv,
    nmfd,
    shift_operator,
)
from nmfd_cli.core.nmfconv.divergence import beta_divergence
from nmfd_cli.core.nmfconv.drum_templates import learn_template
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import NmfdWarning, ParameterError

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


def target(K: int = 9, M: int = 24, seed: int = 0) -> oracle.Array:
    return np.random.default_rng(seed).gamma(0.5, size=(K, M)) + 1e-3


def model(W: FloatArray, H: FloatArray) -> oracle.Array:
    return oracle.model(W.astype(np.float64), H.astype(np.float64))


# --- the interface -----------------------------------------------------------------------------


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
    *(f"nmfd_cli.core.nmfconv.{module.name}" for module in pkgutil.iter_modules(nmfconv.__path__)),
    *(f"nmfd_cli.core.{name}" for name in ("arrays", "filters", "masking", "stft")),
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


# --- the hooks ---------------------------------------------------------------------------------


@pytest.mark.parametrize("update", ["mean", "joint"])
def test_hooks_run_at_every_iteration(update: str) -> None:
    calls: list[tuple[str, dict[str, Any]]] = []

    def before(**arguments: Any) -> tuple[FloatArray, FloatArray]:
        calls.append(("before", arguments))
        return arguments["W"], arguments["H"]

    def after(
        W: FloatArray, H: FloatArray, iteration: int, num_iter: int, **others: Any
    ) -> tuple[FloatArray, FloatArray]:
        assert W.shape == (9, 2, 4)
        assert H.shape == (2, 24)
        calls.append(("after", {"iteration": iteration, "num_iter": num_iter, **others}))
        return W, H

    arguments: dict[str, Any] = {"num_comp": 2, "num_template_frames": 4, "num_iter": 5}
    plain = nmfd(target(), **arguments, update=update)
    hooked = nmfd(
        target(),
        **arguments,
        update=update,
        func_preprocess=before,
        func_postprocess=after,
        strength=0.5,
        drums=("kick",),
    )
    assert [name for name, _ in calls] == 5 * ["before", "after"]
    others = {"strength": 0.5, "drums": ("kick",)}
    for name, found in calls:
        if name == "before":
            assert found.pop("W").shape == (9, 2, 4)
            assert found.pop("H").shape == (2, 24)
            assert found == others
    assert [found for name, found in calls if name == "after"] == [
        {"iteration": i, "num_iter": 5, **others} for i in range(5)
    ]
    np.testing.assert_array_equal(hooked[1], plain[1])
    np.testing.assert_array_equal(hooked[3], plain[3])


def test_what_hooks_return_is_used() -> None:
    def silence(W: FloatArray, H: FloatArray) -> tuple[FloatArray, FloatArray]:
        return W, H * [[0], [1]]

    def flatten(
        W: FloatArray, H: FloatArray, iteration: int, num_iter: int
    ) -> tuple[FloatArray, FloatArray]:
        return np.ones_like(W), H

    V = target().astype(np.float32)
    W, H, *_ = nmfd(V, 2, num_iter=3, func_preprocess=silence, func_postprocess=flatten)
    assert H.dtype == np.float32  # though the hook has made it float64
    assert not H[0].any()
    assert H[1].all()
    np.testing.assert_allclose(W, 1 / (9 * 8), rtol=1e-6)


def test_hooks_may_work_in_place() -> None:
    def halve(W: FloatArray, H: FloatArray) -> tuple[FloatArray, FloatArray]:
        W *= 0.5
        H *= 0.5
        return W, H

    init_W, init_H = init_templates(2, 9, 4), init_activations(2, 24)
    copies = [w.copy() for w in init_W], init_H.copy()
    nmfd(
        target(),
        2,
        num_template_frames=4,
        init_W=init_W,
        init_H=init_H,
        func_preprocess=halve,
    )
    np.testing.assert_array_equal(init_W, copies[0])
    np.testing.assert_array_equal(init_H, copies[1])


@pytest.mark.parametrize("solve", [nmfd, nmf_conv])
def test_callback_sees_the_divergence(solve: Callable[..., Any]) -> None:
    seen: list[tuple[int, float]] = []
    cost = solve(target(), num_iter=4, callback=lambda i, divergence: seen.append((i, divergence)))[
        3
    ]
    assert seen == list(enumerate(cost.tolist()))


# --- the divergence ----------------------------------------------------------------------------


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("update", ["mean", "joint"])
def test_cost_of_nmfd_is_the_divergence(update: str, silent: bool) -> None:
    """The factors after n iterations are those that iteration n starts from."""
    V = target()
    if silent:
        V[np.median(V) > V] = 0
    cost = nmfd(100 * V, num_iter=6, update=update)[3]
    for n in range(1, 6):
        _, H, _, _, W = nmfd(V, num_iter=n, update=update)
        wanted = oracle.divergence(oracle.normalised(V), model(W, H), 0)
        np.testing.assert_allclose(cost[n], wanted, rtol=1e-10)


@pytest.mark.parametrize("beta", [-1, -0.5, 0, 0.5, 1, 2])
def test_cost_of_nmf_conv_is_the_divergence(beta: float) -> None:
    V = target()
    cost = nmf_conv(100 * V, num_iter=6, beta=beta)[3]
    for n in range(1, 6):
        W, H, *_ = nmf_conv(V, num_iter=n, beta=beta)
        wanted = oracle.divergence(oracle.normalised(V), model(np.stack(W, axis=1), H), beta)
        np.testing.assert_allclose(cost[n], wanted, rtol=1e-9)


def exact_divergence(V: oracle.Array, L: oracle.Array, beta: float) -> float:
    """The formula in 250 digits, where it does not matter how near beta is to a limit."""
    with localcontext() as context:
        context.prec = 250
        b, total = Decimal(beta), Decimal(0)
        for v, x in zip(map(Decimal, V.tolist()), map(Decimal, L.tolist()), strict=True):
            if b == 0:
                total += v * (v / x).ln() - v + x
            elif b == -1:
                total += v / x - (v / x).ln() - 1
            else:
                total += v * (v**b - x**b) / b - (v ** (b + 1) - x ** (b + 1)) / (b + 1)
        return float(total)


NEAR_LIMITS = [
    *(sign * distance for sign in (-1, 1) for distance in (1e-3, 1e-8, 1e-12, 1e-15, 1e-100)),
    *(-1 + sign * distance for sign in (-1, 1) for distance in (1e-3, 1e-8, 1e-12, 3e-16)),
]


@pytest.mark.parametrize("beta", [-1, -0.5, 0, 0.5, 1, 2, 3.3, -2, *NEAR_LIMITS])
def test_divergence_near_its_limits(beta: float) -> None:
    rng = np.random.default_rng(1)
    V = rng.gamma(1.0, size=20)
    L = V * np.exp(0.5 * rng.normal(size=20))
    wanted = exact_divergence(V, L, beta)
    np.testing.assert_allclose(beta_divergence(V, L, beta), wanted, rtol=1e-13)
    V32, L32 = V.astype(np.float32), L.astype(np.float32)
    np.testing.assert_allclose(beta_divergence(V32, L32, beta), wanted, rtol=3e-6)


@pytest.mark.parametrize("limit", [-1, 0, 1])
def test_solver_is_continuous_in_beta(limit: int) -> None:
    W, H, _, cost = nmf_conv(target(), num_iter=10, beta=limit)
    for distance in (1e-6, -1e-6, 1e-9, -1e-9, 1e-13, -1e-13):
        near = nmf_conv(target(), num_iter=10, beta=limit + distance)
        tolerance = 1e3 * abs(distance) + 1e-11
        np.testing.assert_allclose(near[0], W, rtol=0, atol=tolerance)
        np.testing.assert_allclose(near[1], H, rtol=0, atol=tolerance * H.max())
        np.testing.assert_allclose(near[3], cost, rtol=tolerance)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("unit", [1e-25, 1e-8, 1e8, 1e25])
def test_the_unit_of_the_target_does_not_matter(unit: float, dtype: type) -> None:
    V = target()
    scaled: FloatArray = (unit * V).astype(dtype)
    tolerance = 1e-4 if dtype is np.float32 else 1e-9
    for beta in (-1, -0.5, 0, 0.5, 1, 2):
        found, wanted = nmf_conv(scaled, num_iter=5, beta=beta), nmf_conv(V, num_iter=5, beta=beta)
        np.testing.assert_allclose(found[1], wanted[1], rtol=0, atol=tolerance * wanted[1].max())
        np.testing.assert_allclose(found[3], wanted[3], rtol=tolerance)
    found_H, wanted_H = nmfd(scaled, num_iter=5)[1], nmfd(V, num_iter=5)[1]
    np.testing.assert_allclose(found_H, wanted_H, rtol=0, atol=tolerance * wanted_H.max())


@st.composite
def problems(draw: st.DrawFn) -> tuple[oracle.Array, oracle.Array, oracle.Array]:
    """V, init_W and init_H of any shape, level and sparsity."""
    K, R, T = draw(st.integers(1, 8)), draw(st.integers(1, 4)), draw(st.integers(1, 6))
    M = T + draw(st.integers(0, 16))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    density = draw(st.sampled_from([1.0, 0.7, 0.2]))

    def values(*shape: int) -> oracle.Array:
        present = rng.random(shape) < density
        level = 10.0 ** rng.integers(-3, 4)
        return level * present * rng.gamma(rng.choice([0.1, 1.0]), size=shape)

    return values(K, M), values(R, K, T), values(R, M)


@pytest.mark.parametrize(
    ("fix_W", "fix_H"), [(False, False), (True, False), (False, True)], ids=["none", "W", "H"]
)
@settings(max_examples=120)
@given(problem=problems())
def test_joint_update_never_raises_the_divergence(
    fix_W: bool, fix_H: bool, problem: tuple[oracle.Array, oracle.Array, oracle.Array]
) -> None:
    V, init_W, init_H = problem
    R, _, T = init_W.shape
    for dtype, tolerance in ((np.float64, 1e-13), (np.float32, 2e-6)):
        cost = nmfd(
            V,
            R,
            num_iter=15,
            num_template_frames=T,
            init_W=init_W,
            init_H=init_H,
            fix_W=fix_W,
            fix_H=fix_H,
            update="joint",
            dtype=dtype,
        )[3]
        assert np.isfinite(cost).all()
        assert cost.min() > -tolerance
        assert (np.diff(cost) <= tolerance * (1 + cost[:-1])).all()


@pytest.mark.parametrize("update", ["mean", "joint"])
def test_fixed_factors_stay(update: str) -> None:
    init_W, init_H = init_templates(3, 9, 8), init_activations(3, 24)
    arguments: dict[str, Any] = {"init_W": init_W, "init_H": init_H, "update": update}
    W, H, *_ = nmfd(target(), fix_W=True, **arguments)
    np.testing.assert_allclose(W, init_W, rtol=1e-12)
    assert not np.isclose(H, init_H).any()
    W, H, *_ = nmfd(target(), fix_H=True, **arguments)
    np.testing.assert_array_equal(H, init_H)
    assert not np.isclose(W, init_W).any()


def test_single_frame_and_single_bin() -> None:
    for shape in ((1, 1), (5, 1), (1, 5)):
        V = np.ones(shape)
        for solve in (nmfd, nmf_conv):
            result = solve(V, 1, num_template_frames=1)
            np.testing.assert_allclose(result[2][0], V / V.sum(), rtol=1e-9)


# --- where the activations start from ----------------------------------------------------------


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


# --- where the templates start from ------------------------------------------------------------


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


# --- bad arguments -----------------------------------------------------------------------------

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
