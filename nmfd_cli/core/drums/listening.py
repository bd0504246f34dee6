"""Which drums play when: transcription with a bank of templates, in two passes.

First all sounds of the bank explain the recording together and those of each class that explain
most of it adapt a little to it.  Their strongest strokes are taken for certain; at these the whole
bank is heard once more, so that now those sounds are chosen which fit the strokes, not the mixture,
and adapt to what the strokes really sound like.  Their activations show the quiet strokes, too.

Semi-adaptive templates follow [1]_; that the strokes found first teach the templates that find the
rest, as in [2]_.

.. [1] C. Dittmar, D. Gärtner: "Real-time transcription and separation of drum recordings based on
   NMF decomposition", DAFx 2014.
.. [2] C.-W. Wu, A. Lerch: "Drum transcription using partially fixed non-negative matrix
   factorization with template adaptation", ISMIR 2015.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.drum_sounds.bank_templates import BankTemplates, most_active
from nmfd_cli.core.drums.onsets import Peaks
from nmfd_cli.core.drums.shadows import out_of_shadows, shares
from nmfd_cli.core.drums.strokes import stroke_activations
from nmfd_cli.core.nmfconv.deconvolution import UpdateRule
from nmfd_cli.core.nmfconv.engine.target import Target, excerpt
from nmfd_cli.core.nmfconv.factorisation import Callback, Factorisation, Factors, factorise

#: ``find(bank, activations)``: the strokes of each class, from what its templates are activated by.
FindPeaks = Callable[[BankTemplates, Mapping[str, FloatArray]], dict[str, Peaks]]


@dataclass(frozen=True)
class ListeningRule:
    """How the two passes go.

    The values were chosen by hand, on 18 recordings rendered from sounds left out of the bank and
    on the 13 measured ones together, so that figures on the latter are optimistic; those of several
    instruments on 32 renderings of kits that are unknown to the bank.

    Attributes
    ----------
    bank_iterations, level_iterations, adapt_iterations : int
        Of the whole bank, of chosen sounds without and with their templates.
    first_choice, second_choice : int
        Sounds a class, chosen by each pass.
    first_of_several, second_of_several : int
        The same for classes that are several instruments.
    prior_hits, late_prior_hits : float
        How strongly chosen sounds hold on to the bank while they adapt, see `UpdateRule`.
    certain : float
        Strength, relative to the strongest stroke, from which a stroke teaches the second pass.
    excerpt_frames : int
        Of a longer recording, sounds are chosen and adapted on panels of about so many frames.
    """

    bank_iterations: int = 25
    level_iterations: int = 25
    adapt_iterations: int = 20
    first_choice: int = 3
    second_choice: int = 2
    first_of_several: int = 8
    second_of_several: int = 6
    prior_hits: float = 3.0
    late_prior_hits: float = 10.0
    certain: float = 0.35
    excerpt_frames: int = 20_000


@dataclass(frozen=True)
class Heard:
    """What was found.

    Attributes
    ----------
    strokes : dict of str to Peaks
        Of each class that sounds; of each class asked for if the classes are not candidates.
    bank : BankTemplates
        The chosen sounds, as they have adapted.
    """

    strokes: dict[str, Peaks]
    bank: BankTemplates


def listen(
    V: Target,
    bank: BankTemplates,
    find: FindPeaks,
    hop_length: int,
    rule: ListeningRule,
    *,
    candidates: bool = False,
    progress: Callable[[float], None] = lambda share: None,
) -> Heard:
    """Find the strokes of each class and what they sound like.

    Parameters
    ----------
    V : Target
        The recording in bands.
    bank : BankTemplates
        Sounds of all the classes to listen for.
    find : callable
    hop_length : int
        Samples a frame.
    rule : ListeningRule
    candidates : bool
        The classes may be absent: those that are never heard by themselves are left out.
    progress : callable, optional
        Gets the share that is done.
    """
    tick = _Ticks(rule, n_times=1 + candidates, progress=progress)
    if candidates:
        # who resembles what is not there need not be many to be found out
        few = replace(
            rule, first_of_several=rule.first_choice, second_of_several=rule.second_choice
        )
        activations, strokes, _ = _two_passes(V, bank, find, hop_length, few, tick)
        bank = bank.of(present_classes(activations, strokes, hop_length))
    activations, strokes, heard = _two_passes(V, bank, find, hop_length, rule, tick)
    return Heard(clear_strokes(activations, strokes, hop_length), heard)


class _Ticks:
    """Counts the iterations of two passes: a callback of all of them.

    Parameters
    ----------
    rule : ListeningRule
    n_times : int
        How often the two passes are gone through.
    progress : callable
    """

    def __init__(
        self, rule: ListeningRule, *, n_times: int, progress: Callable[[float], None]
    ) -> None:
        adapting = 2 * rule.adapt_iterations + rule.adapt_iterations // 2
        self._total = n_times * (rule.bank_iterations + 5 * rule.level_iterations + adapting)
        self._progress = progress
        self._count = 0

    def __call__(self, iteration: int, divergence: float) -> None:
        self._count += 1
        self._progress(self._count / self._total)


def _two_passes(
    V: Target,
    bank: BankTemplates,
    find: FindPeaks,
    hop_length: int,
    rule: ListeningRule,
    tick: Callback,
) -> tuple[dict[str, FloatArray], dict[str, Peaks], BankTemplates]:
    sample, frames = excerpt(V, rule.excerpt_frames)
    heard = _first_choice(sample, bank, rule, tick)
    strokes = find(heard, _activations(V, heard, rule, tick))
    certain = [peaks.above(rule.certain).samples // hop_length for peaks in strokes.values()]
    H = stroke_activations(certain, V.shape[1], 1e-3, V.dtype)[:, frames]
    heard = _second_choice(sample, H[bank.rows(list(strokes))], bank, rule, tick)
    activations = _activations(V, heard, rule, tick)
    return activations, find(heard, activations), heard


#: Strength, relative to the strongest of its class, from which a peak is a stroke; set by hand on
#: the same recordings as `ListeningRule`.
STROKE_FROM = {
    "kick": 0.15, "snare": 0.1, "hihat": 0.07, "cymbal": 0.1, "clap": 0.25
}  # fmt: skip
_STROKE_FROM = 0.15
#: Of classes that many others resemble: how far a stroke must stand out of the others' shadows.
SHADOWED = {"tom": 0.14}


def clear_strokes(
    activations: Mapping[str, FloatArray], strokes: Mapping[str, Peaks], hop_length: int
) -> dict[str, Peaks]:
    """Return the peaks of each class that are strokes: strong enough, and no shadows.

    Parameters
    ----------
    activations : dict of str to ndarray, shape (M,)
    strokes : dict of str to Peaks
    hop_length : int
        Samples a frame.
    """
    return {drum: _clear(drum, activations, strokes, hop_length) for drum in strokes}


def _clear(
    drum: str,
    activations: Mapping[str, FloatArray],
    strokes: Mapping[str, Peaks],
    hop_length: int,
) -> Peaks:
    if drum not in SHADOWED:
        return strokes[drum].above(STROKE_FROM.get(drum, _STROKE_FROM))
    standing_out = out_of_shadows(drum, activations, strokes, hop_length)
    return strokes[drum].those(standing_out >= SHADOWED[drum])


def present_classes(
    activations: Mapping[str, FloatArray], strokes: Mapping[str, Peaks], hop_length: int
) -> list[str]:
    """Return the classes that are heard by themselves, not only as a shadow of others.

    A class that is not there is activated where others are struck that it resembles, and less than
    these; one that is there has at least a few strokes in which it is much of what sounds, and is
    not faint all along.  So two things count: its share in all activations, over the strokes in
    which that is largest, and its strongest activation beside the strongest of all.  Of those that
    are `SHADOWED` more than one stroke has to stand out besides.

    Parameters
    ----------
    activations : dict of str to ndarray, shape (M,)
    strokes : dict of str to Peaks
    hop_length : int
        Samples a frame.

    Returns
    -------
    list of str
        At least the one that is heard best.
    """
    share = shares(activations)
    loudest = max(float(row.max()) for row in activations.values())
    own, present = {}, []
    for drum, row in activations.items():
        clear = strokes[drum].above(_CLEAR).frames(hop_length, len(row))
        largest = np.sort(share[drum][clear])[::-1][:_STROKES_THAT_TELL]
        own[drum] = float(largest.mean()) if largest.size else 0.0
        least_share, least_level = PRESENT_FROM.get(drum, _PRESENT_FROM)
        if own[drum] < least_share or row.max() < least_level * loudest:
            continue
        if drum not in SHADOWED or len(_clear(drum, activations, strokes, hop_length).samples) > 1:
            present.append(drum)
    return present or [max(own, key=lambda drum: own[drum])]


#: From what share, and what level beside the loudest class, a class is present.  Set between the
#: present and the absent classes of 18 rendered recordings whose kits were left out of the bank and
#: of the 13 measured ones; kicks, snares and hats are rarely absent, so doubt counts for them.
PRESENT_FROM = {
    "kick": (0.15, 0.02), "snare": (0.15, 0.02), "hihat": (0.08, 0.02),
    "tom": (0.42, 0.25), "cymbal": (0.35, 0.25), "clap": (0.5, 0.45),
}  # fmt: skip
_PRESENT_FROM = (0.42, 0.25)
#: Strength of strokes that may tell of a class's presence, and how many of them do.
_CLEAR = 0.15
_STROKES_THAT_TELL = 8


def _first_choice(
    sample: Target, bank: BankTemplates, rule: ListeningRule, tick: Callback
) -> BankTemplates:
    H = _fitted(sample, bank, _uniform(bank, sample), rule.bank_iterations, tick)
    chosen = bank.taken(most_active(bank, H, rule.first_choice, rule.first_of_several))
    H = _fitted(sample, chosen, _uniform(chosen, sample), rule.level_iterations, tick)
    adapting = UpdateRule(rule.adapt_iterations, "joint", prior_hits=rule.prior_hits)
    return _adapted(sample, chosen, H, adapting, tick)


def _second_choice(
    sample: Target, H: FloatArray, bank: BankTemplates, rule: ListeningRule, tick: Callback
) -> BankTemplates:
    H = _fitted(sample, bank, H, rule.level_iterations, tick)
    best = most_active(bank, H, rule.second_choice, rule.second_of_several)
    chosen, H = bank.taken(best), H[best]
    adapting = UpdateRule(rule.adapt_iterations, "joint", prior_hits=rule.prior_hits)
    chosen = _adapted(sample, chosen, H, adapting, tick)
    H = _fitted(sample, chosen, _uniform(chosen, sample), rule.level_iterations, tick)
    late = UpdateRule(rule.adapt_iterations // 2, "joint", prior_hits=rule.late_prior_hits)
    return _adapted(sample, chosen, H, late, tick)


def _activations(
    V: Target, bank: BankTemplates, rule: ListeningRule, tick: Callback
) -> dict[str, FloatArray]:
    """Return what all templates of each class are activated by together, (M,) each."""
    H = _fitted(V, bank, _uniform(bank, V), rule.level_iterations, tick)
    return {drum: H[bank.members(drum)].sum(axis=0) for drum in dict.fromkeys(bank.drums)}


def _uniform(bank: BankTemplates, V: Target) -> FloatArray:
    shape = (len(bank.drums), V.shape[1])
    return np.full(shape, 1 / (shape[0] * shape[1]), dtype=V.dtype)


def _fitted(
    V: Target, bank: BankTemplates, H: FloatArray, iterations: int, tick: Callback
) -> FloatArray:
    rule = UpdateRule(iterations, "joint", fix_W=True)
    return _deconvolved(V, bank, H, rule, tick).H


def _adapted(
    V: Target, bank: BankTemplates, H: FloatArray, rule: UpdateRule, tick: Callback
) -> BankTemplates:
    found = _deconvolved(V, bank, H, rule, tick)
    return BankTemplates(found.W, bank.drums, bank.grid)


def _deconvolved(
    V: Target, bank: BankTemplates, H: FloatArray, rule: UpdateRule, tick: Callback
) -> Factorisation:
    factors = Factors(bank.W.astype(V.dtype), H.astype(V.dtype, copy=False))
    return factorise(V, factors, rule, grid=bank.grid, callback=tick)
