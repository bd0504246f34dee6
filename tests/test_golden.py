"""The documented functions return what the reference toolbox returns."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nmfd_cli.core import nmfconv
from nmfd_cli.core.filters import nema
from nmfd_cli.core.masking import alpha_wiener_filter

#: Of the largest entry of an array.
TOLERANCE = 1e-6

SUBSET = sorted((Path(__file__).parent / "golden").glob("*.npz"))

FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    # name: (function, names of its returns in the cases)
    "nmfd": (nmfconv.nmfd, ("W", "H", "nmfd_V", "cost_func", "tensor_W")),
    "nmf_conv": (nmfconv.nmf_conv, ("W", "H", "cnmfY", "cost_func")),
    "conv_model": (nmfconv.conv_model, ("lamb",)),
    "shift_operator": (nmfconv.shift_operator, ("shifted",)),
    "init_templates": (nmfconv.init_templates, ("init_W",)),
    "init_activations": (nmfconv.init_activations, ("init_H",)),
    "nema": (nema, ("filtered",)),
    "alpha_wiener_filter": (alpha_wiener_filter, ("source_X", "masks")),
}


def check(path: Path) -> None:
    with np.load(path) as case:
        function, names = FUNCTIONS[str(case["func"])]
        inputs = {name[3:]: case[name] for name in case if name.startswith("in_")}
        wanted = {name[4:]: case[name] for name in case if name.startswith("out_")}
        kwargs = json.loads(str(case["kwargs"]))
    returned = function(**inputs, **kwargs)
    found = dict(zip(names, returned if isinstance(returned, tuple) else (returned,), strict=True))
    assert wanted
    for name, values in wanted.items():
        array = np.asarray(found[name])
        assert array.shape == values.shape
        np.testing.assert_allclose(
            array, values, rtol=0, atol=TOLERANCE * np.abs(values).max(), err_msg=name
        )


@pytest.mark.parametrize("path", SUBSET, ids=[path.stem for path in SUBSET])
def test_subset(path: Path) -> None:
    check(path)


def test_subset_covers_every_function() -> None:
    covered = set()
    for path in SUBSET:
        with np.load(path) as case:
            covered.add(str(case["func"]))
    assert covered == set(FUNCTIONS)
    assert len(SUBSET) == 25


@pytest.mark.shared
def test_whole_set(shared_case: Path) -> None:
    check(shared_case)


@pytest.mark.shared
def test_subset_is_a_copy(shared: Path) -> None:
    for path in SUBSET:
        assert path.read_bytes() == (shared / "golden" / path.name).read_bytes(), path.name
