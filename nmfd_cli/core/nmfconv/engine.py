"""The engine that `nmfd` and `nmf_conv` share: sweeps over a target in panels of frames.

A sweep visits the target once, panel by panel, and adds up what the updates of W and H need of it.
The target may lie in memory or be read from elsewhere: no sweep holds more than a panel a thread
beside the factors, and a result does not depend on how the frames are cut into panels, nor on how
many threads share them.

The engine works on the target as it is: activations are in its units, templates in any.  Templates
stand in rows here, W (R, T, K).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.nmfconv.divergence import divide
from nmfd_cli.core.nmfconv.model import TimeGrid, with_history
from nmfd_cli.core.nmfconv.products import Desk, Products, choose_products
from nmfd_cli.core.nmfconv.sums import shifted_sums
from nmfd_cli.core.nmfconv.target import (
    ArrayTarget,
    Panel,
    Target,
    panels_of,
    usual_panel_frames,
)
from nmfd_cli.core.threads import Team, numeric_team

#: Panels are shared out in at most so many groups, each a part of the recording.  The groups decide
#: in which order sums are made, so that the bits are the same for any number of threads.
_MOST_GROUPS = 16
#: Multiplications of a product from which a group is worth handing over to another thread.
_GROUP_WORK = 3e7


def is_small(n_bins: int, n_frames: int, n_rows: int) -> bool:
    """Whether products of (K, R T) by (R T, M) are over before another thread would have begun.

    The numeric library's own threads, which do not sleep between products, still help with these.
    """
    return float(n_bins) * n_frames * n_rows < _GROUP_WORK


@contextmanager
def team_for(target: Target, n_rows: int) -> Iterator[Team]:
    """Yield the team that the sweeps over a target pay for.

    Parameters
    ----------
    target : Target
    n_rows : int
        R T.
    """
    if is_small(*target.shape, n_rows):
        with Team(1) as team:
            yield team
    else:
        with numeric_team() as team:
            yield team


def array_target(V: FloatArray, n_comp: int, n_template_frames: int) -> ArrayTarget:
    """Return V (K, M) as a target cut into panels for templates of R T rows.

    Small ones are one panel; and panels are longer than templates, as products with long ones go
    through FFTs over both.
    """
    K, M = V.shape
    if is_small(K, M, n_comp * n_template_frames):
        return ArrayTarget(V, V.dtype, M)
    return ArrayTarget(V, V.dtype, max(usual_panel_frames(K, M), 2 * n_template_frames))


@dataclass
class Terms:
    """What a sweep has added up; empty where it was not asked for or needs no sweep (beta = 0).

    Attributes
    ----------
    template_numerator : ndarray, shape (R, T, K)
        ``sum_m Q[k, m] H[r, m - t]``.
    template_denominator : ndarray, shape (R, T, K)
        The same with B; for beta = 0, where B is one, ``sum_m H[r, m - t]`` of shape (R, T, 1).
    activation_numerator, activation_denominator : ndarray, shape (R, M)
        ``sum_{k,t} W[r, t, k] Q[k, m + t]`` and the same with B.
    divergence : float
        Of the target from its model.
    """

    template_numerator: FloatArray
    template_denominator: FloatArray
    activation_numerator: FloatArray
    activation_denominator: FloatArray
    divergence: float = 0.0


class Sweeps:
    """Sweeps over one target for one set of factors.

    Parameters
    ----------
    target : Target
    shape : tuple of int
        (R, T, K) of the templates.
    team : Team
        Who shares the work.
    beta : float
        The divergence, see `divergence`.  At zero B is one and no product with it is made.
    fix_W : bool
        The templates will not change (which decides how products are best computed).
    keep : bool
        Keep Q and B of a sweep for `again`, where the target lies in memory.
    grid : TimeGrid, optional
        How the frames of a template are tied; T then counts boxes.

    Attributes
    ----------
    scale : float
        The sum of the target.
    grid : TimeGrid
    """

    def __init__(
        self,
        target: Target,
        shape: tuple[int, int, int],
        team: Team,
        *,
        beta: float = 0,
        fix_W: bool = False,
        keep: bool = False,
        grid: TimeGrid | None = None,
    ) -> None:
        self.target = target
        self.scale = EPS + target.total if target.total > 0 else 1.0
        self.grid = grid or TimeGrid.plain(shape[1])
        self.beta = beta
        self._team = team
        self._shape = shape
        self._groups = _grouped(target, shape)
        self._products: Products = choose_products(
            shape, target.panel_frames, 2 * EPS * self.scale, target.dtype, fix_W, grid
        )
        self._seats = [_Seat(target, self._products, beta) for _ in range(team.n_threads)]
        self._kept: list[_Divided] | None = None
        if keep and target.in_memory:
            self._kept = [_Divided.empty(target, panel, beta) for panel in panels_of(target)]

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
        W : ndarray, shape (R, T, K)
            The templates that the model is made of.
        H : ndarray, shape (R, M)
        templates : bool
            Add up the terms of the templates.
        activations : ndarray, shape (R, T, K), optional
            Add up the terms of the activations, with these templates.
        divergence : bool
            Add up the divergence.
        """
        self._products.set_templates(W)
        if activations is not None:
            self._products.set_activation_templates(activations)
        parts = self._parts(activations is not None)

        def visit(worker: int, group: int) -> None:
            seat, part = self._seats[worker], parts[group]
            for panel in self._groups[group]:
                V = self.target.panel(panel.index, seat.scratch)
                seat.desk.turn_to(with_history(H, self.grid, panel.start, panel.stop))
                model = seat.model[: V.size].reshape(V.shape)
                seat.desk.model(model)
                divided = self._kept[panel.index] if self._kept else seat.divided(V.shape)
                part.divergence += divide(
                    V, model, self.beta, divided.quotient, divided.power, divergence
                )
                if templates:
                    part.add_templates(seat.desk, divided)
                if activations is not None:
                    part.add_activations(seat.desk, divided, panel)

        self._team.run(visit, len(parts))
        terms = self._joined(parts)
        self._complete(terms, W, H, divergence)
        return terms

    def again(self, W: FloatArray, H: FloatArray, activations: FloatArray) -> Terms:
        """Add up the terms of the activations with Q and B as the last sweep left them.

        Parameters
        ----------
        W : ndarray, shape (R, T, K)
            The templates of the last sweep, from which Q is made anew if it could not be kept.
        H : ndarray, shape (R, M)
        activations : ndarray, shape (R, T, K)
            The templates of the products.
        """
        kept = self._kept
        if kept is None:
            return self.sweep(W, H, activations=activations)
        self._products.set_activation_templates(activations)
        parts = self._parts(activations=True)

        def visit(worker: int, group: int) -> None:
            for panel in self._groups[group]:
                parts[group].add_activations(self._seats[worker].desk, kept[panel.index], panel)

        self._team.run(visit, len(parts))
        return self._joined(parts)

    def _parts(self, activations: bool) -> list["_Part"]:
        return [_Part.of(group, self, activations=activations) for group in self._groups]

    @property
    def template_shape(self) -> tuple[int, int, int]:
        """(R, T, K)."""
        return self._shape

    def _joined(self, parts: list["_Part"]) -> Terms:
        """Add up what the groups have found, in their order."""
        first = parts[0]
        for part in parts[1:]:
            if first.template_numerator.size:
                first.template_numerator += part.template_numerator
            if first.template_denominator.size:
                first.template_denominator += part.template_denominator
        return Terms(
            template_numerator=first.template_numerator,
            template_denominator=first.template_denominator,
            activation_numerator=self._laid_out(parts, [p.activation_numerator for p in parts]),
            activation_denominator=self._laid_out(parts, [p.activation_denominator for p in parts]),
            divergence=sum(part.divergence for part in parts),
        )

    def _laid_out(self, parts: list["_Part"], pieces: list[FloatArray]) -> FloatArray:
        """Put the groups' terms of the activations where they belong, (R, M)."""
        if not pieces[0].size:
            return pieces[0]
        reach = self.grid.n_frames - 1
        laid_out = np.zeros((self._shape[0], self.target.shape[1]), dtype=self.target.dtype)
        for part, piece in zip(parts, pieces, strict=True):
            before = max(0, reach - part.start)  # frames before the first have no activation
            start = part.start - reach + before
            laid_out[:, start : start + piece.shape[1] - before] += piece[:, before:]
        return laid_out

    def _complete(self, terms: Terms, W: FloatArray, H: FloatArray, divergence: bool) -> None:
        """Add what takes no product: at beta = 0 those with a matrix of ones are sums."""
        if self.beta == 0 and (divergence or terms.template_numerator.size):
            heard = shifted_sums(H, self.grid)
            terms.template_denominator = heard.astype(H.dtype)[:, :, None]
            if divergence:
                model_total = float((W.sum(axis=2) * heard).sum())
                terms.divergence += model_total - self.target.total


@dataclass
class _Divided:
    """What the updates divide of a panel: Q and B, (K, m); B is None for beta = 0."""

    quotient: FloatArray
    power: FloatArray | None

    @classmethod
    def empty(cls, target: Target, panel: Panel, beta: float) -> "_Divided":
        shape = (target.shape[0], panel.stop - panel.start)
        power = np.empty(shape, target.dtype) if beta != 0 else None
        return cls(np.empty(shape, target.dtype), power)


class _Seat:
    """What one thread works with."""

    def __init__(self, target: Target, products: Products, beta: float) -> None:
        size = target.shape[0] * target.panel_frames
        dtype: np.dtype[Any] = target.dtype
        self.desk: Desk = products.desk()
        self.model = np.empty(size, dtype)
        self.scratch = None if target.in_memory else np.empty(size, dtype)
        self._quotient = np.empty(size, dtype)
        self._power = np.empty(size, dtype) if beta != 0 else None

    def divided(self, shape: tuple[int, ...]) -> _Divided:
        """Return room for Q and B of a panel that need not be kept."""
        size = shape[0] * shape[1]
        power = None if self._power is None else self._power[:size].reshape(shape)
        return _Divided(self._quotient[:size].reshape(shape), power)


@dataclass
class _Part:
    """What a group of panels adds up; activation terms from `reach` frames before its start on."""

    start: int
    reach: int
    template_numerator: FloatArray
    template_denominator: FloatArray
    activation_numerator: FloatArray
    activation_denominator: FloatArray
    divergence: float = 0.0

    @classmethod
    def of(cls, group: list[Panel], sweeps: Sweeps, *, activations: bool) -> "_Part":
        """Return the part of a group with nothing added yet."""
        dtype, has_power = sweeps.target.dtype, sweeps.beta != 0
        shape, reach = sweeps.template_shape, sweeps.grid.n_frames - 1
        start = group[0].start
        row_shape = (shape[0], reach + group[-1].stop - start)
        nothing = np.empty(0, dtype)
        return cls(
            start,
            reach,
            nothing,
            nothing,
            np.zeros(row_shape, dtype) if activations else nothing,
            np.zeros(row_shape, dtype) if activations and has_power else nothing,
        )

    def add_templates(self, desk: Desk, divided: _Divided) -> None:
        self.template_numerator = _added(
            self.template_numerator, desk.template_terms(divided.quotient)
        )
        if divided.power is not None:
            self.template_denominator = _added(
                self.template_denominator, desk.template_terms(divided.power)
            )

    def add_activations(self, desk: Desk, divided: _Divided, panel: Panel) -> None:
        columns = slice(panel.start - self.start, panel.stop - self.start + self.reach)
        desk.add_activation_terms(divided.quotient, self.activation_numerator[:, columns])
        if divided.power is not None:
            desk.add_activation_terms(divided.power, self.activation_denominator[:, columns])


def _added(terms: FloatArray, more: FloatArray) -> FloatArray:
    """Return a sum that may not have begun."""
    if not terms.size:
        return more
    terms += more
    return terms


def _grouped(target: Target, shape: tuple[int, int, int]) -> list[list[Panel]]:
    """Return the panels in groups: neighbours, about as many in each."""
    panels = panels_of(target)
    n_comp, n_boxes, n_bins = shape
    work = float(n_comp * n_boxes * n_bins) * target.shape[1]
    wanted = min(_MOST_GROUPS, len(panels), max(1, round(work / _GROUP_WORK)))
    n_groups = 1 << (wanted.bit_length() - 1)  # shared out evenly among 2, 4, 8 threads
    borders = np.linspace(0, len(panels), n_groups + 1).round().astype(int)
    return [panels[low:high] for low, high in pairwise(borders)]
