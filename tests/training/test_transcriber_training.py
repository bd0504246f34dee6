"""Making of training clips, and a training of a minute."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")
pytest.importorskip("soxr")

from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.training.transcriber.accompaniment import Band
from nmfd_cli.training.transcriber.augmentation import augmented
from nmfd_cli.training.transcriber.effects import Rooms
from nmfd_cli.training.transcriber.kits import Instruments
from nmfd_cli.training.transcriber.machine_voices import MAKERS, machine_sound
from nmfd_cli.training.transcriber.melodic_notes import KEYS
from nmfd_cli.training.transcriber.performances import perform
from nmfd_cli.training.transcriber.pool import Pool, write_part
from nmfd_cli.training.transcriber.rendering import Recipe, render_clip
from nmfd_cli.training.transcriber.sounds import formula_instrument, formula_jobs
from nmfd_cli.training.transcriber.targets import IGNORED, frame_targets
from nmfd_cli.training.transcriber.validation import (
    best_thresholds,
    count_matches,
    f_measure,
    measure,
    probabilities_of,
)
from nmfd_cli.transcription.vocabulary import N_OUTPUTS, OUTPUTS


def notes() -> dict[int, NDArray[np.float16]]:
    """Return sines in place of rendered notes, for some programs."""
    time = np.arange(44_100) / 44_100
    pitches = 440.0 * 2.0 ** ((np.array(KEYS) - 69) / 12.0)
    sines = np.sin(2.0 * np.pi * np.outer(pitches, time)) * np.exp(-3.0 * time)
    return {program: sines.astype(np.float16) for program in (0, 24, 33, 34, 80)}


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    """Return how clips of synthesised drums are made; it needs no file."""
    made = [formula_instrument(job) for job in formula_jobs(2)]
    made += [formula_instrument(("synthesis", "cymbal", seed)) for seed in range(40)]
    made += [formula_instrument(("synthesis", "hihat", seed)) for seed in range(60)]
    instruments = Instruments([one for one in made if one is not None])
    rooms = Rooms(Path("nowhere"), held_out=False)
    return Recipe(instruments, rooms, Band(notes(), held_out=False))


@pytest.mark.parametrize("articulation", list(MAKERS))
def test_machines_sound(articulation: str) -> None:
    for seed in range(5):
        sound = machine_sound(articulation, np.random.default_rng(seed))
        assert np.isfinite(sound).all()
        assert np.abs(sound).max() == pytest.approx(1.0, rel=1e-6)
        assert len(sound) < 3 * 44_100


def test_performances_are_in_order_and_repeatable() -> None:
    for seed in range(20):
        drawn = perform(np.random.default_rng(seed), 8.0)
        assert drawn == perform(np.random.default_rng(seed), 8.0)
        times = [hit.time for hit in drawn.hits]
        assert times == sorted(times)
        assert all(0.0 <= time < 8.0 for time in times)


def test_clips_are_repeatable_and_finite(recipe: Recipe) -> None:
    clip, again = (render_clip(recipe, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(clip.levels, again.levels)
    assert np.isfinite(clip.levels.astype(np.float32)).all()
    assert clip.rows.shape[1] == 4
    assert len(clip.rows) > 10


def test_an_inaudible_hit_is_neither_wanted_nor_punished() -> None:
    kick, snare = OUTPUTS.index("kick"), OUTPUTS.index("snare")
    rows = np.array([[0.5, kick, -1, 40.0], [0.5, snare, -1, 0.5]], dtype=np.float32)
    targets = frame_targets(rows, 100)
    assert targets.shape == (100, N_OUTPUTS)
    assert targets[50, kick] == 1.0
    assert (targets[47:55, snare] == IGNORED).all()
    assert (targets[:40] == 0.0).all()


def test_augmentation_keeps_shape_and_source() -> None:
    levels = np.random.default_rng(0).uniform(-90.0, 0.0, (300, 2, 81)).astype(np.float32)
    before = levels.copy()
    for seed in range(30):
        changed = augmented(levels, np.random.default_rng(seed))
        assert changed.shape == levels.shape
        assert np.isfinite(changed).all()
    assert np.array_equal(levels, before)


def test_matches_are_counted() -> None:
    assert count_matches([1.0, 2.0], [1.04, 1.05, 2.06]).tolist() == [1, 2, 3]
    assert f_measure(np.array([1, 2, 3])) == pytest.approx(0.4)
    assert f_measure(np.array([1, 2, 3]), 2.0) == pytest.approx(5 / 11)


@pytest.mark.slow
def test_a_minute_of_training_beats_chance(recipe: Recipe, tmp_path: Path) -> None:
    import torch

    from nmfd_cli.training.transcriber.batches import TrainingSettings
    from nmfd_cli.training.transcriber.model import Architecture
    from nmfd_cli.training.transcriber.train import Trainer

    torch.set_num_threads(1)
    write_part(tmp_path, "train", recipe, seed=0, n_clips=25)
    write_part(tmp_path, "valid", recipe, seed=1, n_clips=6)
    small = Architecture(channels=(8, 12, 16, 24), dense=32, recurrent=24)
    settings = TrainingSettings(minutes=1.0, n_clips=4, n_frames=300, rate=4e-3)
    trainer = Trainer(settings, small, checkpoint=tmp_path / "checkpoint.pt")
    trainer.run(Pool(tmp_path, "train"), print)
    held_out = Pool(tmp_path, "valid")
    levels = [np.array(one, dtype=np.float32) for one in held_out.levels]
    measured = measure(probabilities_of(trainer.average, levels), held_out.rows)
    counts = measured.at(best_thresholds({"valid": measured}))
    rng = np.random.default_rng(0)
    guesses = [rng.random((len(one), N_OUTPUTS), dtype=np.float32) for one in levels]
    chance = measure(guesses, held_out.rows)
    by_chance = chance.at(best_thresholds({"valid": chance}))
    three = slice(0, DRUM_CLASSES.index("tom"))
    found, guessed = (f_measure(table[three].sum(axis=0)) for table in (counts, by_chance))
    assert found > guessed + 0.15
