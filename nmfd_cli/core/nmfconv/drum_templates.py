"""Templates learned from recordings of single drum hits."""

from collections.abc import Sequence

import numpy as np

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.nmfconv.deconvolution import nmfd
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import ParameterError


def initialize_drum_specific_nmfd_templates(
    desired_drum_classes: Sequence[str] | None = None,
    num_iter: int = 30,
    num_template_frames: int = 8,
    block_size: int = 2048,
    hop_size: int = 512,
    fs: int = 44100,
    input_dir: str = "data/",
) -> list[FloatArray]:
    """Learn one template for each drum class from a folder of one-shots.

    All recordings of a class are brought to one level, set one behind the other and factorised
    by NMFD with a single component, as section IV-B of [1]_ has it.

    Parameters
    ----------
    desired_drum_classes : sequence of str, optional
        Folders of `input_dir`, one component each; kick, snare and hihat if not given.
    num_iter : int
        Iterations of the learning.
    num_template_frames : int
        T.
    block_size, hop_size : int
        Length and hop of the STFT window, in samples.
    fs : int
        Sample rate of the recording the templates are for, in Hz; one-shots of another rate are
        resampled.
    input_dir : str
        Folder with one folder of audio files a class.

    Returns
    -------
    list of ndarrays, shape (block_size // 2 + 1, T)
        Templates, each of sum one.

    Raises
    ------
    InputFileError
        If a folder is missing, holds no audio or something that cannot be read.
    ParameterError
        If the STFT's numbers are not possible.

    References
    ----------
    .. [1] C. Dittmar, M. Müller: "Reverse engineering the Amen break — score-informed separation
       and restoration applied to drum recordings", IEEE/ACM TASLP 24(9), 2016.
    """
    # the documented interface reads files: the one place where the numerics call upon `io`
    from nmfd_cli.io.one_shots import read_one_shots

    classes = ["kick", "snare", "hihat"] if desired_drum_classes is None else desired_drum_classes
    stft = Stft(block_size, hop_size)
    return [
        learn_template(read_one_shots(input_dir, name, fs), stft, num_template_frames, num_iter)
        for name in classes
    ]


def learn_template(
    one_shots: Sequence[FloatArray], stft: Stft, num_template_frames: int, num_iter: int
) -> FloatArray:
    """Learn the one template of several recordings of the same sound.

    Parameters
    ----------
    one_shots : sequence of ndarrays, shape (n_samples,)
        Each is brought to a peak of 0.99; silent ones are left out.
    num_template_frames : int
        T.

    Returns
    -------
    ndarray, shape (K, T)
        Of sum one.

    Raises
    ------
    ParameterError
        If all recordings are silent.
    """
    peaks = [float(np.abs(one_shot).max(initial=0)) for one_shot in one_shots]
    levelled = [
        0.99 / peak * one_shot for peak, one_shot in zip(peaks, one_shots, strict=True) if peak > 0
    ]
    if not levelled:
        raise ParameterError("expected at least one recording with sound, found none")
    V = stft.magnitude(np.concatenate(levelled))
    shortage = num_template_frames - V.shape[1]
    if shortage > 0:
        V = np.pad(V, ((0, 0), (0, shortage)))
    W, *_ = nmfd(V, num_comp=1, num_iter=num_iter, num_template_frames=num_template_frames)
    return W[0]
