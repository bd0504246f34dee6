"""Which hits of a stem are alike, and which of them repeat one waveform."""

from collections.abc import Sequence

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.one_shots.aligning import Group, align
from nmfd_cli.core.one_shots.excerpts import Hits, excerpt, is_clean

#: Hits more alike than this are one group: the cosine of what `_fingerprint` returns.
_LIKENESS = 0.93
#: Groups of one stem, the largest that are kept apart.
_MOST_GROUPS = 4
#: Waveforms of one stem, hits of no other's waveform until they are no longer looked for, the share
#: of hits that may be left over, and hits that make a waveform where more are.
_MOST_WAVEFORMS, _MOST_ODD, _LEFT_OVER, _ENOUGH = 8, 12, 0.3, 3
#: The correlation from which on a waveform repeats: it explains a hit by 6 dB.
REPEATING = 0.866
#: The same of waveforms whose bass alone is much alike whenever a drum is hit: 12 dB.
_SAME = 0.97
#: How clean and how loud a hit is beside the cleanest and the loudest, unless it is none.
_DROWNED = (0.2, 0.05)
#: How clean the only sound of an articulation is at least.
_AUDIBLE = 0.8
#: Frames of a fingerprint: seconds each, how many, and bands.
_FRAME, _N_FRAMES, _N_BANDS = 0.023, 12, 32
_TINY = 1e-20


def group_alike(
    stem: FloatArray, hits: Hits, sample_rate: int, *, struck: Sequence[str | None] = ()
) -> list[Group]:
    """Sort the hits of a stem (C, n), `struck` so, into groups, each aligned; the largest first.

    Hits that repeat one of a few waveforms are a group each; where these are not most hits, others
    whose spectra are alike over time are groups, too.  What is both faint and drowned by others is
    no hit, and in no group.
    """
    if not len(hits):
        return []
    drowned = hits.purity < _DROWNED[0] * hits.purity.max()
    phantom = drowned & (hits.levels < _DROWNED[1] * hits.levels.max())
    ranked = np.argsort(-_worth(hits, sample_rate), kind="stable")
    order = [int(hit) for hit in ranked if not phantom[hit]]
    edged = np.diff(stem, axis=1, prepend=0.0)  # lifts attacks over what rings on from before
    # then of low drums among faint noise, which edges lift, too
    for track, least in ((edged, REPEATING), (stem, _SAME)):
        groups, left = _by_waveform(track, hits, order, sample_rate, least=least)
        if len(left) <= _LEFT_OVER * len(order):
            groups = _with_nearest(track, hits, groups, left, sample_rate)
            break
    else:
        groups = [group for group in groups if len(group.members) >= _ENOUGH]
        repeating = {int(hit) for group in groups for hit in group.members}
        left = [hit for hit in order if hit not in repeating]
        owned = _by_spectrum(stem, hits, left, sample_rate)
        groups += [align(stem, hits, members, sample_rate) for members in owned]
    groups.sort(key=lambda group: -len(group.members))
    return _without_unclean(edged, hits, groups, sample_rate, struck=struck or [None] * len(hits))


def _without_unclean(
    edged: FloatArray,
    hits: Hits,
    groups: list[Group],
    sample_rate: int,
    *,
    struck: Sequence[str | None],
) -> list[Group]:
    """Give the hits of groups that others drown to the largest of those that are clean.

    The cleanest group of an articulation stays, unless others are nearly as loud (6 dB).
    """
    purity = np.array([hits.purity[group.members].max() for group in groups])
    kept = is_clean(purity, purity.max())
    names = [_commonest([struck[hit] for hit in group.members]) for group in groups]
    found = {name for name, own in zip(names, kept, strict=True) if own}
    for k in np.argsort(-purity, kind="stable"):
        if names[k] not in found and purity[k] >= _AUDIBLE:
            kept[k] = True
            found.add(names[k])
    clean = [group for group, own in zip(groups, kept, strict=True) if own]
    for group, own in zip(groups, kept, strict=True):
        if not own:
            more = align(edged, hits, group.members, sample_rate, first=clean[0].members[0])
            clean[0] = clean[0].joined(more)
    return clean


def _commonest(names: Sequence[str | None]) -> str | None:
    return max(dict.fromkeys(names), key=names.count)


def _by_waveform(
    stem: FloatArray,
    hits: Hits,
    order: list[int],
    sample_rate: int,
    *,
    least: float = REPEATING,
) -> tuple[list[Group], list[int]]:
    """Return groups of hits that repeat a waveform, and the hits that are left over."""
    groups: list[Group] = []
    left = order
    odd: list[int] = []
    while left and len(groups) < _MOST_WAVEFORMS and len(odd) < _MOST_ODD:
        found = align(stem, hits, left, sample_rate)
        alike = found.correlations >= least
        if alike.sum() > 1:
            groups.append(found.only(alike, least))
        else:
            odd.append(left[0])
            alike[0] = True
        left = [hit for hit, is_in in zip(left, alike, strict=True) if not is_in]
    return groups, [*odd, *left]


def _with_nearest(
    stem: FloatArray, hits: Hits, groups: list[Group], left: list[int], sample_rate: int
) -> list[Group]:
    """Give each hit that is left over to the group whose waveform is most like its own."""
    groups = list(groups)
    for hit in left:
        joined = [align(stem, hits, [hit], sample_rate, first=g.members[0]) for g in groups]
        best = max(range(len(groups)), key=lambda k: float(joined[k].correlations[0]))
        groups[best] = groups[best].joined(joined[best])
    return groups


def _by_spectrum(
    stem: FloatArray, hits: Hits, order: list[int], sample_rate: int
) -> list[list[int]]:
    """Return groups of hits whose spectra are alike over time, the cleanest of each first."""
    prints = [_fingerprint(stem, hits, hit, sample_rate) for hit in range(len(hits))]
    owners: dict[int, list[int]] = {}
    for hit in order:
        near = {seed: _cosine(prints[seed], prints[hit]) for seed in owners}
        best = max(near, key=near.__getitem__) if near else hit
        if near and near[best] > _LIKENESS:
            owners[best].append(hit)
        else:
            owners[hit] = [hit]
    seeds = sorted(owners, key=lambda seed: -len(owners[seed]))[:_MOST_GROUPS]
    least = 2 if len(owners[seeds[0]]) > 3 else 1  # one odd hit among many is an accident
    seeds = [seed for seed in seeds if len(owners[seed]) >= least] or seeds[:1]
    for seed in [seed for seed in owners if seed not in seeds]:
        for hit in owners.pop(seed):
            cosines = [_cosine(prints[own], prints[hit]) for own in seeds]
            owners[seeds[int(np.argmax(cosines))]].append(hit)
    return [owners[seed] for seed in seeds]


def _worth(hits: Hits, sample_rate: int) -> FloatArray:
    """Return how well each hit could stand for others: clean, long and not too soft."""
    room = np.minimum(hits.gaps / sample_rate, 0.5) / 0.5
    level = hits.levels / max(float(hits.levels.max()), _TINY)
    worth: FloatArray = hits.purity * np.sqrt(room) * np.minimum(2 * level, 1.0)
    return worth


def _fingerprint(stem: FloatArray, hits: Hits, hit: int, sample_rate: int) -> FloatArray:
    """Return roots of magnitudes in frames and bands, (frames, bands), until the next hit."""
    n_frame = round(_FRAME * sample_rate)
    n_frames = int(np.clip(hits.gaps[hit] // n_frame, 1, _N_FRAMES))
    piece = excerpt(stem, int(hits.starts[hit]), n_frames * n_frame)
    frames = piece.reshape(len(piece), n_frames, n_frame) * np.hanning(n_frame)
    power = np.square(np.abs(np.fft.rfft(frames))).sum(axis=0)
    edges = np.geomspace(1.5, power.shape[1], _N_BANDS + 1).astype(int)
    until = np.concatenate([np.zeros((n_frames, 1)), power.cumsum(axis=1)], axis=1)
    bands = until[:, np.maximum(edges[1:], edges[:-1] + 1).clip(max=power.shape[1])]
    prints: FloatArray = np.sqrt(np.sqrt(np.maximum(bands - until[:, edges[:-1]], 0.0)))
    return prints


def _cosine(one: FloatArray, other: FloatArray) -> float:
    n = min(len(one), len(other))
    norm = np.sqrt(np.vdot(one[:n], one[:n]) * np.vdot(other[:n], other[:n]))
    return float(np.vdot(one[:n], other[:n]) / max(norm, _TINY))
