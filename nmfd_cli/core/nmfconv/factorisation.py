"""The frame of both solvers: iterate a rule's updates of W and H, and keep the divergence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.engine.products import ProductFactory, choose_products
from nmfd_cli.core.nmfconv.engine.shifts import TimeGrid
from nmfd_cli.core.nmfconv.engine.sweeps import Sweeps
from nmfd_cli.core.nmfconv.engine.target import Target, array_target, pool_for
from nmfd_cli.core.nmfconv.model import component_models

#: Called at each iteration with its number, from zero, and the divergence it starts from.
Callback = Callable[[int, float], None]


class Factors:
    """Factors that iterations change: they own their arrays.

    The activations of a long recording are as long as it is, so there is one array of them: H is
    taken over, not copied, and each iteration writes the next activations over the last.  Whoever
    still needs theirs takes `copy_of`.

    Parameters
    ----------
    W : ndarray, shape (K, R, T)
        Templates; copied.
    H : ndarray, shape (R, M)
        Activations; taken over.

    Attributes
    ----------
    W : ndarray, shape (R, T, K)
        Bins last, as the engine has them; an update puts another array in its place.
    H : ndarray, shape (R, M)
        Within `factorise` in the units of the target, outside in those of its normalisation.
    """

    def __init__(self, W: FloatArray, H: FloatArray) -> None:
        self.W: FloatArray = bins_last(W)
        self.H = H

    @classmethod
    def copy_of(cls, W: FloatArray, H: FloatArray) -> Self:
        """Return factors of the same values, which leave these arrays as they are."""
        return cls(W, H.copy())


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
        Of the normalised target, at the start of each iteration; NaN where it was not tracked.
    """

    W: FloatArray
    H: FloatArray
    divergence: FloatArray


class Update(Protocol):
    """The update equations of a solver, bound to the sweeps over a target.

    Attributes
    ----------
    track_divergence : bool
        Whether the next step has to compute the divergence.
    """

    track_divergence: bool

    def step(self, factors: Factors) -> float:
        """Update W and H.

        Returns
        -------
        float
            The divergence of the target from the model before, in the target's units; zero where
            it is not tracked.
        """

    def normalise(self, factors: Factors) -> None:
        """Bring the templates to a sum of one, so far as the rule has it."""


class Rule(Protocol):
    """How a solver iterates: its parameters, and the update that follows from them.

    Attributes
    ----------
    num_iter : int
        L, the number of iterations.
    beta : float
        The divergence, in the documented convention.
    fix_W, fix_H : bool
        The templates, or the activations, stay.
    keeps_quotients : bool
        H is updated from the quotients that W was updated from, so that they are kept.
    """

    @property
    def num_iter(self) -> int: ...
    @property
    def beta(self) -> float: ...
    @property
    def fix_W(self) -> bool: ...  # noqa: N802 - the documented names
    @property
    def fix_H(self) -> bool: ...  # noqa: N802
    @property
    def keeps_quotients(self) -> bool: ...

    def bind(self, W: FloatArray, sweeps: Sweeps) -> Update:
        """Return the update, for templates (R, T, K) to start from."""


class Hooks(Protocol):
    """What is done to the factors before and after the updates of an iteration."""

    def before(self, factors: Factors, scale: float) -> None: ...

    def after(self, factors: Factors, scale: float, iteration: int) -> None: ...


def factorise(
    target: Target,
    factors: Factors,
    rule: Rule,
    *,
    grid: TimeGrid | None = None,
    callback: Callback | None = None,
    hooks: Hooks | None = None,
    track_divergence: bool = True,
    products: ProductFactory = choose_products,
) -> Factorisation:
    """Run the iterations of a rule on a target that may be larger than memory.

    Parameters
    ----------
    factors : Factors
        Where to start.  They are used up: the result takes over their arrays.
    rule : UpdateRule or BetaRule
        Of `nmfd`, or of `nmf_conv`.
    grid : TimeGrid, optional
        How the frames of the templates are tied; T then counts boxes.
    callback : callable, optional
        ``callback(iteration, divergence)`` at each iteration.
    track_divergence : bool
        Compute the divergence at each iteration.  Its logarithms are a fifth of an iteration: where
        nobody looks at them, the callback and the result have NaN before the last one.
    products : callable
        How products are computed; by default as it costs least.
    """
    divergence = np.full(rule.num_iter, np.nan)
    with pool_for(target, factors.W.shape[0] * factors.W.shape[1]) as pool:
        sweeps = Sweeps(
            target,
            factors.W.shape,
            pool,
            beta=rule.beta,
            fix_W=rule.fix_W,
            keep=rule.keeps_quotients,
            grid=grid,
            products=products,
        )
        update = rule.bind(factors.W, sweeps)
        given, unit = factors.H, factors.H.dtype.type(sweeps.scale)
        stays = rule.fix_H or rule.num_iter == 0
        factors.H = scaled = np.multiply(given, unit, out=None if stays else given)
        for iteration in range(rule.num_iter):
            if hooks is not None:
                hooks.before(factors, sweeps.scale)
            update.track_divergence = track_divergence or iteration == rule.num_iter - 1
            total = update.step(factors)
            if update.track_divergence:
                divergence[iteration] = total / sweeps.divergence_unit
            if callback is not None:
                callback(iteration, float(divergence[iteration]))
            if hooks is not None:
                hooks.after(factors, sweeps.scale, iteration)
            update.normalise(factors)
    if stays and factors.H is scaled:
        factors.H = given  # what is fixed keeps its bits
    else:
        factors.H /= unit
    return Factorisation(bins_first(factors.W), factors.H, divergence)


def factorise_matrix(
    V: FloatArray,
    factors: Factors,
    rule: Rule,
    *,
    callback: Callback | None = None,
    hooks: Hooks | None = None,
) -> tuple[Factorisation, list[FloatArray]]:
    """Factorise V (K, M), and compute what each component contributes to it.

    Arguments as of `factorise`.

    Returns
    -------
    Factorisation
    list of R ndarrays, shape (K, M)
    """
    n_comp, n_frames, _ = factors.W.shape
    target = array_target(V, n_comp, n_frames)
    result = factorise(target, factors, rule, callback=callback, hooks=hooks)
    with pool_for(target, n_comp * n_frames) as pool:
        return result, component_models(result.W, result.H, pool)


def bins_last(W: FloatArray) -> FloatArray:
    """Return templates (K, R, T) as the engine has them, (R, T, K): a new array."""
    return np.array(W.transpose(1, 2, 0), order="C")


def bins_first(W: FloatArray) -> FloatArray:
    """Return the engine's templates (R, T, K) as (K, R, T)."""
    return np.ascontiguousarray(W.transpose(2, 0, 1))
