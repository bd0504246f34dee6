"""The engine that `nmfd` and `nmf_conv` share: sweeps over a target in panels of frames.

A sweep visits the target once, panel by panel, and adds up what the updates of W and H need of it.
The target may lie in memory or be read from elsewhere: no sweep holds more than one panel beside
the factors, and a result does not depend on how the frames are cut into panels.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.nmfconv.divergence import divide
from nmfd_cli.core.nmfconv.model import TimeGrid
from nmfd_cli.core.nmfconv.products import Products, choose_products

#: Entries of a panel in memory.  Threads of a product wait for each other at its end, so few large
#: products suffer less from a busy machine than many small ones; element-wise work is cut into
#: rows that fit a cache all the same.
PANEL_ENTRIES = 1 << 24


#: Entries that element-wise work is done on at a time: a core's cache holds them between two steps.
_CHUNK_ENTRIES = 1 << 18


class Target(Protocol):
    """A non-negative spectrogram V of K bins and M frames, seen panel by panel.

    Every entry is above zero: silence is given as the least positive number.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """(K, M)."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""

    @property
    def total(self) -> float:
        """The sum of all entries."""

    @property
    def panel_frames(self) -> int:
        """The longest panel, in frames."""

    @property
    def whole(self) -> FloatArray | None:
        """All of V where it lies in memory."""

    def panels(self) -> Iterator[tuple[int, int, FloatArray]]:
        """Yield ``start, stop, V[:, start:stop]`` in order; the array holds until the next one."""


class ArrayTarget:
    """A target in memory.

    Parameters
    ----------
    V : ndarray, shape (K, M), finite, at least zero
        Left as it is; copied only where it holds zeros or has another type.
    dtype : dtype
    panel_frames : int, optional
        The length of a panel; by default what fits a core's cache.
    """

    def __init__(
        self, V: FloatArray, dtype: np.dtype[Any], panel_frames: int | None = None
    ) -> None:
        V = np.asarray(V, dtype=dtype)
        self.total = float(V.sum(dtype=np.float64))
        if V.min() <= 0:
            V = np.maximum(V, least_entry(self.total, V.dtype))
        self.whole: FloatArray | None = V
        self._V = V
        fitting = max(256, PANEL_ENTRIES // V.shape[0])
        self.panel_frames = min(V.shape[1], panel_frames or fitting)

    @property
    def shape(self) -> tuple[int, int]:
        return self._V.shape[0], self._V.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        return self._V.dtype

    def panels(self) -> Iterator[tuple[int, int, FloatArray]]:
        n_frames = self._V.shape[1]
        for start in range(0, n_frames, self.panel_frames):
            stop = min(start + self.panel_frames, n_frames)
            yield start, stop, self._V[:, start:stop]


def excerpt(target: Target, n_frames: int) -> tuple["ArrayTarget", NDArray[np.intp]]:
    """Return panels of a target, spread over all of it, that have about so many frames together.

    Parameters
    ----------
    target : Target
    n_frames : int
        The whole target is taken if it has no more.

    Returns
    -------
    ArrayTarget
        The panels, one behind the other.
    ndarray, shape (m,)
        Which frames they are.
    """
    n_panels = -(-target.shape[1] // target.panel_frames)
    every = max(1, round(target.shape[1] / n_frames))
    taken, frames = [], []
    for index, (start, stop, V) in enumerate(target.panels()):
        if index % every == (n_panels - 1) % every // 2:
            taken.append(V.copy())
            frames.append(np.arange(start, stop))
    return ArrayTarget(np.concatenate(taken, axis=1), target.dtype), np.concatenate(frames)


def least_entry(total: float, dtype: np.dtype[Any]) -> float:
    """Return what stands for zero in a target of this sum: its logarithm exists, its share not."""
    return max((total or 1.0) * 1e-30, float(np.finfo(dtype).tiny))


@dataclass
class Terms:
    """What a sweep has added up; empty where it was not asked for or needs no sweep (beta = 0).

    Attributes
    ----------
    template_numerator : ndarray, shape (K, R, T)
        ``sum_m Q[k, m] H[r, m - t]``.
    template_denominator : ndarray, shape (K, R, T)
        The same with B.
    activation_numerator, activation_denominator : ndarray, shape (R, M)
        ``sum_{k,t} W[k, r, t] Q[k, m + t]`` and the same with B.
    divergence : float
        Of the normalised target from its model.
    """

    template_numerator: FloatArray
    template_denominator: FloatArray
    activation_numerator: FloatArray
    activation_denominator: FloatArray
    divergence: float = 0.0


class Sweeps:
    """Sweeps over one target for one set of factors.

    The target is normalised to a sum of one as it goes by: not by dividing it, but by multiplying
    the templates that the model is made of by its sum.

    Parameters
    ----------
    target : Target
    shape : tuple of int
        (K, R, T) of the templates.
    beta : float
        The divergence, see `divergence`.  At zero B is one and no denominator is added up.
    fix_W : bool
        The templates will not change (which decides how products are best computed).
    keep : bool
        Keep Q and B of a sweep for `again`, where the target lies in memory.
    grid : TimeGrid, optional
        How the frames of a template are tied; T then counts boxes.

    Attributes
    ----------
    scale : float
        What the normalised target was divided by.
    grid : TimeGrid
    """

    def __init__(
        self,
        target: Target,
        shape: tuple[int, int, int],
        beta: float = 0,
        fix_W: bool = False,
        keep: bool = False,
        grid: TimeGrid | None = None,
    ) -> None:
        self.target = target
        self.scale = EPS + target.total if target.total > 0 else 1.0
        self._beta = beta
        self._shape = shape
        self.grid = grid or TimeGrid.plain(shape[2])
        self._keep = keep and target.whole is not None
        K, M = target.shape
        panel_size = K * target.panel_frames
        self._model = np.empty(panel_size, dtype=target.dtype)
        self._quotient = np.empty((K, M) if self._keep else panel_size, dtype=target.dtype)
        self._power = np.empty(panel_size if beta != 0 else 0, dtype=target.dtype)
        if self._keep and beta != 0:
            self._power = np.empty((K, M), dtype=target.dtype)
        self._products: Products = choose_products(
            shape, target.panel_frames, 2 * EPS * self.scale, target.dtype, fix_W, grid
        )

    def sweep(
        self,
        W: FloatArray,
        H: FloatArray,
        *,
        templates: bool = False,
        activations: FloatArray | None = None,
        divergence: bool = False,
    ) -> Terms:
        """Visit the target once.

        Parameters
        ----------
        W : ndarray, shape (K, R, T)
            The templates that the model is made of.
        H : ndarray, shape (R, M)
        templates : bool
            Add up the terms of the templates.
        activations : ndarray, shape (K, R, T), optional
            Add up the terms of the activations, with these templates.
        divergence : bool
            Add up the divergence.
        """
        self._products.set_templates(W * np.asarray(self.scale, dtype=W.dtype))
        if activations is not None:
            self._products.set_activation_templates(activations)
        terms = self._terms_to_add(templates, activations is not None)
        for start, stop, V in self.target.panels():
            self._products.set_panel(H, start, stop)
            model = self._model[: V.size].reshape(V.shape)
            self._products.model(model)
            quotient, power = self._divided(V.shape, start, stop)
            terms.divergence += self._divide(V, model, quotient, power, divergence)
            self._add_template_products(quotient, power, terms)
            self._add_activation_products(quotient, power, start, terms)
        if divergence:
            terms.divergence = self._normalised(terms.divergence, W, H)
        return terms

    def again(self, W: FloatArray, H: FloatArray, activations: FloatArray) -> Terms:
        """Add up the terms of the activations with Q and B as the last sweep left them.

        Parameters
        ----------
        W : ndarray, shape (K, R, T)
            The templates of the last sweep, from which Q is made anew if it could not be kept.
        H : ndarray, shape (R, M)
        activations : ndarray, shape (K, R, T)
            The templates of the products.
        """
        if not self._keep:
            return self.sweep(W, H, activations=activations)
        self._products.set_activation_templates(activations)
        terms = self._terms_to_add(templates=False, activations=True)
        for start, stop, V in self.target.panels():
            quotient, power = self._divided(V.shape, start, stop)
            self._add_activation_products(quotient, power, start, terms)
        return terms

    def template_weight(self, terms: Terms, H: FloatArray) -> FloatArray:
        """Return what divides the template numerator: (K, R, T), or (R, T) for beta = 0."""
        if self._beta != 0:
            return terms.template_denominator
        return shifted_sums(H, self.grid).astype(H.dtype)

    def activation_weight(self, terms: Terms, W: FloatArray) -> FloatArray:
        """Return what divides the activation numerator, (R, M), for the templates in it."""
        if self._beta != 0:
            return terms.activation_denominator
        return reachable_sums(W, self.target.shape[1], self.grid)

    def _terms_to_add(self, templates: bool, activations: bool) -> Terms:
        K, R, T = self._shape
        dtype, has_power = self.target.dtype, self._beta != 0
        shape = (R, self.target.shape[1])
        nothing = np.empty(0, dtype=dtype)
        return Terms(
            np.zeros((K, R, T), dtype) if templates else nothing,
            np.zeros((K, R, T), dtype) if templates and has_power else nothing,
            np.zeros(shape, dtype) if activations else nothing,
            np.zeros(shape, dtype) if activations and has_power else nothing,
        )

    def _divided(
        self, shape: tuple[int, ...], start: int, stop: int
    ) -> tuple[FloatArray, FloatArray | None]:
        """Return where Q and B of a panel are kept."""
        if self._keep:
            power = self._power[:, start:stop] if self._power.size else None
            return self._quotient[:, start:stop], power
        size = shape[0] * shape[1]
        power = self._power[:size].reshape(shape) if self._power.size else None
        return self._quotient[:size].reshape(shape), power

    def _divide(
        self,
        V: FloatArray,
        model: FloatArray,
        quotient: FloatArray,
        power: FloatArray | None,
        wanted: bool,
    ) -> float:
        n_rows = max(1, _CHUNK_ENTRIES // V.shape[1])
        divergence = 0.0
        for first in range(0, V.shape[0], n_rows):
            rows = slice(first, first + n_rows)
            B = None if power is None else power[rows]
            divergence += divide(V[rows], model[rows], self._beta, quotient[rows], B, wanted)
        return divergence

    def _add_template_products(
        self, quotient: FloatArray, power: FloatArray | None, terms: Terms
    ) -> None:
        if terms.template_numerator.size:
            self._products.add_template_terms(quotient, terms.template_numerator)
            if power is not None:
                self._products.add_template_terms(power, terms.template_denominator)

    def _add_activation_products(
        self, quotient: FloatArray, power: FloatArray | None, start: int, terms: Terms
    ) -> None:
        if terms.activation_numerator.size:
            self._products.add_activation_terms(quotient, start, terms.activation_numerator)
            if power is not None:
                self._products.add_activation_terms(power, start, terms.activation_denominator)

    def _normalised(self, divergence: float, W: FloatArray, H: FloatArray) -> float:
        """Return the divergence of the normalised target from that of the target as it is."""
        if self._beta == 0:
            divergence += model_total(W, H, self.grid) * self.scale - self.target.total
        return float(divergence * self.scale ** -(self._beta + 1))


def model_total(W: FloatArray, H: FloatArray, grid: TimeGrid) -> float:
    """Return the sum of all entries of the model, from the sums of its factors."""
    return float((bin_sums(W) * shifted_sums(H, grid)).sum())


def bin_sums(W: FloatArray) -> FloatArray:
    """Return ``sum_k W[k, r, t]``, shape (R, T), by a product: ten times as fast as a sum."""
    K, R, T = W.shape
    return (np.ones(K, dtype=W.dtype) @ W.reshape(K, R * T)).reshape(R, T)


def shifted_sums(H: FloatArray, grid: TimeGrid) -> FloatArray:
    """Return ``sum_m H[r, m - t]``, the activations that t frames later are still inside.

    Parameters
    ----------
    H : ndarray, shape (R, M)
    grid : TimeGrid
        For each box the sum over its frames.

    Returns
    -------
    ndarray, shape (R, T), float64
    """
    n_comp, n_frames = H.shape
    n_early = max(0, n_frames - grid.n_frames + 1)
    # added up from the first frame on: what is small beside a late onset is not lost
    upto = np.zeros((n_comp, grid.n_frames))
    late = np.concatenate([H[:, :n_early].sum(axis=1, keepdims=True), H[:, n_early:]], axis=1)
    sums = np.cumsum(late, axis=1, dtype=np.float64)[:, ::-1]
    upto[:, : sums.shape[1]] = sums[:, : grid.n_frames]
    return upto if grid.is_plain else np.add.reduceat(upto, grid.edges[:-1], axis=1)


def reachable_sums(W: FloatArray, n_frames: int, grid: TimeGrid) -> FloatArray:
    """Return ``sum_{k, t < M - m} W[k, r, t]``, what of a template fits before the end.

    Parameters
    ----------
    W : ndarray, shape (K, R, T)
    n_frames : int
        M.
    grid : TimeGrid

    Returns
    -------
    ndarray, shape (R, M), dtype of `W`
    """
    per_frame = np.repeat(bin_sums(W), grid.widths, axis=1)
    reached: FloatArray = np.cumsum(per_frame, axis=1)
    sums = np.repeat(reached[:, -1:], n_frames, axis=1)
    n_late = min(grid.n_frames, n_frames)
    sums[:, n_frames - n_late :] = reached[:, n_late - 1 :: -1]
    return sums
