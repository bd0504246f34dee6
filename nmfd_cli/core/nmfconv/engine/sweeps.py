"""Sweeps over a target in panels of frames: what every update of W and H is made of.

A sweep visits the target once, panel by panel, and sums up what the updates of W and H need of it.
The target may lie in memory or be read from elsewhere: no sweep holds more than a panel a thread
beside the factors.  A result depends on how the frames are cut into panels by no more than
round-off, and not at all on how many threads share the panels out.

The engine works on the target as it is: activations are in its units, templates in any.
"""

import numpy as np

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.nmfconv.engine.accumulators import (
    ActivationAccumulator,
    PartialSums,
    Quotients,
    UpdateTerms,
    contiguous,
    total,
)
from nmfd_cli.core.nmfconv.engine.divergence import write_quotients
from nmfd_cli.core.nmfconv.engine.products import ProductFactory, Products, choose_products
from nmfd_cli.core.nmfconv.engine.shifts import TimeGrid, shifted_sums, with_history
from nmfd_cli.core.nmfconv.engine.target import Target, grouped, panels_of
from nmfd_cli.core.threads import WorkerPool


class Sweeps:
    """Sweeps over one target for one set of factors.

    Parameters
    ----------
    shape : tuple of int
        (R, T, K) of the templates.
    pool : WorkerPool
        Who shares the work.
    beta : float
        The divergence, see `divergence`.  At zero B is one and no product with it is made.
    fix_W : bool
        The templates will not change (which decides how products are best computed).
    keep : bool
        Keep Q and B of a sweep for `reuse_quotients`, where the target lies in memory.
    grid : TimeGrid, optional
        How the frames of a template are tied; T then counts boxes.
    products : callable
        How products are computed; by default as it costs least.

    Attributes
    ----------
    scale : float
        The sum of the target, and so what activations are multiplied by to be in its units.
    divergence_unit : float
        The same of divergences, which grow with the power ``beta + 1`` of the target.
    """

    def __init__(
        self,
        target: Target,
        shape: tuple[int, int, int],
        pool: WorkerPool,
        *,
        beta: float = 0,
        fix_W: bool = False,
        keep: bool = False,
        grid: TimeGrid | None = None,
        products: ProductFactory = choose_products,
    ) -> None:
        self.target = target
        self.scale = EPS + target.total if target.total > 0 else 1.0
        self.divergence_unit = self.scale**beta * self.scale
        self.grid = grid or TimeGrid.plain(shape[1])
        self.beta = beta
        self._pool = pool
        self._n_comp = shape[0]
        self._groups = grouped(target, shape[0] * shape[1])
        self._products = products(
            shape,
            target.panel_frames,
            floor=2 * EPS * self.scale,
            dtype=target.dtype,
            fix_W=fix_W,
            grid=grid,
        )
        n_workers = min(pool.n_workers, len(self._groups))
        self._workers = [_Worker(target, self._products, beta) for _ in range(n_workers)]
        self._accumulators: list[ActivationAccumulator] = []
        self._kept: list[Quotients] | None = None
        if keep and target.in_memory:
            self._kept = [
                Quotients.empty((target.shape[0], panel.stop - panel.start), target.dtype, beta)
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
    ) -> UpdateTerms:
        """Visit the target once.

        Parameters
        ----------
        W : ndarray, shape (R, T, K)
            The templates that the model is made of.
        H : ndarray, shape (R, M)
        templates : bool
            Sum up the terms of the templates.
        activations : ndarray, shape (R, T, K), optional
            Sum up the terms of the activations, with these templates.
        divergence : bool
            Sum up the divergence.
        """
        self._products.set_templates(W)
        if activations is not None:
            self._products.set_activation_templates(activations)
        accumulators = self._cleared_accumulators() if activations is not None else []
        partial_sums = self._partial_sums(accumulators)

        def visit(index: int, group: int) -> None:
            worker, sums = self._workers[index], partial_sums[group]
            for panel in self._groups[group]:
                V = self.target.panel(panel.index, worker.panel)
                worker.workspace.load_panel(with_history(H, self.grid, panel.start, panel.stop))
                model = contiguous(worker.model, (V.shape[0], V.shape[1]))
                worker.workspace.model(model)
                ratios = self._kept[panel.index] if self._kept else worker.quotients(V.shape[1])
                out = ratios.Q, ratios.B
                sums.divergence += write_quotients(
                    V, model, self.beta, out=out, with_divergence=divergence
                )
                if templates:
                    sums.add_templates(worker.workspace, ratios)
                if activations is not None:
                    sums.add_activations(worker.workspace, ratios, panel)

        self._pool.run(visit, len(partial_sums))
        terms = total(partial_sums, accumulators)
        self._complete(terms, W, H, divergence=divergence)
        return terms

    def reuse_quotients(self, W: FloatArray, H: FloatArray, activations: FloatArray) -> UpdateTerms:
        """Sum up the terms of the activations with Q and B as the last sweep left them.

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
        accumulators = self._cleared_accumulators()
        partial_sums = self._partial_sums(accumulators)

        def visit(index: int, group: int) -> None:
            workspace = self._workers[index].workspace
            for panel in self._groups[group]:
                partial_sums[group].add_activations(workspace, kept[panel.index], panel)

        self._pool.run(visit, len(partial_sums))
        return total(partial_sums, accumulators)

    def _cleared_accumulators(self) -> list[ActivationAccumulator]:
        """Return those of Q and, if beta is not zero, of B: the same arrays in every sweep."""
        if not self._accumulators:
            self._accumulators = [
                ActivationAccumulator(
                    self._groups, self._n_comp, reach=self._reach, dtype=self.target.dtype
                )
                for _ in range(1 + (self.beta != 0))
            ]
        for accumulator in self._accumulators:
            accumulator.clear()
        return self._accumulators

    def _partial_sums(self, accumulators: list[ActivationAccumulator]) -> list[PartialSums]:
        return [
            PartialSums(
                group[0].start,
                self._reach,
                dtype=self.target.dtype,
                activation_columns=[columns.of_group(index) for columns in accumulators],
            )
            for index, group in enumerate(self._groups)
        ]

    @property
    def _reach(self) -> int:
        """Frames before a panel whose templates extend into it."""
        return self.grid.n_frames - 1

    def _complete(
        self, terms: UpdateTerms, W: FloatArray, H: FloatArray, *, divergence: bool
    ) -> None:
        """Add what takes no product: at beta = 0 those with a matrix of ones are sums."""
        if self.beta == 0 and (divergence or terms.template_numerator.size):
            sums = shifted_sums(H, self.grid)
            terms.template_denominator = sums.astype(H.dtype)[:, :, None]
            if divergence:
                model_total = float((W.sum(axis=2) * sums).sum())
                terms.divergence += model_total - self.target.total


class _Worker:
    """The buffers of one thread.

    Attributes
    ----------
    workspace : Workspace
        Of the products.
    model : ndarray, shape (K, panel_frames)
    panel : ndarray, shape (K * panel_frames,), or None
        Where a panel of a target outside of memory is read to.
    """

    def __init__(self, target: Target, products: Products, beta: float) -> None:
        shape, dtype = (target.shape[0], target.panel_frames), target.dtype
        self.workspace = products.workspace()
        self.model = np.empty(shape, dtype)
        self.panel = None if target.in_memory else np.empty(shape[0] * shape[1], dtype)
        self._quotients = Quotients.empty(shape, dtype, beta)

    def quotients(self, n_frames: int) -> Quotients:
        """Return buffers for Q and B of a panel that need not be kept."""
        return self._quotients.of_panel(n_frames)
