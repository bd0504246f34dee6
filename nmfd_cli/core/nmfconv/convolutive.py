"""Convolutive NMF with any beta-divergence and two regularisers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.nmfconv.arguments import checked_factors, checked_target
from nmfd_cli.core.nmfconv.engine.accumulators import UpdateTerms
from nmfd_cli.core.nmfconv.engine.shifts import divide_by_reachable
from nmfd_cli.core.nmfconv.engine.sweeps import Sweeps
from nmfd_cli.core.nmfconv.factorisation import Callback, Factors
from nmfd_cli.core.nmfconv.model import factorise_matrix
from nmfd_cli.errors import ParameterError


def nmf_conv(
    V: FloatArray,
    num_comp: int = 3,
    num_iter: int = 30,
    num_template_frames: int = 8,
    beta: float = 0,
    init_W: Sequence[FloatArray] | FloatArray | None = None,
    init_H: FloatArray | None = None,
    sparsity_weight: float = 0,
    uncorr_weight: float = 0,
    num_bins: int | None = None,
    num_frames: int | None = None,
    *,
    callback: Callback | None = None,
    dtype: np.dtype[Any] | type | None = None,
    rng: "np.random.Generator | None" = None,
    **kwargs: Any,
) -> tuple[list[FloatArray], FloatArray, list[FloatArray], FloatArray]:
    """Factorise a spectrogram into templates that recur in time, under a beta-divergence.

    The compact algorithm of [1]_, paragraph 3.7.3, in the notation of [2]_.  With
    ``Q = V Lambda**(beta-1)``, ``B = Lambda**beta`` from the normalised target,

    - ``W_t <- W_t * (Q shift(H, t)') / (B shift(H, t)' + uncorr_weight sum_{s != t} W_s)``
    - ``H <- H * sum_t(W_t' shift(Q, -t)) / (sum_t(W_t' shift(B, -t)) + sparsity_weight)``

    after which the templates are normalised to a sum of one.  As in the reference, Q and B are not
    made anew between W and H and the normalisation does not change H, so the divergence may rise;
    `nmfd` with update 'joint' is the choice where it must not.

    Parameters
    ----------
    V : ndarray, shape (K, M), finite, at least zero
    num_comp : int
        R, the number of components.
    num_iter : int
        L, the number of iterations.
    num_template_frames : int
        T, at most M.
    beta : float
        -1 is the Itakura-Saito divergence, 0 that of Kullback and Leibler, 1 half the squared
        Euclidean distance; any other number is possible.
    init_W : sequence of R ndarrays, shape (K, T), optional
        Templates to start from; random ones if not given.
    init_H : ndarray, shape (R, M), optional
        Activations to start from; uniform ones if not given.
    sparsity_weight : float, at least zero
        How much each activation is pulled towards zero.
    uncorr_weight : float, at least zero
        How much the frames of a template are kept from resembling each other.
    num_bins, num_frames : int, optional
        K and M; only compared with V.
    callback : callable, optional
        ``callback(iteration, divergence)`` at each iteration.
    dtype : dtype, optional
        float32 or float64; by default float32 for a float32 V and float64 for any other.
    rng : numpy.random.Generator, optional
        For random templates; without one they are those of the reference toolbox.
    **kwargs
        Ignored, as documented, so that one dictionary of parameters serves both solvers.

    Returns
    -------
    W : list of R ndarrays, shape (K, T)
        Templates, each of sum one.
    H : ndarray, shape (R, M)
        Activations of the normalised target.
    cnmfY : list of R ndarrays, shape (K, M)
        What each component contributes to the normalised target.
    cost_func : ndarray, shape (num_iter,)
        The beta-divergence of the normalised target at the start of each iteration.

    Raises
    ------
    ParameterError
        If V is negative or not finite, or anything does not fit it.

    References
    ----------
    .. [1] A. Cichocki, R. Zdunek, A. H. Phan, S. Amari: "Nonnegative matrix and tensor
       factorizations", Wiley 2009.
    .. [2] C. Dittmar, M. Müller: "Reverse engineering the Amen break", IEEE/ACM TASLP 24(9), 2016.
    """
    V = checked_target(V, dtype, (num_bins, num_frames))
    factors = checked_factors(
        V, num_comp, num_template_frames, init_W=init_W, init_H=init_H, rng=rng
    )
    rule = BetaRule(num_iter, beta, sparsity_weight, uncorr_weight)
    result, models = factorise_matrix(V, factors, rule, callback=callback)
    templates = [np.ascontiguousarray(result.W[:, r]) for r in range(num_comp)]
    return templates, result.H, models, result.divergence


@dataclass(frozen=True)
class BetaRule:
    """How `nmf_conv` iterates; the fields are its arguments of these names."""

    num_iter: int
    beta: float = 0
    sparsity_weight: float = 0
    uncorr_weight: float = 0

    fix_W: ClassVar[bool] = False  # noqa: N815 - the documented names
    fix_H: ClassVar[bool] = False  # noqa: N815
    keeps_quotients: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.num_iter < 0:
            raise ParameterError(f"num_iter: expected 0 or more, found {self.num_iter}")
        if not np.isfinite(self.beta):
            raise ParameterError(f"beta: expected a finite number, found {self.beta}")
        for name in ("sparsity_weight", "uncorr_weight"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise ParameterError(f"{name}: expected a number from 0 on, found {value}")

    def bind(self, W: FloatArray, sweeps: Sweeps) -> "BetaUpdate":
        """Return the update, for templates (R, T, K) to start from."""
        return BetaUpdate(self, sweeps)


class BetaUpdate:
    """The updates of W and of H, both from Q and B as they were before W changed.

    Parameters
    ----------
    sweeps : Sweeps
        Over the target.

    Attributes
    ----------
    track_divergence : bool
        Whether the next step has to compute the divergence.
    """

    def __init__(self, rule: BetaRule, sweeps: Sweeps) -> None:
        self.rule = rule
        self.sweeps = sweeps
        self.track_divergence = True
        # the sweeps see the target as it is: the model, and so B = Lambda**beta, in its unit
        self._unit = sweeps.scale**rule.beta

    def step(self, factors: Factors) -> float:
        W, H = factors.W, factors.H
        terms = self.sweeps.sweep(W, H, templates=True, divergence=self.track_divergence)
        factors.W = self.updated_templates(W, terms)
        factors.H *= self.ratios(factors.W, self.sweeps.reuse_quotients(W, H, factors.W))
        return terms.divergence

    def updated_templates(self, W: FloatArray, terms: UpdateTerms) -> FloatArray:
        """``W_t <- W_t * (Q shift(H, t)') / (B shift(H, t)' + uncorr_weight sum_{s != t} W_s)``."""
        numerator, unit = terms.template_numerator, self.sweeps.divergence_unit
        denominator = terms.template_denominator + np.asarray(EPS * unit, dtype=W.dtype)
        if self.rule.uncorr_weight == 0:
            return W * (numerator / denominator)
        denominator = np.broadcast_to(denominator, W.shape)
        uncorr_weight = np.asarray(self.rule.uncorr_weight * unit, dtype=W.dtype)
        updated = W.copy()
        for t in range(W.shape[1]):  # each frame is held against those already updated
            others = updated[:, :t].sum(axis=1) + updated[:, t + 1 :].sum(axis=1)
            updated[:, t] *= numerator[:, t] / (denominator[:, t] + uncorr_weight * others)
        return updated

    def ratios(self, W: FloatArray, terms: UpdateTerms) -> FloatArray:
        """Return what the activations are multiplied by, (R, M), in place of the numerator.

        ``sum_t(W_t' shift(Q, -t)) / (sum_t(W_t' shift(B, -t)) + sparsity_weight)``.
        """
        ratios = terms.activation_numerator
        sparsity = (EPS + self.rule.sparsity_weight) * self._unit
        if self.rule.beta == 0:  # B is one: its products are sums
            return divide_by_reachable(ratios, W.sum(axis=2), self.sweeps.grid, floor=sparsity)
        terms.activation_denominator += np.asarray(sparsity, dtype=W.dtype)
        ratios /= terms.activation_denominator
        return ratios

    def normalise(self, factors: Factors) -> None:
        """Bring the templates to a sum of one; as in the reference, their weight is lost."""
        factors.W = factors.W / (EPS + factors.W.sum(axis=(1, 2), keepdims=True))
