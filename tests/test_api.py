"""``from nmfd_cli import separate``: what a program or a notebook gets, and what it may give."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from batches import make_recording, tree

from nmfd_cli import Separation, separate
from nmfd_cli.errors import InputFileError, NmfdWarning, OutputError, ParameterError
from nmfd_cli.io.resources import shipped
from nmfd_cli.report.page import notebook
from nmfd_cli.settings.presets import load_preset

README = Path(__file__).parent.parent / "README.md"
QUICK: dict[str, Any] = {
    "init": "random", "components": 2, "iterations": 2, "n_fft": 128, "hop_length": 64,
    "template_frames": 2,
}  # fmt: skip


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return make_recording(tmp_path / "loop.wav")


@pytest.fixture(scope="module")
def demo() -> Separation:
    return separate(shipped("data", "demo", "drums.wav"), iterations=5, residual="rest")


@pytest.mark.slow
def test_the_example_of_the_readme_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    (example,) = [block for block in blocks if "from nmfd_cli import separate" in block]
    assert len(example.strip().splitlines()) <= 12
    monkeypatch.chdir(tmp_path)
    Path("data/demo").mkdir(parents=True)
    shutil.copy(shipped("data", "demo", "drums.wav"), "data/demo")
    namespace: dict[str, Any] = {}
    exec(compile(example, str(README), "exec"), namespace)
    assert {path.stem for path in Path("stems").iterdir()} == {"kick", "snare", "hihat"}
    assert capsys.readouterr().out.startswith("(1025, 6, ")
    assert namespace["mask"].shape == (1025, namespace["drums"].activations.shape[1])


def test_everything_has_the_shape_that_is_promised(demo: Separation) -> None:
    assert demo.stem_names[-1] == "rest"
    total = np.sum(list(demo.stems.values()), axis=0)
    np.testing.assert_allclose(total, demo.mixture, atol=1e-5)
    K, R, _ = demo.templates.shape
    M = demo.activations.shape[1]
    assert demo.activations.shape[0] == R == len(demo.stem_of) == len(demo.component_names)
    assert set(demo.onsets) == set(demo.stems) - {"rest"}
    assert {mask.shape for mask in demo.masks.values()} == {(K, M)}
    sum_of_masks = np.sum(list(demo.masks.values()), axis=0)
    np.testing.assert_allclose(sum_of_masks, 1, atol=1e-5)


def test_masks_are_those_that_made_the_stems() -> None:
    demo = separate(
        shipped("data", "demo", "drums.wav"),
        iterations=5,
        residual="rest",
        space=False,
        repetition=False,
    )
    stft = demo.factorised.stft
    spectrum = stft.transform(stft.padded(demo.mixture))
    for name, mask in demo.masks.items():
        stem = stft.inverse(mask * spectrum, demo.n_samples)
        np.testing.assert_allclose(stem, demo.stems[name], atol=1e-4)


def test_repr_is_a_line_and_a_notebook_gets_players(demo: Separation) -> None:
    assert re.fullmatch(r"<Separation of drums\.wav: kick, .*rest, 7\.8 s>", repr(demo))
    html = demo._repr_html_()
    assert html.count("<audio controls") == 1 + len(demo.stems)
    assert len(re.findall(r'src="data:audio/(?:flac|ogg);base64,', html)) == 1 + len(demo.stems)
    assert not re.search(r"<script|https?://|url\(", html)
    assert f">{len(demo.onsets['kick'])}</td>" in html


def test_a_long_recording_has_no_players(demo: Separation, monkeypatch: Any) -> None:
    monkeypatch.setattr(notebook, "LONGEST_SECONDS", 1.0)
    html = demo._repr_html_()
    assert "<audio" not in html
    assert html.count("<svg") == 1 + len(demo.stems)


def test_samples_are_as_good_as_their_file(recording: Path) -> None:
    of_file = separate(recording, **QUICK)
    integers, rate = sf.read(recording, dtype="int16")
    floats = sf.read(recording)[0]
    for samples in (integers, floats, floats.astype(np.float32)[None]):
        found = separate(samples, rate, **QUICK)
        assert found.name == "array"
        for name, stem in of_file.stems.items():
            np.testing.assert_array_equal(found.stems[name], stem)


def test_a_score_by_drum(recording: Path) -> None:
    times = np.array([0.05, 0.15])
    velocities = np.stack([times, [100, 50]], axis=1)
    settings = {**QUICK, "init": None}
    found = separate(recording, score={"kick #1": times, "snare": velocities}, **settings)
    np.testing.assert_allclose(found.onsets["kick"][:, 0], times)
    np.testing.assert_allclose(found.onsets["snare"], velocities)
    again = separate(recording, score=found.onsets, **settings)
    for name, stem in found.stems.items():
        np.testing.assert_array_equal(again.stems[name], stem)


def test_presets_and_settings_are_those_of_the_command_line(recording: Path) -> None:
    found = separate(recording, preset="draft", **{**QUICK, "alpha": np.float64(1)})
    expected = load_preset("draft").values
    assert found.settings["alpha"] == 1.0
    for name in expected.keys() - QUICK.keys() - {"alpha"}:
        assert found.settings[name] == expected[name]
    given = separate(recording, **{**QUICK, "init": "uniform", "stems": "kick, snare"})
    assert given.settings["stems"] == ("kick", "snare")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"iteration": 3}, "expected a setting, found 'iteration'; did you mean iterations?"),
        ({"out": "x"}, "expected a setting, found 'out'"),
        ({"iterations": "3"}, "iterations: expected a whole number, found '3'"),
        ({"iterations": True}, "iterations: expected a whole number, found true"),
        ({"alpha": 9}, "alpha: expected 8 or less, found 9"),
        ({"init": "x"}, "init: expected one of auto, drums, pitched, random, uniform, found 'x'"),
        ({"preset": "drft"}, "found 'drft'; did you mean draft?"),
        ({"stems": ["kick", 3]}, "stems: expected a line of text, found 3"),
        ({"score": {"kick": [[1, 2, 3]]}}, "expected onsets of shape (n,) or (n, 2) for kick, "
         "found (1, 3)"),
        ({"score": {"kick": 0.1}}, "expected onsets of shape (n,) or (n, 2) for kick, found ()"),
        ({"score": {"kick": ["a"]}}, "score: expected onsets of shape (n,) or (n, 2) for kick; "
         "could not convert string to float"),
        ({"score": {"kick": [[1, 2], [3]]}}, "score: expected onsets of shape (n,) or (n, 2) for "),
        ({"score": [0.1, 0.5]}, "score: expected a file, or a dictionary of drums and their "
         "onsets, found list"),
        ({"score": {"ki\nck": [0.1]}}, r"score: expected the name of a drum, found 'ki\nck'"),
    ],
)  # fmt: skip
def test_wrong_settings_are_refused(
    recording: Path, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterError, match=re.escape(message)):
        separate(recording, **settings)


@pytest.mark.parametrize(
    ("samples", "sample_rate", "message"),
    [
        (np.zeros((900, 2)), 8000, "expected samples of shape (n,) or (channels, n), found (900, "),
        (np.zeros(0), 8000, "expected samples of shape (n,) or (channels, n), found (0,)"),
        (
            np.zeros(9),
            None,
            "sample_rate: expected a whole number of Hz for samples, 1 to 2147483647, found None",
        ),
        (np.zeros(9), 44.1, "2147483647, found 44.1"),
        (np.zeros(9), 2**40, "2147483647, found 1099511627776"),
        (np.zeros(9), float("nan"), "2147483647, found nan"),
        (np.zeros(9), float("inf"), "2147483647, found inf"),
        (np.zeros(9), "abc", "2147483647, found 'abc'"),
        (np.zeros(9), True, "2147483647, found True"),
        ([[0.1], [0.1, 0.2]], 8000, "source: expected samples of shape (n,) or (channels, n): "),
        (np.zeros((1025, 2000)), 8000, "source: expected up to 1024 channels, found 1025"),
        (["a", "b"], 8000, "source: expected samples as numbers, found <U1"),
        (np.zeros(9, dtype=bool), 8000, "source: expected samples as numbers, found bool"),
        (np.array([0.1, np.nan]), 8000, "expected finite samples, found NaN or infinity"),
        (np.zeros(9, dtype=complex), 8000, "expected samples as numbers, found complex128"),
        ("loop.wav", 8000, "sample_rate: expected none for a file, which has its own"),
    ],
)
def test_wrong_samples_are_refused(samples: Any, sample_rate: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(message)):
        separate(samples, sample_rate)


@pytest.mark.parametrize(
    ("score", "message"),
    [
        (
            {"kick": [0.1], "xyzzy": [0.1]},
            r"score\['xyzzy'\]\[0\]: expected a drum class .*'xyzzy'",
        ),
        (
            {"snare": [0.1], "kick": [0.1, -0.1]},
            r"score\['kick'\]\[1\]: expected the onset to be .*, found -0\.1",
        ),
        ({"kick": [np.nan]}, r"score\['kick'\]\[0\]: expected the onset .*, found nan"),
        ({"kick": [[0.1, 300]]}, r"score\['kick'\]\[0\]: expected a velocity .*, found 300"),
        ({None: [0.1]}, r"score\[None\]\[0\]: expected a drum class .*, found 'None'"),
        ({}, "score: expected at least one note, found none"),
        ({"kick": []}, "score: expected at least one note, found none"),
    ],
)
def test_notes_that_are_none_are_named(recording: Path, score: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        separate(recording, score=score)
    assert re.fullmatch(message, str(caught.value))


def test_samples_beyond_all_measure_are_named() -> None:
    with pytest.raises(InputFileError) as caught:
        separate(np.full(900, 1e14), 8000, **QUICK)
    assert str(caught.value) == (
        "source: expected samples of up to 1e+12, 1 is full scale, found 1e+14 at sample 0 "
        "(0.000 s)"
    )


def test_silent_samples_are_named() -> None:
    with pytest.warns(NmfdWarning, match="^source: silence; its stems are silent too$"):
        separate(np.zeros(900), 8000, **QUICK)


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_unsigned_samples_are_centred(recording: Path, bits: int) -> None:
    signed = (sf.read(recording)[0] * 2 ** (bits - 1)).astype(f"int{bits}")
    unsigned = (signed.astype(np.int64) + 2 ** (bits - 1)).astype(f"uint{bits}")
    expected, found = (separate(samples, 8000, **QUICK) for samples in (signed, unsigned))
    np.testing.assert_array_equal(found.mixture, expected.mixture)
    assert np.abs(found.mixture).max() > 0.1


def test_a_missing_file_is_told_as_everywhere() -> None:
    with pytest.raises(InputFileError, match="no such file"):
        separate("none.wav")
    with pytest.raises(InputFileError, match=r"^a+: cannot be read: File name too long$"):
        separate("a" * 5000)


def test_saving_writes_all_or_nothing(tmp_path: Path, recording: Path) -> None:
    found = separate(recording, **QUICK)
    (tmp_path / "out").mkdir()
    taken = tmp_path / "out" / "component_2.flac"
    taken.write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"component_2\.flac: exists; --overwrite replaces it"):
        found.save(tmp_path / "out", format="flac", subtype="pcm_16")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["component_2.flac"]
    paths = found.save(tmp_path / "out", format="flac", subtype="pcm_16", overwrite=True)
    assert paths["component_2"] == taken
    total = sum(sf.read(path, dtype="int16")[0].astype(int) for path in paths.values())
    np.testing.assert_array_equal(total, sf.read(recording, dtype="int16")[0])
    found.report(tmp_path / "report.html", audio="none")
    assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("subtype", "tolerance"),
    [("PCM_16", 0), ("PCM_24", 0), ("PCM_32", 0), ("FLOAT", 1e-7), ("DOUBLE", 1e-15)],
)
def test_saved_stems_of_any_precision_add_up(
    tmp_path: Path, subtype: str, tolerance: float
) -> None:
    recording = tmp_path / "fine.wav"
    sf.write(recording, np.random.default_rng(1).uniform(-0.5, 0.5, 2000), 8000, subtype)
    truth = sf.read(recording)[0]
    found = separate(recording, **QUICK)
    np.testing.assert_array_equal(found.mixture[0], truth)
    stems = [sf.read(path)[0] for path in found.save(tmp_path, subtype="input").values()]
    np.testing.assert_allclose(np.sum(stems, axis=0), truth, rtol=0, atol=tolerance)
    assert {mask.dtype for mask in found.masks.values()} == {np.dtype(np.float32)}


def test_the_package_itself_imports_nothing_heavy() -> None:
    code = (
        "import sys, nmfd_cli; assert 'separate' in dir(nmfd_cli); assert nmfd_cli.__version__;"
        "assert not {'numpy', 'click'} & set(sys.modules); from nmfd_cli import *; separate;"
        "sys.exit(hasattr(nmfd_cli, 'seperate'))"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


def test_nothing_that_was_read_is_replaced(
    tmp_path: Path, recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stem = recording.rename(tmp_path / "component_1.wav")
    monkeypatch.chdir(tmp_path)
    found = separate(stem.name, **QUICK)
    drums = separate(stem.name, score=written(tmp_path / "score.csv"), iterations=2)
    before = tree(tmp_path)
    monkeypatch.chdir("/")  # a path that was given from another folder

    for replace in (
        lambda: found.save(tmp_path, overwrite=True),
        lambda: found.report(stem, overwrite=True),
        lambda: drums.report(tmp_path / "score.csv", overwrite=True),
    ):
        with pytest.raises(OutputError, match="expected to write a file, found a file that is to"):
            replace()

    assert tree(tmp_path) == before
    found.report(tmp_path / "report.html", audio="none")
    found.report(tmp_path / "report.html", audio="none", overwrite=True)


def written(path: Path) -> Path:
    """Write a score."""
    path.write_text("onset,drum\n0,kick\n")
    return path
