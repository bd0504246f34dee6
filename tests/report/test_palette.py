"""The colours of a report: read by everybody, told apart by everybody."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from nmfd_cli.core.pictures import (
    colour_map,
)
from nmfd_cli.report.page.palette import SHAPES, STEM_COLOURS, SURFACES


def _linear(colour: str) -> NDArray[np.float64]:
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    low, high = sorted(float(_linear(colour) @ weights) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_contrast_of_black_on_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_and_stems_stand_out(theme: str) -> None:
    surfaces = SURFACES[theme]
    for ground in ("page", "panel"):
        for name in ("text", "muted", "accent"):
            assert contrast(surfaces[name], surfaces[ground]) >= 4.5, (name, ground)
        for colour in STEM_COLOURS[theme]:
            assert contrast(colour, surfaces[ground]) >= 4.5, (colour, ground)
    assert contrast(surfaces["on-accent"], surfaces["accent"]) >= 4.5
    # of controls and of the cursor WCAG asks for 3
    assert contrast(surfaces["line"], surfaces["panel"]) >= 3
    assert contrast(surfaces["cursor"], surfaces["panel"]) >= 3


# G. M. Machado et al., "A physiologically-based model for simulation of color vision deficiency",
# 2009: red-blind, green-blind
BLINDNESS = {
    "none": np.eye(3),
    "red": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "green": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}


def _oklab(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    opponents = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    lab: NDArray[np.float64] = opponents @ np.cbrt(cones @ linear)
    return lab


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("blindness", BLINDNESS)
def test_no_two_stems_look_alike(theme: str, blindness: str) -> None:
    seen = [
        _oklab(np.clip(BLINDNESS[blindness] @ _linear(colour), 0, 1))
        for colour in STEM_COLOURS[theme]
    ]
    assert min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2)) > 0.08


def test_colour_and_shape_together_are_one_stem_s() -> None:
    n_colours = len(STEM_COLOURS["light"])
    pairs = {(s % n_colours, s % len(SHAPES)) for s in range(42)}
    assert len(pairs) == 42


def test_colour_map_rises_in_lightness() -> None:
    colours = ["#" + bytes(colour).hex() for colour in colour_map(64)]
    lightness = [float(_oklab(_linear(colour))[0]) for colour in colours]
    assert np.all(np.diff(lightness) > 0)
    assert colours[0] in ("#000000", "#000001")
    assert lightness[-1] > 0.95
