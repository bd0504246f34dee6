"""The update rules of `nmfd`: what an iteration does to the factors."""

from dataclasses import dataclass

import numpy as np

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.nmfconv.engine import Sweeps
from nmfd_cli.core.nmfconv.parts import Terms
from nmfd_cli.core.nmfconv.shifts import TimeGrid
from nmfd_cli.core.nmfconv.sums import divide_by_reachable
from nmfd_cli.core.nmfconv.target import Target
from nmfd_cli.core.threads import Team
from nmfd_cli.errors import ParameterError

Factors = tuple[FloatArray, FloatArray]


@dataclass(frozen=True)
class UpdateRule:
    """How `deconvolve` iterates; the first four fields are `nmfd`'s arguments of these names.

    Attributes
    ----------
    prior_hits : float
        How strongly the templates hold on to where they started, for all updates but 'mean': as if
        so many strokes as loud as the loudest had been heard besides.  It is the maximum a
        posteriori step under a Gamma prior on W with its mode at the start: the numerator of the
        update gains ``a W0``, the denominator ``a``, with ``a = prior_hits max_m H``.
    """

    num_iter: int
    update: str
    fix_W: bool = False  # noqa: N815 - the documented names
    fix_H: bool = False  # noqa: N815
    prior_hits: float = 0

    def __post_init__(self) -> None:
        if self.num_iter < 0:
            raise ParameterError(f"num_iter: expected 0 or more, found {self.num_iter}")
        if self.update not in UPDATES:
            raise ParameterError(
                f"update: expected one of {', '.join(UPDATES)}, found {self.update!r}"
            )


class Update:
    """One of the rules, bound to a target.

    As everywhere in the engine templates stand in rows, W (R, T, K), and activations are in the
    units of the target: ``H = scale * H_normalised``.  Those of a long recording are long, too: the
    next ones are written over the last, unless these are still needed.

    Parameters
    ----------
    target : Target
    W : ndarray, shape (R, T, K)
        The templates to start from, and to hold on to if the rule says so.
    rule : UpdateRule
    team : Team
    grid : TimeGrid or None
        How the frames of a template are tied.
    """

    keeps_quotient = False

    def __init__(
        self,
        target: Target,
        W: FloatArray,
        rule: UpdateRule,
        team: Team,
        grid: TimeGrid | None,
    ) -> None:
        keep = self.keeps_quotient and not (rule.fix_W or rule.fix_H)
        self.rule = rule
        self.sweeps = Sweeps(target, W.shape, team, fix_W=rule.fix_W, keep=keep, grid=grid)
        widths = np.asarray(self.sweeps.grid.widths, dtype=W.dtype)
        self._widths = None if self.sweeps.grid.is_plain else widths
        self._least_heard = np.asarray(EPS * self.sweeps.scale, dtype=W.dtype)
        self._prior = W / self.template_sums(W) if rule.prior_hits else W
        self._normal: FloatArray | None = None

    def step(self, W: FloatArray, H: FloatArray) -> tuple[FloatArray, FloatArray, float]:
        """Return the next factors, and the divergence of those given."""
        raise NotImplementedError

    def normalise(self, W: FloatArray, H: FloatArray) -> Factors:
        """Return the factors with templates of sum one.

        Templates that are fixed remain one and the same array, of which the products know by then
        what they need.
        """
        if W is not self._normal:
            sums = self.template_sums(W)
            self._normal = W / sums
            H = self.with_weight(H, sums[:, 0])
        return self._normal, H

    def with_weight(self, H: FloatArray, sums: FloatArray) -> FloatArray:
        """Return activations, changed in place, with the weight (R, 1) that templates have lost."""
        H *= sums
        return H

    def template_sums(self, W: FloatArray) -> FloatArray:
        """Return the sum of each template over all bins and frames, shape (R, 1, 1)."""
        bins = W.sum(axis=2)
        sums: FloatArray = EPS + (bins.sum(axis=1) if self._widths is None else bins @ self._widths)
        return sums.reshape(-1, 1, 1)

    def updated_templates(self, W: FloatArray, H: FloatArray, terms: Terms) -> FloatArray:
        """Return the next templates."""
        updated = terms.template_numerator  # nobody else needs it
        updated *= W
        heard = terms.template_denominator + self._least_heard
        if self.rule.prior_hits:
            expected = self.rule.prior_hits * H.max(axis=1).reshape(-1, 1, 1)
            updated += expected * self._prior
            heard = heard + expected
        updated /= heard
        return updated


class MeanUpdate(Update):
    """The reference's rule: H by the mean of T quotients, with Q as it was before W changed."""

    keeps_quotient = True
    _averaged: Factors | None = None

    def step(self, W: FloatArray, H: FloatArray) -> tuple[FloatArray, FloatArray, float]:
        if self.rule.fix_W:
            activations = None if self.rule.fix_H else self._averaging(W)
            terms = self.sweeps.sweep(W, H, activations=activations, divergence=True)
            new_W, quotients = W, terms.activation_numerator
        else:
            terms = self.sweeps.sweep(W, H, templates=True, divergence=True)
            new_W = self.updated_templates(W, H, terms)
            if not self.rule.fix_H:
                averaging = self._averaging(new_W)
                quotients = self.sweeps.again(W, H, averaging).activation_numerator
        if not self.rule.fix_H:
            H *= quotients
        return new_W, H, terms.divergence

    def with_weight(self, H: FloatArray, sums: FloatArray) -> FloatArray:
        return H  # it is lost

    def _averaging(self, W: FloatArray) -> FloatArray:
        """Return templates whose product with Q is the mean of T quotients at once."""
        if self._averaged is None or self._averaged[0] is not W:
            bins = W.sum(axis=2, keepdims=True)
            self._averaged = W, W / (W.shape[1] * (bins + EPS))
        return self._averaged[1]


class JointUpdate(Update):
    """The multiplicative updates of W and of H, each from the model as it then is."""

    def step(self, W: FloatArray, H: FloatArray) -> tuple[FloatArray, FloatArray, float]:
        if self.rule.fix_W:
            activations = None if self.rule.fix_H else W
            terms = self.sweeps.sweep(W, H, activations=activations, divergence=True)
            return W, self.updated_activations(W, H, terms), terms.divergence
        terms = self.sweeps.sweep(W, H, templates=True, divergence=True)
        W = self.updated_templates(W, H, terms)
        return W, self.next_activations(W, H), terms.divergence

    def next_activations(self, W: FloatArray, H: FloatArray) -> FloatArray:
        """Return the next activations for templates that have changed."""
        if self.rule.fix_H:
            return H
        return self.updated_activations(W, H, self.sweeps.sweep(W, H, activations=W))

    def updated_activations(self, W: FloatArray, H: FloatArray, terms: Terms) -> FloatArray:
        """Return the next activations from the terms of these factors, in place of the given."""
        if not self.rule.fix_H:
            H *= self.quotients(W, terms)
        return H

    def quotients(self, W: FloatArray, terms: Terms) -> FloatArray:
        """Return what the activations are multiplied by, in place of the terms."""
        numerator, grid = terms.activation_numerator, self.sweeps.grid
        return divide_by_reachable(numerator, W.sum(axis=2), grid, EPS)

    def normalise(self, W: FloatArray, H: FloatArray) -> Factors:
        """Normalise the templates without changing the model, unless H may not change."""
        return (W, H) if self.rule.fix_H else super().normalise(W, H)


class AcceleratedUpdate(JointUpdate):
    """The joint updates from extrapolated factors.

    Each factor first goes on in the direction in which it has just grown,
    ``W + a max(W - W_before, 0)``, and is then updated from there: block majorisation-minimisation
    with extrapolation [1]_, with Nesterov's sequence for a.  An extrapolation that would leave the
    divergence above what it was is taken back and the momentum starts anew, so the divergence never
    rises; it is that of the extrapolated factors.  An iteration costs what one of the joint update
    costs, and half as much again where an extrapolation is taken back.

    .. [1] L. T. K. Hien, V. Leplat, N. Gillis: "Block majorization minimization with extrapolation
       and application to beta-NMF", arXiv 2401.06646, 2024.
    """

    _before: Factors | None = None
    _momentum = 1.0
    _divergence = float("inf")

    def step(self, W: FloatArray, H: FloatArray) -> tuple[FloatArray, FloatArray, float]:
        following = (1 + np.sqrt(1 + 4 * self._momentum**2)) / 2
        ahead = (self._momentum - 1) / following
        self._momentum = following
        before_W, before_H = self._before or (W, H)
        self._before = W, H
        if self.rule.fix_W:
            H, self._divergence = self._activation_step(W, H, before_H, ahead)
            return W, H, self._divergence
        W, divergence = self._template_step(W, H, before_W, ahead)
        self._divergence = divergence
        if not self.rule.fix_H:
            H, self._divergence = self._activation_step(W, H, before_H, ahead)
        return W, H, divergence

    def _template_step(
        self, W: FloatArray, H: FloatArray, before: FloatArray, ahead: float
    ) -> tuple[FloatArray, float]:
        start = _extrapolated(W, before, ahead)
        terms = self.sweeps.sweep(start, H, templates=True, divergence=True)
        if terms.divergence > self._divergence and ahead > 0:
            self._momentum = 1.0
            start, terms = W, self.sweeps.sweep(W, H, templates=True, divergence=True)
        return self.updated_templates(start, H, terms), terms.divergence

    def _activation_step(
        self, W: FloatArray, H: FloatArray, before: FloatArray, ahead: float
    ) -> tuple[FloatArray, float]:
        if self.rule.fix_H:
            return H, self.sweeps.sweep(W, H, divergence=True).divergence
        start = _extrapolated(H, before, ahead)
        terms = self.sweeps.sweep(W, start, activations=W, divergence=True)
        if terms.divergence > self._divergence and ahead > 0:
            self._momentum = 1.0
            start, terms = H, self.sweeps.sweep(W, H, activations=W, divergence=True)
        H = np.multiply(start, self.quotients(W, terms), out=None if start is H else start)
        return H, terms.divergence

    def normalise(self, W: FloatArray, H: FloatArray) -> Factors:
        """Normalise, and bring the factors before to the same scale."""
        if self.rule.fix_H or self._before is None:
            return W, H
        sums = self.template_sums(W)
        before_W, before_H = self._before
        self._before = before_W / sums, self.with_weight(before_H, sums[:, 0])
        return W / sums, self.with_weight(H, sums[:, 0])


def _extrapolated(factor: FloatArray, before: FloatArray, ahead: float) -> FloatArray:
    if ahead == 0:
        return factor
    start = factor - before
    np.maximum(start, 0, out=start)
    start *= np.asarray(ahead, factor.dtype)
    start += factor
    return start


#: The rules that `nmfd` offers.
UPDATES: dict[str, type[Update]] = {
    "mean": MeanUpdate,
    "joint": JointUpdate,
    "accelerated": AcceleratedUpdate,
}
