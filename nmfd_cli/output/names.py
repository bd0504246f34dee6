"""Where the files of a recording stand: decided once, when the work is planned."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from string import Formatter

from nmfd_cli.core.articulations import drum_or_articulation
from nmfd_cli.core.drum_classes import drum_class
from nmfd_cli.errors import ParameterError
from nmfd_cli.io.audio.recording import STDIN_NAME, STREAM
from nmfd_cli.output.manifest import manifest_name
from nmfd_cli.settings.output import OutputSettings

#: What stands in a file name for the stem where the file is the report.
REPORT_NAME = "report"

#: What `OutputSettings.filename` may hold.
FIELDS = ("track", "stem", "ext", "parent", "preset", "date")


@dataclass(frozen=True)
class Places:
    """Where all files of one recording will stand.

    Attributes
    ----------
    out : Path
        The folder of the results; ``-`` for standard output, which takes one file.
    parts : tuple of str or None
        The path of a stem below it, in pieces; None stands for the stem's name.
    track : str
        The recording's name.
    extension : str
        Of the stems.
    """

    out: Path
    parts: tuple[str | None, ...]
    track: str
    extension: str
    has_report: bool = False

    @property
    def is_stream(self) -> bool:
        """Whether the one file goes to standard output."""
        return str(self.out) == STREAM

    def file_of(self, name: str) -> Path:
        """Return the file of what is called by a name: a stem, or all but one."""
        return self.out if self.is_stream else self.out / self._below(name)

    def files_of(self, names: Iterable[str]) -> dict[str, Path]:
        """Return the file of each name.

        Raises
        ------
        ParameterError
            If two would have the same.
        """
        files = {name: self.file_of(name) for name in names}
        if len(set(files.values())) < len(files):
            template = self._below("{stem}").as_posix()
            raise ParameterError(
                f"{template!r} gives several stems one file", setting="filename",
                expected="{stem} in it",
            )  # fmt: skip
        return files

    @property
    def report(self) -> Path | None:
        """The file of the report, if one is asked for: where a stem of that name would stand."""
        if not self.has_report:
            return None
        place = self.file_of(REPORT_NAME)
        return place.with_name(place.name.removesuffix(f".{self.extension}") + ".html")

    @property
    def folder(self) -> Path:
        """The deepest folder that holds the stems, whatever they are called."""
        return self.out.joinpath(*self._pattern_parts[0])

    @property
    def pattern(self) -> str:
        """The stems' file name from that folder, ``{stem}`` in it."""
        return "/".join(self._pattern_parts[1])

    @property
    def manifest(self) -> Path:
        """The file of the manifest, in that folder."""
        return self.folder / manifest_name(self.track, self.pattern)

    def _below(self, name: str) -> Path:
        return Path("".join(name if part is None else part for part in self.parts))

    @property
    def _pattern_parts(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        parts = self._below("{stem}").parts
        depth = next((n for n, part in enumerate(parts[:-1]) if "{stem}" in part), len(parts) - 1)
        return parts[:depth], parts[depth:]


def places_for(recording: str | Path, output: OutputSettings, *, day: date | None = None) -> Places:
    """Decide where the files of a recording will stand.

    Parameters
    ----------
    recording : str or Path
        ``-`` is named like a file ``stdin`` in the working folder.
    day : date, optional
        What ``{date}`` stands for; today.

    Raises
    ------
    ParameterError
        If the template has an unknown field or leaves the folder.
    """
    known = {
        **recording_fields(recording),
        "ext": output.format,
        "preset": output.preset,
        "date": (day or date.today()).isoformat(),
    }
    template = output.filename
    pieces = template_pieces(template, FIELDS, setting="filename")
    if Path(template).is_absolute() or ".." in Path(template).parts:
        raise ParameterError(
            setting="filename", expected="a path below the output folder", found=template
        )
    parts: list[str | None] = []
    for text, name in pieces:
        parts += [text] if name is None else [text, known.get(name)]
    return Places(Path(output.out), tuple(parts), known["track"], output.format, output.report)


def recording_fields(recording: str | Path) -> dict[str, str]:
    """Return the name of a recording, ``track``, and that of its folder, ``parent``."""
    source = Path(STDIN_NAME if str(recording) == STREAM else recording).absolute()
    return {"track": source.stem, "parent": source.parent.name or "root"}


def template_pieces(
    template: str, fields: Sequence[str], *, setting: str
) -> list[tuple[str, str | None]]:
    """Cut a template into pieces: a text, and the name of the field behind it, if there is one.

    Raises
    ------
    ParameterError
        If it is none, or has another field.
    """
    try:
        found = list(Formatter().parse(template))
    except ValueError as error:
        message = f"{template!r} is not a template: {error}"
        raise ParameterError(message, setting=setting) from error
    for _, name, spec, conversion in found:
        if name is not None and (name not in fields or spec or conversion):
            expected = ", ".join(f"{{{known}}}" for known in fields)
            raise ParameterError(
                setting=setting, expected=f"fields {expected}", found=f"{{{name}}}"
            )
    return [(text, name) for text, name, *_ in found]


def written_names(stems: Sequence[str], output: OutputSettings) -> tuple[str, ...]:
    """Return the names of what is written: all stems, one of them, or all but one as one.

    Raises
    ------
    ParameterError
        If a stem is asked for that there is not, or the name of one is no name of a file.
    """
    _check_names(stems)
    if output.stem is not None:
        return ("+".join(chosen_stems(stems, output.stem, "stem")),)
    if output.minus is not None:
        return ("minus_" + "+".join(chosen_stems(stems, output.minus, "minus")),)
    return tuple(stems)


def _check_names(stems: Sequence[str]) -> None:
    """Refuse names of stems, the user's own among them, that are no names of files."""
    for name in stems:
        if stems.count(name) > 1:
            raise ParameterError(
                setting="residual", expected="a name that no other stem has", found=repr(name)
            )
        if not name.strip() or set(name) & set("/\\\0") or name.startswith("."):
            raise ParameterError(
                setting="residual", expected="the name of a stem", found=repr(name)
            )


def _chosen_stem(stems: Sequence[str], wanted: str, setting: str) -> str:
    """Return the stem that a name means: its own or another of the field for the same drum."""
    if wanted in stems:
        return wanted
    with suppress(ParameterError):
        for drum in (drum_or_articulation(wanted, extra=stems), drum_class(wanted)):
            if drum in stems:
                return drum
    raise ParameterError(setting=setting, expected=f"one of {', '.join(stems)}", found=repr(wanted))


def chosen_stems(stems: Sequence[str], wanted: str, setting: str = "stem") -> tuple[str, ...]:
    """Return the stems that names mean, separated by commas, in the order of the stems.

    Raises
    ------
    ParameterError
        If there is none of a name.
    """
    names = [wanted] if wanted in stems else [name.strip() for name in wanted.split(",")]
    chosen = {_chosen_stem(stems, name, setting) for name in names}
    return tuple(stem for stem in stems if stem in chosen)
