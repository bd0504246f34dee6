"""A separation as a notebook shows it: a small table with a waveform and a player a track."""

from contextlib import ExitStack

from nmfd_cli.pipeline.result import SampledResult
from nmfd_cli.report.page.markup import text
from nmfd_cli.report.page.sketch import SketchedResult, sketched
from nmfd_cli.report.page.sound import LONGEST_SECONDS, EncodedTracks, encode_tracks
from nmfd_cli.report.page.tables import facts, peak_of, share_of
from nmfd_cli.report.page.timeline import waveform

_CELL = "text-align:left;vertical-align:middle;padding:.2em .8em .2em 0"
_WAVE = "display:block;width:14em;height:2.6em;fill:currentColor"


def as_html(recording: SampledResult) -> str:
    """Return a table of the mixture and the stems.

    It takes the notebook's own colours, and loads nothing.  Of a recording that is longer than
    `LONGEST_SECONDS` there are no players.
    """
    has_sound = recording.seconds <= LONGEST_SECONDS
    with ExitStack() as resources:
        drawn = sketched(recording, resources if has_sound else None)
        tracks = {"mixture": drawn.mixture, **drawn.stems}
        sounds = [sketch.sound for sketch in tracks.values() if sketch.sound is not None]
        audio = "auto" if has_sound else "none"
        encoded = encode_tracks(sounds, recording.sample_rate, audio)
    peak = max(sketch.peak for sketch in tracks.values())
    rows = "".join(
        _row(drawn, name, waveform(sketch, peak, style=_WAVE), _player(encoded, index, name))
        for index, (name, sketch) in enumerate(tracks.items())
    )
    head = "".join(
        f'<th scope="col" style="{_CELL}">{title}</th>'
        for title in ("", "", "", "peak, dBFS", "energy", "onsets")
    )
    return (
        f'<table style="border-collapse:collapse"><caption style="{_CELL}">'
        f"<b>{text(recording.name)}</b> {text(facts(drawn))}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _row(recording: SketchedResult, name: str, wave: str, player: str) -> str:
    sketch = recording.stems.get(name, recording.mixture)
    onsets = recording.onsets.get(name)
    cells = (
        wave,
        player,
        peak_of(sketch),
        share_of(sketch, recording.mixture),
        "" if onsets is None else str(len(onsets)),
    )
    columns = "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells)
    return f'<tr><th scope="row" style="{_CELL}">{text(name)}</th>{columns}</tr>'


def _player(encoded: EncodedTracks, index: int, name: str) -> str:
    if not encoded.tracks:
        return ""
    data = encoded.as_text()[index]
    return (
        f'<audio controls preload="metadata" aria-label="{text(name)}" '
        f'src="data:audio/{encoded.format};base64,{data}"></audio>'
    )
