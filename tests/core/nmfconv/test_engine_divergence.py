"""The beta-divergence is what its formula says, also near its limits."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from numpy.typing import NDArray

from nmfd_cli.core.nmfconv.engine.divergence import beta_divergence

Array = NDArray[np.float64]


def exact_divergence(V: Array, L: Array, beta: float) -> float:
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


BETAS = [
    *(0.5, 2, -2),
    *(sign * distance for sign in (-1, 1) for distance in (1e-3, 1e-8, 1e-12, 1e-15, 1e-100)),
    *(-1 + sign * distance for sign in (-1, 1) for distance in (1e-3, 1e-8, 1e-12, 3e-16)),
]


@pytest.mark.parametrize(
    "beta",
    [-1, -0.5, 0, 1, 3.3, 1e-9, *(pytest.param(beta, marks=pytest.mark.slow) for beta in BETAS)],
)
def test_divergence_near_its_limits(beta: float) -> None:
    rng = np.random.default_rng(1)
    V = rng.gamma(1.0, size=20)
    L = V * np.exp(0.5 * rng.normal(size=20))
    wanted = exact_divergence(V, L, beta)
    np.testing.assert_allclose(beta_divergence(V, L, beta), wanted, rtol=1e-13)
    V32, L32 = V.astype(np.float32), L.astype(np.float32)
    np.testing.assert_allclose(beta_divergence(V32, L32, beta), wanted, rtol=3e-6)
