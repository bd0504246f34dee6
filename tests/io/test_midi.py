"""MIDI files: what is written comes back, and what others wrote is understood."""

import io
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from separations import strokes

from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.errors import (
    InputFileError,
    MissingExtraError,
    NmfdWarning,
    OutputError,
    ParameterError,
)
from nmfd_cli.io.midi.reader import parse_midi
from nmfd_cli.io.midi.writer import midi_bytes
from nmfd_cli.io.score.memory import score_from
from nmfd_cli.io.score.notes import Reading, Score
from nmfd_cli.io.score.reader import read_score
from nmfd_cli.output.transcription_writer import Transcription, write_transcription

mido: Any = pytest.importorskip("mido", reason="needs the extra [midi]")


def save(path: Path, *tracks: list[Any], kind: int = 1, division: int = 480) -> Path:
    """Write a MIDI file of our own tracks, with a tempo if they have none."""
    if not any(message.type == "set_tempo" for track in tracks for message in track):
        tracks = ([tempo(500_000), *tracks[0]], *tracks[1:])
    mido_tracks = [mido.MidiTrack(track) for track in tracks]
    mido.MidiFile(type=kind, ticks_per_beat=division, tracks=mido_tracks).save(path)
    return path


def on(note: int, time: int = 0, channel: int = 9, velocity: int = 100) -> Any:
    return mido.Message("note_on", note=note, time=time, channel=channel, velocity=velocity)


def off(note: int, time: int = 0, channel: int = 9) -> Any:
    return mido.Message("note_off", note=note, time=time, channel=channel)


def tempo(beat: int, time: int = 0) -> Any:
    return mido.MetaMessage("set_tempo", tempo=beat, time=time)


def played(seed: int, seconds: float) -> dict[str, NDArray[np.float64]]:
    """Hits of every class, anywhere in time."""
    generator = np.random.default_rng(seed)
    return {
        drum: strokes(
            *zip(
                np.sort(generator.uniform(0, seconds, 40)),
                generator.integers(1, 128, 40),
                strict=True,
            )
        )
        for drum in DRUM_CLASSES
    }


def by_drum(score: Score) -> dict[str | None, list[tuple[float, float | None]]]:
    found: dict[str | None, list[tuple[float, float | None]]] = {}
    for onset, drum, velocity in zip(score.onsets, score.drums, score.velocities, strict=True):
        found.setdefault(drum, []).append((onset, velocity))
    return found


def write(path: Path, onsets: Mapping[str, NDArray[np.float64]], bpm: float) -> None:
    path.write_bytes(midi_bytes(onsets, bpm))


# ---- there and back ----


@pytest.mark.parametrize("bpm", [10.0, 57.3, 120.0, 131.7, 999.0])
def test_round_trip_within_a_millisecond(tmp_path: Path, bpm: float) -> None:
    onsets = played(1, 400.0)
    write(tmp_path / "drums.mid", onsets, bpm)
    score = read_score(tmp_path / "drums.mid")
    assert score.is_drums
    assert set(score.durations) == set(score.pitches) == {None}
    found = by_drum(score)
    assert found.keys() == onsets.keys()
    for drum, expected in onsets.items():
        read = np.array(found[drum], dtype=float)
        assert np.abs(read[:, 0] - expected[:, 0]).max() < 0.001
        np.testing.assert_array_equal(read[:, 1], expected[:, 1])


def test_hits_that_follow_fast_stay_apart(tmp_path: Path) -> None:
    write(tmp_path / "roll.mid", {"snare": strokes((0, 90), (0.01, 80), (0.02, 70))}, 90.0)
    score = read_score(tmp_path / "roll.mid")
    assert score.onsets == pytest.approx((0, 0.01, 0.02), abs=0.0005)
    assert score.velocities == (90, 80, 70)


def test_two_hits_at_one_time_become_the_louder(tmp_path: Path) -> None:
    write(tmp_path / "flam.mid", {"kick": strokes((0.5, 60), (0.5, 110))}, 120.0)
    assert read_score(tmp_path / "flam.mid").velocities == (110,)


def test_same_hits_same_bytes(tmp_path: Path) -> None:
    for name in ("one.mid", "other.mid"):
        write(tmp_path / name, played(2, 5.0), 100.0)
    assert (tmp_path / "one.mid").read_bytes() == (tmp_path / "other.mid").read_bytes()


def test_written_as_general_midi_percussion(tmp_path: Path) -> None:
    write(tmp_path / "a.mid", {"kick": strokes((1, 64)), "BD": strokes((2, 65))}, 60.0)
    file = mido.MidiFile(tmp_path / "a.mid")
    assert (file.type, len(file.tracks)) == (0, 1)
    assert file.ticks_per_beat >= 960
    messages = [message for message in file.tracks[0] if message.type == "note_on"]
    assert [(m.channel, m.note, m.velocity) for m in messages] == [(9, 36, 64), (9, 36, 65)]
    assert [m.tempo for m in file.tracks[0] if m.type == "set_tempo"] == [1_000_000]


def test_no_hit_is_a_file_all_the_same(tmp_path: Path) -> None:
    write(tmp_path / "empty.mid", {}, 120.0)
    with pytest.raises(InputFileError, match=r"empty\.mid: expected at least one note, found none"):
        read_score(tmp_path / "empty.mid")


@pytest.mark.parametrize(
    ("onsets", "bpm", "message"),
    [
        ({"kick": strokes((1, 64))}, 5.0, "tempo: expected 10 to 1000 beats a minute, found 5"),
        ({"kick": strokes((1, 64))}, float("nan"), "tempo: expected .* found nan"),
        ({"cowbell": strokes((1, 64))}, 120.0, "expected a drum with a MIDI note .* found cowbell"),
        (
            {"kick": strokes((-1, 64))},
            120.0,
            r"onsets\['kick'\]: expected an onset a file can hold, found -1",
        ),
        ({"kick": strokes((float("nan"), 64))}, 120.0, r"onsets\['kick'\]: expected an onset"),
        ({"kick": strokes((1e8, 64))}, 120.0, r"onsets\['kick'\]: expected an onset"),
        (
            {"kick": strokes((1, 0))},
            120.0,
            r"onsets\['kick'\]: expected a velocity 1 to 127, found 0",
        ),
        (
            {"kick": strokes((1, 128))},
            120.0,
            r"onsets\['kick'\]: expected a velocity 1 to 127, found 128",
        ),
    ],
)
def test_what_a_file_cannot_hold(
    tmp_path: Path, onsets: dict[str, NDArray[np.float64]], bpm: float, message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        write(tmp_path / "a.mid", onsets, bpm)
    assert list(tmp_path.iterdir()) == []


# ---- files of others ----


def test_running_status_and_velocity_zero(tmp_path: Path) -> None:
    # by hand: one status byte for all notes, velocity 0 ends them
    events = bytes([0, 0x99, 36, 100, 96, 36, 0, 0, 38, 90, 96, 38, 0, 0, 0xFF, 0x2F, 0])
    header = b"MThd\0\0\0\x06\0\0\0\x01\0\x60"
    path = tmp_path / "running.mid"
    path.write_bytes(header + b"MTrk" + len(events).to_bytes(4, "big") + events)
    score = read_score(path, warn=lambda _: None)
    assert score.onsets == (0.0, 0.5)
    assert score.drums == ("kick", "snare")
    assert score.velocities == (100, 90)


def test_tempo_map_of_another_track_counts(tmp_path: Path) -> None:
    conductor = [tempo(500_000), tempo(1_000_000, 480), tempo(250_000, 480)]
    drums = [on(36), off(36, 240), on(38, 240), off(38, 240), on(42, 240), off(42), on(49, 480)]
    path = save(tmp_path / "map.mid", conductor, drums)
    # half a second, then a whole one, then a quarter
    assert read_score(path).onsets == pytest.approx((0, 0.5, 1.5, 1.75))


def test_tempo_between_two_notes(tmp_path: Path) -> None:
    track = [tempo(500_000), on(36), tempo(1_000_000, 240), on(38, 240)]
    assert read_score(save(tmp_path / "a.mid", track, kind=0)).onsets == pytest.approx((0, 0.75))


def test_other_channels_are_pitches_with_durations(tmp_path: Path) -> None:
    piano = [on(61, 0, 0), on(64, 480, 0), off(61, 480, 0), off(64, 480, 0)]
    score = read_score(save(tmp_path / "piano.mid", piano))
    assert score.is_pitched
    assert score.pitches == (61, 64)
    assert score.onsets == pytest.approx((0, 0.5))
    assert score.durations == pytest.approx((1.0, 1.0))


def test_drums_and_pitches_in_one_file(tmp_path: Path) -> None:
    score = read_score(save(tmp_path / "both.mid", [on(60, 0, 0), off(60, 480, 0)], [on(38, 240)]))
    assert score.drums == (None, "snare")
    assert score.pitches == (60, None)
    assert not score.is_drums
    assert not score.is_pitched


def test_first_to_start_is_first_to_end(tmp_path: Path) -> None:
    track = [on(60, 0, 0), on(60, 480, 0), off(60, 480, 0), off(60, 960, 0)]
    score = read_score(save(tmp_path / "a.mid", track))
    assert score.durations == pytest.approx((1.0, 1.5))


def test_a_note_left_sounding_ends_with_the_file(tmp_path: Path) -> None:
    track = [on(60, 480, 0), mido.MetaMessage("marker", text="end", time=960)]
    assert read_score(save(tmp_path / "a.mid", track)).durations == pytest.approx((1.0,))


def test_smpte_frames_need_no_tempo(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", [tempo(123_456), on(36, 500), on(38, 1000)])
    data = bytearray(path.read_bytes())
    data[12:14] = bytes([256 - 25, 40])  # a millisecond a tick
    path.write_bytes(data)
    assert read_score(path).onsets == pytest.approx((0.5, 1.5))


def test_every_note_of_a_class(tmp_path: Path) -> None:
    notes = {35: "kick", 40: "snare", 46: "hihat", 50: "tom", 51: "cymbal", 39: "clap"}
    score = read_score(save(tmp_path / "a.mid", [on(note, 10) for note in notes]))
    assert score.drums == tuple(notes.values())


def test_percussion_without_a_class_is_left_out(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mid", [on(36), on(56, 10), on(2, 10), on(56, 10)])
    line = f"{path}: 3 hits without a drum class left out: 2 cowbell, 1 note 2"
    with pytest.warns(NmfdWarning, match=f"^{re.escape(line)}$"):
        score = read_score(path)
    assert score.drums == ("kick",)
    said: list[str] = []
    assert read_score(path, warn=said.append) == read_score(path, warn=said.append) == score
    assert said == [line, line]
    cowbells = save(tmp_path / "b.mid", [on(56)])
    with pytest.raises(InputFileError, match="found none that has a drum class: cowbell"):
        read_score(cowbells)
    assert read_score(cowbells, drum_classes=["Cowbells"]).drums == ("Cowbells",)


def test_exact_duplicates_count_once(tmp_path: Path) -> None:
    assert len(read_score(save(tmp_path / "a.mid", [on(36), on(36)], [on(36)]))) == 1


# ---- broken files ----


def _sound(tmp_path: Path) -> bytes:
    track = [tempo(500_000), on(36, 0), off(36, 100), on(60, 10, 0), off(60, 500, 0)]
    return save(tmp_path / "sound.mid", track, [on(38, 20)]).read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: b"", "expected a MIDI file, found something else"),
        (lambda data: b"RIFF" + data, "expected a MIDI file, found something else"),
        (lambda data: data[:30], "expected a whole MIDI file: "),
        (lambda data: data[:9] + b"\x02" + data[10:], "of format 0 or 1, found 2"),
        (lambda data: data[:12] + b"\0\0" + data[14:], "expected ticks in a beat, found none"),
    ],
)
def test_broken_files_are_refused_in_one_line(tmp_path: Path, change: Any, message: str) -> None:
    path = tmp_path / "broken.mid"
    path.write_bytes(change(_sound(tmp_path)))
    with pytest.raises(InputFileError) as caught:
        read_score(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore::nmfd_cli.errors.NmfdWarning")
def test_damage_anywhere_is_a_score_or_one_line(tmp_path: Path) -> None:
    sound, generator = _sound(tmp_path), np.random.default_rng(4)
    path = tmp_path / "damaged.mid"
    for _ in range(300):
        data = bytearray(sound)
        for place in generator.integers(0, len(data), generator.integers(1, 4)):
            data[place] = generator.integers(0, 256)
        path.write_bytes(data[: generator.integers(1, len(data) + 1)])
        with suppress(InputFileError):
            assert min(read_score(path).onsets) >= 0


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="no such file or folder"):
        read_score(tmp_path / "none.mid")
    with pytest.raises(InputFileError, match="expected a score file, found a folder"):
        read_score(tmp_path)


def test_missing_mido_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mido", None)
    with pytest.raises(MissingExtraError, match=r"MIDI needs .* 'nmfd-cli\[midi\]'"):
        midi_bytes({}, 120.0)


# ---- what players take ----


def _chunk(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4, "big") + content


HEAD = _chunk(b"MThd", b"\0\1\0\1\0\x60")
TEMPO = bytes([0, 0xFF, 0x51, 3, 7, 0xA1, 0x20])
KICK = bytes([0, 0x99, 36, 100, 96, 36, 0])
END = bytes([0, 0xFF, 0x2F, 0])
PLAYED = {
    "a key that there is not": HEAD + _chunk(b"MTrk", TEMPO + b"\0\xff\x59\2\x0c\7" + KICK + END),
    "a SMPTE offset that there is not": HEAD
    + _chunk(b"MTrk", b"\0\xff\x54\5\xff\x7f\x7f\x7f\x7f" + TEMPO + KICK + END),
    "a tempo of two bytes": HEAD + _chunk(b"MTrk", TEMPO + b"\0\xff\x51\2\7\xa1" + KICK + END),
    "a tempo of zero": HEAD + _chunk(b"MTrk", TEMPO + b"\0\xff\x51\3\0\0\0" + KICK + END),
    "a time signature of one byte": HEAD + _chunk(b"MTrk", TEMPO + b"\0\xff\x58\1\4" + KICK + END),
    "foreign chunks": HEAD + _chunk(b"XFIH", b"any") + _chunk(b"MTrk", TEMPO + KICK + END)
    + _chunk(b"CASM", b"\0" * 9),
    "a RIFF": b"RIFF" + bytes(4) + b"RMIDdata" + bytes(4)
    + HEAD + _chunk(b"MTrk", TEMPO + KICK + END),
    "no end of the track": HEAD + _chunk(b"MTrk", TEMPO + KICK),
    "a longer head": _chunk(b"MThd", b"\0\1\0\1\0\x60\0\0") + _chunk(b"MTrk", TEMPO + KICK + END),
    "running status behind a meta event": HEAD
    + _chunk(b"MTrk", TEMPO + bytes([0, 0x99, 36, 100, 0, 0xFF, 1, 1, 65, 96, 36, 0]) + END),
    "text behind the last track": HEAD + _chunk(b"MTrk", TEMPO + KICK + END) + b"made by hand",
    "a byte between tracks": HEAD + b"\0" + _chunk(b"MTrk", TEMPO + KICK + END),
    "SysEx": HEAD + _chunk(b"MTrk", TEMPO + b"\0\xf0\5\x7e\x7f\x09\x01\xf7" + KICK + END),
}  # fmt: skip


@pytest.mark.parametrize("data", PLAYED.values(), ids=PLAYED)
def test_what_players_take_is_read(data: bytes) -> None:
    score = parse_midi(data)
    assert (score.onsets, score.drums, score.velocities) == ((0.0,), ("kick",), (100,))


def read(path: Path, **reading: Any) -> tuple[Score, list[str]]:
    said: list[str] = []
    return read_score(path, reading=Reading(**reading), warn=said.append), said


def test_drums_on_another_channel(tmp_path: Path) -> None:
    notes = [on(36, 0, 0), on(38, 480, 0), on(46, 480, 0)]
    path = save(tmp_path / "daw.mid", notes)
    score, said = read(path)
    assert score.is_pitched
    assert said == [f"{path}: the notes on channel 1 are pitches; --init drums makes them drums"]
    score, said = read(path, as_drums=True)
    assert score.drums == ("kick", "snare", "hihat")
    assert said == [f"{path}: the notes on channel 1 are taken for drums"]
    for name in ("Drums", "Superior Drummer", "my drum kit 2"):
        named = save(tmp_path / "named.mid", [mido.MetaMessage("track_name", name=name), *notes])
        score, said = read(named)
        assert score.drums == ("kick", "snare", "hihat")
        assert said == [f"{named}: the notes of {name} are taken for drums"]
    bass = save(tmp_path / "bass.mid", [on(30, 0, 0), on(40, 480, 0)])
    assert read(bass, as_drums=True) == (read(bass)[0], [])
    both = save(tmp_path / "both.mid", [on(40, 0, 0)], [on(36)])
    assert read(both, as_drums=True)[0].drums == ("kick", None)


def test_a_tempo_that_is_assumed_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "bare.mid"
    path.write_bytes(HEAD + _chunk(b"MTrk", KICK + bytes([0, 0x99, 38, 90, 96, 38, 0]) + END))
    score, said = read(path)
    assert score.onsets == (0.0, 0.5)
    assert said == [f"{path}: no tempo, 120 beats a minute are taken; --score-tempo says otherwise"]
    score, said = read(path, tempo=60.0, offset=0.25)
    assert (score.onsets, said) == ((0.25, 1.25), [])
    own = save(tmp_path / "own.mid", [tempo(250_000), on(36), on(38, 480)])
    score, said = read(own, tempo=60.0)
    assert score.onsets == (0.0, 1.0)
    assert said == [f"{own}: its own tempo does not count, 60 beats a minute do"]


def test_a_track_of_one_note_that_is_called_by_a_drum_is_of_that_drum(tmp_path: Path) -> None:
    """As programs write them that give each drum a channel strip: every one on the same key."""

    def track(name: str, *notes: int) -> list[Any]:
        return [mido.MetaMessage("track_name", name=name), *(on(note, 240, 0) for note in notes)]

    path = save(
        tmp_path / "strips.mid", track("Kick", 60), track("Snare", 60, 60), track("Hat", 46)
    )
    score, said = read(path)
    assert score.drums == ("hihat", "kick", "snare", "snare")
    assert score.articulations == ("open hihat", None, None, None)
    assert said == [f"{path}: the notes of Kick, Snare, Hat are taken for drums"]
    assert read(save(tmp_path / "two.mid", track("01 Kick", 60)))[0].drums == ("kick",)
    path = save(tmp_path / "pads.mid", track("Bell", 60, 64), track("Ch1", 60), track("Pad", 60))
    assert read(path)[0].is_pitched


def test_notes_stand_for_what_a_drum_map_says(tmp_path: Path) -> None:
    path = save(tmp_path / "map.mid", [on(65, 0, 0), on(36, 480, 0), on(56, 480, 0)])
    score, _ = read(path, drum_notes={65: "low tom", 56: "open hihat"})
    assert score.drums == ("tom", "kick", "hihat")
    assert score.articulations == ("low tom", None, "open hihat")


# ---- transcriptions ----


def write_midi(
    place: Path,
    onsets: dict[str, NDArray[np.float64]],
    *,
    bpm: float | None = None,
    overwrite: bool = False,
) -> float | None:
    """Write a transcription as the command does, and return its tempo."""
    transcription = Transcription("drums.wav", 10.0, score_from(onsets))
    return write_transcription(place, transcription, is_json=False, overwrite=overwrite, bpm=bpm)


def test_transcription_gets_the_tempo_of_its_hits(tmp_path: Path) -> None:
    beats = 0.2 + 60 / 96 * np.arange(32)
    onsets = {
        "kick": strokes(*((t, 100) for t in beats[::2])),
        "snare": strokes(*((t, 90) for t in beats[1::2])),
    }
    bpm = write_midi(tmp_path / "drums.mid", onsets)
    assert bpm == pytest.approx(96, rel=0.002)
    assert read_score(tmp_path / "drums.mid").onsets == pytest.approx(beats, abs=0.001)
    assert write_midi(tmp_path / "given.mid", onsets, bpm=48.0) == 48.0
    with pytest.warns(NmfdWarning, match=r"no tempo found, 120 beats a minute are taken; --tempo"):
        assert write_midi(tmp_path / "few.mid", {"kick": strokes((1, 64))}) == 120.0


def test_transcription_replaces_nothing_unasked(tmp_path: Path) -> None:
    path = tmp_path / "drums.mid"
    path.write_bytes(b"mine")
    with pytest.raises(OutputError, match="--overwrite replaces it"):
        write_midi(path, {"kick": strokes((1, 64))}, bpm=90.0)
    with pytest.raises(ParameterError):
        write_midi(path, {"kick": strokes((1, 64))}, bpm=5.0, overwrite=True)
    assert path.read_bytes() == b"mine"
    write_midi(path, {"kick": strokes((1, 64))}, overwrite=True, bpm=90.0)
    assert read_score(path).onsets == pytest.approx((1.0,), abs=0.0005)
    assert [entry.name for entry in tmp_path.iterdir()] == ["drums.mid"]


def test_bars_of_a_drifting_file_are_the_bars_of_the_music(tmp_path: Path) -> None:
    """Ticks of the beats are whole beats, bars begin on downbeats, and times stay exact."""
    lengths = 0.5 / (1 + 0.03 * np.sin(np.linspace(0, 6, 64)))
    for first in (0.0, 0.1, 0.9):
        beats = first + np.concatenate([[0], np.cumsum(lengths)])
        onsets = {"kick": strokes(*((t, 100) for t in beats[:64]))}
        onsets["snare"] = strokes(*((t + 0.21, 100) for t in beats[:64]))
        data = midi_bytes(onsets, 120.0, beat_times=beats.tolist())
        score = parse_midi(data)
        times = np.array(
            [
                [t for t, d in zip(score.onsets, score.drums, strict=True) if d == drum]
                for drum in ("kick", "snare")
            ]
        )
        assert np.abs(times - [beats[:64], beats[:64] + 0.21]).max() < 0.0005
        file = mido.MidiFile(file=io.BytesIO(data))
        tick, at, metres = 0, [], {}
        for message in file.tracks[0]:
            tick += message.time
            if message.type == "time_signature":
                metres[tick / file.ticks_per_beat] = message.numerator
            if message.type == "note_on" and message.note == 36:
                at.append(tick / file.ticks_per_beat)
        bar = max(metres)  # the last change of the metre is where bars of four begin
        assert metres[bar] == 4
        assert (np.array(at[::4]) - bar) % 4 == pytest.approx(0, abs=0.01)


def test_a_track_for_each_drum_and_notes_of_a_map(tmp_path: Path) -> None:
    onsets = {"kick": strokes((1, 64)), "open hihat": strokes((2, 65)), "ride": strokes((3, 66))}
    data = midi_bytes(onsets, 60.0, has_tracks=True, notes={"hihat": 60, "ride": 61})
    file = mido.MidiFile(file=io.BytesIO(data))
    assert [track.name for track in file.tracks] == ["", "kick", "open hihat", "ride"]
    notes = [[m.note for m in track if m.type == "note_on"] for track in file.tracks]
    assert notes == [[], [36], [60], [61]]
    assert parse_midi(data, reading=Reading(drum_notes={60: "open hihat", 61: "ride"})).onsets == (
        pytest.approx((1, 2, 3), abs=0.001)
    )
