"""Packages that only training needs, from the extra ``[training]``."""

from importlib import import_module
from types import ModuleType

from nmfd_cli.errors import MissingExtraError


def training_package(name: str) -> ModuleType:
    """Import a package of the extra.

    Raises
    ------
    MissingExtraError
        If it is not installed.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise MissingExtraError("Training", "training") from error
