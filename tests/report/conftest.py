"""The browser that tests of the report share."""

from browsing import browser

__all__ = ["browser"]
