"""The plan of the house: who may import whom, what stays out of which room, how long things are."""

import ast
import subprocess
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import soundfile as sf

import nmfd_cli
from nmfd_cli.io.resources import shipped

PACKAGE = Path(nmfd_cli.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

_BELOW_REPORT = {"pipeline", "transcription", "kits", "io", "core", "settings"}
#: What each room may import of the others, beside itself.
ALLOWED = {
    "cli": {"batch", "report", "output", "evaluation", *_BELOW_REPORT},
    "batch": {"report", "output", "evaluation", *_BELOW_REPORT},
    "report": {"pipeline", "kits", "io", "core", "settings"},
    "output": {"io", "core", "settings"},
    "pipeline": {"transcription", "kits", "io", "core", "settings"},
    "evaluation": {"io", "core"},
    "transcription": {"io", "core"},
    "kits": {"io", "core"},
    "settings": {"io"},
    "io": {"core"},
    "core": set(),
}
#: What may import anything, and is imported by nobody.
TRAINING = "training"
#: What stands in no room: the door, and what is everybody's.
DOOR, EVERYBODYS = {"api", "__main__"}, {"errors", "stop_signals"}
#: Modules of `core` that are value types or names, which `io` may know.
SHARED_VALUES = {
    "nmfd_cli.core.articulations",
    "nmfd_cli.core.drum_classes",
    "nmfd_cli.core.drum_sounds.description",
    "nmfd_cli.core.drum_sounds.kit",
    "nmfd_cli.core.arrays",
    "nmfd_cli.core.nmfconv.engine.target",
}
#: The documented interface reads a folder of samples: the one arrow that points up.
EXCEPTIONS = {("nmfd_cli.core.nmfconv.drum_templates", "nmfd_cli.io.one_shots")}

#: The lines that a module may have, and those from which on a warning says so.
MOST_LINES, MANY_LINES = 350, 250
#: The lines of code that a function may have: without its docstring, comments and blank lines.
MOST_CODE = 60


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


NAMES = {name_of(path) for path in MODULES}


def imports_of(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """Yield the modules that statements import; a module named behind ``from`` is one, too."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"relative import in line {node.lineno}"
            module = node.module or ""
            inner = {f"{module}.{alias.name}" for alias in node.names} & NAMES
            yield from inner or {module}


def all_imports(path: Path) -> set[str]:
    return set(imports_of(ast.walk(tree_of(path))))


def arrows_of(paths: list[Path]) -> list[tuple[str, str]]:
    """Return who imports what."""
    return [(name_of(path), imported) for path in paths for imported in all_imports(path)]


def room_of(module: str) -> str | None:
    """Return the room, or the lone module, of this package that a module is in."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "nmfd_cli" else None


def in_rooms(*rooms: str) -> list[Path]:
    return [path for path in MODULES if room_of(name_of(path)) in rooms]


# ---------------------------------------------------------------- rooms


def test_every_module_stands_in_a_room_that_the_plan_knows() -> None:
    rooms = {room_of(name) for name in NAMES} - {None}
    assert rooms - {TRAINING} == ALLOWED.keys() | DOOR | EVERYBODYS


def test_no_import_points_up() -> None:
    for here, imported in arrows_of(in_rooms(*ALLOWED)):
        room, other = room_of(here) or "", room_of(imported)
        if other is None or other in EVERYBODYS | {room} or (here, imported) in EXCEPTIONS:
            continue
        assert other in ALLOWED[room], f"{here} imports {imported}"
        if (room, other) == ("io", "core"):
            assert imported in SHARED_VALUES, f"{here} imports {imported}, which is no value type"


@pytest.mark.parametrize("name", sorted(EVERYBODYS))
def test_what_is_everybodys_imports_nothing_of_the_package(name: str) -> None:
    assert not [one for one in all_imports(PACKAGE / f"{name}.py") if room_of(one)]


def test_nobody_imports_what_makes_the_data() -> None:
    others = [path for path in MODULES if path not in in_rooms(TRAINING)]
    assert not [(here, to) for here, to in arrows_of(others) if room_of(to) == TRAINING]


def test_no_exception_is_left_over() -> None:
    arrows = set(arrows_of(MODULES))
    assert arrows >= EXCEPTIONS
    assert {to for here, to in arrows if room_of(here) == "io"} >= SHARED_VALUES


def test_no_permission_is_left_over() -> None:
    used: dict[str, set[str]] = {room: set() for room in ALLOWED}
    for path in in_rooms(*ALLOWED):
        room = room_of(name_of(path)) or ""
        used[room] |= {room_of(imported) or "" for imported in all_imports(path)}
    below = {room: ALLOWED[room] - used[room] for room in ALLOWED if room not in ("cli", "batch")}
    assert not any(below.values()), below


# ---------------------------------------------------------------- circles


def at_module_level(nodes: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the statements that run when a module is imported."""
    for node in nodes:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from at_module_level(node.orelse)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node
            for inner in ("body", "orelse", "finalbody"):
                yield from at_module_level(getattr(node, inner, []))
            for handler in getattr(node, "handlers", []):
                yield from at_module_level(handler.body)


def test_no_imports_run_in_a_circle() -> None:
    ahead = {
        name_of(path): {
            name for name in imports_of(at_module_level(tree_of(path).body)) if name in NAMES
        }
        for path in MODULES
    }
    while True:
        leaves = {name for name, others in ahead.items() if not others}
        if not leaves:
            break
        ahead = {name: others - leaves for name, others in ahead.items() if name not in leaves}
    assert not ahead, f"modules that import each other, or from those: {sorted(ahead)}"


# ---------------------------------------------------------------- sizes


def test_modules_are_short() -> None:
    lines = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    many = {name: n for name, n in lines.items() if n > MANY_LINES}
    if many:
        with warnings.catch_warnings():
            warnings.simplefilter("always")  # shown, not an error
            warnings.warn(f"modules of more than {MANY_LINES} lines: {many}", stacklevel=1)
    assert not {name: n for name, n in many.items() if n > MOST_LINES}


def lines_of_code(path: Path, function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    has_docstring = ast.get_docstring(function) is not None
    documented = range(first.lineno, (first.end_lineno or 0) + 1) if has_docstring else range(0)
    text = path.read_text("utf-8").splitlines()
    return sum(
        bool(text[n - 1].strip()) and not text[n - 1].lstrip().startswith("#")
        for n in range(function.lineno, (function.end_lineno or 0) + 1)
        if n not in documented
    )


def test_functions_are_short() -> None:
    lines = {
        f"{name_of(path)}:{node.lineno}: {node.name}": lines_of_code(path, node)
        for path in MODULES
        for node in ast.walk(tree_of(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    assert not {name: n for name, n in lines.items() if n > MOST_CODE}


@pytest.mark.parametrize("name", ["README.md", "data/README.md", ".github/CONTRIBUTING.md"])
def test_prose_is_wrapped(name: str) -> None:
    lines = (PACKAGE.parent / name).read_text(encoding="utf-8").splitlines()
    prose = [line for line in lines if not line.startswith(("|", "    "))]
    assert not [line for line in prose if len(line) > 100]


# ---------------------------------------------------------------- who alone does what


def test_the_terminal_belongs_to_the_command_line() -> None:
    others = [path for path in MODULES if path not in in_rooms("cli", TRAINING)]
    assert not [arrow for arrow in arrows_of(others) if arrow[1].split(".")[0] in ("click", "tqdm")]


def test_core_and_io_are_silent_and_seeded_by_argument() -> None:
    calls = [
        (ast.unparse(node.func), f"{name_of(path)}:{node.lineno}")
        for path in in_rooms("core", "io")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
    ]
    assert not [place for called, place in calls if called == "print"]
    of_all = {f"np.random.{name}" for name in ("seed", "rand", "randn", "choice")}
    assert not [place for called, place in calls if called in of_all]


def renames(tree: ast.Module) -> Iterator[ast.Call]:
    """Yield calls that move a file: `os.replace` and its like, and the methods of a path.

    Of two strings `str.replace` takes a second argument, `dataclasses.replace` names its own.
    """
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        called = ast.unparse(node.func)
        is_of_os = called in ("os.replace", "os.rename", "os.renames", "os.link", "shutil.move")
        is_of_path = (
            node.func.attr in ("replace", "rename", "hardlink_to")
            and len(node.args) == 1
            and not node.keywords
        )
        if is_of_os or is_of_path:
            yield node


def test_one_module_moves_finished_files_into_place() -> None:
    others = [path for path in MODULES if path not in in_rooms(TRAINING)]
    found = {name_of(path) for path in others if any(renames(tree_of(path)))}
    assert found == {"nmfd_cli.io.moves"}


def test_nothing_patches_what_shows_warnings() -> None:
    for path in MODULES:
        for node in ast.walk(tree_of(path)):
            named = node.attr if isinstance(node, ast.Attribute) else getattr(node, "value", None)
            assert named not in ("showwarning", "_showwarnmsg"), f"{name_of(path)}: {named}"


# ---------------------------------------------------------------- what a command loads


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


#: The modules of this package that a plain separation loads, at most: lower it, never raise it.
MOST_LOADED = 95


def test_a_plain_separation_loads_few_modules(tmp_path: Path) -> None:
    samples, rate = sf.read(shipped("data", "demo", "drums.wav"), frames=9000)
    sf.write(tmp_path / "x.wav", samples, rate)
    program = (
        "import sys; from nmfd_cli.cli.main import run; code = run(['separate', 'x.wav', '-q']);"
        "print(*(name for name in sys.modules if name.split('.')[0] == 'nmfd_cli'));"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
    loaded = sorted(done.stdout.split())
    assert len(loaded) <= MOST_LOADED, loaded


def test_a_plain_separation_needs_neither_reports_nor_processes() -> None:
    code = (
        "import sys; import nmfd_cli.batch.run, nmfd_cli.cli.batch_view;"
        "sys.exit(sum(m in sys.modules for m in ('multiprocessing', 'nmfd_cli.report.page')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
