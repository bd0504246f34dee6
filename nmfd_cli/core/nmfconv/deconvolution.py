"""Non-negative matrix factor deconvolution with the Kullback-Leibler divergence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.arguments import (
    checked_factors,
    checked_size,
    checked_target,
)
from nmfd_cli.core.nmfconv.model import component_models
from nmfd_cli.core.nmfconv.sharing import array_target, team_for
from nmfd_cli.core.nmfconv.shifts import TimeGrid
from nmfd_cli.core.nmfconv.target import Target
from nmfd_cli.core.nmfconv.updates import UPDATES, Factors, UpdateRule
from nmfd_cli.errors import ParameterError

#: Called before each iteration with its number, from zero, and the divergence it starts from.
Callback = Callable[[int, float], None]


class Hook(Protocol):
    """A caller's function that may replace the factors within an iteration."""

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[FloatArray, FloatArray]: ...


def nmfd(
    V: FloatArray,
    num_comp: int = 3,
    num_frames: int | None = None,
    num_iter: int = 30,
    num_template_frames: int = 8,
    init_W: Sequence[FloatArray] | FloatArray | None = None,
    init_H: FloatArray | None = None,
    func_preprocess: Hook | None = None,
    func_postprocess: Hook | None = None,
    fix_W: bool = False,
    fix_H: bool = False,
    num_bins: int | None = None,
    *,
    update: str = "mean",
    callback: Callback | None = None,
    dtype: np.dtype[Any] | type | None = None,
    rng: "np.random.Generator | None" = None,
    **kwargs: Any,
) -> tuple[list[FloatArray], FloatArray, list[FloatArray], FloatArray, FloatArray]:
    """Explain a spectrogram by templates that recur in time.

    Minimises the Kullback-Leibler divergence ``D(V | Lambda) = sum V log(V / Lambda) - V + Lambda``
    between the target, normalised to a sum of one, and ``Lambda = sum_t W_t shift(H, t)`` by the
    multiplicative updates of [1]_ in the notation of [2]_: with ``Q = V / Lambda``,

    - ``W_t <- W_t * (Q shift(H, t)') / (1 shift(H, t)')``
    - update 'mean': ``H <- H * mean_t((W_t' shift(Q, -t)) / (W_t' 1))``, [2]_'s rule, after which
      the templates are normalised.  Q is not made anew between W and H.
    - update 'joint': ``H <- H * sum_t(W_t' shift(Q, -t)) / sum_t(W_t' shift(1, -t))`` with Q from
      the new W, each half a minorise-maximise step of its own, so that the divergence never rises.
      The templates are normalised and the activations take their weight.
    - update 'accelerated': the same steps from extrapolated factors, see `updates`.

    Parameters
    ----------
    V : ndarray, shape (K, M), finite, at least zero
        Typically a magnitude spectrogram.
    num_comp : int
        R, the number of components.
    num_frames : int, optional
        M; only compared with V.
    num_iter : int
        L, the number of iterations.
    num_template_frames : int
        T, at most M.
    init_W : sequence of R ndarrays, shape (K, T), optional
        Templates to start from; random ones if not given.
    init_H : ndarray, shape (R, M), optional
        Activations to start from; uniform ones if not given.
    func_preprocess : callable, optional
        ``W, H = func_preprocess(W=W, H=H, **kwargs)`` before each iteration, W of shape (K, R, T).
    func_postprocess : callable, optional
        ``W, H = func_postprocess(W, H, iteration, num_iter, **kwargs)`` after the updates of each
        iteration, before the templates are normalised.
    fix_W, fix_H : bool
        Leave the templates, or the activations, as they are, but for the templates' normalisation;
        with update 'joint', where the activations would have to take its weight, none is made
        beside a fixed H.
    num_bins : int, optional
        K; only compared with V.
    update : {'mean', 'joint', 'accelerated'}
        How H is updated.
    callback : callable, optional
        ``callback(iteration, divergence)`` at each iteration.
    dtype : dtype, optional
        float32 or float64; by default float32 for a float32 V and float64 for any other.
    rng : numpy.random.Generator, optional
        For random templates; without one they are those of the reference toolbox.
    **kwargs
        Handed to both functions.

    Returns
    -------
    W : list of R ndarrays, shape (K, T)
        Templates, each of sum one (not with update 'joint' and a fixed H).
    H : ndarray, shape (R, M)
        Activations of the normalised target.
    nmfd_V : list of R ndarrays, shape (K, M)
        What each component contributes to the normalised target.
    cost_func : ndarray, shape (num_iter,)
        The divergence at the start of each iteration.
    tensor_W : ndarray, shape (K, R, T)
        The templates in one array.

    Raises
    ------
    ParameterError
        If V is negative or not finite, or anything does not fit it.

    References
    ----------
    .. [1] P. Smaragdis: "Non-negative matrix factor deconvolution; extraction of multiple sound
       sources from monophonic inputs", ICA 2004.
    .. [2] C. Dittmar, M. Müller: "Reverse engineering the Amen break — score-informed separation
       and restoration applied to drum recordings", IEEE/ACM TASLP 24(9), 2016.

    Examples
    --------
    >>> V = np.outer([1.0, 2.0], [0.0, 1.0, 0.5, 0.0, 2.0, 1.0])
    >>> W, H, parts, divergence, _ = nmfd(V, num_comp=1, num_template_frames=2, num_iter=50)
    >>> bool(divergence[-1] < 1e-3 * divergence[0])
    True
    """
    V = checked_target(V, dtype)
    checked_size("num_bins", num_bins, V.shape[0])
    checked_size("num_frames", num_frames, V.shape[1])
    W, H = checked_factors(V, num_comp, num_template_frames, init_W, init_H, rng)
    hooks = _Hooks(func_preprocess, func_postprocess, num_iter, kwargs)
    rule = UpdateRule(num_iter=num_iter, update=update, fix_W=fix_W, fix_H=fix_H)
    target = array_target(V, num_comp, num_template_frames)
    result = deconvolve(target, W, H, rule, callback=callback, hooks=hooks)
    with team_for(target, num_comp * num_template_frames) as team:
        parts = component_models(result.W, result.H, team)
    templates = [np.ascontiguousarray(result.W[:, r]) for r in range(num_comp)]
    return templates, result.H, parts, result.divergence, result.W


@dataclass(frozen=True)
class _Hooks:
    """The caller's functions around an iteration."""

    preprocess: Hook | None = None
    postprocess: Hook | None = None
    num_iter: int = 0
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    def before(self, W: FloatArray, H: FloatArray, scale: float) -> Factors:
        """Return the engine's factors as the first function leaves them."""
        if self.preprocess is None:
            return W, H
        replaced = self.preprocess(W=from_rows(W), H=H / scale, **self.kwargs)
        return _replaced(W, H, scale, replaced)

    def after(self, W: FloatArray, H: FloatArray, scale: float, iteration: int) -> Factors:
        """Return the engine's factors as the second function leaves them."""
        if self.postprocess is None:
            return W, H
        iterations = (iteration, self.num_iter)
        replaced = self.postprocess(from_rows(W), H / scale, *iterations, **self.kwargs)
        return _replaced(W, H, scale, replaced)


def _replaced(
    W: FloatArray, H: FloatArray, scale: float, factors: tuple[FloatArray, FloatArray]
) -> Factors:
    """Return what a hook gave for the engine's factors, in their type, or refuse its shape."""
    if not (isinstance(factors, Sequence) and len(factors) == 2):
        raise ParameterError(f"hook: expected it to return W and H, found {type(factors).__name__}")
    new_W, new_H = (np.asarray(factor) for factor in factors)
    n_comp, n_boxes, n_bins = W.shape
    if new_W.shape != (n_bins, n_comp, n_boxes) or new_H.shape != H.shape:
        raise ParameterError(
            f"hook: expected W of shape {(n_bins, n_comp, n_boxes)} and H of shape {H.shape}, "
            f"found {new_W.shape} and {new_H.shape}"
        )
    if not np.array_equal(new_H, H / scale):  # what it left alone keeps its bits
        H = (new_H * scale).astype(H.dtype)
    return in_rows(new_W.astype(W.dtype)), H


@dataclass(frozen=True)
class Factorisation:
    """What a solver has found.

    Attributes
    ----------
    W : ndarray, shape (K, R, T)
        Templates of sum one.
    H : ndarray, shape (R, M)
        Activations of the target normalised to a sum of one.
    divergence : ndarray, shape (num_iter,)
        Of the normalised target, at the start of each iteration.
    """

    W: FloatArray
    H: FloatArray
    divergence: FloatArray


def deconvolve(
    target: Target,
    W: FloatArray,
    H: FloatArray,
    rule: UpdateRule,
    *,
    grid: TimeGrid | None = None,
    callback: Callback | None = None,
    hooks: _Hooks | None = None,
    overwrite_H: bool = False,
) -> Factorisation:
    """Run `nmfd`'s iterations on a target that may be larger than memory.

    Parameters
    ----------
    target : Target
    W : ndarray, shape (K, R, T)
    H : ndarray, shape (R, M)
        Where to start; both are left as they are, unless the last argument says otherwise.
    rule : UpdateRule
    grid : TimeGrid, optional
        How the frames of the templates are tied; T then counts boxes.
    callback : callable, optional
        As of `nmfd`.
    hooks : optional
        What `nmfd` makes of its two functions.
    overwrite_H : bool
        H may be written over: of a long recording it is long, too.
    """
    hooks = hooks or _Hooks()
    divergence = np.zeros(rule.num_iter)
    with team_for(target, W.shape[1] * W.shape[2]) as team:
        W = in_rows(W)
        update = UPDATES[rule.update](target, W, rule, team, grid)
        scale = update.sweeps.scale
        given, unit = H, H.dtype.type(scale)
        is_fixed = rule.fix_H or rule.num_iter == 0
        H = scaled = np.multiply(H, unit, out=H if overwrite_H and not is_fixed else None)
        for iteration in range(rule.num_iter):
            W, H = hooks.before(W, H, scale)
            W, H, total = update.step(W, H)
            divergence[iteration] = total / scale
            if callback is not None:
                callback(iteration, float(divergence[iteration]))
            W, H = hooks.after(W, H, scale, iteration)
            W, H = update.normalise(W, H)
    if is_fixed and H is scaled:
        H = given.copy()  # what is fixed keeps its bits
    else:
        H /= unit
    return Factorisation(from_rows(W), H, divergence)


def in_rows(W: FloatArray) -> FloatArray:
    """Return templates (K, R, T) as the engine has them, (R, T, K): a new array."""
    return np.array(W.transpose(1, 2, 0), order="C")


def from_rows(W: FloatArray) -> FloatArray:
    """Return the engine's templates (R, T, K) as (K, R, T)."""
    return np.ascontiguousarray(W.transpose(2, 0, 1))
