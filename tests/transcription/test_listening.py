"""Listening to recordings: the demo, whose score is known, and what is hardly a recording."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from nmfd_cli.pipeline.transcription import Transcription, transcribe_file

from nmfd_cli.core.arrays import FloatArray
from nmfd_cli.core.drums.onsets import Peaks
from nmfd_cli.core.onset_matching import match_onsets
from nmfd_cli.errors import NmfdWarning, ParameterError
from nmfd_cli.evaluation.onsets import evaluate_onsets
from nmfd_cli.io.resources import shipped
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.score.reader import read_score
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.transcription.transcribe import as_score

DEMO = shipped("data", "demo", "drums.wav")
RATE = 8000


@pytest.fixture(scope="module")
def truth() -> Score:
    return read_score(shipped("data", "demo", "drums.csv"))


@pytest.fixture(scope="module")
def heard() -> Transcription:
    return transcribe_file(DEMO, SeparationSettings())


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


def test_the_drums_of_the_demo_are_found_and_no_others(heard: Transcription) -> None:
    assert set(heard.counts) == {"kick", "snare", "hihat"}


@pytest.mark.parametrize("drum", ["kick", "hihat"])
def test_the_strokes_of_the_demo_are_found(heard: Transcription, truth: Score, drum: str) -> None:
    counts = evaluate_onsets(truth, heard.score, 0.05).classes[drum]
    assert counts.f_measure >= 0.9


def test_the_snares_of_the_demo_are_found_but_for_ghost_notes(
    heard: Transcription, truth: Score
) -> None:
    found = onsets_of(heard.score, "snare")
    ghosts_too, accents = onsets_of(truth, "snare"), onsets_of(truth, "snare", above=40)
    assert len(match_onsets(accents, found, 0.05)) == len(accents)
    assert len(match_onsets(ghosts_too, found, 0.05)) >= 0.9 * len(found)


def test_onsets_lie_within_10_ms(heard: Transcription, truth: Score) -> None:
    wide, narrow = (evaluate_onsets(truth, heard.score, tolerance) for tolerance in (0.05, 0.01))
    assert narrow.overall.n_matched >= 0.95 * wide.overall.n_matched


def test_named_classes_are_listened_for_alone(truth: Score) -> None:
    heard = transcribe_file(DEMO, SeparationSettings(stems=("BD", "hh")))
    assert set(heard.counts) == {"kick", "hihat"}
    assert evaluate_onsets(truth, heard.score, 0.05).classes["kick"].recall >= 0.9


def test_blocks_change_little(heard: Transcription) -> None:
    in_blocks = transcribe_file(DEMO, SeparationSettings(block_seconds=1.0))
    assert evaluate_onsets(heard.score, in_blocks.score, 0.01).overall.f_measure >= 0.95


def test_settings_of_other_strategies_do_not_keep_it_from_listening() -> None:
    settings = SeparationSettings(
        init="pitched", init_activations="random", residual="rest", stems=("kick",)
    )
    assert set(transcribe_file(DEMO, settings).counts) == {"kick"}


# --- what is hardly a recording ------------------------------------------------------------------


@pytest.mark.parametrize("n_samples", [1, 100, RATE])
def test_silence_has_no_strokes_and_a_warning(tmp_path: Path, n_samples: int) -> None:
    path = written(tmp_path, np.zeros(n_samples))
    with pytest.warns(NmfdWarning, match=r"x\.wav: silence; no strokes in it$"):
        heard = transcribe_file(path, SeparationSettings())
    assert len(heard.score) == 0
    assert heard.seconds == n_samples / RATE


@pytest.mark.parametrize("n_samples", [1, 2, 700])
def test_a_few_samples_are_no_error(tmp_path: Path, n_samples: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NmfdWarning)
        score = transcribe_file(
            written(tmp_path, np.full(n_samples, 0.5)), SeparationSettings()
        ).score
    window = 128 / RATE  # in which onsets are placed
    assert all(0 <= onset <= n_samples / RATE + window for onset in score.onsets)


def test_a_class_that_the_kit_lacks_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, np.ones(100))
    (tmp_path / "kit" / "kick").mkdir(parents=True)
    sf.write(tmp_path / "kit" / "kick" / "a.wav", np.hanning(2000), RATE)
    settings = SeparationSettings(stems=("snare",), kit=str(tmp_path / "kit"))
    with pytest.raises(ParameterError) as raised:
        transcribe_file(path, settings)
    assert str(raised.value) == "stems: the kit kit has no sound of the class snare"


# --- strokes as a score --------------------------------------------------------------------------


def test_velocity_is_the_root_of_the_level() -> None:
    strokes = {
        "kick": Peaks(np.array([0, 8000]), np.array([1.0, 0.25])),
        "snare": Peaks(np.array([4000]), np.array([1e-9])),
    }
    score = as_score(strokes, RATE)
    assert score.onsets == (0.0, 0.5, 1.0)
    assert score.drums == ("kick", "snare", "kick")
    assert score.velocities == (127, 1, 64)


def test_no_strokes_are_an_empty_score() -> None:
    nothing = Peaks(np.empty(0, np.intp), np.empty(0))
    assert len(as_score({"kick": nothing}, RATE)) == 0
