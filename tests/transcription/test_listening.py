"""Listening to recordings: the demo, whose score is known, and what is hardly a recording."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from transcriptions import transcribed

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.drums.onsets import Peaks
from nmfd_cli.core.onset_matching import match_onsets
from nmfd_cli.errors import NmfdWarning, ParameterError
from nmfd_cli.evaluation.onsets import evaluate_onsets
from nmfd_cli.io.resources import shipped
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.score.reader import read_score
from nmfd_cli.output.transcription_writer import Transcription
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.transcription.transcribe import as_score

DEMO = shipped("data", "demo", "drums.wav")
RATE = 8000


@pytest.fixture(scope="module")
def truth() -> Score:
    return read_score(shipped("data", "demo", "drums.csv"))


@pytest.fixture(scope="module")
def demo() -> Transcription:
    return transcribed(DEMO, SeparationSettings())


def onsets_of(score: Score, drum: str, above: float = 0) -> list[float]:
    return [
        onset
        for onset, name, velocity in zip(score.onsets, score.drums, score.velocities, strict=True)
        if name == drum and (velocity or 0) > above
    ]


def written(folder: Path, x: FloatArray, rate: int = RATE) -> Path:
    path = folder / "x.wav"
    sf.write(path, x, rate, "FLOAT")
    return path


# --- the demo ------------------------------------------------------------------------------------


def test_the_drums_of_the_demo_are_found_and_no_others(demo: Transcription) -> None:
    assert set(demo.counts) == {"kick", "snare", "hihat"}


@pytest.mark.parametrize("drum", ["kick", "hihat"])
def test_the_onsets_of_the_demo_are_found(demo: Transcription, truth: Score, drum: str) -> None:
    counts = evaluate_onsets(truth, demo.score, 0.05).classes[drum]
    assert counts.f_measure >= 0.9


def test_the_snares_of_the_demo_are_found_but_for_ghost_notes(
    demo: Transcription, truth: Score
) -> None:
    found = onsets_of(demo.score, "snare")
    ghosts_too, accents = onsets_of(truth, "snare"), onsets_of(truth, "snare", above=40)
    assert len(match_onsets(accents, found, 0.05)) == len(accents)
    assert len(match_onsets(ghosts_too, found, 0.05)) >= 0.9 * len(found)


def test_onsets_lie_within_10_ms(demo: Transcription, truth: Score) -> None:
    wide, narrow = (evaluate_onsets(truth, demo.score, tolerance) for tolerance in (0.05, 0.01))
    assert narrow.overall.n_matched >= 0.95 * wide.overall.n_matched


def test_named_classes_are_listened_for_alone(truth: Score) -> None:
    found = transcribed(DEMO, SeparationSettings(stems=("BD", "hh")))
    assert set(found.counts) == {"kick", "hihat"}
    assert evaluate_onsets(truth, found.score, 0.05).classes["kick"].recall >= 0.9


@pytest.mark.slow
def test_blocks_change_little(demo: Transcription) -> None:
    in_blocks = transcribed(DEMO, SeparationSettings(block_seconds=1.0))
    assert evaluate_onsets(demo.score, in_blocks.score, 0.01).overall.f_measure >= 0.95


def test_settings_of_other_strategies_do_not_keep_it_from_listening() -> None:
    settings = SeparationSettings(
        init="pitched", init_activations="random", residual="rest", stems=("kick",)
    )
    assert set(transcribed(DEMO, settings).counts) == {"kick"}


# --- what is hardly a recording ------------------------------------------------------------------


@pytest.mark.parametrize("n_samples", [1, 100, RATE])
def test_silence_has_no_onsets_and_a_warning(tmp_path: Path, n_samples: int) -> None:
    path = written(tmp_path, np.zeros(n_samples))
    with pytest.warns(NmfdWarning, match=r"x\.wav: silence; no onsets in it$"):
        found = transcribed(path, SeparationSettings())
    assert len(found.score) == 0
    assert found.seconds == n_samples / RATE


@pytest.mark.parametrize("n_samples", [1, 2, 700])
def test_a_few_samples_are_no_error(tmp_path: Path, n_samples: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NmfdWarning)
        score = transcribed(written(tmp_path, np.full(n_samples, 0.5)), SeparationSettings()).score
    window = 128 / RATE  # in which onsets are placed
    assert all(0 <= onset <= n_samples / RATE + window for onset in score.onsets)


def test_a_class_that_the_kit_lacks_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, np.ones(100))
    (tmp_path / "kit" / "kick").mkdir(parents=True)
    sf.write(tmp_path / "kit" / "kick" / "a.wav", np.hanning(2000), RATE)
    settings = SeparationSettings(stems=("snare",), kit=str(tmp_path / "kit"))
    with pytest.raises(ParameterError) as raised:
        transcribed(path, settings)
    assert str(raised.value) == "stems: the kit kit has no sound of the class snare"


# --- onsets as a score ---------------------------------------------------------------------------


def test_velocity_is_the_root_of_the_level() -> None:
    peaks = {
        "kick": Peaks(np.array([0, 8000]), np.array([1.0, 0.25])),
        "snare": Peaks(np.array([4000]), np.array([1e-9])),
    }
    score = as_score(peaks, RATE)
    assert score.onsets == (0.0, 0.5, 1.0)
    assert score.drums == ("kick", "snare", "kick")
    assert score.velocities == (127, 1, 64)


def test_no_onsets_are_an_empty_score() -> None:
    nothing = Peaks(np.empty(0, np.intp), np.empty(0))
    assert len(as_score({"kick": nothing}, RATE)) == 0
