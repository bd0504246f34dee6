"""Training: weighted cross-entropy, in processes that average their gradients."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.distributed as dist
from torch import nn

from nmfd_cli.training.transcriber.batches import Batches, TrainingSettings
from nmfd_cli.training.transcriber.model import Architecture, Network
from nmfd_cli.training.transcriber.pool import Pool
from nmfd_cli.transcription.vocabulary import DRUMS, N_DRUMS, N_OUTPUTS

#: Weight of frames that are hits: a missed hit costs more than a false one.
_HIT_WEIGHTS: Final[Mapping[str, float]] = {
    "kick": 1.7, "snare": 2.2, "hihat": 1.7, "tom": 3.0, "cymbal": 2.5, "clap": 3.0,
}  # fmt: skip
_ARTICULATION_HIT_WEIGHT: Final = 2.5
_ARTICULATION_WEIGHT: Final = 0.6


def loss_of(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the weighted cross-entropy.

    Frames whose answer is far off count up to five times as much as those that are right; ignored
    frames count nothing.
    """
    hit_weights = [_HIT_WEIGHTS[drum] for drum in DRUMS]
    hit_weights += [_ARTICULATION_HIT_WEIGHT] * (N_OUTPUTS - N_DRUMS)
    output_weights = [1.0] * N_DRUMS + [_ARTICULATION_WEIGHT] * (N_OUTPUTS - N_DRUMS)
    counts = (targets >= 0.0).float() * torch.tensor(output_weights)
    wanted = targets.clamp(min=0.0)
    entropy = nn.functional.binary_cross_entropy_with_logits(
        logits, wanted, pos_weight=torch.tensor(hit_weights), reduction="none"
    )
    error = (wanted - torch.sigmoid(logits)).abs().detach()
    return 10.0 * (entropy * (0.25 + error) * counts).mean()


class Trainer:
    """The state of a training, which a checkpoint holds.

    Parameters
    ----------
    settings : TrainingSettings
    architecture : Architecture
    checkpoint : Path
        Is continued from where it exists.
    initial : Path, optional
        Weights to start from where there is no checkpoint: a state of `model.Network`.
    rank, n_processes : int
    """

    def __init__(
        self,
        settings: TrainingSettings,
        architecture: Architecture,
        *,
        checkpoint: Path,
        initial: Path | None = None,
        rank: int = 0,
        n_processes: int = 1,
    ) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self._checkpoint = settings, checkpoint
        self._rank, self._n_processes = rank, n_processes
        self.network = Network(architecture)
        self._initial = "" if initial is None else initial.name
        if initial is not None:
            self.network.load_state_dict(torch.load(initial))
        self.average = Network(architecture)
        self.average.load_state_dict(self.network.state_dict())
        self._optimiser = torch.optim.AdamW(self.network.parameters(), weight_decay=1e-3)
        self.seconds, self.n_steps, self.running_loss = 0.0, 0, 0.0
        if checkpoint.is_file():
            self._load()
        torch.manual_seed(settings.seed + 1000 * rank + self.n_steps)

    def _load(self) -> None:
        state = torch.load(self._checkpoint, weights_only=False)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self._optimiser.load_state_dict(state["optimiser"])
        self.seconds, self.n_steps = state["seconds"], state["n_steps"]

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "seconds": self.seconds,
            "n_steps": self.n_steps,
            "architecture": vars(self.network.architecture),
            "settings": vars(self.settings),
            "initial": self._initial,
        }
        part = self._checkpoint.with_suffix(".part")
        torch.save(state, part)
        part.rename(self._checkpoint)

    @property
    def progress(self) -> float:
        """Share of the training that is done, 0 to 1."""
        return min(1.0, self.seconds / (60.0 * self.settings.minutes))

    def _set_rate(self) -> None:
        """Warm up for 100 steps, then fall along a cosine to 2 % of the rate."""
        fall = 0.02 + 0.98 * 0.5 * (1.0 + np.cos(np.pi * self.progress))
        for group in self._optimiser.param_groups:
            group["lr"] = self.settings.rate * fall * min(1.0, (self.n_steps + 1) / 100.0)

    def step(self, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Take one step of the optimiser, and move the average of the weights."""
        self._set_rate()
        self.network.train()
        loss = loss_of(self.network(inputs), targets)
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._share_gradients()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self._optimiser.step()
        self.n_steps += 1
        share = 0.02 if self.n_steps > 50 else 1.0
        self.running_loss += share * (float(loss.detach()) - self.running_loss)
        self._move_average()

    def _share_gradients(self) -> None:
        if self._n_processes == 1:
            return
        gradients = [p.grad for p in self.network.parameters() if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        offset = 0
        for gradient in gradients:
            n = gradient.numel()
            gradient.copy_(flat[offset : offset + n].view_as(gradient) / self._n_processes)
            offset += n

    def _move_average(self) -> None:
        decay = min(0.998, (self.n_steps + 1) / (self.n_steps + 20))
        with torch.no_grad():
            pairs = zip(
                self.average.state_dict().values(), self.network.state_dict().values(), strict=True
            )
            for mean, now in pairs:
                if mean.dtype.is_floating_point:
                    mean.mul_(decay).add_(now, alpha=1.0 - decay)
                else:
                    mean.copy_(now)

    def run(self, pool: Pool, report: Callable[[str], None]) -> None:
        """Train until the time is over, with checkpoints on the way."""
        rng = np.random.default_rng([self.settings.seed, self._rank, self.n_steps])
        batches = Batches(pool, self.settings, rng)
        saved = self.seconds
        while self.progress < 1.0:
            begin = time.monotonic()
            self.step(*batches.draw())
            self._count(time.monotonic() - begin)
            if self.n_steps % 50 == 0:
                pool.refresh()
                if self._rank == 0:
                    report(
                        f"{self.seconds / 60.0:.1f} min, step {self.n_steps}, {len(pool)} clips,"
                        f" loss {self.running_loss:.4f}"
                    )
            if self._rank == 0 and self.seconds - saved > 60.0 * self.settings.checkpoint_minutes:
                saved = self.seconds
                self.save()
        if self._rank == 0:
            self.save()

    def _count(self, seconds: float) -> None:
        """Add the time of a step; all processes count the mean, so that they end together."""
        if self._n_processes > 1:
            mean = torch.tensor([seconds / self._n_processes], dtype=torch.float64)
            dist.all_reduce(mean)
            seconds = float(mean)
        self.seconds += seconds


def train_in_process(
    rank: int,
    n_processes: int,
    *,
    settings: TrainingSettings,
    folder: Path,
    initial: Path | None,
    report: Callable[[str], None],
) -> None:
    """Be one of the processes that train together; they meet at a file in `folder`."""
    torch.set_num_threads(1)
    if n_processes > 1:
        meeting = f"file://{(folder / 'meeting').absolute()}"
        dist.init_process_group("gloo", meeting, rank=rank, world_size=n_processes)
    checkpoint = folder / "checkpoint.pt"
    trainer = Trainer(
        settings,
        Architecture(),
        checkpoint=checkpoint,
        initial=initial,
        rank=rank,
        n_processes=n_processes,
    )
    trainer.run(Pool(folder / "pool", "train"), report)
    if n_processes > 1:
        dist.destroy_process_group()
