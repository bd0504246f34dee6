"""Convolutive NMF with any beta-divergence and two regularisers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.nmfconv.arguments import checked_factors, checked_size, checked_target
from nmfd_cli.core.nmfconv.deconvolution import Callback, Factorisation, from_rows, in_rows
from nmfd_cli.core.nmfconv.engine import Sweeps
from nmfd_cli.core.nmfconv.model import component_models
from nmfd_cli.core.nmfconv.parts import Terms
from nmfd_cli.core.nmfconv.sharing import array_target, team_for
from nmfd_cli.core.nmfconv.sums import divide_by_reachable
from nmfd_cli.core.nmfconv.target import Target
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
    """Explain a spectrogram by templates that recur in time, under a beta-divergence.

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
    V = checked_target(V, dtype)
    checked_size("num_bins", num_bins, V.shape[0])
    checked_size("num_frames", num_frames, V.shape[1])
    W, H = checked_factors(V, num_comp, num_template_frames, init_W, init_H, rng)
    rule = BetaRule(num_iter, beta, sparsity_weight, uncorr_weight)
    target = array_target(V, num_comp, num_template_frames)
    result = convolve(target, W, H, rule, callback=callback)
    with team_for(target, num_comp * num_template_frames) as team:
        parts = component_models(result.W, result.H, team)
    templates = [np.ascontiguousarray(result.W[:, r]) for r in range(num_comp)]
    return templates, result.H, parts, result.divergence


@dataclass(frozen=True)
class BetaRule:
    """How `convolve` iterates; the fields are `nmf_conv`'s arguments of these names."""

    num_iter: int
    beta: float = 0
    sparsity_weight: float = 0
    uncorr_weight: float = 0

    def __post_init__(self) -> None:
        if self.num_iter < 0:
            raise ParameterError(f"num_iter: expected 0 or more, found {self.num_iter}")
        if not np.isfinite(self.beta):
            raise ParameterError(f"beta: expected a finite number, found {self.beta}")
        for name in ("sparsity_weight", "uncorr_weight"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise ParameterError(f"{name}: expected a number from 0 on, found {value}")


def convolve(
    target: Target,
    W: FloatArray,
    H: FloatArray,
    rule: BetaRule,
    *,
    callback: Callback | None = None,
    overwrite_H: bool = False,
) -> Factorisation:
    """Run `nmf_conv`'s iterations on a target that may be larger than memory.

    Parameters
    ----------
    target : Target
    W : ndarray, shape (K, R, T)
    H : ndarray, shape (R, M)
        Where to start; both are left as they are, unless the last argument says otherwise.
    rule : BetaRule
    callback : callable, optional
        As of `nmf_conv`.
    overwrite_H : bool
        H may be written over: of a long recording it is long, too.
    """
    divergence = np.zeros(rule.num_iter)
    with team_for(target, W.shape[1] * W.shape[2]) as team:
        W = in_rows(W)
        sweeps = Sweeps(target, W.shape, team, beta=rule.beta, keep=True)
        scale = H.dtype.type(sweeps.scale)
        H = np.multiply(H, scale, out=H if overwrite_H else None)
        # the sweeps see the target as it is: the model, and so B = Lambda**beta, in its unit
        unit = sweeps.scale**rule.beta
        for iteration in range(rule.num_iter):
            terms = sweeps.sweep(W, H, templates=True, divergence=True)
            divergence[iteration] = terms.divergence / (unit * sweeps.scale)
            if callback is not None:
                callback(iteration, float(divergence[iteration]))
            old_W, W = W, _updated_templates(W, terms, rule, unit * sweeps.scale)
            terms = sweeps.again(old_W, H, W)
            _update_activations(W, H, terms, rule, sweeps)
            W = W / (EPS + W.sum(axis=(1, 2), keepdims=True))
    H /= scale
    return Factorisation(from_rows(W), H, divergence)


def _updated_templates(W: FloatArray, terms: Terms, rule: BetaRule, unit: float) -> FloatArray:
    weight = terms.template_denominator + np.asarray(EPS * unit, dtype=W.dtype)
    if rule.uncorr_weight == 0:
        return W * (terms.template_numerator / weight)
    weight = np.broadcast_to(weight, W.shape)
    updated = W.copy()
    uncorr_weight = np.asarray(rule.uncorr_weight * unit, dtype=W.dtype)
    for t in range(W.shape[1]):  # each frame is held against those already updated
        others = updated[:, :t].sum(axis=1) + updated[:, t + 1 :].sum(axis=1)
        frame_weight = weight[:, t] + uncorr_weight * others
        updated[:, t] *= terms.template_numerator[:, t] / frame_weight
    return updated


def _update_activations(
    W: FloatArray, H: FloatArray, terms: Terms, rule: BetaRule, sweeps: Sweeps
) -> None:
    quotients = terms.activation_numerator  # nobody else needs what the terms hold
    sparsity = (EPS + rule.sparsity_weight) * sweeps.scale**rule.beta
    if rule.beta == 0:
        divide_by_reachable(quotients, W.sum(axis=2), sweeps.grid, sparsity)
    else:
        terms.activation_denominator += np.asarray(sparsity, dtype=W.dtype)
        quotients /= terms.activation_denominator
    H *= quotients
