"""The initial activations H0: one function a strategy."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nmfd_cli.core import nmfconv
from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.articulations import owner
from nmfd_cli.core.nmfconv.engine.shifts import TimeGrid
from nmfd_cli.errors import ParameterError
from nmfd_cli.pipeline.components import Components, score_pitches
from nmfd_cli.pipeline.context import Context, random_generator

#: Frames from that of the onset on in which a hit may begin: its own, and the next one, as the
#: window of the first may reach no more than the onset's edge.
_HIT_FRAMES = 2
#: A hit begins as active as this power of its confidence.
_DOUBT = 2

#: ``activate(context, components, row_of, grid)``: initial H (R, M) for templates of which each
#: belongs to a row of the components.
Activate = Callable[[Context, Components, Sequence[int], TimeGrid], FloatArray]


def _drum_activations(
    context: Context, components: Components, row_of: Sequence[int], grid: TimeGrid
) -> FloatArray:
    score = context.score
    if score is None or any(drum is None for drum in score.drums):
        raise ParameterError(
            "the activation strategy 'drums' needs a score with drum classes (--score)"
        )
    onsets: dict[str, list[float]] = {drum: [] for drum in components.drums}
    weights: dict[str, list[float]] = {drum: [] for drum in components.drums}
    hits = zip(score.onsets, score.drums, score.articulations, score.confidences, strict=True)
    for onset, drum, struck, confidence in hits:
        name = owner(drum, struck, components.drums)
        if name is not None:
            onsets[name].append(onset)
            weights[name].append(1.0 if confidence is None else confidence**_DOUBT)
    rows = [components.drums[row] for row in row_of]
    if grid.is_plain:
        return _impulses(context, [onsets[drum] for drum in rows])
    frames = {drum: _frames_of(context, times) for drum, times in onsets.items()}
    n_hits = max(1, sum(len(frames[drum]) for drum in rows))
    levels = [np.array(weights[drum]) / n_hits for drum in rows]
    H = hit_activations(
        [frames[drum] for drum in rows], levels, context.n_frames, context.target.dtype
    )
    H[[drum in context.free for drum in rows]] = 1 / n_hits
    return H


def hit_activations(
    frames: Sequence[NDArray[np.intp]],
    levels: Sequence[FloatArray],
    n_frames: int,
    dtype: DTypeLike,
) -> FloatArray:
    """Return activations that may only be where hits are.

    Parameters
    ----------
    frames : sequence of R ndarrays of int
        The frames of each component's onsets; those outside of the recording are left out.
    levels : sequence of R ndarrays
        The activation of each hit.
    n_frames : int
        M.
    dtype : dtype

    Returns
    -------
    ndarray, shape (R, M)
        The level of the hit that may begin there, 2**-52 of the greatest level elsewhere.
    """
    greatest = max((of_row.max(initial=0) for of_row in levels), default=0) or 1
    H = np.full((len(frames), n_frames), EPS * greatest, dtype)
    for row, onsets, of_row in zip(H, frames, levels, strict=True):
        is_inside = (onsets >= 0) & (onsets < n_frames)
        for later in range(_HIT_FRAMES):
            place = np.minimum(onsets[is_inside] + later, n_frames - 1)
            np.maximum.at(row, place, of_row[is_inside].astype(dtype))
    return H


def _frames_of(context: Context, seconds: Sequence[float]) -> NDArray[np.intp]:
    """Return the first frame that reaches each time."""
    samples = np.rint(np.asarray(seconds, dtype=np.float64) * context.sample_rate)
    return context.stft.frame_of(samples.astype(np.intp))


def _impulses(context: Context, onsets: Sequence[Sequence[float]]) -> FloatArray:
    """Place impulses that decay."""
    notes = [(onset + _later(context), r) for r, row in enumerate(onsets, 1) for onset in row]
    return nmfconv.init_activations(
        num_comp=len(onsets),
        num_frames=context.n_frames,
        strategy="drums",
        time_res=context.seconds_per_frame,
        decay=context.settings.decay,
        onsets=[onset for onset, _ in notes],
        drums=[row for _, row in notes],
    )


def _later(context: Context) -> float:
    """Return what turns `init_activations`' rule into the frame that first reaches an onset.

    It rounds and counts from one; half a frame later (and a little, for times that fall on the edge
    of a frame) that is the frame in which a time falls.
    """
    return (0.5 + 1e-6) * context.seconds_per_frame


def _pitched_activations(
    context: Context, components: Components, row_of: Sequence[int], grid: TimeGrid
) -> FloatArray:
    pitches = score_pitches(context.score)
    score = context.score
    assert score is not None
    return nmfconv.init_activations(
        num_comp=len(row_of),
        num_frames=context.n_frames,
        strategy="pitched",
        time_res=context.seconds_per_frame,
        pitches=pitches,
        onsets=[onset + _later(context) for onset in score.onsets],
        durations=[duration or 0.0 for duration in score.durations],
        onset_offset_tol=context.settings.onset_tolerance,
    )


def _uninformed_activations(strategy: str) -> Activate:
    def make(
        context: Context, components: Components, row_of: Sequence[int], grid: TimeGrid
    ) -> FloatArray:
        return nmfconv.init_activations(
            num_comp=len(row_of),
            num_frames=context.n_frames,
            strategy=strategy,
            rng=random_generator(context.settings, 1),
        )

    return make


#: What activations can begin as; the keys are the choices of --init-activations.
ACTIVATIONS: dict[str, Activate] = {
    "auto": _drum_activations,  # of the score that was transcribed
    "drums": _drum_activations,
    "pitched": _pitched_activations,
    "random": _uninformed_activations("random"),
    "uniform": _uninformed_activations("uniform"),
}
