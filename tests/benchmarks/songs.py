"""How well drums come out of whole songs, in one table.  Not run by pytest.

    python tests/benchmarks/songs.py --data ../shared/songs

Every song is separated twice, knowing nothing and knowing its score.  A figure is an SDR over all
channels, in dB: of all drums together, of what else sounds, and, where the true stems are known,
the mean over the drums.  A stem that was not written counts as silence.  ``--without`` is that of
`quality`.
"""

import argparse
import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmfd_cli import separate
from nmfd_cli.errors import NmfdWarning
from nmfd_cli.io.audio.recording import read_recording

OTHER = "other"

Samples = NDArray[np.floating[Any]]


def sdr(true: Samples, found: Samples) -> float:
    """Return the ratio of a stem to what is wrong with it, in dB."""
    wrong = float(np.square(true - found).sum())
    return 10 * float(np.log10(float(np.square(true).sum()) / max(wrong, 1e-20)))


def figures(
    data: Path, item: Mapping[str, Any], score: str | None, options: Mapping[str, Any]
) -> dict[str, float]:
    """Separate a song and return the SDR of drums, other and classes, as far as they are known."""
    true = {name: read_recording(data / path)[0] for name, path in item["stems"].items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NmfdWarning)
        found = separate(data / item["mixture"], score=score, residual="auto", **options)
    mixture = found.mixture
    silence = np.zeros_like(mixture)
    classes = {name: x for name, x in true.items() if name not in (OTHER, "drums")}
    other = found.stems.get(OTHER, silence)
    drums = sum(classes.values(), silence) if classes else true["drums"]
    table = {"drums": sdr(drums, mixture - other), OTHER: sdr(true[OTHER], other)}
    if classes:
        each = [sdr(x, found.stems.get(name, silence)) for name, x in classes.items()]
        table["classes"] = float(np.mean(each))
    return table


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line a song, and the means."""
    parser = argparse.ArgumentParser(description="Measure drums that come out of songs.")
    parser.add_argument("--data", type=Path, required=True, help="a folder with a manifest.json")
    parser.add_argument(
        "--without", default="", metavar="SETTING,...", help="settings to switch off"
    )
    parsed = parser.parse_args(arguments)
    data = parsed.data
    options: dict[str, Any] = dict.fromkeys(filter(None, parsed.without.split(",")), False)
    items = json.loads((data / "manifest.json").read_text())["items"]
    columns = ("drums", OTHER, "classes")
    print(f"{'SDR, dB':24}" + "".join(f"{name:>10}{'score':>10}" for name in columns))
    rows = []
    for item in items:
        auto, informed = (
            figures(data, item, score, options) for score in (None, str(data / item["onsets"]))
        )
        row = [table.get(name, np.nan) for name in columns for table in (auto, informed)]
        rows.append(row)
        print(f"{item['id']:24}" + "".join(f"{figure:10.2f}" for figure in row), flush=True)
    print(f"{'mean':24}" + "".join(f"{figure:10.2f}" for figure in np.nanmean(rows, axis=0)))


if __name__ == "__main__":
    main()
