"""The network in torch: convolutions over time and bands, a recurrent layer in both directions."""

from dataclasses import dataclass

import torch
from torch import nn

from nmfd_cli.transcription.features import N_BANDS, N_CHANNELS
from nmfd_cli.transcription.vocabulary import N_OUTPUTS


@dataclass(frozen=True)
class Architecture:
    """Sizes of the network.

    Attributes
    ----------
    channels : tuple of int
        Of the convolutions.
    kernels, strides : tuple of int
        In frequency; in time every kernel is 3 frames long.
    dense, recurrent : int
        Sizes of the dense layer and of the recurrent layer in each direction.
    """

    channels: tuple[int, ...] = (24, 32, 48, 64)
    kernels: tuple[int, ...] = (7, 5, 3, 3)
    strides: tuple[int, ...] = (3, 3, 1, 3)
    dense: int = 96
    recurrent: int = 64

    @property
    def n_left(self) -> int:
        """Bands that are left after the convolutions."""
        n_bands = N_BANDS
        for stride in self.strides:
            n_bands = -(-n_bands // stride)
        return n_bands


class Network(nn.Module):
    """From `network_input` to logits."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        inputs = (N_CHANNELS, *architecture.channels[:-1])
        self.convolutions = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(
                    before,
                    after,
                    (3, kernel),
                    padding=(1, kernel // 2),
                    stride=(1, stride),
                    bias=False,
                ),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            )
            for before, after, kernel, stride in zip(
                inputs,
                architecture.channels,
                architecture.kernels,
                architecture.strides,
                strict=True,
            )
        )
        flat = architecture.channels[-1] * architecture.n_left
        self.dense = nn.Linear(flat, architecture.dense)
        self.dropout = nn.Dropout(0.15)
        self.recurrent = nn.GRU(
            architecture.dense, architecture.recurrent, batch_first=True, bidirectional=True
        )
        self.output = nn.Linear(architecture.dense + 2 * architecture.recurrent, N_OUTPUTS)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return logits, shape (n_clips, n_frames, N_OUTPUTS).

        Parameters
        ----------
        inputs : Tensor, shape (n_clips, n_frames, N_CHANNELS, N_BANDS)
        """
        maps = inputs.transpose(1, 2)
        for convolution in self.convolutions:
            maps = convolution(maps)
        dense = torch.relu(self.dense(maps.permute(0, 2, 1, 3).flatten(2)))
        dense = self.dropout(dense)
        context, _ = self.recurrent(dense)
        logits: torch.Tensor = self.output(torch.cat([context, dense], dim=-1))
        return logits
