"""Short templates are stacked, long ones go through the FFT."""

import numpy as np

from nmfd_cli.core.nmfconv.engine.panel_products import FftProducts, StackedProducts
from nmfd_cli.core.nmfconv.engine.products import Products, choose_products


def chosen(shape: tuple[int, int, int], panel_frames: int, *, fix_W: bool) -> Products:
    dtype = np.dtype(np.float32)
    return choose_products(shape, panel_frames, floor=1e-12, dtype=dtype, fix_W=fix_W)


def test_choice_of_products() -> None:
    assert isinstance(chosen((3, 8, 1025), 1024, fix_W=False), StackedProducts)
    assert isinstance(chosen((4, 330, 1025), 1024, fix_W=True), FftProducts)


def test_short_templates_are_never_transformed() -> None:
    """However few bins there are: FFTs would pay, but blur what lies far apart in size."""
    assert isinstance(chosen((4, 31, 1), 1000, fix_W=True), StackedProducts)
    assert isinstance(chosen((4, 400, 1), 1000, fix_W=True), FftProducts)
