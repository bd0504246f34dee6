"""The engine that `nmfd` and `nmf_conv` share: sweeps over a target in panels of frames.

A sweep visits the target once, panel by panel, and adds up what the updates of W and H need of it.
The target may lie in memory or be read from elsewhere: no sweep holds more than a panel a thread
beside the factors.  A result depends on how the frames are cut into panels by no more than
round-off, and not at all on how many threads share the panels out.

The engine works on the target as it is: activations are in its units, templates in any.  Templates
stand in rows here, W (R, T, K).
"""

from typing import Any

import numpy as np

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.nmfconv.divergence import divide
from nmfd_cli.core.nmfconv.parts import Divided, Part, Rows, Terms, joined
from nmfd_cli.core.nmfconv.products import Desk, Products, choose_products
from nmfd_cli.core.nmfconv.sharing import grouped
from nmfd_cli.core.nmfconv.shifts import TimeGrid, with_history
from nmfd_cli.core.nmfconv.sums import shifted_sums
from nmfd_cli.core.nmfconv.target import Target, panels_of
from nmfd_cli.core.threads import Team


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
        self._groups = grouped(target, shape[0] * shape[1])
        self._products: Products = choose_products(
            shape, target.panel_frames, 2 * EPS * self.scale, target.dtype, fix_W, grid
        )
        n_seats = min(team.n_threads, len(self._groups))
        self._seats = [_Seat(target, self._products, beta) for _ in range(n_seats)]
        self._rows: list[Rows] = []
        self._kept: list[Divided] | None = None
        if keep and target.in_memory:
            self._kept = [
                Divided.empty((target.shape[0], panel.stop - panel.start), target.dtype, beta)
                for panel in panels_of(target)
            ]

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
        rows = self._cleared_rows() if activations is not None else []
        parts = self._parts(rows)

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
        terms = joined(parts, rows)
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
        rows = self._cleared_rows()
        parts = self._parts(rows)

        def visit(worker: int, group: int) -> None:
            for panel in self._groups[group]:
                parts[group].add_activations(self._seats[worker].desk, kept[panel.index], panel)

        self._team.run(visit, len(parts))
        return joined(parts, rows)

    def _cleared_rows(self) -> list[Rows]:
        """Return room for the terms of the activations, of Q and, if beta is not zero, of B."""
        if not self._rows:
            n_comp, reach, n_terms = self._shape[0], self.grid.n_frames - 1, 1 + (self.beta != 0)
            dtype = self.target.dtype
            self._rows = [Rows(self._groups, n_comp, reach, dtype) for _ in range(n_terms)]
        for row in self._rows:
            row.clear()
        return self._rows

    def _parts(self, rows: list[Rows]) -> list[Part]:
        reach, dtype = self.grid.n_frames - 1, self.target.dtype
        return [
            Part(group[0].start, reach, dtype, [row.of_group(index) for row in rows])
            for index, group in enumerate(self._groups)
        ]

    def _complete(self, terms: Terms, W: FloatArray, H: FloatArray, divergence: bool) -> None:
        """Add what takes no product: at beta = 0 those with a matrix of ones are sums."""
        if self.beta == 0 and (divergence or terms.template_numerator.size):
            heard = shifted_sums(H, self.grid)
            terms.template_denominator = heard.astype(H.dtype)[:, :, None]
            if divergence:
                model_total = float((W.sum(axis=2) * heard).sum())
                terms.divergence += model_total - self.target.total


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

    def divided(self, shape: tuple[int, ...]) -> Divided:
        """Return room for Q and B of a panel that need not be kept."""
        size = shape[0] * shape[1]
        power = None if self._power is None else self._power[:size].reshape(shape)
        return Divided(self._quotient[:size].reshape(shape), power)
