"""How far a recording has got, told from the stations of its walk."""

from collections.abc import Callable

#: ``progress(stage, done)``: a station's name and how much of it is done, from 0 to 1.
Progress = Callable[[str, float], None]
