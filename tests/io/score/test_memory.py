"""Scores of arrays: the notes a table would give, or a line that names the one that is none."""

import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.score.memory import score_from
from nmfd_cli.io.score.reader import parse_score


def test_onsets_by_drum() -> None:
    score = score_from({"BD": np.array([0.5, 0.0]), "snare": [[0.25, 96], [0.5, 1]], "36": [9]})
    assert score.onsets == (0.0, 0.25, 0.5, 0.5, 9.0)
    assert score.drums == ("kick", "snare", "kick", "snare", "kick")
    assert score.velocities == (None, 96.0, None, 1.0, None)
    assert set(score.durations) == set(score.pitches) == {None}


def test_values_are_those_of_python() -> None:
    (onset,), (velocity,) = (
        getattr(score_from({"kick": np.array([[1, 90]], dtype=np.int32)}), name)
        for name in ("onsets", "velocities")
    )
    assert (type(onset), type(velocity)) == (float, float)


def test_exact_duplicates_count_once_and_zero_has_no_sign() -> None:
    score = score_from({"kick": [-0.0, 0.0, 1.0], "BD": [1.0], "snare": [1.0]})
    assert (score.onsets, score.drums) == ((0.0, 1.0, 1.0), ("kick", "kick", "snare"))
    assert str(score.onsets[0]) == "0.0"


def test_own_classes_come_first() -> None:
    onsets = {"ride": [0.1], "crash": [0.2]}
    assert score_from(onsets).drums == ("cymbal", "cymbal")
    assert score_from(onsets, drum_classes=["Ride"]).drums == ("Ride", "cymbal")


KNOWN = "kick, snare, hihat, tom, cymbal, clap"
SHAPE = "score: expected onsets of shape (n,) or (n, 2) for kick"


@pytest.mark.parametrize(
    ("onsets", "message"),
    [
        ([0.1, 0.5], "score: expected a file, or a dictionary of drums and their onsets, found "
         "list"),
        ({}, "score: expected at least one note, found none"),
        ({"kick": []}, "score: expected at least one note, found none"),
        ({"kick": [[1, 2, 3]]}, f"{SHAPE}, found (1, 3)"),
        ({"kick": 0.1}, f"{SHAPE}, found ()"),
        ({"kick": ["a"]}, f"{SHAPE}; could not convert string to float: 'a'"),
        ({"kick": [10**400]}, f"{SHAPE}; int too large to convert to float"),
        ({"ki\nck": [0.1]}, r"score: expected the name of a drum, found 'ki\nck'"),
        ({"snare": [1], "xyzzy": [0.1]},
         f"score['xyzzy'][0]: expected a drum class ({KNOWN}), found 'xyzzy'"),
        ({None: [0.1]}, f"score[None][0]: expected a drum class ({KNOWN}), found 'None'"),
        ({"snare": [0.1], "kick": [0.1, -0.1]},
         "score['kick'][1]: expected the onset to be 0 s or more, found -0.1"),
        ({"kick": [np.nan]}, "score['kick'][0]: expected the onset in seconds, found nan"),
        ({"kick": [0, np.inf]}, "score['kick'][1]: expected the onset in seconds, found inf"),
        ({"kick": [2e9]}, "score['kick'][0]: expected the onset in seconds, up to 1e9, "
         "found 2e+09"),
        ({"kick": [[0.1, 300]]},
         "score['kick'][0]: expected a velocity from 1 to 127, found 300"),
        ({"kick": [[0.1, 9], [0.1, np.nan]]},
         "score['kick'][1]: expected a velocity from 1 to 127, found nan"),
    ],
)  # fmt: skip
def test_what_is_no_score_is_refused(onsets: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=f"^{re.escape(message)}$") as caught:
        score_from(onsets)
    assert caught.value.setting == message.partition(":")[0]


NOTES = st.lists(st.tuples(st.floats(0, 1e9), st.floats(1, 127)), max_size=5)


@given(st.dictionaries(st.sampled_from([*DRUM_CLASSES, "BD", "ride", "38"]), NOTES))
def test_it_is_the_score_that_a_table_gives(onsets: dict[str, list[tuple[float, float]]]) -> None:
    rows = [f"{o!r},{drum},{v!r}\n" for drum, notes in onsets.items() for o, v in notes]
    if rows:
        given_onsets = {drum: notes for drum, notes in onsets.items() if notes}
        assert score_from(given_onsets) == parse_score("onset,drum,velocity\n" + "".join(rows))


def test_the_value_alone_needs_neither_readers_nor_numerics() -> None:
    code = (
        "import sys; from nmfd_cli.io.score.notes import Score; Score.of([(0, 1, 60, None, 9)]);"
        "sys.exit(sum(name in sys.modules for name in"
        " ('numpy', 'nmfd_cli.io.score.reader', 'nmfd_cli.io.score.memory')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
