"""Text for HTML, and numbers for its axes."""

import re
from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.pictures import frequency_range

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def text(value: object) -> str:
    """Return a value as text that stands in HTML for nothing but itself, quotes included.

    What UTF-8 or HTML cannot hold, such as the stray bytes of a file name, becomes a ``\\ufffd``.
    """
    encodable = str(value).encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return escape(_CONTROL.sub("\ufffd", encodable), quote=True)


def number(value: float) -> str:
    """Return a number to two decimals, without those it does not need."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def percent(share: float) -> str:
    """Return a share of 1 as a length in CSS."""
    return f"{100 * share:.3f}".rstrip("0").rstrip(".") + "%"


def nice_ticks(low: float, high: float, most: int) -> list[float]:
    """Return round numbers from `low` to `high`, at most so many (and at least one)."""
    if high <= low:
        return [low]
    raw = (high - low) / most
    power = 10.0 ** floor(log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    return [k * step for k in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def tick_labels(ticks: Sequence[float]) -> list[str]:
    """Return ticks in as few decimals as tell them apart."""
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    decimals = max(0, -floor(log10(step) + 1e-9))
    return [f"{tick:.{decimals}f}" for tick in ticks]


def frequency_ticks(sample_rate: int) -> list[tuple[float, str]]:
    """Return where on a picture's height, from the bottom (0) to the top (1), stands what."""
    low, high = frequency_range(sample_rate)
    shown = [
        (float(np.log(f / low) / np.log(high / low)), _hertz(f))
        for f in (50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000)
        if low <= f <= high
    ]
    return [(place, label) for place, label in shown if 0.02 < place < 0.98]


def _hertz(frequency: float) -> str:
    return f"{frequency / 1000:g} kHz" if frequency >= 1000 else f"{frequency:g} Hz"


def frequency_axis(sample_rate: int, *, decades: bool = False) -> str:
    """Return the labels of a frequency axis; for a low picture those of whole decades only."""
    ticks = [
        (place, label)
        for place, label in frequency_ticks(sample_rate)
        if not decades or label.lstrip("10") in (" Hz", " kHz")
    ]
    labels = "".join(
        f'<span class="tick" style="bottom:{percent(place)}">{label}</span>'
        for place, label in ticks
    )
    return f'<div class="axis-labels" aria-hidden="true">{labels}</div>'


def time_axis(seconds: float, *, most: int = 10) -> str:
    """Return the labels of a time axis; the page's script adapts them to its width."""
    ticks = nice_ticks(0.0, seconds, most)
    return "".join(
        f'<span class="tick" style="left:{percent(tick / seconds)}">{label}</span>'
        for tick, label in zip(ticks, tick_labels(ticks), strict=True)
    )


def outline_path(lower: FloatArray, upper: FloatArray) -> str:
    """Return an SVG path, 200 units high and one a column wide, around what lies between two lines.

    Parameters
    ----------
    lower, upper : ndarray, shape (n,)
        From 0, at the bottom, to 1, at the top.
    """
    top = [f"{x} {y}" for x, y in enumerate(np.rint((1 - upper) * 200).astype(int))]
    bottom = [f"{x} {y}" for x, y in enumerate(np.rint((1 - lower) * 200).astype(int))]
    return f"M{'L'.join(top)}L{'L'.join(reversed(bottom))}Z"
