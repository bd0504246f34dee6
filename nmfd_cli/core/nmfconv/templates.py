"""Where the templates W start from: one function a strategy."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.nmfconv.arguments import random_matrices, required_count
from nmfd_cli.core.nmfconv.drum_templates import initialize_drum_specific_nmfd_templates
from nmfd_cli.errors import ParameterError


def init_templates(
    num_comp: int | None = None,
    num_bins: int | None = None,
    num_template_frames: int = 1,
    strategy: str = "random",
    pitches: Sequence[float] | None = None,
    pitch_tol_up: float = 0.75,
    pitch_tol_down: float = 0.75,
    num_harmonics: int = 25,
    desired_drum_classes: Sequence[str] | None = None,
    num_iter: int = 30,
    block_size: int = 2048,
    hop_size: int = 512,
    fs: int = 44100,
    input_dir: str = "data/",
    *,
    rng: "np.random.Generator | None" = None,
) -> list[FloatArray]:
    """Make initial templates by a strategy.

    'random' and 'uniform' say what they are; 'pitched' draws comb filters around the harmonics of
    the given notes [1]_; 'drums' learns one template a class from one-shot recordings [2]_.

    Parameters
    ----------
    num_comp : int, optional
        R, for 'random' and 'uniform'.
    num_bins : int, optional
        K, for all but 'drums', which takes it from `block_size`.
    num_template_frames : int
        T.
    strategy : str
        'random', 'uniform', 'pitched' or 'drums'.
    pitches : sequence of float, optional
        MIDI pitches for 'pitched'; each different one becomes a component, in rising order.
    pitch_tol_up, pitch_tol_down : float
        How far a partial's band reaches up and down, in semitones.
    num_harmonics : int
        Partials a note; those above the Nyquist frequency are skipped.
    desired_drum_classes : sequence of str, optional
        For 'drums': the folders of `input_dir` to learn from, one component each.
    num_iter : int
        For 'drums': NMFD iterations of the learning.
    block_size, hop_size : int
        Length and hop of the STFT window, in samples.
    fs : int
        Sample rate, in Hz.
    input_dir : str
        For 'drums': folder with one folder of one-shots a class.
    rng : numpy.random.Generator, optional
        For 'random'.  Without one the numbers are those of the reference toolbox.

    Returns
    -------
    list of R ndarrays, shape (K, T)
        Templates that sum to one each.

    Raises
    ------
    ParameterError
        If the strategy is unknown or lacks what it needs.

    References
    ----------
    .. [1] J. Driedger, H. Grohganz, T. Prätzlich, S. Ewert, M. Müller: "Score-informed audio
       decomposition and applications", ACM Multimedia 2013.
    .. [2] C. Dittmar, M. Müller: "Reverse engineering the Amen break", IEEE/ACM TASLP 24(9), 2016.

    Examples
    --------
    >>> init_templates(num_comp=1, num_bins=4, strategy="uniform")[0].ravel()
    array([0.25, 0.25, 0.25, 0.25])
    """
    n_frames = num_template_frames
    strategies: dict[str, Callable[[], list[FloatArray]]] = {
        "random": lambda: random_matrices(*_counts(num_comp, num_bins, n_frames), rng),
        "uniform": lambda: _uniform(*_counts(num_comp, num_bins, n_frames)),
        "pitched": lambda: _pitched(
            pitches, (num_bins, n_frames), (pitch_tol_down, pitch_tol_up),
            hz_per_bin=fs / block_size, num_harmonics=num_harmonics,
        ),
        "drums": lambda: initialize_drum_specific_nmfd_templates(
            desired_drum_classes, num_iter, n_frames, block_size, hop_size, fs, input_dir
        ),
    }  # fmt: skip
    if strategy not in strategies:
        raise ParameterError(
            f"template strategy: expected one of {', '.join(strategies)}, found {strategy!r}"
        )
    if n_frames < 1:
        raise ParameterError(f"num_template_frames: expected at least 1, found {n_frames}")
    return [template / (template.sum() or 1.0) for template in strategies[strategy]()]


def _counts(
    num_comp: int | None, num_bins: int | None, num_template_frames: int
) -> tuple[int, tuple[int, int]]:
    """Return R and (K, T), or say what is missing."""
    n_comp, n_bins = required_count("num_comp", num_comp), required_count("num_bins", num_bins)
    return n_comp, (n_bins, num_template_frames)


def _uniform(n_comp: int, shape: tuple[int, int]) -> list[FloatArray]:
    return [np.ones(shape) for _ in range(n_comp)]


def _pitched(
    pitches: Sequence[float] | None,
    shape: tuple[int | None, int],
    tolerance: tuple[float, float],
    *,
    hz_per_bin: float,
    num_harmonics: int,
) -> list[FloatArray]:
    if pitches is None or len(pitches) == 0:
        raise ParameterError("the strategy 'pitched' needs at least one pitch, found none")
    num_bins = required_count("num_bins", shape[0])
    down, up = tolerance
    templates = []
    for pitch in np.unique(np.asarray(pitches, dtype=np.float64)):
        comb = np.full((num_bins, shape[1]), EPS)
        lowest, highest = midi_to_hz(pitch - down) / hz_per_bin, midi_to_hz(pitch + up) / hz_per_bin
        for partial in range(1, num_harmonics + 1):
            # libnmfd counts bins from one, so its band starts one bin below the rounded edge
            first = max(0, round(partial * lowest) - 1)
            comb[first : min(num_bins, round(partial * highest))] = 1 / partial
        templates.append(comb)
    return templates


def midi_to_hz(pitch: float) -> float:
    """Return the frequency of a MIDI pitch, in Hz, at A4 = 440 Hz in equal temperament."""
    return 440.0 * math.exp2((float(pitch) - 69) / 12)
