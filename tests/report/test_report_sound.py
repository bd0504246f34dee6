"""The sound of a report: small, in step, not clipped."""

import io
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest
import soundfile as sf
from separations import HOP_LENGTH, SAMPLE_RATE, made_up

from nmfd_cli.errors import OutputError, ParameterError
from nmfd_cli.report.html import render
from nmfd_cli.report.page.sketch import sketched
from nmfd_cli.report.page.sound import encode_tracks


@pytest.mark.slow
def test_ten_seconds_of_five_stereo_stems_stay_below_three_megabytes() -> None:
    stems = ("kick", "snare", "hihat", "tom", "cymbal")
    generator = np.random.default_rng(3)
    n_samples = 441_000
    # noise in bursts: harder to compress than any drum
    bursts = np.exp(-(np.arange(n_samples) % 22050) / 4000.0)
    sounds = generator.standard_normal((5, 2, n_samples)) * bursts * 0.05
    recording = replace(
        made_up(stems=stems),
        sample_rate=44100,
        mixture=sounds.sum(axis=0).astype(np.float32),
        stems=dict(zip(stems, sounds.astype(np.float32), strict=True)),
        activations=generator.random((5, 441_000 // HOP_LENGTH)),
    )
    assert len(render(recording, audio="auto").encode()) < 3_000_000


@pytest.mark.parametrize(("audio", "tolerance"), [("flac", 1e-3), ("ogg", 0.9)])
def test_sound_comes_back_in_step(audio: str, tolerance: float) -> None:
    recording = made_up()
    tracks = [recording.mixture, *recording.stems.values()]
    sound = encode_tracks(tracks, SAMPLE_RATE, audio)
    assert sound.format == audio
    for track, data in zip(tracks, sound.tracks, strict=True):
        decoded, rate = sf.read(io.BytesIO(data), always_2d=True)
        assert rate == SAMPLE_RATE
        assert decoded.T.shape == track.shape
        error = np.linalg.norm(decoded.T * sound.gain - track) / np.linalg.norm(track)
        assert error < tolerance
        spectra = np.fft.rfft(decoded[:, 0]), np.fft.rfft(track[0])
        assert np.argmax(np.fft.irfft(spectra[0] * np.conj(spectra[1]), len(decoded))) == 0


def test_sound_above_full_scale_is_not_clipped() -> None:
    loud = made_up(level=2.5).mixture
    sound = encode_tracks([loud], SAMPLE_RATE, "flac")
    assert sound.gain > 2
    decoded, _ = sf.read(io.BytesIO(sound.tracks[0]), always_2d=True)
    np.testing.assert_allclose(decoded.T * sound.gain, loud, atol=1e-4)


def test_auto_takes_flac_while_it_is_small() -> None:
    short = np.zeros((2, 1000), dtype=np.float32)
    noise = np.random.default_rng(0).uniform(-1, 1, (2, 600_000)).astype(np.float32)
    assert encode_tracks([short], 44100, "auto").format == "flac"
    assert encode_tracks([noise], 44100, "auto").format == "ogg"


@pytest.mark.parametrize(
    ("sample_rate", "known"),
    [
        (500, "flac"), (7999, "flac"), (8000, "flac ogg"), (65535, "flac ogg"), (65537, "ogg"),
        (192000, "flac ogg"), (192001, ""), (192010, "flac"), (655350, "flac"), (655360, ""),
    ],
)  # fmt: skip
def test_auto_takes_what_knows_the_sample_rate(sample_rate: int, known: str) -> None:
    track = np.zeros((1, 200), dtype=np.float32)
    assert encode_tracks([track], sample_rate, "auto").format == (known.split() or ["none"])[0]
    for kind in ("flac", "ogg"):
        if kind in known:
            (data,) = encode_tracks([track], sample_rate, kind).tracks
            assert sf.info(io.BytesIO(data)).samplerate == sample_rate
        else:
            with pytest.raises(OutputError, match=f"for {kind}, found {sample_rate} Hz; --report"):
                encode_tracks([track], sample_rate, kind)


def test_more_than_two_channels_are_heard_as_one() -> None:
    recording = made_up(n_channels=5)
    with ExitStack() as resources:
        drawn = sketched(recording, resources)
        assert drawn.mixture.shape == recording.mixture.shape
        assert drawn.mixture.sound is not None
        heard = recording.mixture.mean(axis=0, keepdims=True)
        np.testing.assert_allclose(drawn.mixture.sound, heard, atol=1e-6)
    assert sketched(recording).mixture.sound is None


@pytest.mark.parametrize("call", ["write", "flush"])  # what is small is written at the end
def test_a_full_temporary_disk_is_one_line(monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def fail(*_: object) -> int:
        raise OSError(28, "No space left on device")

    Full = type("Full", (io.BytesIO,), {call: fail})
    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: Full())
    with pytest.raises(OutputError, match=r"no room for the sound of the report: No space left"):
        render(made_up(), audio="auto")


def test_unknown_audio_is_refused() -> None:
    with pytest.raises(ParameterError, match="audio: expected one of auto, flac, ogg, none"):
        render(made_up(), audio="mp3")
