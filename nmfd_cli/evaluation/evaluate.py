"""`nmfd evaluate`: two folders of stems, or two files of onsets."""

from pathlib import Path

from nmfd_cli.errors import NO_SUCH_FILE, InputFileError, ParameterError, Warn, warn_python
from nmfd_cli.evaluation.onsets import OnsetEvaluation, evaluate_onsets
from nmfd_cli.evaluation.stems import StemEvaluation, evaluate_stems
from nmfd_cli.io.score.reader import read_transcription


def evaluate(
    reference: str | Path,
    estimate: str | Path,
    *,
    tolerance: float = 0.05,
    bss: bool = False,
    allow_missing: bool = False,
    allow_length: int = 0,
    start: float = 0.0,
    end: float | None = None,
    warn: Warn = warn_python,
) -> StemEvaluation | OnsetEvaluation:
    """Hold two folders of stems, or two files of onsets, against each other.

    Parameters
    ----------
    reference, estimate : str or Path
        The truth and what was found.
    tolerance : float
        Seconds that matched onsets may be apart.
    bss : bool
        Measure stems by BSS Eval, too.
    allow_missing : bool
        Measure a missing stem as silence.
    allow_length : int
        Samples that stems may be longer or shorter than the truth; what is longer is left out.
    start, end : float, optional
        Seconds of the part that is measured.
    warn : callable, optional
        Takes what should be known of the files.

    Raises
    ------
    InputFileError
        If something cannot be read, or the two do not fit together.
    ParameterError
        If the tolerance is impossible, or files of onsets are to be measured as stems are.
    MissingExtraError
        If a package is needed that is not installed.
    """
    reference, estimate = Path(reference), Path(estimate)
    if not 0 <= start < (float("inf") if end is None else end):
        raise ParameterError(
            expected="0 or more, and less than --end", found=f"{start:g}", setting="start"
        )  # fmt: skip
    if allow_length < 0:
        raise ParameterError(expected="0 or more", found=str(allow_length), setting="allow_length")
    for path in (reference, estimate):
        if not path.exists():
            raise InputFileError(path, NO_SUCH_FILE)
    if reference.is_dir() != estimate.is_dir():
        wanted = "a folder of stems" if reference.is_dir() else "a file of onsets"
        found = "a file" if reference.is_dir() else "a folder"
        raise InputFileError(estimate, expected=f"{wanted} as {reference} is", found=found)
    if reference.is_dir():
        return evaluate_stems(
            reference,
            estimate,
            bss=bss,
            allow_missing=allow_missing,
            allow_length=allow_length,
            span=(start, end),
            warn=warn,
        )
    flags = {"bss": bss, "allow_missing": allow_missing, "allow_length": allow_length}
    for name, is_given in flags.items():
        if is_given:
            raise ParameterError(expected="folders of stems", found="files of onsets", setting=name)
    scores = read_transcription(reference, warn=warn), read_transcription(estimate, warn=warn)
    true, estimated = (score.between(start, end) for score in scores)
    return evaluate_onsets(true, estimated, tolerance)
