"""The convolutive model: templates, shifted and weighted by activations."""

import numpy as np

from nmfd_cli.core.arrays import EPS, FloatArray
from nmfd_cli.core.nmfconv.engine.shifts import TimeGrid, stack_shifts, with_history
from nmfd_cli.core.threads import WorkerPool
from nmfd_cli.errors import ParameterError

#: Pieces of bins in which the model of a component is computed.
_MODEL_PIECES = 4


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
    templates, stack = _factors_with_floor(W, H)
    model: FloatArray = templates @ stack
    return model


def _factors_with_floor(W: FloatArray, H: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the factors of the model as matrices, (K, R T + 1) and (R T + 1, M).

    The floor of the model rides along: it takes no pass of its own.
    """
    (K, R, T), n_frames = W.shape, H.shape[1]
    grid, dtype = TimeGrid.plain(T), np.result_type(W, H, "f4")
    templates = np.full((K, R * T + 1), EPS, dtype=dtype)
    templates[:, :-1] = W.reshape(K, R * T)
    stack = np.ones((R * T + 1, n_frames), dtype=dtype)
    history = with_history(H, grid, 0, n_frames)
    stack_shifts(history, grid, stack[:-1].reshape(R, T, n_frames))
    return templates, stack


def component_models(W: FloatArray, H: FloatArray, pool: WorkerPool) -> list[FloatArray]:
    """Compute what each component contributes to the approximation.

    Parameters
    ----------
    W : ndarray, shape (K, R, T)
    H : ndarray, shape (R, M)

    Returns
    -------
    list of R ndarrays, shape (K, M)
    """
    factors = [_factors_with_floor(W[:, r : r + 1], H[r : r + 1]) for r in range(H.shape[0])]
    models = [np.empty((len(a), b.shape[1]), dtype=a.dtype) for a, b in factors]
    n_rows = -(-W.shape[0] // _MODEL_PIECES)  # the bits are the same for any number of threads
    pieces = [(r, k) for r in range(len(models)) for k in range(0, W.shape[0], n_rows)]

    def write(_worker: int, index: int) -> None:
        r, k = pieces[index]
        templates, stack = factors[r]
        np.matmul(templates[k : k + n_rows], stack, out=models[r][k : k + n_rows])

    pool.run(write, len(pieces))
    return models
