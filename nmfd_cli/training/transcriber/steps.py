"""Train the transcriber: from sounds to the weights that ship.

``python -m nmfd_cli.training.transcriber --sounds ../shared/sounds --work DIR``

Steps, in their order: ``collect`` the instruments, render the ``validation`` sets, ``render`` clips
to train on, ``train``, and ``export`` with thresholds and figures chosen on the validation sets.
What is there already is not made again: the command may be stopped and started at any time, and
steps may run beside each other (training takes up clips as they are finished).
"""

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from nmfd_cli.training.transcriber import sounds
from nmfd_cli.training.transcriber.batches import TrainingSettings
from nmfd_cli.training.transcriber.pool import Studio, write_part, write_validation
from nmfd_cli.training.transcriber.shipping import ship
from nmfd_cli.training.transcriber.train import train_in_process

STEPS = ("collect", "validation", "render", "train", "export")


def _report(message: str) -> None:
    print(message, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m nmfd_cli.training.transcriber")
    parser.add_argument("--sounds", type=Path, required=True, help="folder of one-shots and rooms")
    parser.add_argument("--work", type=Path, required=True, help="folder for all that is made")
    parser.add_argument("--output", type=Path, default=Path("data/transcriber.npz"))
    parser.add_argument("--initial", type=Path, help="weights to start from instead of random ones")
    parser.add_argument("--parts", type=int, default=240, help="parts of 25 clips to train on")
    parser.add_argument("--minutes", type=float, default=120.0, help="of training")
    parser.add_argument("--rate", type=float, default=2e-3, help="largest learning rate")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    return parser.parse_args()


def _studio(arguments: argparse.Namespace) -> Studio:
    with ProcessPoolExecutor(arguments.processes) as executor:
        cache = arguments.work / "instruments.pickle"
        instruments = sounds.load_or_collect(arguments.sounds, cache, executor)
    return Studio(instruments, arguments.sounds, arguments.work)


def _render(rank: int, arguments: argparse.Namespace) -> None:
    """Render every n-th part."""
    recipe = _studio(arguments).training_recipe()
    for seed in range(rank, arguments.parts, arguments.processes):
        write_part(arguments.work / "pool", "train", recipe, seed=seed)
        _report(f"part {seed}")


def _train(rank: int, arguments: argparse.Namespace) -> None:
    train_in_process(
        rank,
        arguments.processes,
        settings=TrainingSettings(minutes=arguments.minutes, rate=arguments.rate),
        folder=arguments.work,
        initial=arguments.initial,
        report=_report,
    )


def _in_processes(work: "partial[None]", n_processes: int) -> None:
    """Call ``work(rank)`` in every process, and wait for all.

    Raises
    ------
    RuntimeError
        If one of them fails.
    """
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=work, args=(rank,)) for rank in range(n_processes)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("expected all processes to succeed; see what the failed one wrote")


def main() -> None:
    """Run the steps in their order."""
    arguments = _arguments()
    arguments.work.mkdir(parents=True, exist_ok=True)
    if "collect" in arguments.steps:
        _studio(arguments)
    if "validation" in arguments.steps:
        write_validation(arguments.work / "pool", _studio(arguments), _report)
    if "render" in arguments.steps:
        _in_processes(partial(_render, arguments=arguments), arguments.processes)
    if "train" in arguments.steps:
        (arguments.work / "meeting").unlink(missing_ok=True)
        _in_processes(partial(_train, arguments=arguments), arguments.processes)
    if "export" in arguments.steps:
        ship(arguments.work, arguments.output, _report)
