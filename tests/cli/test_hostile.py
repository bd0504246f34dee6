"""The table of hostile inputs, run by the real command: right code and line, stems or nothing."""

import re
from pathlib import Path

import pytest
from hostile import Outcome, all_cases, complaints, run_all

CASES = all_cases()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """What became of all of them; several run at a time."""
    found = run_all(CASES, tmp_path_factory.mktemp("hostile"))
    return {outcome.case.name: outcome for outcome in found}


def test_there_are_many_and_each_has_a_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 100


def test_the_readme_counts_them() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (number,) = re.findall(r"runs the real command on\s+(\d+)", readme)
    assert int(number) <= len(CASES) <= int(number) + 2  # root is refused nothing


@pytest.mark.parametrize("name", [case.name for case in CASES])
@pytest.mark.slow
def test_right_code_and_line_and_stems_or_nothing(outcomes: dict[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    assert not complaints(outcome), outcome.lines
