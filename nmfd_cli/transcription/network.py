"""The network: reads its weights and computes probabilities, in NumPy alone.

Four convolutions over time and bands (batch normalisation is folded into them), a dense layer, a
gated recurrent unit in either direction, and an output layer that sees both.

A recording is computed in segments of fixed place and length, each with context on either side, so
that memory does not grow with the recording, and what is read in which blocks changes nothing.
Several segments take their recurrent steps together.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from nmfd_cli.core.threads import single_threaded_blas
from nmfd_cli.io.resources import shipped
from nmfd_cli.transcription.features import (
    CONTEXT_FRAMES,
    N_BANDS,
    N_CHANNELS,
    band_levels,
    frame_sample,
    n_frames_of,
    network_input,
)
from nmfd_cli.transcription.layers import BATCH, Array, Recurrence, convolution_of, sigmoid
from nmfd_cli.transcription.vocabulary import N_OUTPUTS, OUTPUTS

#: Frames of a segment, and of the context that it is computed with on either side.
SEGMENT_FRAMES: Final = 3000
SEGMENT_CONTEXT: Final = 300
#: Frames of a convolution at a time: small enough for the cache.
_BLOCK_FRAMES: Final = 128

#: ``read(begin, end)``: mono samples of a recording from one index to another, float32.
Reader = Callable[[int, int], Array]


class Network:
    """The transcriber's network.

    Parameters
    ----------
    path : Path
        A weights file as `nmfd_cli.training.transcriber.export` writes it.

    Attributes
    ----------
    thresholds : ndarray of float32, shape (N_DRUMS,)
        With which hits are found with the best F-measure.
    thresholds_separation : ndarray of float32, shape (N_DRUMS,)
        Lower ones, with which few hits are missed.
    articulation_factors : ndarray of float32, shape (N_ARTICULATIONS,)
        For `decoding.decode`.
    record : dict
        How the weights came about: sources, seeds, figures.
    """

    def __init__(self, path: Path) -> None:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        self.record: dict[str, Any] = json.loads(str(arrays.pop("record")))
        outputs = tuple(self.record["outputs"])
        if outputs != OUTPUTS:
            raise ValueError(f"{path}: expected the outputs {OUTPUTS}, found {outputs}")
        self.thresholds = arrays.pop("thresholds").astype(np.float32)
        self.thresholds_separation = arrays.pop("thresholds_separation").astype(np.float32)
        self.articulation_factors = arrays.pop("articulation_factors").astype(np.float32)
        strides = arrays.pop("strides").tolist()
        weights = {name: array.astype(np.float32) for name, array in arrays.items()}
        self._convolutions = [
            convolution_of(weights[f"convolution{k}"], weights[f"convolution{k}_bias"], stride)
            for k, stride in enumerate(strides)
        ]
        self._dense = np.ascontiguousarray(weights["dense"].T), weights["dense_bias"]
        self._output = np.ascontiguousarray(weights["output"].T), weights["output_bias"]
        self._forward, self._backward = (
            Recurrence(
                np.ascontiguousarray(weights[f"{name}_input"].T),
                np.ascontiguousarray(weights[f"{name}_hidden"].T),
                weights[f"{name}_input_bias"],
                weights[f"{name}_hidden_bias"],
            )
            for name in ("forward", "backward")
        )

    def probabilities(self, samples: Array, sample_rate: int) -> Array:
        """Return the probability of each output at each frame of a recording.

        Parameters
        ----------
        samples : ndarray of float32, shape (n_samples,)
            Mono.
        sample_rate : int
            In Hz.

        Returns
        -------
        ndarray of float32, shape (n_frames, N_OUTPUTS)
            Frame t is centred on t * 10 ms; columns as `vocabulary.OUTPUTS` names them.
        """

        def read(begin: int, end: int) -> Array:
            return samples[begin:end]

        return self.probabilities_of(read, len(samples), sample_rate)

    def probabilities_of(self, read: Reader, n_samples: int, sample_rate: int) -> Array:
        """Return what `probabilities` does for a recording that is read piece by piece.

        Parameters
        ----------
        read : callable
            Is asked for spans that overlap by a few seconds and proceed in time.
        n_samples, sample_rate : int
            Length of the recording, and its rate in Hz.
        """
        n_frames = n_frames_of(n_samples, sample_rate)
        result = np.zeros((n_frames, N_OUTPUTS), dtype=np.float32)
        spans = [
            (max(0, first - SEGMENT_CONTEXT), first, min(first + SEGMENT_FRAMES, n_frames))
            for first in range(0, n_frames, SEGMENT_FRAMES)
        ]
        with single_threaded_blas():
            for group in range(0, len(spans), BATCH):
                chosen = spans[group : group + BATCH]
                dense = []
                for begin, _, last in chosen:
                    end = min(last + SEGMENT_CONTEXT, n_frames)
                    levels = _levels_of(read, n_samples, sample_rate, begin=begin, end=end)
                    dense.append(self._dense_features(levels))
                for (begin, first, last), its_own in zip(chosen, self._recur(dense), strict=True):
                    result[first:last] = its_own[first - begin : last - begin]
        return result

    def _dense_features(self, inputs: Array) -> Array:
        """Run convolutions and dense layer over (n_frames, N_CHANNELS, N_BANDS)."""
        margin = len(self._convolutions)
        maps = np.ascontiguousarray(inputs.transpose(0, 2, 1))
        matrix, bias = self._dense
        blocks = []
        for first in range(0, len(maps), _BLOCK_FRAMES):
            block = _window(maps, first - margin, first + _BLOCK_FRAMES + margin)
            for depth, convolution in enumerate(self._convolutions, start=1):
                block = convolution(block)
                # beyond the ends every layer sees zeros
                frames = first - margin + depth + np.arange(len(block))
                block[(frames < 0) | (frames >= len(maps))] = 0.0
            flat = block.transpose(0, 2, 1).reshape(_BLOCK_FRAMES, -1)
            blocks.append(np.maximum(flat @ matrix + bias, 0.0))
        return np.concatenate(blocks)[: len(maps)]

    def _recur(self, dense: list[Array]) -> Iterator[Array]:
        """Run recurrent and output layer over segments together; yield each one's probabilities."""
        lengths = [len(one) for one in dense]
        steps = np.zeros((max(lengths), BATCH, dense[0].shape[1]), dtype=np.float32)
        reverse = np.zeros_like(steps)
        for place, one in enumerate(dense):
            steps[: len(one), place] = one
            reverse[: len(one), place] = one[::-1]
        ahead, back = self._forward(steps), self._backward(reverse)
        matrix, bias = self._output
        for place, (one, n) in enumerate(zip(dense, lengths, strict=True)):
            context = [ahead[:n, place], back[:n, place][::-1], one]
            yield sigmoid(np.concatenate(context, axis=1) @ matrix + bias)


def _window(maps: Array, begin: int, end: int) -> Array:
    """Return frames `begin` to `end`, zeros where there are none."""
    before, after = max(0, -begin), max(0, end - len(maps))
    inside = maps[max(0, begin) : min(end, len(maps))]
    return np.pad(inside, ((before, after), (0, 0), (0, 0)))


def _levels_of(read: Reader, n_samples: int, sample_rate: int, *, begin: int, end: int) -> Array:
    """Return the network's input of some frames, as the whole recording has it."""
    n_frames = n_frames_of(n_samples, sample_rate)
    first, last = max(0, begin - CONTEXT_FRAMES), min(n_frames, end + CONTEXT_FRAMES)
    # whole seconds, so that the frames of an excerpt lie on the same samples
    first -= first % 100
    start = frame_sample(first, sample_rate)
    stop = min(n_samples, frame_sample(last, sample_rate) + sample_rate // 10)
    samples = np.asarray(read(start, stop), dtype=np.float32)
    levels = band_levels(samples, sample_rate)[: last - first]
    inputs = network_input(levels)
    assert inputs.shape[1:] == (N_CHANNELS, N_BANDS)
    return inputs[begin - first : end - first]


@cache
def shipped_network() -> Network:
    """Return the network that ships with the program, read once."""
    return Network(shipped("data", "transcriber.npz"))
