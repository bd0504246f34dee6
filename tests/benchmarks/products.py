"""Measure the two ways of computing products, and fit the costs that choose between them.

    python tests/benchmarks/products.py

A row is a shape; its cells are template lengths with the time of dense products over that by FFT,
and which of the two is chosen: ``S`` or ``F``, with a ``!`` where it is the slower one.  Below
stand the costs that fit best, in multiplications of a dense product, as
`core.nmfconv.engine.products` has them.  Not run by pytest.
"""

import time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.nmfconv.engine.panel_products import FftProducts, StackedProducts
from nmfd_cli.core.nmfconv.engine.products import Counts, Products, costs
from nmfd_cli.core.nmfconv.engine.target import usual_panel_frames
from nmfd_cli.core.threads import single_threaded_blas

FLOAT32 = np.dtype(np.float32)
SIZES = ((1025, 1300), (129, 1300), (1025, 5000))
COMPONENTS = (2, 4, 12)
TEMPLATE_FRAMES = (8, 16, 32, 64, 128, 256)
REPEATS = 4


class Measured(NamedTuple):
    """Milliseconds of a panel of m frames."""

    K: int
    m: int
    R: int
    T: int
    fix_W: bool  # noqa: N815 - the documented name
    stacked: float
    fft: float

    @property
    def is_fft_chosen(self) -> bool:
        stacked, fft = costs((self.R, self.T, self.K), self.m, self.fix_W)
        return fft < stacked

    @property
    def is_well_chosen(self) -> bool:
        return self.is_fft_chosen == (self.fft < self.stacked)

    @property
    def cell(self) -> str:
        ratio = f"{self.T}: {self.stacked / self.fft:.2f}"
        return f"{ratio} {'F' if self.is_fft_chosen else 'S'}{'' if self.is_well_chosen else '!'}"


def milliseconds(products: Products, R: int, T: int, K: int, m: int, fix_W: bool) -> float:
    """Return the least time of the products of one panel."""
    rng = np.random.default_rng(0)
    W = rng.random((R, T, K), dtype=np.float32)
    history = rng.random((R, T - 1 + m), dtype=np.float32)
    Q = rng.random((K, m), dtype=np.float32)
    model, terms = np.empty_like(Q), np.zeros((R, T - 1 + m), np.float32)
    workspace = products.workspace()
    seconds: list[float] = []
    for _ in range(REPEATS):
        begin = time.perf_counter()
        if not fix_W or not seconds:
            W = W.copy()
            products.set_templates(W)
            products.set_activation_templates(W)
        workspace.load_panel(history)
        workspace.model(model)
        if not fix_W:
            workspace.template_terms(Q)
        workspace.add_activation_terms(Q, terms)
        seconds.append(time.perf_counter() - begin)
    return 1000 * min(seconds[1:])


def measure(K: int, M: int, R: int, T: int, fix_W: bool) -> Measured:
    m = min(M, max(usual_panel_frames(K, M), 2 * T))
    stacked, fft = (
        milliseconds(kind((R, T, K), m, floor=1e-9, dtype=FLOAT32), R, T, K, m, fix_W)
        for kind in (StackedProducts, FftProducts)
    )
    return Measured(K, m, R, T, fix_W, stacked, fft)


def fitted(found: list[Measured]) -> tuple[float, float, float]:
    """Return the costs of a stacked entry, a transformed and a multiplied point."""
    counts = [Counts.of((row.R, row.T, row.K), row.m, row.fix_W) for row in found]
    stacked, fft = [count[:2] for count in counts], [count[2:] for count in counts]
    a = _solved(np.array(stacked), np.array([row.stacked for row in found]))
    b = _solved(np.array(fft), np.array([row.fft for row in found]))
    return float(a[1] / a[0]), float(b[0] / a[0]), float(b[1] / a[0])


def _solved(counts: NDArray[np.float64], times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the times a count that leave the least relative error."""
    solution, *_ = np.linalg.lstsq(counts / times[:, None], np.ones(len(times)), rcond=None)
    return np.asarray(solution, dtype=np.float64)


def main() -> None:
    """Print the table and the fit."""
    found: list[Measured] = []
    with single_threaded_blas():
        for K, M in SIZES:
            for R in COMPONENTS:
                for fix_W in (True, False):
                    row = [measure(K, M, R, T, fix_W) for T in TEMPLATE_FRAMES]
                    found += row
                    kind = "fix_W" if fix_W else "free"
                    cells = "  ".join(cell.cell for cell in row)
                    print(f"K={K} M={M} R={R:2} {kind:5}  {cells}", flush=True)
    wrong = [row for row in found if not row.is_well_chosen]
    lost = [max(row.stacked / row.fft, row.fft / row.stacked) for row in wrong]
    print(f"{len(wrong)} of {len(found)} chosen wrongly, at most {max(lost, default=1):.2f} times")
    print(
        "stacked entry {:.0f}, transformed point {:.1f}, multiplied point {:.0f}".format(
            *fitted(found)
        )
    )


if __name__ == "__main__":
    main()
