"""The synthesised drums: reproducible, bounded, plausible, and equal to the shipped files."""

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile as sf

from nmfd_cli.training import demo_data as make_data
from nmfd_cli.training.demo_data import differences, main, score_text
from nmfd_cli.training.synthesis.groove import Hit, choke, render_demo, soften
from nmfd_cli.training.synthesis.hihat import HiHat
from nmfd_cli.training.synthesis.kick import Kick
from nmfd_cli.training.synthesis.metal import square_partials
from nmfd_cli.training.synthesis.shipped_kit import KIT, render_kit
from nmfd_cli.training.synthesis.signals import (
    SAMPLE_RATE,
    Band,
    band_noise,
    damped_modes,
    gliding_modes,
)
from nmfd_cli.training.synthesis.snare import Snare
from nmfd_cli.training.synthesis.voice import finish

DATA = Path(__file__).parents[2] / "data"
NAMES = [(drum, name) for drum, voices in KIT.items() for name in voices]

Floats = npt.NDArray[np.float64]
Samples = npt.NDArray[np.int16]


@cache
def shots() -> dict[str, dict[str, Floats]]:
    """The whole kit, rendered once."""
    return render_kit()


@cache
def demo() -> tuple[Samples, dict[str, Samples], list[Hit]]:
    """Mixture, stems and hits of the demo, rendered once."""
    return render_demo()


def centroid(sound: Floats) -> float:
    """Mean frequency of the magnitude spectrum's power, in Hz."""
    power = np.abs(np.fft.rfft(sound)) ** 2
    frequencies = np.fft.rfftfreq(len(sound), 1.0 / SAMPLE_RATE)
    return float(np.sum(frequencies * power) / np.sum(power))


def test_the_kit_has_several_of_each_class() -> None:
    assert set(KIT) == {"kick", "snare", "hihat", "tom", "cymbal", "clap"}
    assert all(len(voices) >= 6 for voices in KIT.values())


@pytest.mark.parametrize(("drum", "name"), NAMES)
def test_one_shot_is_bounded_starts_at_once_and_fades_out(drum: str, name: str) -> None:
    shot = shots()[drum][name]
    assert np.all(np.isfinite(shot))
    assert np.max(np.abs(shot)) == pytest.approx(0.9, abs=0.02)
    assert np.max(np.abs(shot[:441])) > 0.05
    assert np.max(np.abs(shot[-20:])) < 1e-3
    assert abs(np.mean(shot)) < 0.02


@pytest.mark.parametrize("voice", [Kick(), Snare(), HiHat()])
def test_the_generator_decides_every_sample(voice: Kick | Snare | HiHat) -> None:
    first = voice.one_shot(np.random.default_rng(3))
    again = voice.one_shot(np.random.default_rng(3))
    other = voice.one_shot(np.random.default_rng(4))
    np.testing.assert_array_equal(first, again)
    n_common = min(len(first), len(other))
    assert not np.allclose(first[:n_common], other[:n_common])


def test_no_two_drums_of_the_kit_are_alike() -> None:
    for drum_shots in shots().values():
        spectra = [np.abs(np.fft.rfft(shot, 1 << 16)) for shot in drum_shots.values()]
        unit = np.array([spectrum / np.linalg.norm(spectrum) for spectrum in spectra])
        alike = unit @ unit.T - np.eye(len(unit))
        assert np.max(alike) < 0.97


def test_classes_rise_in_brightness_from_kick_to_hihat() -> None:
    means = {
        drum: np.median([centroid(shot) for shot in drum_shots.values()])
        for drum, drum_shots in shots().items()
    }
    assert means["kick"] < means["tom"] < means["snare"] < means["hihat"]
    assert means["kick"] < 200.0
    assert means["hihat"] > 5000.0


def test_open_hihat_rings_longer_than_closed() -> None:
    def late(shot: Floats) -> float:
        return float(np.sum(shot[6000:] ** 2) / np.sum(shot**2))

    assert late(shots()["hihat"]["open"]) > 10.0 * late(shots()["hihat"]["closed"])


def test_damped_mode_has_its_frequency_level_and_decay() -> None:
    one = np.ones(1)
    mode = damped_modes(441.0 * one, one, 0.5 * one, phases=0.0 * one, n_samples=44100)
    t = np.arange(44100) / SAMPLE_RATE
    np.testing.assert_allclose(
        mode, 1000.0 ** (-t / 0.5) * np.sin(2.0 * np.pi * 441.0 * t), atol=1e-9
    )
    steady = gliding_modes(
        441.0 * one,
        one,
        0.5 * one,
        n_samples=44100,
        glide=0.0,
        glide_time=0.1,
    )
    np.testing.assert_allclose(mode, steady, atol=1e-9)


def test_modes_above_nyquist_are_silent() -> None:
    one = np.ones(1)
    high = damped_modes(30000.0 * one, one, one, phases=one, n_samples=100)
    assert not np.any(high)
    frequencies, amplitudes = square_partials([1000.0], 20000.0)
    np.testing.assert_allclose(amplitudes, 1000.0 / frequencies)
    assert np.max(frequencies) == 19000.0


def test_band_noise_of_equal_levels_has_equal_octaves() -> None:
    bands = [Band(100.0, 0.0, 1e6, 1e-6), Band(16000.0, 0.0, 1e6, 1e-6)]
    noise = band_noise(bands, 1 << 17, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(noise)) ** 2 * 2.0 / len(noise) ** 2
    frequencies = np.fft.rfftfreq(len(noise), 1.0 / SAMPLE_RATE)
    for low in (500.0, 1000.0, 2000.0, 4000.0):
        octave = np.sum(power[(frequencies >= low) & (frequencies < 2.0 * low)])
        assert 10.0 * np.log10(octave) == pytest.approx(0.0, abs=1.0)


def test_finish_cuts_levels_and_leaves_its_input_alone() -> None:
    raw = 3.0 * np.exp(-np.arange(44100) / 1000.0)
    before = raw.copy()
    done = finish(raw, floor=-40.0)
    np.testing.assert_array_equal(raw, before)
    assert done[0] == pytest.approx(0.9)
    assert len(done) == pytest.approx(np.log(100.0) * 1000.0, abs=2.0)


def test_a_weaker_hit_is_softer_and_duller() -> None:
    full = shots()["snare"]["studio"]
    np.testing.assert_allclose(soften(full, 1.0), full, atol=1e-12)
    weak = soften(full, 0.3)
    assert np.max(np.abs(weak)) < 0.3
    assert centroid(weak) < centroid(full)


def test_a_choked_sound_ends() -> None:
    choked = choke(np.ones(1000), 500)
    assert len(choked) == 500
    assert choked[0] == 1.0
    assert choked[-1] == 0.0


@pytest.mark.slow
def test_stems_sum_to_the_mixture_exactly() -> None:
    total = np.sum([stem.astype(np.int64) for stem in demo()[1].values()], axis=0)
    np.testing.assert_array_equal(total, demo()[0])
    assert 0.85 < np.max(np.abs(demo()[0].astype(np.int64))) / 32768.0 < 1.0


@pytest.mark.slow
@pytest.mark.parametrize("drum", ["kick", "snare", "hihat"])
def test_every_hit_sounds_where_the_score_says(drum: str) -> None:
    onsets = [hit.onset for hit in demo()[2] if hit.drum == drum]
    stem = np.max(np.abs(demo()[1][drum].astype(np.float64)), axis=1)
    assert not np.any(stem[: onsets[0]])
    for onset in onsets:
        assert np.max(stem[onset : onset + 441]) > 1.5 * np.max(stem[onset - 220 : onset])
    assert np.max(stem[-200:]) < 40.0


@pytest.mark.slow
def test_score_lists_every_hit_in_order() -> None:
    lines = score_text(demo()[2]).splitlines()
    assert lines[0] == "onset,drum,velocity"
    assert len(lines) == len(demo()[2]) + 1
    onsets = [float(line.split(",")[0]) for line in lines[1:]]
    assert onsets == sorted(onsets)
    assert [round(onset * SAMPLE_RATE) for onset in onsets] == [s.onset for s in demo()[2]]
    assert {hit.drum for hit in demo()[2]} == set(demo()[1])


@pytest.mark.slow
def test_shipped_files_are_what_the_code_renders() -> None:
    assert differences(DATA) == []
    sizes = [path.stat().st_size for path in DATA.rglob("*") if path.is_file()]
    assert sum(sizes) < 4_500_000


def test_main_makes_the_data_and_finds_what_was_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sounds = {
        "kit/kick/studio.wav": np.arange(500, dtype=np.int16),
        "kit/snare/dry.wav": np.zeros(400, dtype=np.int16),
        "kit/tom/high.wav": np.ones(300, dtype=np.int16),
        "demo/stems/kick.flac": np.ones((300, 2), dtype=np.int16),
    }
    monkeypatch.setattr(make_data, "render_data", lambda: (sounds, "onset,drum,velocity\n"))
    assert main([str(tmp_path)]) == 0
    assert main(["--check", str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""
    samples, _ = sf.read(tmp_path / "kit/kick/studio.wav", dtype="int16")
    samples[100] += 9
    sf.write(tmp_path / "kit/kick/studio.wav", samples, SAMPLE_RATE, subtype="PCM_16")
    sf.write(tmp_path / "kit/snare/dry.wav", samples, SAMPLE_RATE, subtype="PCM_16")
    (tmp_path / "kit/tom/high.wav").unlink()
    (tmp_path / "demo/drums.csv").unlink()
    sf.write(tmp_path / "kit/tom/new.wav", samples, SAMPLE_RATE, subtype="PCM_16")
    assert main(["--check", str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "kit/tom/new.wav: not made by the synthesis",
        "kit/kick/studio.wav: samples differ by up to 9",
        "kit/snare/dry.wav: expected 44100 Hz and shape (400,), found 44100 Hz and (500,)",
        "kit/tom/high.wav: missing",
        "demo/drums.csv: missing or different",
    ]


def test_main_says_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert capsys.readouterr().err == "usage: python -m nmfd_cli.training.demo_data [--check] DIR\n"
