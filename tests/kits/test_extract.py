"""``nmfd kit extract``: a drum machine's loop comes apart and plays again."""

import json
import re
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner, Result
from numpy.typing import NDArray

from nmfd_cli.cli import main
from nmfd_cli.cli.kit import command
from nmfd_cli.core.articulations import class_of
from nmfd_cli.core.one_shots.playing import add_at
from nmfd_cli.io.audio.recording import AudioFacts
from nmfd_cli.io.audio.writer import SampleFormat
from nmfd_cli.io.score.notes import Note, Score
from nmfd_cli.io.score.reader import read_score
from nmfd_cli.kits.extract import KitDraft
from nmfd_cli.kits.extracted_files import KitFiles
from nmfd_cli.kits.find import load_kit
from nmfd_cli.kits.instrument import played

RATE = 22050
STEP = 0.25
PATTERN = {"kick": (0, 3, 8, 11), "snare": (4, 12), "hihat": tuple(range(0, 16, 2))}
FILES = {"again.wav", "kit.json", "kit.sfz", "samples"} | (
    {"loop.mid"} if find_spec("mido") else set()
)


def voices() -> dict[str, NDArray[np.float64]]:
    time = np.arange(round(0.3 * RATE)) / RATE
    rng = np.random.default_rng(5)
    noise = rng.standard_normal((2, len(time)))
    kick = np.exp(-time / 0.06) * np.sin(2 * np.pi * (50 * time - 4 * np.exp(-time / 0.02)))
    snare = np.exp(-time / 0.05) * (0.3 * np.sin(2 * np.pi * 190 * time) + 0.2 * noise[0])
    hat = 0.08 * np.exp(-time / 0.02) * np.diff(noise[1], prepend=0.0)
    return {"kick": 0.7 * kick, "snare": 0.7 * snare, "hihat": hat}


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loop")
    mixture = np.zeros((2, round((16 * STEP + 0.5) * RATE)))
    lines = ["onset,drum"]
    for drum, sound in voices().items():
        for place in PATTERN[drum]:
            onset = place * STEP  # the loop begins with the hit
            add_at(mixture, round(onset * RATE), np.stack([sound, 0.8 * sound]))
            lines.append(f"{onset},{drum}")
    sf.write(folder / "loop.wav", mixture.T, RATE, subtype="FLOAT")
    (folder / "loop.csv").write_text("\n".join(lines) + "\n")
    return folder / "loop.wav"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, ["extract", *map(str, arguments)], catch_exceptions=False)


def extracted(loop: Path, out: Path, *more: str | Path) -> Result:
    return run(loop, "-o", out, "--score", loop.with_suffix(".csv"), *more)


@pytest.fixture(scope="module")
def kit(loop: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    out = tmp_path_factory.mktemp("kit") / "kit"
    result = extracted(loop, out, "--json")
    assert result.exit_code == 0, result.output
    return out, json.loads(result.stdout)


def test_a_machine_plays_its_loop_again(loop: Path, kit: tuple[Path, dict[str, Any]]) -> None:
    out, facts = kit
    assert {path.name for path in out.iterdir()} == FILES
    again, rate = sf.read(out / "again.wav", always_2d=True)
    mixture, _ = sf.read(loop, always_2d=True)
    assert (rate, again.shape) == (RATE, mixture.shape)
    error = float(np.square(mixture - again).sum())
    sdr = 10 * np.log10(float(np.square(mixture).sum()) / error)
    assert sdr > 15
    assert facts["sdr"]["mixture"] == pytest.approx(sdr, abs=0.1)
    assert set(facts["sdr"]) == {"mixture", "kick", "snare", "hihat"}


def test_one_shots_are_like_the_sounds_of_the_machine(kit: tuple[Path, dict[str, Any]]) -> None:
    out, facts = kit
    assert [sound["class"] for sound in facts["sounds"]] == ["kick", "snare", "hihat"]
    for sound in facts["sounds"]:
        samples, rate = sf.read(out / sound["file"], always_2d=True)
        info = sf.info(out / sound["file"])
        assert (rate, samples.shape[1], info.subtype) == (RATE, 2, "FLOAT")
        assert sound["hits"] == len(PATTERN[sound["class"]])
        assert sound["repeats"]
        assert 0 <= sound["confidence"] <= 1
        true = voices()[sound["class"]]
        lead = round(0.001 * RATE)
        n = min(len(true), len(samples) - 2 * lead, round(0.05 * RATE))
        pieces = [samples[first : first + n, 0] for first in range(2 * lead)]
        norm = np.linalg.norm(true[:n])
        assert max(one @ true[:n] / norm / np.linalg.norm(one) for one in pieces) > 0.95, sound
        assert np.abs(samples[0]).max() < 1e-6
        assert np.abs(samples[-1]).max() < 1e-6


def test_json_facts_are_those_of_the_folder(kit: tuple[Path, dict[str, Any]]) -> None:
    out, facts = kit
    written = json.loads((out / "kit.json").read_text())
    assert written.items() <= facts.items()
    assert {hit["file"] for hit in written["hits"]} == {s["file"] for s in written["sounds"]}
    found = {str(path.relative_to(out)) for path in (out / "samples").iterdir()}
    assert found == {sound["file"] for sound in written["sounds"]}


def test_the_midi_file_has_the_hits(kit: tuple[Path, dict[str, Any]]) -> None:
    pytest.importorskip("mido", reason="needs the extra midi")
    out, facts = kit
    score = read_score(out / "loop.mid")
    onsets = {
        drum: [t for t, d in zip(score.onsets, score.drums, strict=True) if d == drum]
        for drum in PATTERN
    }
    for drum, places in PATTERN.items():
        assert onsets[drum] == pytest.approx([place * STEP for place in places], abs=0.002)
    assert len(score) == len(facts["hits"])


def test_the_samples_are_a_kit(kit: tuple[Path, dict[str, Any]]) -> None:
    assert load_kit(kit[0] / "samples").drums == ("kick", "snare", "hihat")


def test_nothing_is_replaced_unasked(
    loop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "kit"
    (out / "samples").mkdir(parents=True)
    mine = out / "samples" / "Kick 7.wav"
    sf.write(mine, np.ones(100), RATE)
    before = mine.read_bytes()
    arguments = ["kit", "extract", str(loop), "-o", str(out)]
    assert main.run(arguments) == 1
    line = f"nmfd: error: {out / 'samples'}: exists; --overwrite replaces its files\n"
    assert capsys.readouterr().err == line
    assert [path.name for path in out.iterdir()] == ["samples"]
    result = extracted(loop, out, "--overwrite", "--iterations", "2")
    assert result.exit_code == 0
    assert f"nmfd: warning: {mine}: not of this kit, left where it is" in result.stderr
    assert mine.read_bytes() == before


def test_a_kit_without_hits_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    silence = tmp_path / "silence.wav"
    sf.write(silence, np.zeros(RATE), RATE)
    assert main.run(["kit", "extract", str(silence), "-o", str(tmp_path / "kit")]) == 1
    *_, line = capsys.readouterr().err.splitlines()
    assert line == "nmfd: error: silence.wav: expected drums to extract, found no hits"
    assert [path.name for path in tmp_path.iterdir()] == ["silence.wav"]


def test_several_recordings_make_a_kit_each_and_integers_hold(loop: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.wav").write_bytes(loop.read_bytes())
    result = run(
        tmp_path / "one.wav", tmp_path / "two.wav", "-o", tmp_path / "kits",
        "--score", loop.with_suffix(".csv"), "--iterations", "2", "--subtype", "pcm_24",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    for name in ("one", "two"):
        folder = tmp_path / "kits" / name
        assert {path.name for path in folder.iterdir()} == FILES
        assert sf.info(folder / "samples" / "kick_1.wav").subtype == "PCM_24"


def test_recordings_of_one_name_are_refused(loop: Path, tmp_path: Path) -> None:
    other = tmp_path / "loop.wav"
    other.write_bytes(loop.read_bytes())
    assert main.run(["kit", "extract", str(loop), str(other), "-o", str(tmp_path / "kits")]) == 2
    assert not (tmp_path / "kits").exists()


def test_without_mido_all_but_the_midi_file_is_written(
    loop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nmfd_cli.kits import extracted_files

    monkeypatch.setattr(extracted_files, "find_spec", lambda name: None)
    result = extracted(loop, tmp_path / "kit", "--iterations", "2")
    assert result.exit_code == 0
    assert "loop.mid: left out; it needs pip install 'nmfd-cli[midi]'" in result.stderr
    assert {path.name for path in (tmp_path / "kit").iterdir()} == FILES - {"loop.mid"}


def test_the_report_tells_what_the_kit_is_worth(
    loop: Path, kit: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    def table(*more: str) -> list[list[str]]:
        score = str(loop.with_suffix(".csv"))
        out = ["-o", str(tmp_path / "r.html"), "--report-audio", "none", "--overwrite"]
        assert main.run(["report", str(loop), "--score", score, *out, *more]) == 0
        html = (tmp_path / "r.html").read_text(encoding="utf-8").replace("−", "-")
        rows = html.partition('id="one-shots-title"')[2].partition("</table>")[0].split("<tr")[2:]
        return [re.sub(r"<[^>]*>", " ", row.partition(">")[2]).split() for row in rows]

    assert table() == []
    facts = kit[1]
    wanted = [
        [
            sound["class"], "1", str(sound["made_of"]), "of", str(sound["hits"]),
            f"{sound['peak_db']:.1f}", f"{sound['confidence']:.2f}",
            f"{facts['sdr'][sound['class']]:.1f}",
        ]
        for sound in facts["sounds"]
    ]  # fmt: skip
    assert table("--one-shots") == [*wanted, ["Mixture", f"{facts['sdr']['mixture']:.1f}"]]


def test_a_sampler_plays_the_same(tmp_path: Path) -> None:
    """sfizz with accents and choked hats, but for its overall gain and a constant delay."""
    pysfizz = pytest.importorskip("pysfizz", reason="needs a sampler: pip install pysfizz")
    mido = pytest.importorskip("mido", reason="needs the extra midi")
    accents = {"kick": (1.0, 0.4, 0.7, 0.2), "open hihat": (1.0, 0.6), "closed hihat": (1.0, 0.5)}
    places = {"kick": (0, 3, 8, 11), "open hihat": (2, 10, 14), "closed hihat": (3, 6, 11)}
    noise = np.random.default_rng(7).standard_normal(RATE)
    sounds = {"kick": voices()["kick"], "closed hihat": voices()["hihat"]}
    sounds["open hihat"] = 0.2 * noise * np.exp(-np.arange(RATE) / (0.3 * RATE))
    stems = np.zeros((2, 1, round((16 * STEP + 0.5) * RATE)))
    notes: list[Note] = []
    for name, sound in sounds.items():
        for place, gain in zip(places[name], np.resize(accents[name], 4), strict=False):
            choked = sound[: round(STEP * RATE)] if place in (2, 10) else sound
            add_at(stems[int(name != "kick")], round(place * STEP * RATE), gain * choked[None])
            how = None if name == "kick" else name
            notes.append((place * STEP, None, None, class_of(name), None, how, None))
    out, facts = tmp_path / "kit", AudioFacts(RATE, 1, stems.shape[-1], "FLOAT")
    with ExitStack() as resources:
        draft = KitDraft(resources, ("kick", "hihat"), RATE)
        draft.add(stems.sum(axis=0), stems)
        kit = draft.kit(Score.of(sorted(notes)))
    files = KitFiles(out, facts, SampleFormat("wav", "FLOAT"), overwrite=False, sources=())
    files.write(kit, title="loop", onsets={}, warn=lambda message: None)
    assert len({note.velocity for note in kit.notes}) >= 5
    assert sum(one.choked is not None for one in played(kit.notes)) == 5
    again = sf.read(out / "again.wav", always_2d=True)[0].T
    block = 64
    synth = pysfizz.Synth(RATE, block)
    assert synth.load_sfz_file(out / "kit.sfz", quiet=False)
    events, now = [], 0.0
    for message in mido.MidiFile(out / "loop.mid"):
        now += message.time
        if message.type == "note_on" and message.velocity:
            events.append((round(now * RATE), message.note, message.velocity))
    blocks = []
    for first in range(0, again.shape[1], block):
        while events and events[0][0] < first + block:
            place, note, velocity = events.pop(0)
            synth._synth.note_on(max(0, place - first), note, velocity)
        blocks.append(np.stack(synth._synth.render_block())[:1])
    sampled = np.concatenate(blocks, axis=1)[:, : again.shape[1]]
    best = max(_agreement(again, sampled, delay) for delay in range(round(0.001 * RATE) + 4))
    assert best > 22  # it fades in a little more slowly


def _agreement(again: NDArray[np.float64], sampled: NDArray[np.float64], delay: int) -> float:
    late = sampled[:, delay:]
    same = again[:, : late.shape[1]]
    error = same - late * (np.vdot(same, late) / np.vdot(late, late))
    return float(10 * np.log10(np.square(same).sum() / np.square(error).sum()))
