"""Which drums play when, by the network that ships: the demo, whose score is known, and silence."""

import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from transcriptions import transcribed

from nmfd_cli.core.onset_matching import match_onsets
from nmfd_cli.errors import NmfdWarning, ParameterError
from nmfd_cli.evaluation.onsets import evaluate_onsets
from nmfd_cli.io.audio.recording import open_recording
from nmfd_cli.io.audio.samples import recording_from
from nmfd_cli.io.resources import shipped
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.score.reader import read_score
from nmfd_cli.kits.find import load_kit
from nmfd_cli.output.transcription_writer import Transcription
from nmfd_cli.pipeline.separation import onsets_by_stem, separate
from nmfd_cli.settings.definitions import SeparationSettings

DEMO = shipped("data", "demo", "drums.wav")
RATE = 8000
QUICK = {"iterations": 1, "n_fft": 512, "hop_length": 256}


@pytest.fixture(scope="module")
def truth() -> Score:
    return read_score(shipped("data", "demo", "drums.csv"))


@pytest.fixture(scope="module")
def demo() -> Transcription:
    return transcribed(DEMO, SeparationSettings())


def onsets_of(score: Score, drum: str) -> list[float]:
    both = zip(score.onsets, score.drums, strict=True)
    return [onset for onset, name in both if name == drum]


def written(folder: Path, x: np.ndarray) -> Path:
    path = folder / "x.wav"
    sf.write(path, x, RATE, "FLOAT")
    return path


# --- the demo ------------------------------------------------------------------------------------


def test_the_drums_of_the_demo_are_found_and_no_others(demo: Transcription) -> None:
    assert set(demo.counts) == {"kick", "snare", "hihat"}


def test_the_onsets_of_the_demo_are_found(demo: Transcription, truth: Score) -> None:
    assert evaluate_onsets(truth, demo.score, 0.05).overall.f_measure >= 0.9


def test_onsets_lie_within_10_ms(demo: Transcription, truth: Score) -> None:
    wide, narrow = (evaluate_onsets(truth, demo.score, tolerance) for tolerance in (0.05, 0.01))
    assert narrow.overall.n_matched >= 0.95 * wide.overall.n_matched


def test_confidence_and_velocity_are_known(demo: Transcription) -> None:
    assert all(confidence and 0 < confidence <= 1 for confidence in demo.score.confidences)
    for drum in demo.counts:
        played = zip(demo.score.drums, demo.score.velocities, strict=True)
        assert max(velocity or 0 for name, velocity in played if name == drum) == 127


def test_named_classes_are_transcribed_alone(demo: Transcription) -> None:
    found = transcribed(DEMO, SeparationSettings(stems=("BD", "hh")))
    assert set(found.counts) == {"kick", "hihat"}
    assert onsets_of(found.score, "kick") == pytest.approx(onsets_of(demo.score, "kick"), abs=0.02)


def test_the_articulations_of_a_drum_share_its_hits(demo: Transcription) -> None:
    stems = ("open hihat", "closed hihat")
    found = transcribed(DEMO, SeparationSettings(stems=stems))
    assert set(found.score.drums) == {"hihat"}
    by_stem = onsets_by_stem(found.score, stems)
    assert sum(map(len, by_stem.values())) == len(found.score)
    told = Counter(demo.score.articulations)
    assert len(by_stem["open hihat"]) == told["open hihat"]
    assert len(by_stem["closed hihat"]) == told["closed hihat"] + told["pedal hihat"]


@pytest.mark.slow
def test_sensitivity_is_of_all_drums_or_of_one(demo: Transcription) -> None:
    counts = [
        transcribed(DEMO, SeparationSettings(sensitivity=(given,))).counts
        for given in ("0.05", "0.95", "snare=0.95", "Side Stick=0.95")
    ]
    few, many, snares, too = counts
    assert sum(few.values()) < len(demo.score) < sum(many.values())
    assert snares == too
    assert {drum: n for drum, n in snares.items() if n != demo.counts.get(drum)}.keys() == {"snare"}


@pytest.mark.slow
def test_blocks_change_nothing(demo: Transcription) -> None:
    in_blocks = transcribed(DEMO, SeparationSettings(block_seconds=1.0))
    assert in_blocks.score == demo.score


@pytest.mark.slow
def test_settings_of_other_strategies_do_not_matter(demo: Transcription) -> None:
    settings = SeparationSettings(
        init="pitched", init_activations="random", residual="rest", stems=("kick",)
    )
    assert transcribed(DEMO, settings).counts == {"kick": demo.counts["kick"]}


# --- what a separation starts with ---------------------------------------------------------------


def test_a_separation_starts_with_what_is_sure_and_more(demo: Transcription) -> None:
    settings = SeparationSettings(**QUICK)  # type: ignore[arg-type]
    with separate(open_recording(DEMO), settings, kit=load_kit(None)) as found:
        assert found.stem_names == ("kick", "snare", "hihat")
        assert found.score is not None
        for drum in found.stem_names:
            sure, taken = onsets_of(demo.score, drum), onsets_of(found.score, drum)
            assert len(match_onsets(sure, taken, 0.02)) == len(sure)


def test_hits_that_a_score_lacks_are_added_as_doubtful_ones(truth: Score) -> None:
    hihats = [index for index, drum in enumerate(truth.drums) if drum == "hihat"]
    notes = list(truth.notes())
    lacking = Score.of(note for index, note in enumerate(notes) if index not in hihats[::4])
    settings = SeparationSettings(**QUICK)  # type: ignore[arg-type]
    with separate(open_recording(DEMO), settings, kit=load_kit(None), score=lacking) as found:
        assert found.score == lacking
        assert found.hits is not None
        assert {note for note in found.hits.notes() if note[6] is None} == set(lacking.notes())
        removed, added = onsets_of(truth, "hihat")[::4], onsets_of(found.hits, "hihat")
        assert len(match_onsets(removed, added, 0.02)) >= 0.9 * len(removed)
        confidences = [confidence for confidence in found.hits.confidences if confidence]
        assert 0 < min(confidences) <= max(confidences) < 0.5


def test_no_hits_are_added_to_what_libnmfd_would_take(truth: Score) -> None:
    settings = SeparationSettings(init_templates="averaged", template_frames=8, **QUICK)  # type: ignore[arg-type]
    with separate(open_recording(DEMO), settings, kit=load_kit(None), score=truth) as found:
        assert found.hits == truth


def test_silence_has_the_usual_stems() -> None:
    settings, told = SeparationSettings(**QUICK), list[str]()  # type: ignore[arg-type]
    silence = recording_from(np.zeros(RATE), RATE)
    with separate(silence, settings, kit=load_kit(None), warn=told.append) as found:
        assert found.stem_names == ("kick", "snare", "hihat")
        assert found.score is not None
        assert len(found.score) == 0
    assert told == ["source: silence; its stems are silent too"]


def test_a_drum_that_the_network_does_not_know_plays_at_any_time(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("kick", "cowbell"):
        (tmp_path / "kit" / name).mkdir(parents=True)
        sf.write(tmp_path / "kit" / name / "a.wav", 0.1 * rng.standard_normal(2000), RATE)
    settings = SeparationSettings(kit=str(tmp_path / "kit"), **QUICK)  # type: ignore[arg-type]
    recording, told = recording_from(0.1 * rng.standard_normal(RATE), RATE), list[str]()
    kit = load_kit(settings.kit, warn=lambda message: None)
    with separate(recording, settings, kit=kit, warn=told.append) as found:
        assert found.stem_names == ("kick", "cowbell")
        rows = [stem == 1 for stem in found.model.stem_of]
        assert (found.model.H[rows] > 0).all()
    assert told == [
        "cowbell: not known to the transcription; a stem takes what the others do not explain "
        "unless a score (--score) says when it plays"
    ]


def test_drums_of_a_score_that_are_no_stems_are_told(truth: Score) -> None:
    told = list[str]()
    for more in ({"stems": ("kick", "snare")}, {"stems": ("kick", "snare"), "residual": "rest"}):
        settings = SeparationSettings(**QUICK | more)
        recording = open_recording(DEMO)
        with separate(recording, settings, kit=load_kit(None), score=truth, warn=told.append) as it:
            assert it.stem_names[:2] == ("kick", "snare")
    assert told == [
        "hihat: in the score, and not among the stems, which share what they play; "
        "--residual NAME gives it a stem of its own"
    ]


# --- what is hardly a recording, and what is refused ---------------------------------------------


@pytest.mark.parametrize("n_samples", [1, 100, RATE])
def test_silence_has_no_onsets_and_a_warning(tmp_path: Path, n_samples: int) -> None:
    path = written(tmp_path, np.zeros(n_samples))
    with pytest.warns(NmfdWarning, match=r"x\.wav: no onsets found$"):
        found = transcribed(path, SeparationSettings())
    assert len(found.score) == 0
    assert found.seconds == n_samples / RATE


@pytest.mark.parametrize("n_samples", [1, 2, 700])
def test_a_few_samples_are_no_error(tmp_path: Path, n_samples: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NmfdWarning)
        score = transcribed(written(tmp_path, np.full(n_samples, 0.5)), SeparationSettings()).score
    assert all(0 <= onset < n_samples / RATE for onset in score.onsets)


EXPECTED = (
    "sensitivity: expected drums (kick, snare, hihat, tom, cymbal, clap) or articulations (side "
    "stick, closed hihat, pedal hihat, open hihat, low tom, mid tom, high tom, ride, ride bell, "
    "crash)"
)


@pytest.mark.parametrize(
    ("sensitivity", "message"),
    [
        ("2", "sensitivity: expected numbers from 0 to 1, for all drums or as in snare=0.7, "
         "found '2'"),
        ("snare=nan", "sensitivity: expected numbers from 0 to 1, for all drums or as in "
         "snare=0.7, found 'snare=nan'"),
        ("snair=0.7", f"{EXPECTED}, found 'snair'; did you mean snare?"),
    ],
)  # fmt: skip
def test_sensitivities_that_are_none_are_refused(
    tmp_path: Path, sensitivity: str, message: str
) -> None:
    path = written(tmp_path, np.ones(100))
    with pytest.raises(ParameterError) as raised:
        transcribed(path, SeparationSettings(sensitivity=(sensitivity,)))
    assert str(raised.value) == message


def test_a_class_that_the_kit_lacks_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, np.hanning(4000))
    (tmp_path / "kit" / "kick").mkdir(parents=True)
    sf.write(tmp_path / "kit" / "kick" / "a.wav", np.hanning(2000), RATE)
    settings = SeparationSettings(stems=("snare",), kit=str(tmp_path / "kit"))
    with pytest.raises(ParameterError) as raised:
        transcribed(path, settings)
    assert str(raised.value) == "stems: the kit kit has no sound of the class snare"
