"""What the files of a recording are called and where they stand."""

from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from string import Formatter

from nmfd_cli.core.drum_classes import DRUM_CLASSES, drum_class
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.audio.streams import STDIN_NAME
from nmfd_cli.io.replacement import require_free
from nmfd_cli.settings.definitions import STREAM, OutputSettings

#: What stands in a file name for the stem where the file is the report.
REPORT_NAME = "report"

#: What `OutputSettings.filename` may hold.
FIELDS = ("track", "stem", "ext", "parent", "preset", "date")


def output_paths(
    recording: str | Path, stems: Sequence[str], output: OutputSettings
) -> dict[str, Path]:
    """Return where each stem that is asked for will stand.

    Parameters
    ----------
    recording : str or Path
        ``-`` is named like a file ``stdin`` in the working folder.
    stems : sequence of str
        All that the recording is divided into.
    output : OutputSettings

    Raises
    ------
    ParameterError
        If the template has an unknown field, leaves the folder, or gives two stems one path, or if
        a stem is asked for that there is not.
    """
    _check_names(stems)
    names = written_names(stems, output)
    if output.is_stream:
        return {name: Path(STREAM) for name in names}
    source = Path(STDIN_NAME if str(recording) == STREAM else recording).absolute()
    known = {
        "track": source.stem,
        "ext": output.format,
        "parent": source.parent.name or "root",
        "preset": output.preset,
        "date": date.today().isoformat(),
    }
    _check_template(output.filename)
    paths = {name: Path(output.out) / output.filename.format(stem=name, **known) for name in names}
    if len(set(paths.values())) < len(paths):
        raise ParameterError(
            f"filename: {output.filename!r} gives several stems one file; expected {{stem}} in it"
        )
    return paths


def report_path(recording: str | Path, output: OutputSettings) -> Path | None:
    """Return where the report of a recording will stand, if one is asked for.

    It is called as a stem ``report`` would be, so that it stands where the stems do.
    """
    if not output.report:
        return None
    anonymous = replace(output, stem=None, minus=None)
    (place,) = output_paths(recording, [REPORT_NAME], anonymous).values()
    return place.with_name(place.name.removesuffix(f".{output.format}") + ".html")


def _check_names(stems: Sequence[str]) -> None:
    """Refuse names of stems, the user's own among them, that are no names of files."""
    for name in stems:
        if stems.count(name) > 1:
            raise ParameterError(
                f"residual: expected a name that no other stem has, found {name!r}"
            )
        if not name.strip() or set(name) & set("/\\\0") or name.startswith("."):
            raise ParameterError(f"residual: expected the name of a stem, found {name!r}")


def written_names(stems: Sequence[str], output: OutputSettings) -> tuple[str, ...]:
    """Return the names of what is written: all stems, one of them, or all but one as one.

    Raises
    ------
    ParameterError
        If a stem is asked for that there is not.
    """
    if output.stem is not None:
        return (chosen_stem(stems, output.stem, "stem"),)
    if output.minus is not None:
        return (minus_name(chosen_stem(stems, output.minus, "minus")),)
    return tuple(stems)


def chosen_stem(stems: Sequence[str], wanted: str, setting: str = "stem") -> str:
    """Return the stem that a name means: its own or another of the field for the same drum.

    Raises
    ------
    ParameterError
        If there is none.
    """
    if wanted in stems:
        return wanted
    with suppress(ParameterError):
        drum = drum_class(wanted)
        if drum in stems:
            return drum
    raise ParameterError(f"{setting}: expected one of {', '.join(stems)}, found {wanted!r}")


def usual_stems() -> tuple[str, ...]:
    """Return the names that stems of drums can have."""
    return DRUM_CLASSES


def minus_name(stem: str) -> str:
    """Return the name of everything but a stem."""
    return f"minus_{stem}"


def require_place(path: Path, output: OutputSettings, sources: Container[str] = ()) -> None:
    """Refuse a place where something stands that may not be replaced; a stream holds nothing.

    Parameters
    ----------
    path : Path
    output : OutputSettings
    sources : container of str
        Real paths of what is read.

    Raises
    ------
    OutputError
    """
    if not output.is_stream:
        require_free(path, output.overwrite, sources)


def _check_template(template: str) -> None:
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise ParameterError(f"filename: {template!r} is not a template: {error}") from error
    for _, name, spec, conversion in parts:
        if name is not None and (name not in FIELDS or spec or conversion):
            expected = ", ".join(f"{{{known}}}" for known in FIELDS)
            raise ParameterError(f"filename: expected fields {expected}, found {{{name}}}")
    if Path(template).is_absolute() or ".." in Path(template).parts:
        raise ParameterError(f"filename: expected a path below the output folder, found {template}")
