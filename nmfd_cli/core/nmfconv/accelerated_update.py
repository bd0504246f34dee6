"""The joint updates from extrapolated factors: fewer iterations to the same divergence."""

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.factorisation import Factors
from nmfd_cli.core.nmfconv.updates import JointUpdate


class AcceleratedUpdate(JointUpdate):
    """The joint updates from extrapolated factors.

    Each factor first goes on in the direction in which it has just grown,
    ``W + a max(W - W_before, 0)``, and is then updated from there: block majorisation-minimisation
    with extrapolation [1]_, with Nesterov's sequence for a.  An extrapolation that would leave the
    divergence above what it was is taken back and the momentum starts anew, so the divergence never
    rises; it is that of the extrapolated factors, and always computed.  An iteration costs what one
    of the joint update costs, and half as much again where an extrapolation is taken back.

    .. [1] L. T. K. Hien, V. Leplat, N. Gillis: "Block majorization minimization with extrapolation
       and application to beta-NMF", arXiv 2401.06646, 2024.
    """

    _before: tuple[FloatArray, FloatArray] | None = None
    _momentum = 1.0
    _divergence = float("inf")

    def step(self, factors: Factors) -> float:
        following = (1 + np.sqrt(1 + 4 * self._momentum**2)) / 2
        ahead = (self._momentum - 1) / following
        self._momentum = following
        before_W, before_H = self._before or (factors.W, factors.H)
        self._before = factors.W, factors.H
        if self.fix_W:
            self._divergence = self._step_activations(factors, before_H, ahead)
            return self._divergence
        self._divergence = divergence = self._step_templates(factors, before_W, ahead)
        if not self.fix_H:
            self._divergence = self._step_activations(factors, before_H, ahead)
        return divergence

    def _step_templates(self, factors: Factors, before: FloatArray, ahead: float) -> float:
        start = _extrapolated(factors.W, before, ahead)
        terms = self.sweeps.sweep(start, factors.H, templates=True, divergence=True)
        if terms.divergence > self._divergence and ahead > 0:
            self._momentum, start = 1.0, factors.W
            terms = self.sweeps.sweep(start, factors.H, templates=True, divergence=True)
        factors.W = self.next_templates(start, factors.H, terms)
        return terms.divergence

    def _step_activations(self, factors: Factors, before: FloatArray, ahead: float) -> float:
        W, H = factors.W, factors.H
        if self.fix_H:
            return self.sweeps.sweep(W, H, divergence=True).divergence
        start = _extrapolated(H, before, ahead)
        terms = self.sweeps.sweep(W, start, activations=W, divergence=True)
        if terms.divergence > self._divergence and ahead > 0:
            self._momentum, start = 1.0, H
            terms = self.sweeps.sweep(W, H, activations=W, divergence=True)
        # the activations before the step are needed for the next extrapolation
        out = None if start is H else start
        factors.H = np.multiply(start, self.ratios(W, terms), out=out)
        return terms.divergence

    def normalise(self, factors: Factors) -> None:
        """Normalise, and bring the factors before to the same scale."""
        if self.fix_H or self._before is None:
            return
        sums = self.template_sums(factors.W)
        before_W, before_H = self._before
        self._before = before_W / sums, np.multiply(before_H, sums[:, 0], out=before_H)
        factors.W = factors.W / sums
        factors.H *= sums[:, 0]


def _extrapolated(factor: FloatArray, before: FloatArray, ahead: float) -> FloatArray:
    if ahead == 0:
        return factor
    start = factor - before
    np.maximum(start, 0, out=start)
    start *= np.asarray(ahead, factor.dtype)
    start += factor
    return start
