"""Names of scores whose letters are composed otherwise than those of the recordings."""

from pathlib import Path

import pytest

from nmfd_cli.batch.plan import score_beside

DECOMPOSED, COMPOSED = "Scha\u0308fer", "Sch\u00e4fer"


@pytest.mark.parametrize(("track", "score"), [(DECOMPOSED, COMPOSED), (COMPOSED, DECOMPOSED)])
def test_a_letter_of_two_characters_is_the_same(tmp_path: Path, track: str, score: str) -> None:
    folder = tmp_path / score
    folder.mkdir()
    (folder / f"{score}.csv").touch()
    found = score_beside(str(tmp_path / f"{track}.wav"), "{track}/{track}.csv")
    assert found == str(folder / f"{score}.csv")


def test_the_same_spelling_wins_and_of_two_others_none(tmp_path: Path) -> None:
    (tmp_path / f"{DECOMPOSED}.csv").touch()
    (tmp_path / f"{COMPOSED}.csv").touch()
    for track in (DECOMPOSED, COMPOSED):
        path = tmp_path / f"{track}.wav"
        assert score_beside(str(path), "{track}.csv") == str(path.with_suffix(".csv"))
    mixed = f"{DECOMPOSED}-{COMPOSED}"
    for name in (f"{COMPOSED}-{COMPOSED}", f"{DECOMPOSED}-{DECOMPOSED}"):
        (tmp_path / f"{name}.csv").touch()
    assert score_beside(str(tmp_path / f"{mixed}.wav"), "{track}.csv") == str(
        tmp_path / f"{mixed}.csv"
    )
