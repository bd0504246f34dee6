"""Non-negative matrix factor deconvolution with the Kullback-Leibler divergence."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.arguments import checked_factors, checked_target
from nmfd_cli.core.nmfconv.factorisation import Callback, Factors, bins_first, bins_last
from nmfd_cli.core.nmfconv.model import factorise_matrix
from nmfd_cli.core.nmfconv.updates import UpdateRule
from nmfd_cli.errors import ParameterError


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
    """Factorise a spectrogram into templates that recur in time.

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
    >>> W, H, models, divergence, _ = nmfd(V, num_comp=1, num_template_frames=2, num_iter=50)
    >>> bool(divergence[-1] < 1e-3 * divergence[0])
    True
    """
    V = checked_target(V, dtype, (num_bins, num_frames))
    factors = checked_factors(
        V, num_comp, num_template_frames, init_W=init_W, init_H=init_H, rng=rng
    )
    rule = UpdateRule(num_iter=num_iter, update=update, fix_W=fix_W, fix_H=fix_H)
    hooks = _CallerHooks(func_preprocess, func_postprocess, num_iter=num_iter, kwargs=kwargs)
    result, models = factorise_matrix(V, factors, rule, callback=callback, hooks=hooks)
    templates = [np.ascontiguousarray(result.W[:, r]) for r in range(num_comp)]
    return templates, result.H, models, result.divergence, result.W


@dataclass(frozen=True)
class _CallerHooks:
    """Calls them with W (K, R, T) and H (R, M) of the normalised target.

    Attributes
    ----------
    preprocess, postprocess, num_iter, kwargs
        `nmfd`'s arguments.
    """

    preprocess: Hook | None
    postprocess: Hook | None
    num_iter: int
    kwargs: Mapping[str, Any]

    def before(self, factors: Factors, scale: float) -> None:
        """Have the first function replace the factors, H in units of the target's sum."""
        if self.preprocess is not None:
            W, H = bins_first(factors.W), factors.H / scale
            _replace(factors, scale, self.preprocess(W=W, H=H, **self.kwargs))

    def after(self, factors: Factors, scale: float, iteration: int) -> None:
        """Have the second function replace the factors."""
        if self.postprocess is not None:
            W, H = bins_first(factors.W), factors.H / scale
            replaced = self.postprocess(W, H, iteration, self.num_iter, **self.kwargs)
            _replace(factors, scale, replaced)


def _replace(factors: Factors, scale: float, replaced: tuple[FloatArray, FloatArray]) -> None:
    """Take what a hook gave, in the factors' type, or refuse its shape."""
    if not (isinstance(replaced, Sequence) and len(replaced) == 2):
        found = type(replaced).__name__
        raise ParameterError(f"hook: expected it to return W and H, found {found}")
    W, H = (np.asarray(factor) for factor in replaced)
    n_comp, n_frames, n_bins = factors.W.shape
    if W.shape != (n_bins, n_comp, n_frames) or H.shape != factors.H.shape:
        raise ParameterError(
            f"hook: expected W of shape {(n_bins, n_comp, n_frames)} and H of shape "
            f"{factors.H.shape}, found {W.shape} and {H.shape}"
        )
    factors.W = bins_last(W.astype(factors.W.dtype))
    if not np.array_equal(H, factors.H / scale):  # what it left alone keeps its bits
        factors.H = (H * scale).astype(factors.H.dtype)
