"""Scores are read as they are meant, or refused with the line that says why."""

import re
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.errors import InputFileError, ParameterError
from nmfd_cli.io.score.notes import DRUM_SCORE_HEADER, Reading, Score
from nmfd_cli.io.score.reader import parse_score, read_score

#: All columns of a score.
SCORE_COLUMNS = ("onset", "duration", "pitch", "drum", "velocity")

Note = tuple[float, float | None, float | None, str | None, float | None]


def notes(score: Score) -> list[Note]:
    columns = (score.onsets, score.durations, score.pitches, score.drums, score.velocities)
    return list(zip(*columns, strict=True))


def drum(onset: float, cls: str, duration: Any = None) -> Note:
    return (onset, duration, None, cls, None)


def pitched(onset: float, pitch: float, duration: Any = None) -> Note:
    return (onset, duration, pitch, None, None)


TWO_DRUMS = [drum(0.012, "kick"), drum(0.5, "snare")]
TWO_NOTES = [pitched(0.5, 61, 0.25), pitched(1, 40.5, 0)]

READ: dict[str, tuple[str, list[Note]]] = {
    "csv": ("onset,drum\n0.012,kick\n0.5,snare\n", TWO_DRUMS),
    "no newline at the end": ("onset,drum\n0.012,kick\n0.5,snare", TWO_DRUMS),
    "crlf": ("onset,drum\r\n0.012,kick\r\n0.5,snare\r\n", TWO_DRUMS),
    "cr": ("onset,drum\r0.012,kick\r0.5,snare\r", TWO_DRUMS),
    "byte order mark": ("\ufeffonset,drum\n0.012,kick\n0.5,snare\n", TWO_DRUMS),
    "byte order mark, no header": ("\ufeff0.012,kick\n0.5,snare\n", TWO_DRUMS),
    "any order": ("class;time\nBD;0.012\n38;0.5\n", TWO_DRUMS),
    "unsorted": ("onset,drum\n0.5,snare\n.012,kick\n", TWO_DRUMS),
    "exponents": ("onset,drum\n1.2e-2,kick\n+5E-1,snare\n", TWO_DRUMS),
    "duplicates": ("onset,drum\n0.5,SD\n0.012,kick\n0.5,snare\n0.012,1\n", TWO_DRUMS),
    "blanks": ("  onset , drum \n\n 0.012 , kick \n \t \n0.5,snare\n\n", TWO_DRUMS),
    "spreadsheet's empty rows": ("onset,drum\n0.012,kick\n,\n0.5,snare\n,\n", TWO_DRUMS),
    "comments": ("# a\n  # b\nonset,drum # c\n#\n0.012,kick # d\n0.5,snare\n#0,x", TWO_DRUMS),
    "quotes": ('"onset","drum"\n"0.012","kick"\n0.5,"sd"\n', TWO_DRUMS),
    "quotes and blanks": ('"time" "label"\n0.012  "Bass Drum"\n0.5 "sd"\n', TWO_DRUMS),
    "unknown columns": (",onset,beat,drum\n0,0.012,x,kick\n1,0.5,,snare\n", TWO_DRUMS),
    "units": ("Onset (s)\tDrum Class\n0.012\tkick\n0.5\tsnare\n", TWO_DRUMS),
    "blanks for columns": ("time class\n0.012   kick\n0.5 snare\n", TWO_DRUMS),
    "headerless csv": ("0.012,kick\n0.5,snare\n", TWO_DRUMS),
    "headerless semicolon": ("0.012;1\n0.5;2\n", TWO_DRUMS),
    "MDB Drums": ("0.012000 \t KD \n0.500000 \t SDNS \n", TWO_DRUMS),
    "ENST-Drums": ("0.012 bd\n0.5 rs\n", TWO_DRUMS),
    "libnmfd drums": ("  1.2e-02   1.0000000e+00\n  5.0e-01   2.0000000e+00\n", TWO_DRUMS),
    "names with blanks": ("0.012\tBass Drum 1\n0.5\tAcoustic Snare\n", TWO_DRUMS),
    "libnmfd pitches": ("  5.0e-01  6.1e+01  2.5e-01\n  1.0e+00  4.05e+01 0\n", TWO_NOTES),
    "headerless pitches": ("0.5;C#4;.25\n1;40.5;0\n", TWO_NOTES),
    "pitched": ("dur,midi,start\n0.25,61,0.5\n0,40.5,1\n", TWO_NOTES),
    "end": ("start,end,note\n0.5,0.75,Db4\n1.0,1.0,40.5\n", TWO_NOTES),
    "offset": ("onset\toffset\tkey\n0.5\t0.75\tc♯4\n1\t1\t40.5\n", TWO_NOTES),
    "duration before end": ("t,end,dur,pitch\n.5,9,.25,61\n1,1,,40.5\n", TWO_NOTES),
    "zero": ("onset,drum\n-0.0,kick\n0,kick\n", [drum(0, "kick")]),
    "empty duration": (
        "onset,drum,length\n1,kick,\n2,hat,.5\n",
        [drum(1, "kick"), drum(2, "hihat", 0.5)],
    ),
    "empty cells at a tab": ("\tonset\tdrum\n\t1\tkick\n", [drum(1, "kick")]),
    "velocity": (
        "onset,drum,vel\n1,kick,127\n1,kick,1\n",
        [(1, None, None, "kick", 127), (1, None, None, "kick", 1)],
    ),
    "no velocity": ("onset,drum,velocity\n1,kick,\n", [drum(1, "kick")]),
    "drum with a pitch": ("onset,drum,note\n1,kick,36\n", [(1, None, 36, "kick", None)]),
    "mixed": ("onset,drum,pitch\n1,kick,\n1,,60\n", [drum(1, "kick"), pitched(1, 60)]),
    "octaves": (
        "time,note\n0,C-1\n1,g9\n2,Cb4\n3,B##3\n4,bb3\n5,B♭3\n",
        [
            pitched(0, 0),
            pitched(1, 127),
            pitched(2, 59),
            pitched(3, 61),
            pitched(4, 58),
            pitched(5, 58),
        ],
    ),
    "Audacity": (
        "0.012000\t0.012000\tKick\n\\\t200.000000\t3000.000000\n0.500000\t0.600000\tsd\n",
        [drum(0.012, "kick", 0), drum(0.5, "snare", pytest.approx(0.1))],
    ),
    "Audacity, numbers for labels": (
        "0.012000\t0.112000\t36\n0.500000\t0.600000\t38\n",
        [drum(0.012, "kick", pytest.approx(0.1)), drum(0.5, "snare", pytest.approx(0.1))],
    ),
    "Audacity, classes of libnmfd": (
        "0.012000\t0.012000\t1\n0.500000\t0.500000\t2\n",
        [drum(0.012, "kick", 0), drum(0.5, "snare", 0)],
    ),
    "Reaper's markers": (
        "#,Name,Start,End,Length\nM1,kick,0:00.012,,\nM2,Snare,0:00.500,,\n",
        TWO_DRUMS,
    ),
    "Reaper's regions": (
        "#,Name,Start,End,Length,Color\nR1,kick,0.012,0.512,0.5,FF0000\n",
        [drum(0.012, "kick", 0.5)],
    ),
    "Audition's markers": (
        "Name\tStart\tDuration\tTime Format\tType\tDescription\n"
        "Kick\t0:00.012\t0:00.000\tdecimal\tCue\t\nSD\t0:00.500\t0:00.000\tdecimal\tCue\t\n",
        [drum(0.012, "kick", 0), drum(0.5, "snare", 0)],
    ),
    "markers at positions": ("Position,Marker Name\n0.012,Kick\n0.5,SD\n", TWO_DRUMS),
    "Sonic Visualiser's values": ("0.012,97,kick\n0.500,0.2,SD\n", TWO_DRUMS),
    "Sonic Visualiser's header": ("TIME,VALUE,LABEL\n0.012,3,kick\n0.5,1,SD\n", TWO_DRUMS),
    "Sonic Visualiser's notes": ("0.5,61,0.25,0.8,New Point\n1,40.5,0,0.8,New Point\n", TWO_NOTES),
    "Sonic Visualiser's regions": (
        "0.012,1,0.1,kick\n0.5,1,0.2,SD\n",
        [drum(0.012, "kick", 0.1), drum(0.5, "snare", 0.2)],
    ),
    "milliseconds": ("onset_ms,drum\n12,kick\n500,snare\n", TWO_DRUMS),
    "milliseconds in brackets": (
        "Onset (ms);Duration [ms];Class\n12;100;kick\n",
        [drum(0.012, "kick", 0.1)],
    ),
    "minutes": (
        "time,drum\n0:00.012,kick\n00:00:00.5,snare\n1:02.5,tom\n",
        [*TWO_DRUMS, drum(62.5, "tom")],
    ),
    "velocities to 1": (
        "onset,drum,velocity\n1,kick,1.0\n2,kick,0.5\n3,kick,0\n4,kick,\n",
        [
            (1, None, None, "kick", 127),
            (2, None, None, "kick", 63.5),
            (3, None, None, "kick", 1),
            drum(4, "kick"),
        ],
    ),
    "plurals and numbers": ("0.012,01 Kicks\n0.5,Snares\n", TWO_DRUMS),
    "equal onsets keep their order": (
        "1,snare\n1,kick\n0,tom\n1,clap\n",
        [drum(0, "tom"), drum(1, "snare"), drum(1, "kick"), drum(1, "clap")],
    ),
}


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_read(text: str, expected: list[Note], tmp_path: Path) -> None:
    assert notes(parse_score(text)) == expected
    path = tmp_path / "score.csv"
    path.write_bytes(text.encode())
    assert notes(read_score(path)) == notes(read_score(str(path))) == expected


NO_ONSET = (
    "expected a header with an onset column (onset, time, start), or rows of onset and class or of"
    " onset, pitch and duration, found "
)
NO_CLASS = "expected a column named drum or pitch beside the onset, found "
NO_LAYOUT = (
    "expected a header, or two columns (onset, class) or three (onset, pitch, duration), found "
)
KNOWN = "expected a drum class (kick, snare, hihat, tom, cymbal, clap), found "
PITCH = "expected a MIDI pitch from 0 to 127 or a note name such as C#4"
BARE_PITCH = PITCH + " (columns without a header: onset, pitch, duration)"
ONSET = "expected the onset in seconds"
COMMA = " with a decimal point, found a decimal comma: "
COLUMNS = "expected 2 columns as in the first row, found "

REFUSED: list[tuple[str, str]] = [
    ("", "s: expected at least one note, found none"),
    ("\ufeff", "s: expected at least one note, found none"),
    ("\n# nothing\n ,, \n", "s: expected at least one note, found none"),
    ("onset,drum\n", "s: expected at least one note, found none"),
    ("\x0b\n\x85\u2028\n", "s: expected at least one note, found none"),
    # headers
    ("drum,velocity\nkick,3\n", "s:1: " + NO_ONSET + "'drum, velocity'"),
    ("# c\n\nfoo,bar\n", "s:3: " + NO_ONSET + "'foo, bar'"),
    ("kick,0.5\n", "s:1: " + NO_ONSET + "'kick, 0.5'"),
    ("O.5,kick\n", "s:1: " + NO_ONSET + "'O.5, kick'"),
    ("onset,duration\n1,2\n", "s:1: " + NO_CLASS + "'onset, duration'"),
    ("onset\n1\n", "s:1: " + NO_CLASS + "'onset'"),
    ("onset,drum,onset\n", "s:1: expected one column for the onset, found 'onset' and 'onset'"),
    ("start,time,drum\n", "s:1: expected one column for the onset, found 'start' and 'time'"),
    ("time,Class,label\n", "s:1: expected one column for the drum, found 'Class' and 'label'"),
    ("0.5\n", "s:1: " + NO_LAYOUT + "1: '0.5'"),
    ("0.5,kick,1,2\n", "s:1: " + NO_LAYOUT + "4: '0.5, kick, 1, 2'"),
    # rows
    ("onset,drum\n1,kick\n2\n", "s:3: " + COLUMNS + "1: '2'"),
    ("onset,drum\n1,kick,3\n", "s:2: " + COLUMNS + "3: '1,kick,3'"),
    ("1,kick\n\n2,kick,3\n", "s:3: " + COLUMNS + "3: '2,kick,3'"),
    ("1 kick\n2 bass drum\n", "s:2: " + COLUMNS + "3: '2 bass drum'"),
    ('onset,drum\n1,"kick\n', "s:2: expected quotes around whole cells, found '1,\"kick'"),
    ('onset,drum\n1,"ki"ck\n', "s:2: expected quotes around whole cells, found '1,\"ki\"ck'"),
    ("onset,drum\n1,\n", "s:2: expected a drum or a pitch, found neither: '1,'"),
    ("onset,drum,pitch\n1,,\n", "s:2: expected a drum or a pitch, found neither: '1,,'"),
    # onsets
    ("onset,drum\n,kick\n", f"s:2: {ONSET}, found ''"),
    ("onset,drum\r\nx,kick\r\n", f"s:2: {ONSET}, found 'x'"),
    ("onset,drum\nnan,kick\n", f"s:2: {ONSET}, found 'nan'"),
    ("nan,kick\n", f"s:1: {ONSET}, found 'nan'"),
    ("-inf,kick\n", f"s:1: {ONSET}, found '-inf'"),
    ("onset,drum\n1e999,kick\n", f"s:2: {ONSET}, found '1e999'"),
    ("onset,drum\n0x1,kick\n", f"s:2: {ONSET}, found '0x1'"),
    ("1_000,kick\n", f"s:1: {ONSET}, found '1_000'"),
    ("onset,drum\n１,kick\n", f"s:2: {ONSET}, found '１'"),
    ("onset,drum\n1:62.5,kick\n", f"s:2: {ONSET}, found '1:62.5'"),
    ("onset_samples,drum\n1,kick\n", "s:1: " + NO_ONSET + "'onset_samples, drum'"),
    (
        "#,Name,Start,End,Length\nM1,kick,1.1.00,,\n",
        "s:2: expected the onset in seconds or minutes, found bars and beats: '1.1.00'",
    ),
    # what could be two things
    (
        "1\t60\t36\n55\t60\t38\n56\t61\t38\n",
        "s:1: expected columns of one meaning, found what could be start, end, drum or onset, "
        "pitch, duration; a header row says which",
    ),
    ("onset,drum\n1 s,kick\n", f"s:2: {ONSET}, found '1 s'"),
    ("-0.1,kick\n", "s:1: expected the onset to be 0 s or more, found '-0.1'"),
    ("onset,drum\n" + "9x" * 40 + ",kick\n", f"s:2: {ONSET}, found '" + "9x" * 29 + "9…'"),
    # decimal commas
    ("onset\tdrum\n0,5\tkick\n", f"s:2: {ONSET}{COMMA}'0,5'"),
    ("0,5\tkick\n", f"s:1: {ONSET}{COMMA}'0,5'"),
    ("0,5;kick\n", f"s:1: {ONSET}{COMMA}'0,5'"),
    ("0,5 kick\n", f"s:1: {ONSET}{COMMA}'0,5'"),
    ('onset,drum\n"0,5",kick\n', f"s:2: {ONSET}{COMMA}'0,5'"),
    ("time;dur;drum\n1;0,5;kick\n", f"s:2: expected the duration in seconds{COMMA}'0,5'"),
    ("onset,drum\n0,5,kick\n", "s:2: " + COLUMNS + "3: '0,5,kick'"),
    # durations and ends
    ("1;60;-1\n", "s:1: expected the duration to be 0 s or more, found '-1'"),
    ("1e10,kick\n", "s:1: expected the onset in seconds, up to 1e9, found '1e10'"),
    ("1;60;1e308\n", "s:1: expected the duration in seconds, up to 1e9, found '1e308'"),
    ("1;60;inf\n", "s:1: expected the duration in seconds, found 'inf'"),
    ("t,end,drum\n1,nan,kick\n", "s:2: expected the end in seconds, found 'nan'"),
    ("t,end,drum\n1,.5,kick\n", "s:2: expected the end not before the onset 1.0, found '.5'"),
    # pitches
    ("1;128;1\n", f"s:1: {BARE_PITCH}, found '128'"),
    ("1,kick,100\n", f"s:1: {BARE_PITCH}, found 'kick'"),
    ("t,note\n1,-1\n", f"s:2: {PITCH}, found '-1'"),
    ("t,note\n1,nan\n", f"s:2: {PITCH}, found 'nan'"),
    ("t,note\n1,H4\n", f"s:2: {PITCH}, found 'H4'"),
    ("t,note\n1,G#9\n", f"s:2: {PITCH}, found 'G#9'"),
    ("t,note\n1,Cb-1\n", f"s:2: {PITCH}, found 'Cb-1'"),
    # drums and velocities
    ("onset,drum\n1,OT\n2,cowbell\n", "s:2: " + KNOWN + "'OT'"),
    ("onset,drum\n1,kick\n2,kcik\n", "s:3: " + KNOWN + "'kcik'; did you mean kick?"),
    ("1,kcik\n", "s:1: " + KNOWN + "'kcik'; did you mean kick?"),
    ("t,drum,vel\n1,bd,0\n", "s:2: expected a velocity from 1 to 127, found '0'"),
    ("t,drum,vel\n1,bd,128\n", "s:2: expected a velocity from 1 to 127, found '128'"),
    ("t,drum,vel\n1,bd,loud\n", "s:2: expected a velocity from 1 to 127, found 'loud'"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(InputFileError, match=f"^{re.escape(message)}$"):
        parse_score(text, "s")


FILES: list[tuple[bytes, str]] = [
    ("onset,drum\n1,kick\n".encode("utf-16"), ": expected text in UTF-8, found UTF-16"),
    (b"\xfe\xff\0o\0n", ": expected text in UTF-8, found UTF-16"),
    (b"onset,drum\n1,kick\n2,gro\xdfe\n", ":3: expected text in UTF-8, found the byte 0xDF"),
    (b"RIFF\x24\0\0\0WAVE", ": expected a text table (CSV or TSV), found a binary file"),
    (
        b'{"notes": []}',
        ": expected a text table (CSV or TSV), found JSON; "
        "nmfd transcribe writes tables, too (-o drums.csv)",
    ),
    (b"", ": expected at least one note, found none"),
    (b"onset,drum\r\n\r\nx,kick\r\n", ":3: expected the onset in seconds, found 'x'"),
]


@pytest.mark.parametrize(("data", "message"), FILES)
def test_refused_files(data: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "score.csv"
    path.write_bytes(data)
    with pytest.raises(InputFileError, match=f"^{re.escape(f'{path}{message}')}$"):
        read_score(path)


def test_folder(tmp_path: Path) -> None:
    message = f"{tmp_path}: expected a score file, found a folder"
    with pytest.raises(InputFileError, match=f"^{re.escape(message)}$"):
        read_score(tmp_path)


@pytest.mark.parametrize("name", ["none.csv", "no\0name.csv"])
def test_missing_file(name: str, tmp_path: Path) -> None:
    message = f"{tmp_path / name}: no such file or folder"
    with pytest.raises(InputFileError, match=f"^{re.escape(message)}$"):
        read_score(tmp_path / name)


def test_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300)
    message = f"{path}: expected a readable score file: File name too long"
    with pytest.raises(InputFileError, match=f"^{re.escape(message)}$"):
        read_score(path)


def test_kinds() -> None:
    drums, pitches = parse_score("1,kick\n2,sd"), parse_score("1,60,1")
    mixed = parse_score("t,drum,note\n1,kick,36\n2,,60\n")
    assert [(s.is_drums, s.is_pitched, len(s)) for s in (drums, pitches, mixed)] == [
        (True, False, 2),
        (False, True, 1),
        (False, False, 2),
    ]


def test_own_classes() -> None:
    text = "onset,drum\n1,Cowbell\n2,ride\n3,hh\n4,crash\n"
    score = parse_score(text, drum_classes=["cowbell", "ride"])
    assert score.drums == ("cowbell", "ride", "hihat", "cymbal")
    message = (
        "s:2: expected a drum class (kick, snare, hihat, tom, cymbal, clap, ride), found 'Cowbell'"
    )
    with pytest.raises(InputFileError, match=f"^{re.escape(message)}$"):
        parse_score("onset,drum\n1,Cowbell\n", "s", drum_classes=["ride"])


def test_drums_without_a_class_are_left_out_and_named() -> None:
    said: list[str] = []
    text = "onset,drum\n1,Cowbell\n2,kick\n3,tambourine\n4,Cowbell\n"
    assert notes(parse_score(text, "s", warn=said.append)) == [drum(2, "kick")]
    assert said == ["s: 3 hits without a drum class left out: 2 Cowbell, 1 tambourine"]


def test_an_offset_shifts_a_score(tmp_path: Path) -> None:
    path = tmp_path / "score.csv"
    path.write_text("0.5,kick\n1,snare\n")
    said: list[str] = []
    assert read_score(path, reading=Reading(offset=0.25)).onsets == (0.75, 1.25)
    early = read_score(path, reading=Reading(offset=-0.75, tempo=100.0), warn=said.append)
    assert notes(early) == [drum(0.25, "snare")]
    assert said == [
        f"{path}: its times are seconds, which no tempo changes",
        f"{path}: 1 of 2 notes would begin before 0 s and are left out",
    ]
    with pytest.raises(InputFileError, match="expected notes behind 0 s, found an offset of -9 s"):
        read_score(path, reading=Reading(offset=-9))


def test_fields_of_different_lengths_are_refused() -> None:
    message = (
        "expected fields of one length, found {'onsets': 1, 'durations': 0, 'pitches': 1,"
        " 'drums': 1, 'velocities': 1, 'articulations': 1, 'confidences': 1}"
    )
    with pytest.raises(ParameterError, match=f"^{re.escape(message)}$"):
        Score((1.0,), (), (None,), ("kick",), (None,))


def test_written_headers_are_read() -> None:
    row = {"onset": "1", "drum": "kick", "articulation": "", "velocity": "100", "confidence": "0.5"}
    written = ",".join(DRUM_SCORE_HEADER) + "\n" + ",".join(row[name] for name in DRUM_SCORE_HEADER)
    assert notes(parse_score(written + "\n")) == [(1, None, None, "kick", 100)]
    score = parse_score(",".join(SCORE_COLUMNS) + "\n1,2,36,kick,100\n")
    assert notes(score) == [(1, 2, 36, "kick", 100)]


SECONDS = st.floats(0, 1e6)
NOTES = st.tuples(
    SECONDS,
    st.none() | SECONDS,
    st.floats(0, 127),
    st.none() | st.sampled_from(DRUM_CLASSES),
    st.none() | st.floats(1, 127),
)


@settings(max_examples=100)
@given(
    st.lists(NOTES, min_size=1, unique=True),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.permutations(range(5)),
)
def test_round_trip(written: list[Note], mark: str, newline: str, order: list[int]) -> None:
    table = [SCORE_COLUMNS, *written]
    text = newline.join(
        mark.join("" if row[i] is None else str(row[i]) for i in order) for row in table
    )
    assert notes(parse_score(text)) == sorted(written, key=lambda note: note[0])


PIECES = st.sampled_from(
    [
        *"0123456789.-+,;\t\n\r\x0b\x85 \"'#e_:",
        "\r\n",
        "onset",
        "drum",
        "pitch",
        "end",
        "kick",
        "SD",
        "nan",
    ]
)


@pytest.mark.slow
@settings(max_examples=300)
@given(st.text(max_size=60) | st.lists(PIECES, max_size=40).map("".join))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    for start in ("", "onset,drum,pitch,end\n", "0\tkick\n"):
        try:
            score = parse_score(start + text, warn=lambda _: None)
        except InputFileError as error:
            assert set(str(error)) & set(string.whitespace) <= {" "}, error  # noqa: PT017
        else:
            assert list(score.onsets) == sorted(score.onsets)
            assert all(onset >= 0 for onset in score.onsets)


#: Files that are right, in different ways.
GOOD_FILES = [
    b"onset,drum,velocity\n0.102,kick,96\n0.5,snare,\n1e-3,HH,3 # soft\n",
    b"\xef\xbb\xbftime;midi;dur\r\n0.5;C#4;0.25\r\n1;60;0\r\n",
    b'start\tend\tlabel\n0.10\t0.31\t"Closed Hi-Hat"\n\n',
    b"0.5 kick\n1.5 snare\n",
]
DAMAGE = st.binary(max_size=3) | st.sampled_from(
    [b"\0", b"\xff\xfe", b"\xf6", b"-", b"1e999", b"nan", b'"', b"\t", b"\n\n", b"9" * 400]
)


@st.composite
def damaged_files(draw: st.DrawFn) -> bytes:
    """Return a good file in which some bytes were replaced."""
    data = draw(st.sampled_from(GOOD_FILES))
    for _ in range(draw(st.integers(1, 3))):
        begin = draw(st.integers(0, len(data)))
        end = min(len(data), begin + draw(st.integers(0, 8)))
        data = data[:begin] + draw(DAMAGE) + data[end:]
    return data


#: What is wrong with a file as a whole; everything else has its line.
WHOLE = re.compile("expected (at least one note|text in UTF-8, found UTF-16|a text table)")


def is_table(data: bytes) -> bool:
    """Whether it is not read as MIDI, which has no lines and needs an extra."""
    return not data.startswith(b"MThd")


@settings(max_examples=400)
@given((st.binary(max_size=60) | damaged_files()).filter(is_table))
@pytest.mark.slow
def test_any_file_is_read_or_refused_with_its_line(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(data)
    n_lines = max(1, len(re.split(rb"\r\n|\r|\n", data)))
    score = refusal = None
    try:
        score = read_score(path, warn=lambda _: None)
    except InputFileError as error:
        refusal = str(error)
    if refusal is None:
        assert score is not None
        assert len(score) > 0
        assert all(0 <= onset <= 1e9 for onset in score.onsets)
        return
    assert refusal.isprintable()
    found = re.match(re.escape(str(path)) + r"(?::(\d+))?: ", refusal)
    assert found is not None, refusal
    assert WHOLE.search(refusal) if found[1] is None else 1 <= int(found[1]) <= n_lines
