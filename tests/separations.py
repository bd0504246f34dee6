"""Small separated recordings, made up, for the tests of reports and figures."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nmfd_cli.core.drum_classes import DRUM_CLASSES
from nmfd_cli.core.tempo import Tempo
from nmfd_cli.io.score.memory import score_from
from nmfd_cli.pipeline.result import SampledResult
from nmfd_cli.report.figure_panels import Picture, PlottedResult
from nmfd_cli.report.page.sketch import sketched

SAMPLE_RATE = 22050
N_FFT, HOP_LENGTH = 1024, 256


def strokes(*pairs: tuple[float, float]) -> NDArray[np.float64]:
    """Return onsets as an array (n, 2) of seconds and velocities."""
    return np.array(pairs, dtype=np.float64).reshape(-1, 2)


def made_up(
    name: str = "loop.wav",
    *,
    stems: tuple[str, ...] = ("kick", "snare"),
    seconds: float = 1.5,
    n_channels: int = 2,
    n_templates: int = 1,
    level: float = 0.4,
    tempo: Tempo | None = None,
    command: str = "nmfd report loop.wav",
) -> SampledResult:
    """Return a recording of decaying noises, so many components a stem, and its stems."""
    generator = np.random.default_rng(7)
    n_samples = round(seconds * SAMPLE_RATE)
    n_components = n_templates * len(stems)
    n_frames = (n_samples - 1 + N_FFT - HOP_LENGTH) // HOP_LENGTH + 1
    decay = np.exp(-np.arange(n_samples) / (0.1 * SAMPLE_RATE))
    noises = generator.standard_normal((len(stems), n_channels, n_samples)) * decay
    sounds = (level * noises / max(1e-9, np.abs(noises).max())).astype(np.float32)
    onsets = {stem: strokes((0.1 + 0.05 * s, 100), (0.7, 40)) for s, stem in enumerate(stems)}
    return SampledResult(
        name=name,
        sample_rate=SAMPLE_RATE,
        mixture=sounds.sum(axis=0),
        stems=dict(zip(stems, sounds, strict=True)),
        templates=generator.random((N_FFT // 2 + 1, n_components, 4)).astype(np.float32),
        activations=generator.random((n_components, n_frames)).astype(np.float32),
        stem_of=tuple(r // n_templates for r in range(n_components)),
        n_fft=N_FFT,
        hop_length=HOP_LENGTH,
        onsets=onsets,
        divergence=np.geomspace(10, 0.1, 12),
        tempo=tempo,
        settings={"iterations": 12, "kit": None, "stems": stems, "alpha": 2.0},
        version="1.2.3",
        command=command,
        source=name,
        score=score_from(onsets) if set(stems) <= set(DRUM_CLASSES) else None,
    )


def drawn_up(**options: Any) -> PlottedResult:
    """Return such a recording as a figure shows it."""
    recording = made_up(**options)
    sketch = sketched(recording).mixture
    picture = Picture(sketch.shape, sketch.spectrogram)
    return recording.with_tracks([picture] * (1 + len(recording.stems)))
