"""From what is known of a recording to where its factors start."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nmfd_cli.app.settings import SeparationSettings
from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.drum_classes import DRUM_CLASSES, drum_class
from nmfd_cli.core.nmfconv import init_activations, init_templates
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.one_shots import kit_classes
from nmfd_cli.io.resources import shipped
from nmfd_cli.io.score import Score

#: What is looked for if neither options nor a score name drums.
DEFAULT_STEMS = ("kick", "snare", "hihat")

_NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


@dataclass(frozen=True)
class Context:
    """What is known before the factorisation.

    Attributes
    ----------
    sample_rate : int
        In Hz.
    n_frames : int
        M.
    stft : Stft
    score : Score or None
    settings : SeparationSettings
    """

    sample_rate: int
    n_frames: int
    stft: Stft
    score: Score | None
    settings: SeparationSettings

    @property
    def seconds_per_frame(self) -> float:
        return self.stft.hop_length / self.sample_rate


@dataclass(frozen=True)
class Start:
    """Where the factors start, and which stem each component belongs to.

    Attributes
    ----------
    W : ndarray, shape (K, R, T)
    H : ndarray, shape (R, M)
    stems : tuple of str
    stem_of : tuple of R ints
        Index into `stems`; from ``len(stems)`` on: a component of no stem, for the residual.
    """

    W: FloatArray
    H: FloatArray
    stems: tuple[str, ...]
    stem_of: tuple[int, ...]


def choose_start(context: Context) -> Start:
    """Make initial factors by the strategies that the settings name or the score suggests.

    Raises
    ------
    ParameterError
        If a strategy lacks what it needs, or the two do not have the same components.
    """
    templates, activations = _strategies(context.settings, context.score)
    components = _components(context.settings, context.score, templates, activations)
    W = _make_templates(context, templates, components)
    H = _make_activations(context, activations, components)
    return Start(W, H, components.stems, components.stem_of)


def possible_stems(settings: SeparationSettings, score: Score | None) -> tuple[str, ...]:
    """Return the names of the stems that a separation writes."""
    stems = _components(settings, score, *_strategies(settings, score)).stems
    return (*stems, settings.residual) if settings.residual else stems


def _strategies(settings: SeparationSettings, score: Score | None) -> tuple[str, str]:
    """Return the strategies of templates and activations."""
    if score is not None and score.is_pitched:
        suggested = ("pitched", "pitched")
    else:
        suggested = ("drums", "uniform" if score is None else "drums")
    both = (settings.init, settings.init) if settings.init else suggested
    if settings.init == "drums" and score is None:
        both = ("drums", "uniform")
    return settings.init_templates or both[0], settings.init_activations or both[1]


@dataclass(frozen=True)
class _Components:
    """What the components stand for: drum classes, pitches or nothing but numbers."""

    stems: tuple[str, ...]
    stem_of: tuple[int, ...]
    drums: tuple[str, ...] = ()
    pitches: tuple[float, ...] = ()


def _components(settings: SeparationSettings, score: Score | None, *strategies: str) -> _Components:
    if "drums" in strategies and "pitched" in strategies:
        raise ParameterError(
            "init: the strategies 'drums' and 'pitched' do not have the same components"
        )
    if "drums" in strategies:
        return _drum_components(settings, score)
    if "pitched" in strategies:
        pitches = tuple(sorted(set(_pitches(score))))
        names = tuple(_pitch_name(pitch) for pitch in pitches)
        return _Components(names, tuple(range(len(pitches))), pitches=pitches)
    count = settings.components
    names = tuple(f"component_{r + 1}" for r in range(count))
    return _Components(names, tuple(range(count)))


def _drum_components(settings: SeparationSettings, score: Score | None) -> _Components:
    played = _played(score) if score is not None and score.is_drums else ()
    stems = asked_stems(settings) or played or DEFAULT_STEMS
    hidden: tuple[str, ...] = ()
    if settings.residual is not None:
        others = played or tuple(kit_classes(kit_folder(settings)))
        hidden = tuple(drum for drum in others if drum not in stems)
    stem_of = (*range(len(stems)), *(len(stems) for _ in hidden))
    return _Components(stems, stem_of, drums=(*stems, *hidden))


def kit_folder(settings: SeparationSettings) -> str:
    """Return the folder of one-shots to learn templates from."""
    return settings.kit or str(shipped("data", "kit"))


def asked_stems(settings: SeparationSettings) -> tuple[str, ...]:
    """Return the classes that the settings name, each once, by the names files get.

    Raises
    ------
    ParameterError
        If a name is neither a drum class nor a folder of the kit.
    """
    extras = kit_extras(settings)
    return tuple(dict.fromkeys(drum_class(name, extra=extras) for name in settings.stems))


def kit_extras(settings: SeparationSettings) -> tuple[str, ...]:
    """Return the class names that a kit of the user's adds to those known."""
    return tuple(kit_classes(settings.kit)) if settings.kit else ()


def _played(score: Score) -> tuple[str, ...]:
    """Return the classes of a score in the order of the field, others after them."""
    names = {drum for drum in score.drums if drum is not None}
    known = tuple(drum for drum in DRUM_CLASSES if drum in names)
    return (*known, *sorted(names.difference(known)))


def _pitches(score: Score | None) -> tuple[float, ...]:
    if score is None or not score.is_pitched:
        raise ParameterError("the strategy 'pitched' needs a score with pitches (--score)")
    return tuple(pitch for pitch in score.pitches if pitch is not None)


def _pitch_name(pitch: float) -> str:
    """Return for example ``pitch_61_C#4``; C4 is MIDI pitch 60."""
    nearest = round(pitch)
    return f"pitch_{pitch:g}_{_NOTE_NAMES[nearest % 12]}{nearest // 12 - 1}"


def _make_templates(context: Context, strategy: str, components: _Components) -> FloatArray:
    settings = context.settings
    templates = init_templates(
        num_comp=len(components.stem_of),
        num_bins=context.stft.n_bins,
        num_template_frames=settings.template_frames,
        strategy=strategy,
        pitches=components.pitches or None,
        desired_drum_classes=components.drums or None,
        block_size=settings.n_fft,
        hop_size=settings.hop_length,
        fs=context.sample_rate,
        input_dir=kit_folder(settings),
        rng=_generator(settings, 0),
    )
    W: FloatArray = np.stack(templates, axis=1)
    return W.astype(np.float32)


def _make_activations(context: Context, strategy: str, components: _Components) -> FloatArray:
    # init_activations rounds and counts from one; half a frame later (and a little, for times that
    # fall on a frame's edge) that is the frame in which a time falls
    later = (0.5 + 1e-6) * context.seconds_per_frame
    make = _NOTES_FOR.get(strategy)
    notes = make(context, components, later) if make else _Notes()
    H = init_activations(
        num_comp=len(components.stem_of),
        num_frames=context.n_frames,
        strategy=strategy,
        time_res=context.seconds_per_frame,
        pitches=notes.pitches,
        decay=context.settings.decay,
        onsets=notes.onsets,
        durations=notes.durations,
        drums=notes.rows,
        onset_offset_tol=context.settings.onset_tolerance,
        rng=_generator(context.settings, 1),
    )
    return H.astype(np.float32)


@dataclass(frozen=True)
class _Notes:
    """What a score gives `init_activations`."""

    onsets: Sequence[float] | None = None
    rows: Sequence[float] | None = None
    pitches: Sequence[float] | None = None
    durations: Sequence[float] | None = None


def _drum_notes(context: Context, components: _Components, later: float) -> _Notes:
    score = context.score
    if score is None or not score.is_drums:
        raise ParameterError(
            "the activation strategy 'drums' needs a score with drum classes (--score)"
        )
    row_of = {drum: row for row, drum in enumerate(components.drums, start=1)}
    notes = [
        (onset + later, row_of[drum])
        for onset, drum in zip(score.onsets, score.drums, strict=True)
        if drum in row_of
    ]
    return _Notes(onsets=[onset for onset, _ in notes], rows=[row for _, row in notes])


def _pitched_notes(context: Context, components: _Components, later: float) -> _Notes:
    score = context.score
    pitches = _pitches(score)
    assert score is not None
    durations = [duration or 0.0 for duration in score.durations]
    onsets = [onset + later for onset in score.onsets]
    return _Notes(onsets=onsets, pitches=pitches, durations=durations)


#: What a score gives the activation strategies that need one.
_NOTES_FOR: dict[str, Callable[[Context, _Components, float], _Notes]] = {
    "drums": _drum_notes,
    "pitched": _pitched_notes,
}


def _generator(settings: SeparationSettings, stream: int) -> np.random.Generator | None:
    if settings.seed is None:
        return None
    return np.random.default_rng([settings.seed, stream])
