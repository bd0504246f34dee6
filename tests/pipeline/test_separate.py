"""The walk from file to files: stems that null, blocks without seams, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from batches import written
from numpy.typing import NDArray

from nmfd_cli.batch.plan import plan_jobs
from nmfd_cli.batch.results import WrittenSeparation
from nmfd_cli.batch.work import do_job
from nmfd_cli.errors import (
    InputFileError,
    NmfdWarning,
    OutputError,
    ParameterError,
    warn_python,
)
from nmfd_cli.io.resources import shipped
from nmfd_cli.settings.definitions import SeparationSettings
from nmfd_cli.settings.output import OutputSettings

RATE = 22050
QUICK = {"iterations": 4, "n_fft": 512, "hop_length": 128}


def beats(seconds: float, n_channels: int, rate: int = RATE) -> NDArray[np.float64]:
    """A thump and a click in turn, panned over the channels, shape (n_samples, n_channels)."""
    rng = np.random.default_rng(3)
    t = np.arange(int(seconds * rate)) / rate
    since_thump, since_click = t % 0.5, (t + 0.25) % 0.5
    thump = np.sin(2 * np.pi * 60 * since_thump) * np.exp(-12 * since_thump)
    click = rng.standard_normal(t.size) * np.exp(-60 * since_click) * 0.3
    gains = np.linspace(0.9, 0.4, n_channels)
    return 0.6 * np.stack([thump * g + click * (1.2 - g) for g in gains], axis=1)


def separate(source: Path, out: Path, output: dict[str, object], **kw: object) -> WrittenSeparation:
    settings = SeparationSettings(**{**QUICK, **kw})  # type: ignore[arg-type]
    return written(source, settings, OutputSettings(out=str(out), **output))  # type: ignore[arg-type]


def read_sum(result: WrittenSeparation, dtype: str) -> NDArray[np.float64]:
    """The sum of all stems as read from their files."""
    stems = [sf.read(stem.path, dtype=dtype, always_2d=True)[0] for stem in result.stems]
    total: NDArray[np.float64] = np.sum([stem.astype(np.float64) for stem in stems], axis=0)
    return total


@pytest.mark.parametrize("n_channels", [1, 2, 5])
@pytest.mark.parametrize("init", ["random", "drums"])
def test_float_stems_add_up_to_the_recording(tmp_path: Path, n_channels: int, init: str) -> None:
    source = tmp_path / "in.wav"
    sf.write(source, beats(1.5, n_channels), RATE, subtype="PCM_24")
    result = separate(source, tmp_path / "out", {}, init=init)
    recording = sf.read(source, always_2d=True)[0]
    assert np.abs(read_sum(result, "float64") - recording).max() < 1e-6
    for stem in result.stems:
        info = sf.info(stem.path)
        assert (info.samplerate, info.channels, info.frames) == (RATE, n_channels, len(recording))
        assert info.subtype == "FLOAT"


@pytest.mark.parametrize(
    ("container", "subtype"), [("wav", "PCM_16"), ("wav", "PCM_24"), ("wav", "PCM_32"),
                               ("flac", "PCM_16"), ("flac", "PCM_24")]
)  # fmt: skip
def test_integer_stems_add_up_to_the_bit(tmp_path: Path, container: str, subtype: str) -> None:
    source = tmp_path / f"in.{container}"
    sf.write(source, beats(1.0, 2), RATE, subtype=subtype)
    output: dict[str, object] = {"format": container, "subtype": "input"}
    result = separate(source, tmp_path / "out", output, init="random")
    recording = sf.read(source, dtype="int32", always_2d=True)[0]
    np.testing.assert_array_equal(read_sum(result, "int32"), recording)
    assert {sf.info(stem.path).subtype for stem in result.stems} == {subtype}


@pytest.mark.parametrize("n_samples", [1, 2, 100, 511, 512, 513])
def test_tiny_recordings(tmp_path: Path, n_samples: int) -> None:
    source = tmp_path / "in.wav"
    sf.write(source, beats(1.0, 1)[:n_samples] + 0.1, RATE, subtype="FLOAT")
    result = separate(source, tmp_path / "out", {}, init="random", template_frames=1)
    assert np.abs(read_sum(result, "float64") - sf.read(source, always_2d=True)[0]).max() < 1e-6


def test_silence_gives_silent_stems_and_a_warning(tmp_path: Path) -> None:
    source = tmp_path / "silence.wav"
    sf.write(source, np.zeros((RATE, 2)), RATE)
    with pytest.warns(NmfdWarning, match="silence; its stems are silent too"):
        result = separate(source, tmp_path / "out", {})
    assert [stem.stem for stem in result.stems] == ["kick", "snare", "hihat"]
    assert not read_sum(result, "float64").any()


@pytest.mark.parametrize("knowledge", [{"init": "random"}, {"stems": ("kick", "hihat")}])
@pytest.mark.slow
def test_blocks_leave_no_seam(tmp_path: Path, knowledge: dict[str, object]) -> None:
    source = tmp_path / "in.wav"
    sf.write(source, beats(6.0, 2), RATE, subtype="FLOAT")
    whole = separate(source, tmp_path / "whole", {}, **knowledge)
    pieces = separate(source, tmp_path / "pieces", {}, block_seconds=0.7, **knowledge)
    for one, other in zip(whole.stems, pieces.stems, strict=True):
        difference = sf.read(one.path)[0] - sf.read(other.path)[0]
        assert 20 * np.log10(np.abs(difference).max() + 1e-12) < -55, one.stem
    recording = sf.read(source, always_2d=True)[0]
    assert np.abs(read_sum(pieces, "float64") - recording).max() < 1e-6


def test_a_stem_that_would_clip_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    source = tmp_path / "loud.wav"
    sf.write(source, 9 * beats(1.0, 1), RATE, subtype="FLOAT")
    with pytest.raises(OutputError, match=r"its peak of \+\d.* dBFS would clip in pcm_16"):
        separate(source, tmp_path / "out", {"subtype": "pcm_16"}, init="random")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_residual_takes_what_no_class_explains(tmp_path: Path) -> None:
    demo = shipped("data", "demo", "drums.wav")
    settings = SeparationSettings(stems=("kick",), residual="rest", iterations=10)
    result = written(demo, settings, OutputSettings(out=str(tmp_path)))
    assert [stem.stem for stem in result.stems] == ["kick", "rest"]
    kick, _ = sf.read(result.stems[0].path)
    truth, _ = sf.read(shipped("data", "demo", "stems", "kick.flac"))
    error = 10 * np.log10(np.sum(truth**2) / np.sum((truth - kick) ** 2))
    assert error > 10, f"the kick has {error:.1f} dB"


def test_notes_name_pitched_stems(tmp_path: Path) -> None:
    t = np.arange(RATE) / RATE
    source, score = tmp_path / "notes.wav", tmp_path / "notes.csv"
    low, high = np.sin(2 * np.pi * 277.18 * t), np.sin(2 * np.pi * 440 * t)
    sf.write(source, 0.4 * np.where(t < 0.5, low, high), RATE)
    score.write_text("onset,duration,pitch\n0,0.5,61\n0.5,0.5,69\n")
    settings = SeparationSettings(n_fft=2048, hop_length=512, iterations=20, template_frames=1)
    output = OutputSettings(out=str(tmp_path / "out"))
    result = written(source, settings, output, score=score)
    assert [stem.path.name for stem in result.stems] == ["pitch_61_C#4.wav", "pitch_69_A4.wav"]
    first, _ = sf.read(result.stems[0].path)
    assert np.sum(first[: RATE // 2] ** 2) > 50 * np.sum(first[RATE // 2 + 2048 :] ** 2)


@pytest.mark.slow
def test_the_demo_is_separated_without_and_better_with_its_score(tmp_path: Path) -> None:
    demo = shipped("data", "demo", "drums.wav")
    means = []
    for name, score in (("blind", None), ("informed", shipped("data", "demo", "drums.csv"))):
        output = OutputSettings(out=str(tmp_path / name))
        result = written(demo, SeparationSettings(), output, score=score)
        found = {stem.stem: sf.read(stem.path)[0] for stem in result.stems}
        errors = []
        for drum in ("kick", "snare", "hihat"):
            truth, _ = sf.read(shipped("data", "demo", "stems", f"{drum}.flac"))
            estimate = found.get(drum, np.zeros_like(truth))
            errors.append(10 * np.log10(np.sum(truth**2) / np.sum((truth - estimate) ** 2)))
        means.append(np.mean(errors))
    assert means[0] > 8
    assert means[1] > 11


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected an audio file, found an empty one"),
        (b"not audio at all", r"expected audio \(WAV, .*, found none$"),
        (
            b"RIFF\x24\x00\x00\x00WAVEfmt ",
            r"expected audio \(WAV, .*, found what libsndfile refuses",
        ),
    ],
)
def test_files_that_are_no_audio(tmp_path: Path, content: bytes, message: str) -> None:
    source = tmp_path / "in.wav"
    source.write_bytes(content)
    with pytest.raises(InputFileError, match=message):
        separate(source, tmp_path / "out", {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.wav"]


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(0), "expected sound, found 0 samples"),
        (np.array([0.1, np.nan, 0.2]), "found NaN or infinity at sample 1"),
        (np.array([0.1, 0.2, np.inf]), "found NaN or infinity at sample 2"),
    ],
)
def test_samples_that_are_none(tmp_path: Path, samples: NDArray[np.float64], message: str) -> None:
    source = tmp_path / "in.wav"
    sf.write(source, samples, RATE, subtype="FLOAT")
    with pytest.raises(InputFileError, match=message):
        separate(source, tmp_path / "out", {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.wav"]


def test_a_folder_and_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="found a folder"):
        separate(tmp_path, tmp_path / "out", {})
    with pytest.raises(InputFileError, match="no such file"):
        separate(tmp_path / "none.wav", tmp_path / "out", {})


def test_an_existing_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    source = tmp_path / "in.wav"
    sf.write(source, beats(0.5, 1), RATE)
    taken = tmp_path / "out" / "in" / "component_2.wav"
    taken.parent.mkdir(parents=True)
    taken.write_text("mine")
    with pytest.raises(OutputError, match=r"component_2\.wav: exists; --overwrite replaces it"):
        separate(source, tmp_path / "out", {}, init="random")
    assert [path.name for path in taken.parent.iterdir()] == ["component_2.wav"]
    assert taken.read_text() == "mine"
    separate(source, tmp_path / "out", {"overwrite": True}, init="random")
    assert len(sf.read(taken)[0]) == RATE // 2


def test_strategies_that_do_not_fit_each_other(tmp_path: Path) -> None:
    source = tmp_path / "in.wav"
    sf.write(source, beats(0.5, 1), RATE)
    with pytest.raises(ParameterError, match="needs a score with drum classes"):
        separate(source, tmp_path / "out", {}, init_activations="drums")
    with pytest.raises(ParameterError, match="needs a score with pitches"):
        separate(source, tmp_path / "out", {}, init="pitched")
    with pytest.raises(ParameterError, match="do not have the same components"):
        separate(source, tmp_path / "out", {}, init_templates="pitched", init_activations="auto")


@pytest.mark.parametrize("strategy", ["averaged", "random", "uniform"])
@pytest.mark.slow
def test_every_template_strategy_separates(tmp_path: Path, strategy: str) -> None:
    source = tmp_path / "in.wav"
    sf.write(source, beats(1.0, 1), RATE)
    result = separate(
        source, tmp_path / "out", {}, init_templates=strategy, init_activations="uniform"
    )
    assert np.abs(read_sum(result, "float64") - sf.read(source, always_2d=True)[0]).max() < 1e-6
    assert result.final_divergence is not None


@pytest.mark.parametrize("rate", [65537, 96001, 655360])
def test_flac_that_does_not_know_the_rate_is_refused_before_the_work(
    tmp_path: Path, rate: int
) -> None:
    source = tmp_path / "in.wav"
    sf.write(source, beats(0.1, 1), rate)
    output = OutputSettings(out=str(tmp_path / "out"), format="flac")
    (job,) = plan_jobs([str(source)], SeparationSettings(init="random"), output)
    stages: list[str] = []
    message = rf"in steps of 10\), found 1 channels at {rate} Hz; --format wav holds them"
    with pytest.raises(OutputError, match=message):
        do_job(job, progress=lambda stage, share: stages.append(stage), warn=warn_python)
    assert not stages
