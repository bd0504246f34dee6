"""Temporary files spoken of as what the user gave."""

import warnings
from pathlib import Path

import pytest

from nmfd_cli.errors import InputFileError, NmfdWarning
from nmfd_cli.io.told_as import told_as

A, B = Path("/somewhere/a.wav"), Path("/somewhere/b.csv")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (InputFileError(A, "empty"), "source: empty"),
        (InputFileError(A, "odd", 7), "source:7: odd"),
        (InputFileError(A, "odd", 2), "score['kick'][0]: odd"),
        (InputFileError(B, "odd", 2), f"{B}:2: odd"),
    ],
)
def test_errors_are_renamed(error: InputFileError, message: str) -> None:
    with pytest.raises(InputFileError) as caught, told_as(A, "source", {2: "score['kick'][0]"}):
        raise error
    assert str(caught.value) == message
    assert message.startswith(caught.value.path)


def test_warnings_are_renamed_until_the_last_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def show(message: Warning | str, *args: object, **kwargs: object) -> None:
        told.append(str(message))

    monkeypatch.setattr(warnings, "showwarning", show)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        first, second = told_as(A, "source"), told_as(B, "score")
        first.__enter__()
        second.__enter__()
        warnings.warn(f"{A} and {B}", NmfdWarning, stacklevel=1)
        first.__exit__(None, None, None)  # as of two threads
        warnings.warn(f"{A} and {B}", NmfdWarning, stacklevel=1)
        second.__exit__(None, None, None)
        assert warnings.showwarning is show
    assert told == ["source and score", f"{A} and score"]
