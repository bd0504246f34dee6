"""What all tests share: the folder outside of the repository, where there is one.

The recordings and the whole set of golden cases stay outside of the repository.  They are looked
for in the folder that the environment variable NMFD_SHARED names, else in ``../shared`` beside the
checkout; tests that need them are marked ``shared`` and skipped where there is neither.
"""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import browser
from hypothesis import HealthCheck, settings

# how long an example takes says something of the machine, nothing of the code; and what a run finds
# must not depend on which examples are drawn, lest a change fails by what it has not changed
settings.register_profile(
    "nmfd", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("nmfd")

__all__ = ["browser"]  # a fixture

NO_SHARED = "needs the shared folder: set NMFD_SHARED or put it beside the checkout as ../shared"


def find_shared() -> Path | None:
    """Return the shared folder, or None where there is none."""
    named = os.environ.get("NMFD_SHARED")
    if named:
        folder = Path(named)
        if not folder.is_dir():
            raise pytest.UsageError(f"NMFD_SHARED: expected a folder, found {named!r}")
        return folder
    folder = Path(__file__).resolve().parents[2] / "shared"
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared folder: ``shared / "audio"``, ``shared / "golden"``."""
    folder = find_shared()
    if folder is None:
        pytest.skip(NO_SHARED)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests from the user's cache, presets and kits, in subprocesses, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture
def usual_signals() -> Iterator[None]:
    """Have processes that a test starts hear signals, also where whoever runs the tests does not.

    A shell's background jobs are deaf to SIGINT, what `nohup` started is deaf to SIGHUP, and so is
    all that they start in turn.
    """
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    deaf = [number for number in numbers if signal.getsignal(number) == signal.SIG_IGN]
    for number in deaf:
        signal.signal(number, signal.SIG_DFL)
    yield
    for number in deaf:
        signal.signal(number, signal.SIG_IGN)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test with the argument ``shared_case`` for each golden case of the shared folder."""
    if "shared_case" not in metafunc.fixturenames:
        return
    folder = find_shared()
    if folder is None:
        skipped = pytest.param(None, marks=pytest.mark.skip(reason=NO_SHARED), id="none")
        metafunc.parametrize("shared_case", [skipped])
        return
    cases = sorted((folder / "golden").glob("*.npz"))
    metafunc.parametrize("shared_case", cases, ids=[case.stem for case in cases])
