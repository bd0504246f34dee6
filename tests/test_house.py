"""The plan of the house: who may import whom, and what stays out of which room."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import nmfd_cli

PACKAGE = Path(nmfd_cli.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))

#: What each floor may import of the others; `errors` and the package itself are everybody's.
ALLOWED = {
    "core": {"core"},
    "io": {"io", "core"},
    "app": {"app", "io", "core"},
    "cli": {"cli", "app", "core"},
}
#: Modules of `core` that are value types or names, which `io` may know.
SHARED_VALUES = {
    "nmfd_cli.core.drum_classes",
    "nmfd_cli.core.drum_sounds.description",
    "nmfd_cli.core.drum_sounds.kit",
    "nmfd_cli.core.arrays",
    "nmfd_cli.core.nmfconv.engine.target",
}
#: The documented interface reads a folder of samples: the one arrow that points up.
EXCEPTIONS = {("nmfd_cli.core.nmfconv.drum_templates", "nmfd_cli.io.one_shots")}


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def floor_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in ALLOWED else None


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_import_points_up(path: Path) -> None:
    here = name_of(path)
    floor = floor_of(here)
    if floor is None:
        return
    for imported in imports_of(path):
        other = floor_of(imported)
        if other is None or (here, imported) in EXCEPTIONS:
            continue
        assert other in ALLOWED[floor], f"{here} imports {imported}"
        if (floor, other) == ("io", "core"):
            assert imported in SHARED_VALUES, f"{here} imports {imported}, which is no value type"


def test_no_exception_is_left_over() -> None:
    arrows = {(name_of(path), imported) for path in MODULES for imported in imports_of(path)}
    assert arrows >= EXCEPTIONS
    assert {to for here, to in arrows if floor_of(here) == "io"} >= SHARED_VALUES


@pytest.mark.parametrize("path", [p for p in MODULES if floor_of(name_of(p)) != "cli"], ids=name_of)
def test_the_terminal_belongs_to_the_door(path: Path) -> None:
    assert not {"click", "tqdm"} & {name.split(".")[0] for name in imports_of(path)}


@pytest.mark.parametrize(
    "path", [p for p in MODULES if floor_of(name_of(p)) in ("core", "io")], ids=name_of
)
def test_core_and_io_are_silent_and_seeded_by_argument(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called != "print", f"{path.name}:{node.lineno} prints"
            assert not called.startswith(
                ("np.random.seed", "np.random.rand(", "np.random.choice")
            ), f"{path.name}:{node.lineno} draws from the global generator"


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["separate", "--help"]])
def test_help_needs_no_numerics(arguments: list[str]) -> None:
    program = (
        "import sys; from nmfd_cli.cli.main import run; code = run(sys.argv[1:]);"
        "sys.exit(code or sum(m in sys.modules for m in ('numpy', 'scipy', 'soundfile', 'tqdm')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_plain_separation_needs_neither_reports_nor_processes() -> None:
    code = (
        "import sys; import nmfd_cli.batch.run, nmfd_cli.cli.batch_view;"
        "sys.exit(sum(m in sys.modules for m in ('multiprocessing', 'nmfd_cli.report.page')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
