"""The convolutive model: templates, shifted and weighted by activations."""

import numpy as np

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.errors import ParameterError


def shift_operator(A: FloatArray, shift_amount: int) -> FloatArray:
    """Shift the columns of a matrix and fill what becomes free with zeros.

    Equation (5) of [1]_.

    Parameters
    ----------
    A : ndarray, shape (any, M)
    shift_amount : int
        Positive numbers shift to the right, negative ones to the left.  A shift of M columns or
        more leaves nothing but zeros.

    Returns
    -------
    ndarray, shape of `A`
        A new array.

    References
    ----------
    .. [1] P. Smaragdis: "Non-negative matrix factor deconvolution; extraction of multiple sound
       sources from monophonic inputs", ICA 2004.

    Examples
    --------
    >>> shift_operator(np.array([[1, 2, 3]]), 1)
    array([[0, 1, 2]])
    """
    shifted = np.zeros_like(A)
    n_columns = A.shape[1]
    shift = max(-n_columns, min(n_columns, int(shift_amount)))
    if shift >= 0:
        shifted[:, shift:] = A[:, : n_columns - shift]
    else:
        shifted[:, :shift] = A[:, -shift:]
    return shifted


def stack_shifts(
    H: FloatArray, n_shifts: int, start: int, stop: int, out: FloatArray | None = None
) -> FloatArray:
    """Stack the activations of frames ``start:stop``, shifted right by 0 ... T - 1 frames.

    With this stack the model is one matrix product, ``Lambda = W.reshape(K, R T) @ stack``, instead
    of T thin ones.

    Parameters
    ----------
    H : ndarray, shape (R, M)
    n_shifts : int
        T, the number of template frames.
    start, stop : int
        The frames, ``0 <= start <= stop <= M``.
    out : ndarray, shape (R T, stop - start), optional
        Where to write, C-contiguous.

    Returns
    -------
    ndarray, shape (R T, stop - start)
        Row ``r T + t`` holds ``H[r, start - t : stop - t]``, zero before the first frame.
    """
    n_comp = H.shape[0]
    if out is None:
        out = np.empty((n_comp * n_shifts, stop - start), dtype=H.dtype)
    rows = out.reshape(n_comp, n_shifts, stop - start)
    history = np.zeros((n_comp, n_shifts - 1 + stop - start), dtype=H.dtype)
    first = max(0, start - n_shifts + 1)
    history[:, first - (start - n_shifts + 1) :] = H[:, first:stop]
    windows = np.lib.stride_tricks.sliding_window_view(history, stop - start, axis=1)
    rows[...] = windows[:, ::-1]
    return out


def conv_model(W: FloatArray, H: FloatArray) -> FloatArray:
    """Compute the approximation ``Lambda = sum_t W[:, :, t] @ shift(H, t)``.

    Equation (4) of [1]_; plain NMF where the templates have a single frame.

    Parameters
    ----------
    W : ndarray, shape (K, R, T)
        Templates: R spectrogram snippets of K bins and T frames.
    H : ndarray, shape (R, M)
        Activations.

    Returns
    -------
    ndarray, shape (K, M)
        The approximated spectrogram; every entry is at least 2**-52, as in libnmfd.

    Raises
    ------
    ParameterError
        If the shapes do not fit each other.

    References
    ----------
    .. [1] C. Dittmar, M. Müller: "Reverse engineering the Amen break — score-informed separation
       and restoration applied to drum recordings", IEEE/ACM TASLP 24(9), 2016.

    Examples
    --------
    >>> conv_model(np.ones((1, 1, 2)), np.array([[0.0, 1.0, 0.0]])).round(3)
    array([[0., 1., 1.]])
    """
    if W.ndim != 3 or H.ndim != 2 or W.shape[1] != H.shape[0]:
        raise ParameterError(
            "expected W of shape (bins, components, template frames) and H of shape "
            f"(components, frames), found {W.shape} and {H.shape}"
        )
    K, R, T = W.shape
    stack = stack_shifts(H, T, 0, H.shape[1])
    model: FloatArray = np.matmul(W.reshape(K, R * T), stack, dtype=np.result_type(W, H, "f4"))
    model += EPS
    return model


def component_models(W: FloatArray, H: FloatArray) -> list[FloatArray]:
    """Compute what each component contributes to the approximation.

    Parameters
    ----------
    W : ndarray, shape (K, R, T)
    H : ndarray, shape (R, M)

    Returns
    -------
    list of R ndarrays, shape (K, M)
    """
    return [conv_model(W[:, r : r + 1], H[r : r + 1]) for r in range(H.shape[0])]
