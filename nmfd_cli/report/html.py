"""The report of a separation: one HTML file to see and hear, that loads nothing from anywhere."""

import json
from base64 import b64encode
from collections.abc import Container, Mapping
from contextlib import ExitStack
from functools import cache
from hashlib import sha256
from pathlib import Path
from string import Template
from typing import Any

from nmfd_cli.io.existing import require_free
from nmfd_cli.io.transaction import write_file
from nmfd_cli.pipeline.result import SampledResult
from nmfd_cli.report.page.editing import edit_data, is_editable, n_colours
from nmfd_cli.report.page.factors import divergence_figure, factor_figure, template_caption
from nmfd_cli.report.page.markup import text
from nmfd_cli.report.page.palette import theme_styles
from nmfd_cli.report.page.pictures import RANGE_DB, colour_bar, picture_styles
from nmfd_cli.report.page.sketch import SketchedResult, sketched
from nmfd_cli.report.page.sound import EncodedTracks, encode_tracks
from nmfd_cli.report.page.tables import facts, one_shot_table, settings_table, stem_table
from nmfd_cli.report.page.timeline import onset_lists, timeline

_ASSETS = Path(__file__).parent / "page"
#: The parts of the script that only a page with hits of drums has.
_EDITOR = ("score.js", "hits.js", "editor.js", "editor_input.js")


def render(recording: SampledResult, *, audio: str) -> str:
    """Return the report of a recording in memory; see `page`."""
    with ExitStack() as resources:
        drawn = sketched(recording, resources if audio != "none" else None)
        return page(drawn, audio=audio)


def page(
    recording: SketchedResult, *, audio: str, one_shots: Mapping[str, Any] | None = None
) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    recording : SketchedResult
        With sound, unless `audio` is "none".
    audio : str
        How the sound is embedded: see `report.page.sound.encode_tracks`; "none" for pictures
        only.
    one_shots : mapping, optional
        The kit that can be made of the recording: see `report.page.tables.one_shot_table`.

    Raises
    ------
    ParameterError
        If `audio` is none of the choices.
    """
    sketches = (recording.mixture, *recording.stems.values())
    tracks = [sketch.sound for sketch in sketches if sketch.sound is not None]
    sound = encode_tracks(tracks, recording.sample_rate, audio)
    has_sound = bool(sound.tracks)
    can_edit = is_editable(recording)
    script = _script(can_edit=can_edit)
    divergence = divergence_figure(recording.divergence)
    return Template(_asset("page.html")).substitute(
        policy=_policy(script),
        title=text(recording.name),
        facts=text(facts(recording) + ("" if has_sound else ", pictures only")),
        theme_styles=theme_styles(n_colours(recording)),
        styles=_asset("page.css") + (_asset("editor.css") if can_edit else ""),
        pictures=picture_styles(recording),
        transport=_transport(has_sound=has_sound, can_edit=can_edit),
        silent="" if has_sound else " silent",
        timeline=timeline(recording, has_sound=has_sound, editor=_asset("editor.html")),
        hit_line='<div id="hit-line" hidden></div>' if can_edit else "",
        onsets=onset_lists(recording),
        factors=factor_figure(recording),
        colour_bar=colour_bar(),
        range_db=f"{RANGE_DB:.0f}",
        templates=text(template_caption()),
        divergence=f"<section><h2>Divergence</h2>{divergence}</section>" if divergence else "",
        stems=stem_table(recording),
        one_shots=_one_shots(recording, one_shots),
        command=_command(recording),
        version=text(recording.version),
        settings=settings_table(recording.settings),
        data=_data(recording, sound),
        sounds=_sounds(sound),
        script=script,
    )


def write_report(
    recording: SampledResult,
    path: str | Path,
    *,
    audio: str,
    overwrite: bool = False,
    sources: Container[str] = (),
) -> None:
    """Write the report to a file, whole or not at all.

    Parameters
    ----------
    audio : str
        As in `page`.
    overwrite : bool
        Whether the file may be replaced.
    sources : container of str
        Real paths of what was read, which is never replaced.

    Raises
    ------
    OutputError
        If the file exists and may not be replaced, or cannot be written.
    """
    require_free(Path(path), overwrite, sources)
    write_file(path, render(recording, audio=audio), overwrite=overwrite)


def _transport(*, has_sound: bool, can_edit: bool) -> str:
    """Return the player; of pictures alone only what zooms and edits them."""
    zoom, edit = _asset("zoom.html"), _asset("edit.html") if can_edit else ""
    if has_sound:
        return Template(_asset("transport.html")).substitute(edit=edit, zoom=zoom)
    return f'<div class="transport needs-script"><div class="line">{edit}{zoom}</div></div>'


@cache
def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _script(*, can_edit: bool) -> str:
    """Return the page's script: its parts in one function, so that they share names."""
    parts = ("player.js", "axes.js", "page.js", *(_EDITOR if can_edit else ()))
    return '"use strict";\n(() => {\n' + "\n".join(map(_asset, parts)) + "})();\n"


def _policy(script: str) -> str:
    """Return a content security policy: nothing is loaded, and no script runs but the page's own.

    So even a name that found its way into the page as HTML could do nothing there.
    """
    digest = b64encode(sha256(script.encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _data(recording: SketchedResult, sound: EncodedTracks) -> str:
    """Return what the script needs to know, as JSON that no ``</script>`` can end."""
    data: dict[str, Any] = {
        "seconds": recording.seconds,
        "sampleRate": recording.sample_rate,
        "gain": sound.gain,
        "names": ["mixture", *recording.stem_names],
        "tracks": len(sound.tracks),
    }
    if is_editable(recording):
        data["edit"] = edit_data(recording)
    return json.dumps(data).replace("<", "\\u003c")


def _sounds(sound: EncodedTracks) -> str:
    return "\n".join(
        f'<script type="text/plain" id="sound-{index}">{track}</script>'
        for index, track in enumerate(sound.as_text())
    )


def _one_shots(recording: SketchedResult, kit: Mapping[str, Any] | None) -> str:
    table = one_shot_table(kit, recording.stem_names) if kit is not None else ""
    return Template(_asset("one_shots.html")).substitute(table=table) if table else ""


def _command(recording: SketchedResult) -> str:
    if not recording.command:
        return ""
    # a word is broken only where it alone is wider than the page
    words = " ".join(f"<span>{text(word)}</span>" for word in recording.command.split(" "))
    return f"<pre><code>{words}</code></pre>"
