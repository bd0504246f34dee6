"""nmfd: take a recording apart by non-negative matrix factor deconvolution.

The library's door: `separate` and `transcribe` take a file or samples; `Score` is what is played
when.  Behind it, in the order in which a recording passes through:

=================  ===============================================================================
``cli``            the commands; alone knows the terminal and exit codes
``settings``       every setting with its default, range and help, once; presets
``batch``          many recordings: plan, processes, a cluster, going on where it was cut off
``io``             formats: audio, scores, MIDI, kits, presets; files that appear whole
``pipeline``       the walk from a recording to its stems
``transcription``  which drums play when
``kits``           drum sounds: found, learned, turned into templates
``core``           numerics: arrays in, arrays out
``output``         where results stand, stems and their manifest
``report``         HTML reports, figures, notebooks
``evaluation``     stems and onsets held against the truth
``training``       what makes the files in ``data/``; not part of the wheel
=================  ===============================================================================
"""

TYPE_CHECKING = False  # as `typing` has it, whose import takes time in which Ctrl-C is not caught

if TYPE_CHECKING:
    from nmfd_cli.api import Separation, separate, transcribe
    from nmfd_cli.io.score.notes import Score

__version__ = "0.1.0"

__all__ = ["Score", "Separation", "__version__", "separate", "transcribe"]


def __getattr__(name: str) -> object:
    """Import the library when it is asked for: ``nmfd --help`` need not wait for the numerics."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from nmfd_cli import api

    return getattr(api, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
