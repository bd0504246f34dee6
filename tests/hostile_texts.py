"""Scores and presets that are no such thing, or say what cannot be."""

from collections.abc import Callable, Iterator
from pathlib import Path

from hostile_case import CHEAP, SCORED, Case, beside, good


def score(content: str | bytes, name: str = "score.csv") -> Callable[[Path], object]:
    """Write a good recording and a score."""
    return beside(name, content.encode() if isinstance(content, str) else content)


ROWS = "onset,drum\n0.0,kick\n0.25,snare\n0.5,kick\n0.75,snare\n"
WITH_SCORE = ("--score", "score.csv", *SCORED)


def many_rows() -> str:
    return "onset,drum\n" + "".join(
        f"{n / 1e5:.5f},{('kick', 'snare')[n % 2]}\n" for n in range(10**6)
    )


def cases_of_scores() -> Iterator[Case]:
    def case(name: str, content: str | bytes, says: str = "", code: int = 1) -> Case:
        return Case(f"score: {name}", score(content), says, (code,), arguments=WITH_SCORE)

    yield case("10^6 rows", many_rows(), "800000 of 1000000 notes begin after the end", 0)
    yield case(
        "a negative time", ROWS + "-1,kick\n", "score.csv:6: expected the onset to be 0 s or more"
    )
    yield case(
        "a time after the end",
        ROWS + "7,kick\n1e9,kick\n",
        "2 of 6 notes begin after the end of the recording (2.000 s)",
        0,
    )
    yield case(
        "a huge time",
        ROWS + "1e308,snare\n",
        "score.csv:6: expected the onset in seconds, up to 1e9",
    )
    yield case(
        "a time beyond numbers", ROWS + "1e999,kick\n", "score.csv:6: expected the onset in seconds"
    )
    yield case("NaN for a time", ROWS + "nan,kick\n", "score.csv:6: expected the onset in seconds")
    yield case("unsorted", "onset,drum\n0.75,snare\n0.25,snare\n0.5,kick\n0,kick\n", code=0)
    yield case("duplicated onsets", ROWS + ROWS.partition("\n")[2] * 50, code=0)
    yield case(
        "an unknown class", ROWS + "1,bagpipe\n", "without a drum class left out: 1 bagpipe", 0
    )
    yield case("UTF-8 with a mark", b"\xef\xbb\xbf" + ROWS.encode(), code=0)
    yield case("UTF-16", ROWS.encode("utf-16"), "expected text in UTF-8, found UTF-16")
    yield case(
        "Latin-1",
        ROWS.encode() + "1,Größe\n".encode("latin-1"),
        "score.csv:6: expected text in UTF-8, found the byte 0xF6",
    )
    yield case(
        "two encodings",
        "onset,drum\n0,kick\n# größer\n".encode() + b"\xff\n",
        "score.csv:4: expected text in UTF-8",
    )
    yield case("Windows lines", ROWS.replace("\n", "\r\n").encode(), code=0)
    yield case("NUL bytes", ROWS.replace("kick", "ki\0ck"), "found a binary file")
    yield case(
        "an open quote", ROWS + '1,"kick\n', "score.csv:6: expected quotes around whole cells"
    )
    yield case("too many columns", ROWS + "1,kick,3\n", "score.csv:6: expected 2 columns")
    yield case("a decimal comma", "onset;drum\n0,5;kick\n", "score.csv:2: ")
    yield case("empty", "", "expected at least one note, found none")
    yield case("a header alone", "onset,drum\n", "expected at least one note, found none")
    yield case("a line of 10^6 letters", "onset,drum\n0," + "x" * 10**6, "score.csv:2: ")
    yield case("audio", b"RIFF\0\0\0\0WAVE" * 20, "found a binary file")
    yield Case(
        "score: a folder",
        beside("score.csv", None),
        "expected a score file, found a folder",
        arguments=WITH_SCORE,
    )
    yield Case("score: missing", good, "score.csv: no such file or folder", arguments=WITH_SCORE)
    yield Case(
        "score: MIDI that is none",
        score(b"MThd\0\0", "score.mid"),
        "score.mid",
        arguments=("--score", "score.mid", *SCORED),
    )


def preset(**texts: str | bytes) -> Callable[[Path], object]:
    """Write a good recording and presets by their names."""

    def make(folder: Path) -> None:
        good(folder)
        for name, text in texts.items():
            data = text.encode() if isinstance(text, str) else text
            (folder / f"{name}.toml").write_bytes(data)

    return make


def cases_of_presets() -> Iterator[Case]:
    def case(name: str, says: str, **texts: str | bytes) -> Case:
        arguments = ("--preset", "mine.toml", *CHEAP)
        return Case(f"preset: {name}", preset(**texts), f"mine.toml:{says}", arguments=arguments)

    def line(text: str) -> str:
        return f'description = "x"\n{text}\n'

    circle = line('extends = "other.toml"')
    yield case(
        "extends itself", "2: extends: expected no circle", mine=line('extends = "mine.toml"')
    )
    yield Case(
        "preset: a circle of two", preset(mine=circle, other=line('extends = "mine.toml"')),
        "other.toml:2: extends: expected no circle", arguments=("--preset", "mine.toml", *CHEAP),
    )  # fmt: skip
    yield case("extends nothing", "2: extends: expected one of", mine=line('extends = "nothing"'))
    yield case(
        "a wrong type", "2: iterations: expected a whole number", mine=line('iterations = "many"')
    )
    yield case("out of range", "2: alpha: expected", mine=line("alpha = -1"))
    yield case(
        "a number of 400 digits", "2: iterations: expected", mine=line("iterations = " + "9" * 400)
    )
    yield case(
        "an unknown field",
        "2: expected a setting, found 'iteration'; did you mean iterations?",
        mine=line("iteration = 3"),
    )
    yield case("a field twice", "3: expected TOML", mine=line("alpha = 1\nalpha = 2"))
    yield case("no TOML", "1: expected TOML", mine="{ no: toml }")
    yield case("no description", " expected description", mine="alpha = 1\n")
    yield case("UTF-16", "1: expected text in UTF-8", mine=line("alpha = 1").encode("utf-16"))
    yield case("NUL bytes", "1: expected TOML", mine="\0\0\0")
    yield case("brackets without end", " expected TOML", mine=line("stems = " + "[" * 5000))
    yield Case(
        "preset: a folder",
        beside("mine.toml", None),
        "found a folder",
        arguments=("--preset", "mine.toml", *CHEAP),
    )
