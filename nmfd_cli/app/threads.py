"""How many threads the numeric library has: one a process, unless the user says otherwise.

Two threads make a recording 8 % faster on a machine with nothing else to do, for 1.6 times the
work, and several times slower where other programs run; as many processes gain more.  Besides,
sums round differently with the number of threads: with one, a batch gives the same bits whatever
its number of processes, here and on a cluster.

Imports nothing that takes time: the library reads the variables when it is loaded.
"""

import os
from typing import Final

#: What tells the numeric libraries how many threads they may use.
THREAD_VARIABLES: Final = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


def thread_defaults() -> dict[str, str]:
    """Return the variables that ask for one thread; none if the user has set one of them."""
    if any(name in os.environ for name in THREAD_VARIABLES):
        return {}
    return dict.fromkeys(THREAD_VARIABLES, "1")
