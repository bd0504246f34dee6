"""Correcting hits on the page without a browser: its data, its command, the files it writes."""

import json
import random
import shutil
import subprocess
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from separations import made_up, strokes

from nmfd_cli.core.tempo import Tempo
from nmfd_cli.io.midi.writer import midi_bytes
from nmfd_cli.io.score.notes import Score
from nmfd_cli.io.score.writer import score_text
from nmfd_cli.pipeline.result import SampledResult
from nmfd_cli.report.html import _asset, render
from nmfd_cli.report.page.editing import edit_data, is_editable
from nmfd_cli.report.page.sketch import sketched


def data_of(result: SampledResult) -> dict[str, Any]:
    return edit_data(sketched(result))


def score(*notes: tuple[float, str, float | None, str | None, float | None]) -> Score:
    return Score.of((at, None, None, drum, v, struck, sure) for at, drum, v, struck, sure in notes)


def test_every_note_of_the_score_is_given_as_it_is() -> None:
    notes = score(
        (0.1, "kick", 100.0, None, 0.91), (0.2, "hihat", None, "open hihat", None),
        (0.25, "cymbal", 64.5, "ride", 0.5),
    )  # fmt: skip
    result = replace(
        made_up(stems=("kick", "ride")),
        onsets={"kick": strokes((0.1, 100)), "ride": strokes((0.25, 64.5))},
        score=notes,
    )
    data = data_of(result)
    names = [name for name, *_ in data["lanes"]]
    assert data["shown"] == 2
    assert names[:3] == ["kick", "ride", "hihat"]
    assert data["lanes"][1] == ["ride", "cymbal", "ride", 1]
    assert data["hits"] == [
        [0.1, 0, 100, "", "0.91"],
        [0.2, 2, None, "open hihat", ""],  # of no stem, and yet not lost
        [0.25, 1, 64.5, "ride", "0.5"],
    ]
    assert {"snare", "tom", "clap", "crash"} <= set(names)
    assert len(set(names)) == len(names)
    assert len({colour for *_, colour in data["lanes"]}) == len(names)


def test_only_drums_can_be_edited() -> None:
    def can_edit(result: SampledResult) -> bool:
        return is_editable(sketched(result))

    assert can_edit(made_up())
    assert not can_edit(replace(made_up(), score=None))
    melody = Score((0.1,), (0.5,), (60.0,), (None,), (90.0,))
    assert not can_edit(replace(made_up(), score=melody))
    page = render(replace(made_up(), score=melody), audio="none")
    assert 'id="edit"' not in page
    assert "midiBytes" not in page


def test_where_nothing_was_found_hits_can_be_added() -> None:
    empty = replace(made_up(), onsets={"kick": np.zeros((0, 2))}, score=Score.of(()))
    page = render(empty, audio="none")
    assert 'id="edit"' in page
    assert 'id="grid" role="group" aria-label="Transcription" hidden>' in page


def test_the_command_has_the_settings_that_were_used() -> None:
    settings = {
        "stems": ("kick", "Snare"), "init": "auto", "init_activations": "auto", "iterations": 40,
        "space": False, "alpha": 2.0, "sensitivity": ("0.7", "tom=0.3"), "kit": "my kit",
    }  # fmt: skip
    data = data_of(replace(made_up("a b.wav"), settings=settings))
    assert data["command"] == [
        "nmfd separate 'a b.wav'",
        "--out corrected --report --sensitivity 0.7,tom=0.3 --iterations 40 --no-space "
        "--kit 'my kit'",
    ]
    assert data["asked"] == ["kick", "snare"]
    assert data_of(replace(made_up(), settings={}))["asked"] == []


@pytest.mark.parametrize(
    ("tempo", "bpm", "grid"),
    [(None, 120.0, None), (Tempo(90.0, 0.2), 90.0, [60 / 90, 0.2])],
)
def test_the_tempo_is_that_of_the_report(
    tempo: Tempo | None, bpm: float, grid: list[float] | None
) -> None:
    data = data_of(made_up(tempo=tempo))
    assert (data["bpm"], data["grid"]) == (bpm, grid)


def run_script(expression: str) -> Any:
    """Return what a JavaScript expression gives beside the page's functions, without a browser."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    script = f"{_asset('score.js')}\n{_asset('hits.js')}\nconsole.log(JSON.stringify({expression}))"
    done = subprocess.run([node, "-"], input=script, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


NOTES = {"kick": 36, "snare": 38, "ride bell": 53}


@pytest.mark.parametrize("bpm", [10.0, 55.3, 120.0, 131.9871, 1000.0])
def test_midi_is_byte_for_byte_that_of_the_writer(bpm: float) -> None:
    pytest.importorskip("mido")
    generator = random.Random(3)
    onsets = {
        drum: [[generator.uniform(0, 200), generator.randint(1, 127)] for _ in range(100)]
        for drum in NOTES
    }
    onsets["kick"] += [[0.0, 1], [0.0, 127], [0.05, 64], [2000.0, 3.5]]  # at once, close, late
    hits = [
        {"onset": onset, "note": NOTES[drum], "velocity": velocity}
        for drum, rows in onsets.items()
        for onset, velocity in rows
    ]
    found = run_script(f"[...midiBytes({json.dumps(hits)}, {bpm})]")
    expected = midi_bytes({drum: np.array(rows) for drum, rows in onsets.items()}, bpm)
    assert bytes(found) == expected


def test_a_table_is_that_of_the_transcription() -> None:
    notes = score(
        (0.1, "kick", 100.0, None, 0.91), (0.1, "snare", 3.5, "side stick", None),
        (0.2, "snare", None, None, 0.5), (1.0, 'a "b", c', 64.0, None, None),
    )  # fmt: skip
    onsets = {name: strokes() for name in ("kick", "snare", 'a "b", c')}
    data = data_of(replace(made_up(stems=tuple(onsets)), onsets=onsets, score=notes))
    assert run_script(f"csvText(new Hits({json.dumps(data)}).rows())") == score_text(notes)


def test_what_was_done_can_be_undone() -> None:
    steps = """(() => {
      const hits = new Hits(%s);
      const onsets = () => hits.rows().map((hit) => [hit.onset, hit.drum, hit.confidence]);
      const states = [onsets()];
      const id = hits.add(0.3, 0);
      hits.edit(id, { onset: 0.31, lane: 1 });
      hits.remove(0);
      states.push(onsets());
      const undone = [hits.undo(), hits.undo(), hits.undo(), hits.undo()];
      states.push(onsets());
      const redone = [hits.redo(), hits.redo(), hits.redo(), hits.redo()];
      states.push(onsets());
      hits.undo();
      hits.add(1.2, 0);
      return [states, undone, redone, hits.redo()];
    })()"""
    notes = score((0.1, "kick", 100.0, None, 0.9), (0.5, "snare", 90.0, None, 0.8))
    data = data_of(replace(made_up(), score=notes))
    (before, after, undone, redone), undos, redos, late = run_script(steps % json.dumps(data))
    assert before == undone == [[0.1, "kick", "0.9"], [0.5, "snare", "0.8"]]
    assert after == redone == [[0.31, "snare", ""], [0.5, "snare", "0.8"]]
    assert undos == redos == [True, True, True, False]
    assert late is False


def test_stems_that_were_asked_for_grow_by_what_is_added() -> None:
    notes = score((0.1, "kick", 100.0, None, None), (0.2, "clap", 100.0, None, None))
    result = replace(
        made_up(stems=("kick",)), onsets={"kick": strokes((0.1, 100))}, score=notes,
        settings={"stems": ("kick",)},
    )  # fmt: skip
    data = data_of(result)
    names = [name for name, *_ in data["lanes"]]
    stems = f"(() => {{ const h = new Hits({json.dumps(data)}); const before = h.stems(['kick']);"
    stems += f" h.add(0.3, {names.index('open hihat')}); return [before, h.stems(['kick'])]; }})()"
    # the clap was left out before, so it is now
    assert run_script(stems) == [["kick"], ["kick", "open hihat"]]
