"""Train the transcriber: from sounds to the weights that ship.

``python -m nmfd_cli.training.transcriber --sounds ../shared/sounds --work DIR``

What is there already is not made again: the command may be stopped and started at any time.
"""

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from nmfd_cli.training.transcriber import sounds
from nmfd_cli.training.transcriber.pool import Studio, write_part, write_validation

STEPS = ("collect", "validation", "render", "train", "choose", "export")


def _report(message: str) -> None:
    print(message, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m nmfd_cli.training.transcriber")
    parser.add_argument("--sounds", type=Path, required=True, help="folder of one-shots and rooms")
    parser.add_argument("--work", type=Path, required=True, help="folder for all that is made")
    parser.add_argument("--output", type=Path, default=Path("data/transcriber.npz"))
    parser.add_argument("--parts", type=int, default=240, help="parts of 25 clips to train on")
    parser.add_argument("--minutes", type=float, default=60.0, help="of training")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    return parser.parse_args()


def _render(arguments: argparse.Namespace, first: int, name: str) -> None:
    """Render every n-th part."""
    with ProcessPoolExecutor(1) as executor:
        cache = arguments.work / "instruments.pickle"
        instruments = sounds.load_or_collect(arguments.sounds, cache, executor)
    studio = Studio(instruments, arguments.sounds, arguments.work)
    recipe = studio.training_recipe()
    for seed in range(first, arguments.parts, arguments.processes):
        write_part(arguments.work / "pool", name, recipe, seed=seed)
        _report(f"{name} {seed}")


def _in_processes(arguments: argparse.Namespace) -> None:
    workers = [
        multiprocessing.Process(target=_render, args=(arguments, first, "train"))
        for first in range(arguments.processes)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def main() -> None:
    """Run the steps in their order."""
    arguments = _arguments()
    arguments.work.mkdir(parents=True, exist_ok=True)
    cache = arguments.work / "instruments.pickle"
    if "collect" in arguments.steps:
        with ProcessPoolExecutor(arguments.processes) as executor:
            sounds.load_or_collect(arguments.sounds, cache, executor)
    if "validation" in arguments.steps:
        with ProcessPoolExecutor(arguments.processes) as executor:
            instruments = sounds.load_or_collect(arguments.sounds, cache, executor)
        studio = Studio(instruments, arguments.sounds, arguments.work)
        write_validation(arguments.work / "pool", studio, _report)
    if "render" in arguments.steps:
        _in_processes(arguments)


if __name__ == "__main__":
    main()
