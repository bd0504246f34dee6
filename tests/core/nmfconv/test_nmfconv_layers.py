"""Who imports whom in `core.nmfconv`: the engine nothing above it, and nobody in a circle."""

import ast
import graphlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from nmfd_cli.core import nmfconv

ENGINE = f"{nmfconv.__name__}.engine"
#: What the engine stands on.
BELOW = {"nmfd_cli.core.arrays", "nmfd_cli.core.threads", "nmfd_cli.errors"}


def modules() -> Iterator[tuple[str, Path]]:
    for finder, name, is_package in pkgutil.walk_packages(nmfconv.__path__, f"{nmfconv.__name__}."):
        spec = finder.find_spec(name, None)
        if not is_package and spec is not None and spec.origin is not None:
            yield name, Path(spec.origin)


def imports_of(path: Path) -> set[str]:
    """Return the package's modules that one imports anywhere, also within a function."""
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    names = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name for name in names if name.startswith("nmfd_cli")}


def test_the_engine_knows_nothing_of_the_solvers() -> None:
    of_engine = [path for name, path in modules() if name.startswith(ENGINE)]
    assert len(of_engine) > 5
    for path in of_engine:
        above = {name for name in imports_of(path) - BELOW if not name.startswith(ENGINE)}
        assert not above, path.name


def test_no_circle_of_imports() -> None:
    graph = {name: imports_of(path) for name, path in modules()}
    order = list(graphlib.TopologicalSorter(graph).static_order())  # raises CycleError
    solver, engine = f"{nmfconv.__name__}.deconvolution", f"{ENGINE}.sweeps"
    assert order.index(engine) < order.index(solver)
