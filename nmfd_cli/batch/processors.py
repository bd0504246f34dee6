"""How many threads a process has for numeric work: its share of the processors, or the user's say.

Imports nothing that takes time: the numeric library reads the variables when it is loaded.
"""

import os
import sys
from typing import Final

#: What tells the numeric libraries how many threads they may use.
THREAD_VARIABLES: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def thread_environment(n_workers: int) -> dict[str, str]:
    """Return the variables that divide the processors among workers; none if the user set one."""
    if any(name in os.environ for name in THREAD_VARIABLES):
        return {}
    threads = max(1, available_processors() // n_workers)
    return dict.fromkeys(THREAD_VARIABLES, str(threads))


def available_processors() -> int:
    """Return how many processors this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
