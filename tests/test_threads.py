"""Threads share the work out, raise what goes wrong, and change no bit of a result."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np
import oracle
import pytest

from nmfd_cli.core import threads
from nmfd_cli.core.nmfconv import nmf_conv, nmfd, sharing
from nmfd_cli.core.threads import Team, library_on_one_thread

#: Threads meet long before that, also on a machine with other work.
PATIENCE = 120


@pytest.mark.parametrize("n_threads", [1, 2, 5])
@pytest.mark.parametrize("n_items", [0, 1, 2, 40])
def test_every_item_is_done_once(n_threads: int, n_items: int) -> None:
    done: list[tuple[int, int]] = []
    with Team(n_threads) as team:
        for _ in range(20):
            done.clear()
            team.run(lambda worker, item: done.append((worker, item)), n_items)
            assert sorted(item for _, item in done) == list(range(n_items))
            assert {worker for worker, _ in done} <= set(range(n_threads))


def test_helpers_do_help() -> None:
    """Two items that wait for each other need two threads."""
    both = threading.Barrier(2, timeout=PATIENCE)
    with Team(2) as team:

        def meet(worker: int, item: int) -> None:
            both.wait()

        team.run(meet, 2)


@pytest.mark.parametrize("bad", [0, 7])
def test_an_error_reaches_the_caller_and_the_team_goes_on(bad: int) -> None:
    def work(worker: int, item: int) -> None:
        if item == bad:
            raise KeyError(item)

    with Team(3) as team:
        with pytest.raises(KeyError):
            team.run(work, 8)
        done: list[int] = []
        team.run(lambda worker, item: done.append(item), 8)
    assert sorted(done) == list(range(8))


def test_the_first_error_is_the_one_that_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, is_known = threading.Event(), threading.Event()
    give_up = threads._Round.give_up

    def noted(round_: threads._Round, error: BaseException) -> None:
        give_up(round_, error)
        is_known.set()

    def work(worker: int, item: int) -> None:
        if worker:
            begun.set()
            assert is_known.wait(PATIENCE)
            raise ValueError("later")
        assert begun.wait(PATIENCE)
        raise KeyboardInterrupt

    monkeypatch.setattr(threads._Round, "give_up", noted)
    with Team(2) as team, pytest.raises(KeyboardInterrupt):
        team.run(work, 2)


def test_helpers_end_with_their_team() -> None:
    before = set(threading.enumerate())
    with Team(4) as team:
        team.run(lambda worker, item: None, 4)
        helpers = set(threading.enumerate()) - before
        assert len(helpers) == 3
    for helper in helpers:
        helper.join(PATIENCE)
        assert not helper.is_alive()


def test_the_library_gets_its_threads_back() -> None:
    library = threads._library()
    if library is None:
        pytest.skip("this NumPy is not built with OpenBLAS")
    get, set_ = library
    before = get()
    try:
        set_(2)
        with library_on_one_thread() as outer, library_on_one_thread() as inner:
            assert (outer, inner, get()) == (2, 2, 1)
        assert get() == 2
        with pytest.raises(ValueError, match="in between"), library_on_one_thread():
            raise ValueError("in between")
        assert get() == 2
    finally:
        set_(before)


class Shared:
    """What the fixture `shared_out` has a test know and change."""

    n_threads = 2
    workers: ClassVar[set[int]] = set()


@pytest.fixture
def shared_out(monkeypatch: pytest.MonkeyPatch) -> Shared:
    """Have even small problems shared out, in panels of 37 frames."""
    shared = Shared()
    shared.workers.clear()

    @contextmanager
    def team() -> Iterator[Team]:
        with library_on_one_thread(), Team(shared.n_threads) as made:
            run, all_here = made.run, threading.Barrier(shared.n_threads, timeout=PATIENCE)
            here: set[int] = set()

            def noted(work: threads.Work, n_items: int) -> None:
                def work_noted(worker: int, item: int) -> None:
                    if worker not in here:
                        here.add(worker)
                        all_here.wait()  # each of them gets a share
                        shared.workers.add(worker)
                    work(worker, item)

                run(work_noted, n_items)

            monkeypatch.setattr(made, "run", noted)
            yield made

    monkeypatch.setattr(sharing, "_GROUP_WORK", 1)
    monkeypatch.setattr(sharing, "numeric_team", team)
    monkeypatch.setattr(sharing, "usual_panel_frames", lambda n_bins, n_frames: 37)
    return shared


def problem() -> tuple[oracle.Array, oracle.Array, oracle.Array]:
    rng = np.random.default_rng(3)
    V = rng.gamma(0.5, size=(9, 500)) + 1e-3
    return V, rng.random((9, 3, 6)) + 0.01, rng.random((3, 500)) + 0.01


def test_the_problem_is_shared_out(shared_out: Shared) -> None:
    V, W, _ = problem()
    target = sharing.array_target(V, W.shape[1], W.shape[2])
    sizes = [len(group) for group in sharing.grouped(target, 18)]
    assert len(sizes) == 8
    assert sum(sizes) == 14


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_shared_out_work_gives_what_the_oracle_gives(shared_out: Shared, n_threads: int) -> None:
    V, W, H = problem()
    shared_out.n_threads = n_threads
    starts = {"init_W": list(W.transpose(1, 0, 2)), "init_H": H}
    sizes = {"num_comp": 3, "num_template_frames": 6, "num_iter": 5}
    for update, wanted in (("mean", oracle.nmfd_mean), ("joint", oracle.nmfd_joint)):
        _, found_H, _, cost, found_W = nmfd(V, **sizes, **starts, update=update)  # type: ignore[arg-type]
        wanted_W, wanted_H, wanted_cost = wanted(V, W, H, 5)
        np.testing.assert_allclose(found_W, wanted_W, rtol=1e-9)
        np.testing.assert_allclose(found_H, wanted_H, rtol=1e-9)
        np.testing.assert_allclose(cost, wanted_cost, rtol=1e-9)
    for beta in (-1, 0, 0.5, 1):
        found, found_H, _, cost = nmf_conv(V, **sizes, **starts, beta=beta)  # type: ignore[arg-type]
        wanted_W, wanted_H, wanted_cost = oracle.nmf_conv(V, W, H, 5, beta)
        np.testing.assert_allclose(np.stack(found, axis=1), wanted_W, rtol=1e-8)
        np.testing.assert_allclose(found_H, wanted_H, rtol=1e-8)
        np.testing.assert_allclose(cost, wanted_cost, rtol=1e-8)
    assert shared_out.workers == set(range(n_threads))


@pytest.mark.parametrize("solver", ["mean", "joint", "accelerated", "nmf_conv"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bits_are_the_same_for_any_number_of_threads(
    shared_out: Shared, solver: str, dtype: type[np.floating[Any]]
) -> None:
    V, W, H = problem()
    starts: dict[str, Any] = {"init_W": list(W.transpose(1, 0, 2)), "init_H": H, "dtype": dtype}
    sizes: dict[str, Any] = {"num_comp": 3, "num_template_frames": 6, "num_iter": 8}
    results: list[list[Any]] = []
    for n_threads in (1, 2, 4):
        shared_out.n_threads = n_threads
        if solver == "nmf_conv":
            W_, *others = nmf_conv(V, **sizes, **starts, beta=-0.5)
        else:
            W_, *others = nmfd(V, **sizes, **starts, update=solver)
        results.append([np.array(W_), others[0], np.array(others[1]), others[2]])
    for other in results[1:]:
        for mine, theirs in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(mine, theirs)
