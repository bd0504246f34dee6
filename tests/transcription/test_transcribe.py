"""From probabilities to the score of a recording's hits."""

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from nmfd_cli.core.bands import Bands
from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.core.drum_sounds.bank_templates import BankTemplates
from nmfd_cli.core.stft import Stft
from nmfd_cli.io.audio.recording import Recording
from nmfd_cli.io.audio.samples import recording_from
from nmfd_cli.io.score.notes import Score
from nmfd_cli.kits.find import load_kit
from nmfd_cli.kits.templates import kit_templates
from nmfd_cli.transcription.decoding import Hit
from nmfd_cli.transcription.network import Network
from nmfd_cli.transcription.transcribe import Hits, hits_as_score
from nmfd_cli.transcription.vocabulary import N_DRUMS, N_OUTPUTS, OUTPUTS

RATE = 44_100


class KnownNetwork:
    """In place of the network: thresholds, and probabilities that are made of nothing."""

    thresholds = np.full(N_DRUMS, 0.5, dtype=np.float32)
    thresholds_separation = np.full(N_DRUMS, 0.2, dtype=np.float32)

    def __init__(self) -> None:
        self.samples: list[NDArray[np.float32]] = []

    def probabilities_of(
        self, read: Callable[[int, int], NDArray[np.float32]], n_samples: int, sample_rate: int
    ) -> NDArray[np.float32]:
        """Read in spans that overlap, as the network does."""
        for begin in range(0, n_samples, 40_000):
            self.samples.append(read(max(0, begin - 9000), min(n_samples, begin + 49_000)))
        return np.zeros((1, N_OUTPUTS), dtype=np.float32)


def hits(peaks: dict[tuple[str, int], float], **sensitivities: float) -> Hits:
    """Return hits with a peak for each output and frame."""
    probabilities = np.zeros((200, N_OUTPUTS), dtype=np.float32)
    for (name, frame), height in peaks.items():
        probabilities[frame, OUTPUTS.index(name)] = height
    return Hits(probabilities, cast(Network, KnownNetwork()), sensitivities)


def drums_of(found: list[Hit]) -> list[str]:
    return [hit.drum for hit in found]


# --- which are believed --------------------------------------------------------------------------

PEAKS = {("kick", 20): 0.9, ("snare", 60): 0.3, ("tom", 100): 0.1}


def test_likely_hits_are_the_sure_ones_and_more() -> None:
    found = hits(PEAKS)
    assert drums_of(found.sure(DRUM_CLASSES)) == ["kick"]
    assert drums_of(found.likely(DRUM_CLASSES)) == ["kick", "snare"]
    assert found.present(DRUM_CLASSES) == {"kick"}


def test_sensitivity_is_of_all_drums_or_of_one() -> None:
    assert drums_of(hits(PEAKS, **{"": 1.0}).sure(DRUM_CLASSES)) == ["kick", "snare", "tom"]
    assert drums_of(hits(PEAKS, snare=0.8).sure(DRUM_CLASSES)) == ["kick", "snare"]
    assert drums_of(hits(PEAKS, **{"": 1.0, "snare": 0.0}).sure(DRUM_CLASSES)) == ["kick", "tom"]
    assert drums_of(hits(PEAKS, kick=0.0).sure(DRUM_CLASSES)) == []


def test_of_named_drums_and_articulations_alone() -> None:
    peaks = {
        ("kick", 20): 0.9,
        ("cymbal", 60): 0.9,
        ("ride", 60): 0.8,
        ("cymbal", 100): 0.9,
        ("crash", 100): 0.8,
    }
    found = hits(peaks)
    assert drums_of(found.sure(["kick"])) == ["kick"]
    assert [hit.articulation for hit in found.sure(["cymbal"])] == ["ride", "crash"]
    assert [hit.articulation for hit in found.sure(["crash"])] == ["crash"]


def test_a_drum_that_cannot_sound_is_its_most_probable_rival() -> None:
    peaks = {("tom", 20): 0.8, ("snare", 20): 0.2, ("kick", 20): 0.02, ("hihat", 20): 0.1}
    found = hits(peaks)
    assert drums_of(found.likely(DRUM_CLASSES)) == ["tom"]
    (hit,) = found.likely(["kick", "snare", "hihat"])
    assert hit.drum == "snare"
    assert hit.confidence == pytest.approx(0.2 + 0.8 * 0.2 / 0.22)
    assert found.likely(["hihat"]) == []  # no rival of toms
    assert found.sure(["kick", "snare", "hihat"]) == []


# --- what the network is given -------------------------------------------------------------------


def read_by_network(recording: Recording) -> list[NDArray[np.float32]]:
    network, shares = KnownNetwork(), list[float]()
    Hits.of(recording, cast(Network, network), {}, lambda stage, share: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1
    return network.samples


@pytest.mark.parametrize("n_samples", [10, 40_000, 150_000])
def test_the_network_sees_the_mean_of_the_channels_span_by_span(n_samples: int) -> None:
    samples = np.random.default_rng(0).standard_normal((2, n_samples)).astype(np.float32) * 0.1
    found = read_by_network(recording_from(samples, RATE))
    for number, span in enumerate(found):
        begin = max(0, 40_000 * number - 9000)
        expected = samples.mean(axis=0)[begin : 40_000 * number + 49_000]
        np.testing.assert_allclose(span, expected, atol=1e-7)


def test_of_channels_that_cancel_out_the_louder_one_is_seen() -> None:
    samples = np.random.default_rng(0).standard_normal(30_000).astype(np.float32) * 0.1
    (found,) = read_by_network(recording_from(np.stack([samples, -1.01 * samples]), RATE))
    np.testing.assert_allclose(found, -1.01 * samples, rtol=1e-5)


# --- hits as a score -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bank() -> BankTemplates:
    names = ("kick", "hihat", "open hihat")
    return kit_templates(
        load_kit(None), names, stft=Stft(2048, 512), sample_rate=RATE, template_frames=8, tail=0.0
    )


def placed(found: list[Hit], bank: BankTemplates) -> Score:
    """Place hits in a recording of thumps at 0.2, 0.7 and 1.2 s, each a quarter of the former."""
    time = np.arange(2 * RATE) / RATE
    samples = np.zeros_like(time)
    for onset, level in ((0.2, 0.8), (0.7, 0.2), (1.2, 0.05)):
        since = np.maximum(0, time - onset)
        samples += (time >= onset) * level * np.sin(2 * np.pi * 60 * since) * np.exp(-20 * since)
    return hits_as_score(found, recording_from(samples, RATE), bank, Bands(2048, RATE))


def test_velocity_is_the_root_of_the_level(bank: BankTemplates) -> None:
    times = (0.21, 0.69, 1.2)
    score = placed([Hit(time, "kick", "kick", 0.5 + 0.1 * time) for time in times], bank)
    np.testing.assert_allclose(score.onsets, (0.2, 0.7, 1.2), atol=0.01)
    assert score.velocities[0] == 127
    np.testing.assert_allclose(score.velocities, (127, 64, 32), atol=10)  # type: ignore[arg-type]
    assert score.confidences == pytest.approx([0.5 + 0.1 * time for time in times])


def test_drum_and_articulation_are_handed_on(bank: BankTemplates) -> None:
    found = [Hit(0.2, "hihat", "open hihat", 0.9), Hit(0.7, "kick", "kick", 0.9)]
    score = placed(found, bank)
    assert score.drums == ("hihat", "kick")
    assert score.articulations == ("open hihat", None)
    assert score.velocities == (127, 127)  # the loudest of each


def test_what_the_bank_has_not_is_left_out(bank: BankTemplates) -> None:
    hit = Hit(0.2, "snare", "snare", 0.9)
    assert len(placed([hit], bank)) == 0
    assert len(placed([hit, replace(hit, drum="kick", articulation="kick")], bank)) == 1
    assert len(placed([], bank)) == 0


def test_silence_has_no_hits(bank: BankTemplates) -> None:
    silence = recording_from(np.zeros(RATE), RATE)
    score = hits_as_score([Hit(0.5, "kick", "kick", 0.9)], silence, bank, Bands(2048, RATE))
    assert len(score) == 0
