"""The signals that ask a program to stop, and how long they may be made to wait."""

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType


def stop_signals() -> list[signal.Signals]:
    """Return those of the signals that this system knows."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    return [getattr(signal, name) for name in names if hasattr(signal, name)]


@contextmanager
def signals_held() -> Iterator[None]:
    """Let signals wait until what is made within has been entrusted to whoever removes it.

    A signal is turned into an exception between any two instructions: also between the making of a
    temporary file and the ``try`` whose end removes it.  Only for what takes an instant.  Without
    effect outside of the main thread, where no signal is turned into anything, and on signals that
    the program has not set a function for.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in stop_signals()}
    arrived: list[int] = []

    def hold(number: int, frame: FrameType | None) -> None:
        arrived.append(number)

    try:
        for number, handler in handlers.items():
            if callable(handler):
                signal.signal(number, hold)
        yield
    finally:
        for number, handler in handlers.items():
            if callable(handler):
                signal.signal(number, handler)
        if arrived:
            signal.raise_signal(arrived[0])


@contextmanager
def cleaned_up() -> Iterator[ExitStack]:
    """Hand out a stack of what is to be removed in the end, which signals wait for."""
    with ExitStack() as resources:
        try:
            yield resources
        finally:
            with signals_held():
                resources.close()
