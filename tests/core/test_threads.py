"""Threads share the work out, raise what goes wrong, and give BLAS its threads back."""

import threading
from collections.abc import Callable

import pytest
from threadpoolctl import ThreadpoolController, threadpool_limits

from nmfd_cli.core.threads import MAX_WORKERS, WorkerPool, single_threaded_blas, worker_pool

#: Threads meet long before that, also on a machine with other work.
PATIENCE = 120


@pytest.mark.parametrize("n_workers", [1, 2, 5])
@pytest.mark.parametrize("n_items", [0, 1, 2, 40])
def test_every_item_is_done_once(n_workers: int, n_items: int) -> None:
    done: list[tuple[int, int]] = []
    with WorkerPool(n_workers) as pool:
        for _ in range(20):
            done.clear()
            pool.run(lambda worker, item: done.append((worker, item)), n_items)
            assert sorted(item for _, item in done) == list(range(n_items))
            assert {worker for worker, _ in done} <= set(range(n_workers))


def test_helpers_do_help() -> None:
    """Items that wait for each other need as many threads, each with a worker of its own."""
    all_here = threading.Barrier(3, timeout=PATIENCE)
    workers: list[int] = []

    def meet(worker: int, item: int) -> None:
        all_here.wait()
        workers.append(worker)

    with WorkerPool(3) as pool:
        pool.run(meet, 3)
    assert sorted(workers) == [0, 1, 2]


def meeting(n_threads: int, raised: Callable[[int], BaseException | None]) -> Callable[..., None]:
    """Return work whose first items meet, and then raise what a worker is to raise."""
    all_here = threading.Barrier(n_threads, timeout=PATIENCE)

    def work(worker: int, item: int) -> None:
        if item < n_threads:
            all_here.wait()
        error = raised(worker)
        if error is not None:
            raise error

    return work


@pytest.mark.parametrize("bad", [0, 1])
def test_an_error_of_any_thread_reaches_the_caller(bad: int) -> None:
    """The calling thread's or a helper's; afterwards the pool goes on."""
    with WorkerPool(2) as pool:
        with pytest.raises(KeyError):
            pool.run(meeting(2, lambda worker: KeyError() if worker == bad else None), 2)
        done: list[int] = []
        pool.run(lambda worker, item: done.append(item), 8)
    assert sorted(done) == list(range(8))


def test_an_interrupt_is_what_comes_out() -> None:
    """It strikes the calling thread, whatever else goes wrong."""
    errors = [KeyboardInterrupt(), ValueError()]
    with WorkerPool(2) as pool, pytest.raises(KeyboardInterrupt):
        pool.run(meeting(2, lambda worker: errors[worker]), 2)


@pytest.mark.parametrize("bad", [0, 1])
def test_no_item_is_begun_after_an_error_and_none_goes_on(bad: int) -> None:
    """Whose buffers are whose: when the error comes out nobody works any more."""
    all_here = threading.Barrier(2, timeout=PATIENCE)
    is_over = threading.Event()
    begun: list[int] = []
    went_on: list[bool] = []

    def work(worker: int, item: int) -> None:
        begun.append(item)
        if item < 2:
            all_here.wait()
        if worker == bad:
            raise KeyError(item)
        went_on.append(is_over.wait(0.2))

    with WorkerPool(2) as pool:
        with pytest.raises(KeyError):
            pool.run(work, 20)
        is_over.set()
    assert sorted(begun) == [0, 1]
    assert went_on == [False]


def test_helpers_end_with_their_pool() -> None:
    before = set(threading.enumerate())
    with WorkerPool(4) as pool:
        pool.run(meeting(4, lambda worker: None), 4)
        helpers = set(threading.enumerate()) - before
        assert len(helpers) == 3
    for helper in helpers:
        helper.join(PATIENCE)
        assert not helper.is_alive()


@pytest.fixture
def blas() -> Callable[[], set[int]]:
    """Return what tells how many threads BLAS has; skip where it cannot be told."""
    libraries = ThreadpoolController().select(user_api="blas").lib_controllers
    if not libraries:
        pytest.skip("this NumPy has no BLAS whose threads can be set")
    return lambda: {library.num_threads for library in libraries}


def test_blas_gets_its_threads_back(blas: Callable[[], set[int]]) -> None:
    with threadpool_limits(2, user_api="blas"):
        with single_threaded_blas() as outer, single_threaded_blas() as inner:
            assert (outer, inner, blas()) == (2, 2, {1})
        assert blas() == {2}
        with pytest.raises(ValueError, match="in between"), single_threaded_blas():
            raise ValueError("in between")
        assert blas() == {2}


def test_the_last_thread_to_let_go_gives_them_back(blas: Callable[[], set[int]]) -> None:
    """Holds of several threads overlap in any order."""
    with threadpool_limits(2, user_api="blas"):
        first, second = single_threaded_blas(), single_threaded_blas()
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert blas() == {1}
        second.__exit__(None, None, None)
        assert blas() == {2}


@pytest.mark.parametrize(("allowed", "wanted"), [(1, 1), (3, 3), (40, MAX_WORKERS)])
def test_a_pool_has_the_threads_that_blas_may_use(
    blas: Callable[[], set[int]], allowed: int, wanted: int
) -> None:
    with threadpool_limits(allowed, user_api="blas"):
        if max(blas()) < allowed:
            pytest.skip("this BLAS is built for fewer threads")
        with worker_pool() as pool:
            assert pool.n_workers == wanted
            assert blas() == {1}
