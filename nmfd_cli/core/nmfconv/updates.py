"""Multiplicative updates of W and H for the Kullback-Leibler divergence, one class a rule."""

from typing import ClassVar

import numpy as np

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.nmfconv.engine.accumulators import UpdateTerms
from nmfd_cli.core.nmfconv.engine.shifts import divide_by_reachable
from nmfd_cli.core.nmfconv.engine.sweeps import Sweeps
from nmfd_cli.core.nmfconv.factorisation import Factors


class KLUpdate:
    """What all of them have in common: ratios of sums over ``Q = V / Lambda``, and normalisation.

    Parameters
    ----------
    W : ndarray, shape (R, T, K)
        The templates to start from.
    fix_W, fix_H : bool
        Leave the templates, or the activations, as they are.
    prior_hits : float
        How strongly the templates hold on to where they started, see `UpdateRule`.

    Attributes
    ----------
    track_divergence : bool
        Whether the next step has to compute the divergence.
    """

    reuses_quotients: ClassVar[bool] = False

    def __init__(
        self,
        W: FloatArray,
        sweeps: Sweeps,
        *,
        fix_W: bool,
        fix_H: bool,
        prior_hits: float,
    ) -> None:
        self.sweeps = sweeps
        self.fix_W = fix_W
        self.fix_H = fix_H
        self.prior_hits = prior_hits
        self.track_divergence = True
        self._floor = np.asarray(EPS * sweeps.scale, dtype=W.dtype)
        self._prior = W / self.template_sums(W) if prior_hits else W
        self._normal: FloatArray | None = None

    def step(self, factors: Factors) -> float:
        """Update the factors; return the divergence of those before."""
        raise NotImplementedError

    def update_templates(self, factors: Factors) -> float:
        """``W_t <- W_t * (Q shift(H, t)') / (1 shift(H, t)')``; return the divergence before."""
        terms = self.sweeps.sweep(
            factors.W, factors.H, templates=True, divergence=self.track_divergence
        )
        factors.W = self.next_templates(factors.W, factors.H, terms)
        return terms.divergence

    def next_templates(self, W: FloatArray, H: FloatArray, terms: UpdateTerms) -> FloatArray:
        """Return ``W * numerator / denominator``, with the prior's share of both."""
        updated = terms.template_numerator  # nobody else needs it
        updated *= W
        denominator = terms.template_denominator + self._floor
        if self.prior_hits:
            weight = self.prior_hits * H.max(axis=1).reshape(-1, 1, 1)
            updated += weight * self._prior
            denominator = denominator + weight
        updated /= denominator
        return updated

    def normalise(self, factors: Factors) -> None:
        """Bring the templates to a sum of one.

        Templates that are fixed remain one and the same array, of which the products know by then
        what they need.
        """
        if factors.W is not self._normal:
            sums = self.template_sums(factors.W)
            factors.W = self._normal = factors.W / sums
            self.compensate(factors, sums[:, 0])

    def compensate(self, factors: Factors, sums: FloatArray) -> None:
        """Give the activations the weight (R, 1) that the templates have lost."""
        factors.H *= sums

    def template_sums(self, W: FloatArray) -> FloatArray:
        """Return the sum of each template over all bins and frames, shape (R, 1, 1)."""
        bins, grid = W.sum(axis=2), self.sweeps.grid
        if grid.is_plain:
            sums: FloatArray = bins.sum(axis=1)
        else:
            sums = bins @ np.asarray(grid.widths, dtype=W.dtype)
        return (EPS + sums).reshape(-1, 1, 1)


class MeanUpdate(KLUpdate):
    """The reference's rule: H by the mean of T quotients, with Q as it was before W changed.

    ``H <- H * mean_t((W_t' shift(Q, -t)) / (W_t' 1))``; the weight that templates lose when they
    are normalised is lost.
    """

    reuses_quotients = True
    _averaging: tuple[FloatArray, FloatArray] | None = None

    def step(self, factors: Factors) -> float:
        W, H, fix_H = factors.W, factors.H, self.fix_H
        if self.fix_W:
            averaging = None if fix_H else self._averaging_templates(W)
            terms = self.sweeps.sweep(W, H, activations=averaging, divergence=self.track_divergence)
            divergence = terms.divergence
        else:
            divergence = self.update_templates(factors)
            if not fix_H:
                averaging = self._averaging_templates(factors.W)
                terms = self.sweeps.reuse_quotients(W, H, averaging)
        if not fix_H:
            factors.H *= terms.activation_numerator
        return divergence

    def compensate(self, factors: Factors, sums: FloatArray) -> None:
        """Leave the activations as they are."""

    def _averaging_templates(self, W: FloatArray) -> FloatArray:
        """Return templates whose product with Q is the mean of T quotients at once."""
        if self._averaging is None or self._averaging[0] is not W:
            bins = W.sum(axis=2, keepdims=True)
            self._averaging = W, W / (W.shape[1] * (bins + EPS))
        return self._averaging[1]


class JointUpdate(KLUpdate):
    """The multiplicative updates of W and of H, each from the model as it then is."""

    def step(self, factors: Factors) -> float:
        if self.fix_W:
            return self.update_activations(factors, divergence=self.track_divergence)
        divergence = self.update_templates(factors)
        if not self.fix_H:
            self.update_activations(factors, divergence=False)
        return divergence

    def update_activations(self, factors: Factors, *, divergence: bool) -> float:
        """``H <- H * sum_t(W_t' shift(Q, -t)) / sum_t(W_t' shift(1, -t))``, in place."""
        activations = None if self.fix_H else factors.W
        terms = self.sweeps.sweep(
            factors.W, factors.H, activations=activations, divergence=divergence
        )
        if not self.fix_H:
            factors.H *= self.ratios(factors.W, terms)
        return terms.divergence

    def ratios(self, W: FloatArray, terms: UpdateTerms) -> FloatArray:
        """Return what the activations are multiplied by, (R, M), in place of the numerator."""
        numerator, grid = terms.activation_numerator, self.sweeps.grid
        return divide_by_reachable(numerator, W.sum(axis=2), grid, floor=EPS)

    def normalise(self, factors: Factors) -> None:
        """Normalise the templates without changing the model, unless H may not change."""
        if not self.fix_H:
            super().normalise(factors)


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


#: The rules that `nmfd` offers.
UPDATES: dict[str, type[KLUpdate]] = {
    "mean": MeanUpdate,
    "joint": JointUpdate,
    "accelerated": AcceleratedUpdate,
}
