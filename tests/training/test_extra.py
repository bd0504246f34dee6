"""What training needs beside the program itself."""

import sys

import pytest

from nmfd_cli.errors import MissingExtraError
from nmfd_cli.training.extra import training_package


def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    assert training_package("json").__name__ == "json"
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(MissingExtraError) as caught:
        training_package("torch")
    assert str(caught.value) == (
        "Training needs an optional package: pip install 'nmfd-cli[training]'"
    )
