"""Time the solvers beside the matrix products they cannot do without, in one run.

    python tests/benchmarks/engine.py [--repeats 5]

The floor is the time of an iteration's three matrix products (K x RT by RT x M, twice transposed)
in float32, as ``../shared/tools/speed.py`` has it; updates that compute the model twice have four.
Every figure is the median of interleaved repeats with the spread of the ratios behind it; quote
the ratios, never the seconds.  Not run by pytest.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.nmfconv import nmf_conv, nmfd

Float32 = NDArray[np.float32]

#: Name, (K, M, R, T), iterations.
CASES = {
    "short": ((1025, 657, 3, 8), 30),
    "long": ((1025, 15000, 3, 8), 10),
    "long templates": ((1025, 1300, 4, 330), 5),
}


def solvers(
    V: Float32, W: list[Float32], H: Float32, iterations: int
) -> dict[str, Callable[[], Any]]:
    """The calls to time: both solvers, all updates, with free and with fixed templates."""
    common: dict[str, Any] = {
        "V": V, "num_comp": len(W), "num_iter": iterations,
        "num_template_frames": W[0].shape[1], "init_W": W, "init_H": H,
    }  # fmt: skip
    calls: dict[str, Callable[[], Any]] = {}
    for update in ("mean", "joint", "accelerated"):
        calls[f"nmfd {update}"] = partial(nmfd, **common, update=update)
        calls[f"nmfd {update} fix_W"] = partial(nmfd, **common, update=update, fix_W=True)
    for beta in (-1, 0, 1):
        calls[f"nmf_conv beta {beta}"] = partial(nmf_conv, **common, beta=beta)
    return calls


def measure(shape: tuple[int, int, int, int], iterations: int, repeats: int) -> None:
    """Print the ratios of one case."""
    K, M, R, T = shape
    rng = np.random.default_rng(0)
    V = rng.gamma(0.3, 1, (K, M)).astype(np.float32) + np.float32(0.01)
    W = list(rng.random((R, K, T), dtype=np.float32))
    H = rng.random((R, M), dtype=np.float32) + np.float32(0.05)
    B, C = rng.random((K, R * T), dtype=np.float32), rng.random((R * T, M), dtype=np.float32)

    def floor() -> None:
        for _ in range(iterations):
            _ = B @ C, V @ C.T, B.T @ V

    calls = solvers(V, W, H, iterations)
    seconds: dict[str, list[float]] = {name: [] for name in ("floor", *calls)}
    for _ in range(repeats + 1):
        for name, call in {"floor": floor, **calls}.items():
            begin = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - begin)
    base = np.array(seconds["floor"][1:])
    print(f"  {'matrix floor':24} {np.median(base):9.4f} s")
    for name in calls:
        own = np.array(seconds[name][1:])
        ratios = own / base
        print(
            f"  {name:24} {np.median(own):9.4f} s   {np.median(ratios):6.2f} x the floor "
            f"({ratios.min():.2f} to {ratios.max():.2f})"
        )


def main() -> None:
    """Print all cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--case", choices=CASES, action="append")
    options = parser.parse_args()
    for name in options.case or CASES:
        shape, iterations = CASES[name]
        print(
            f"{name}: K={shape[0]} M={shape[1]} R={shape[2]} T={shape[3]}, {iterations} iterations"
        )
        measure(shape, iterations, options.repeats)


if __name__ == "__main__":
    main()
