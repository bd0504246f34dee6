"""What sounds beside drums in a whole song: whether there is any, and a model of it.

Drums are learned from the percussive part of the spectrogram.  What they leave over and lasts is
the model of the accompaniment: with the models of the drums it makes the masks, which add up to
one.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.division import StemModel
from nmfd_cli.core.harmonic_percussive import MedianKernels, tonal_energies
from nmfd_cli.core.nmfconv.engine.target import Target, excerpt, frames_of, panels_of
from nmfd_cli.pipeline.components import Strategies, may_have_accompaniment
from nmfd_cli.pipeline.context import Context, kept

#: A recording is more than drums where clear tones have so much of its energy: the median of the
#: ranges, as a tom or a cowbell has most in one of them, and a tenth of all together.  Of ten
#: mixtures it was 1.8 % or more, of 46 recordings of drums alone up to 0.47 %.
_LEAST_TONAL_SHARE: Final = 0.009
#: Frames of a recording that the decision looks at.
_DECISION_FRAMES: Final = 2600


def has_accompaniment(context: Context, strategies: Strategies) -> bool:
    """Return whether a recording is more than drums, and its drums are what is looked for."""
    may_have = may_have_accompaniment(context.settings, strategies)
    if not may_have or context.target.total == 0:
        return False
    V, _ = excerpt(context.target, _DECISION_FRAMES)
    parts = (V.panel(panel.index) for panel in panels_of(V))
    energies = [tonal_energies(part, context.stft, context.sample_rate) for part in parts]
    *tonal, whole = np.sum(energies, axis=0)
    return bool(np.median(tonal) + np.sum(tonal) / 10 > _LEAST_TONAL_SHARE * whole)


def percussive_part(context: Context) -> Context:
    """Return the context with the percussive part of its spectrogram for a target."""
    kernels = _kernels(context)
    target = _mapped(context, lambda V, _: kernels.percussive(V), kernels.reach)
    return replace(context, target=target)


def with_accompaniment(model: StemModel, context: Context) -> StemModel:
    """Give the drums' model (of the percussive part) a residual that is a model of its own.

    Parameters
    ----------
    context : Context
        With the whole spectrogram.
    """
    kernels = _kernels(context)
    drums = replace(model, stem_of=(0,) * len(model.stem_of), n_stems=1, has_residual=False)

    def accompaniment(V: FloatArray, start: int) -> FloatArray:
        return kernels.accompaniment(V, drums.panel(V, start)[0] * model.scale)

    target = _mapped(context, accompaniment, 2 * kernels.reach)
    return replace(model, has_residual=True, accompaniment=target)


def _kernels(context: Context) -> MedianKernels:
    return MedianKernels.of(context.stft, context.sample_rate)


def _mapped(
    context: Context,
    change: Callable[[FloatArray, int], FloatArray],
    reach: int,
) -> Target:
    """Change a spectrogram panel by panel, by what looks `reach` frames to either side.

    ``change(V, start)`` is given frames (K, m) and the number of the first of them.
    """
    target = context.target

    def changed() -> Iterator[FloatArray]:
        for panel in panels_of(target):
            start = max(0, panel.start - reach)
            stop = min(panel.stop + reach, target.shape[1])
            wide = change(frames_of(target, start, stop), start)
            yield wide[:, panel.start - start : panel.stop - start]

    return kept(
        changed(), target.shape, target.dtype, None if target.in_memory else context.resources
    )
