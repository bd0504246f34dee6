"""nmfd: take a recording apart by non-negative matrix factor deconvolution."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nmfd_cli.library import Separation, separate

__version__ = "0.1.0"

__all__ = ["Separation", "__version__", "separate"]


def __getattr__(name: str) -> Any:
    """Import the library when it is asked for: ``nmfd --help`` need not wait for the numerics."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nmfd_cli import library as separation

    return getattr(separation, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
