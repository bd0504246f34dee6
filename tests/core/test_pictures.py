"""Sound as pictures: what is where, and what the PNG of it holds."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from separations import HOP_LENGTH, N_FFT, SAMPLE_RATE

from nmfd_cli.core.division import magnitude_of
from nmfd_cli.core.drawing import Outline, RunningMaxima, SpectrogramPicture
from nmfd_cli.core.pictures import (
    colour_map,
    decibel_levels,
    frequency_range,
    largest_in_groups,
    log_frequency_rows,
)
from nmfd_cli.core.stft import Stft
from nmfd_cli.errors import ParameterError
from nmfd_cli.report.page.pictures import encode_png


def test_png_holds_what_was_given() -> None:
    levels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    png = encode_png(levels, colour_map(12), np.arange(12, dtype=np.uint8))
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks = {}
    position = 8
    while position < len(png):
        (length,) = struct.unpack(">I", png[position : position + 4])
        kind, data = png[position + 4 : position + 8], png[position + 8 : position + 8 + length]
        (check,) = struct.unpack(">I", png[position + 8 + length : position + 12 + length])
        assert check == zlib.crc32(kind + data)
        chunks[kind] = data
        position += 12 + length
    assert struct.unpack(">II", chunks[b"IHDR"][:8]) == (4, 3)
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(3, 5)
    pixels = rows[:, 1:].copy()
    if rows[0, 0] == 1:
        pixels = np.cumsum(pixels, axis=1, dtype=np.uint8)
    if rows[0, 0] == 2:
        pixels = np.cumsum(pixels, axis=0, dtype=np.uint8)
    np.testing.assert_array_equal(pixels, levels[::-1])


def test_a_tone_shows_at_its_frequency_and_time() -> None:
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    tone = np.where(time >= 1, np.sin(2 * np.pi * 1000 * time), 0)[None].astype(np.float32)
    drawing = SpectrogramPicture(
        Stft(N_FFT, HOP_LENGTH), SAMPLE_RATE, n_samples=len(time), n_rows=120, n_columns=1000
    )
    drawing.add(tone[:, :9000])
    drawing.add(tone[:, 9000:])
    picture = drawing.finish()
    assert picture.shape == (120, len(time) // HOP_LENGTH)
    low, high = frequency_range(SAMPLE_RATE)
    row = int(picture.sum(axis=1).argmax())
    assert low * (high / low) ** ((row + 0.5) / 120) == pytest.approx(1000, rel=0.06)
    # the windows' centres pass the beginning of the tone where half of it is seen
    begins = int(np.argmax(picture[row] > picture[row].max() / 2))
    assert begins * HOP_LENGTH / SAMPLE_RATE == pytest.approx(1.0, abs=2 * HOP_LENGTH / SAMPLE_RATE)


def test_log_rows_lose_no_partial() -> None:
    magnitude = np.zeros((513, 1))
    magnitude[400] = 1.0
    assert log_frequency_rows(magnitude, 44100, 64).max() == 1.0
    np.testing.assert_allclose(log_frequency_rows(np.ones((513, 2)), 44100, 64), 1)


@pytest.mark.parametrize("sample_rate", [100, 8000, 44100, 192000])
def test_every_rate_has_a_range(sample_rate: int) -> None:
    low, high = frequency_range(sample_rate)
    assert 0 < low < high <= sample_rate / 2
    assert np.isfinite(log_frequency_rows(np.ones((9, 1)), sample_rate, 30)).all()


def test_groups_keep_what_stands_out() -> None:
    values = np.zeros(1000)
    values[503] = 3.0
    assert largest_in_groups(values, 7).max() == 3.0
    assert largest_in_groups(values, 7).shape == (7,)
    assert largest_in_groups(values, 5000) is values


@pytest.mark.parametrize("n_samples", [1, 100, 4000, 20_011])
@pytest.mark.parametrize("n_columns", [7, 5000])
def test_a_picture_drawn_in_pieces_is_the_picture_of_the_whole(
    n_samples: int, n_columns: int
) -> None:
    stft, generator = Stft(N_FFT, HOP_LENGTH), np.random.default_rng(n_samples)
    samples = generator.standard_normal((2, n_samples)).astype(np.float32)
    shape = {"n_samples": n_samples, "n_rows": 20, "n_columns": n_columns}
    drawing = SpectrogramPicture(stft, SAMPLE_RATE, **shape)
    for block in np.array_split(samples, [1, 2, 900, 901, 15_000], axis=1):
        drawing.add(block)
    frames = magnitude_of(stft.transform(stft.padded(samples)))
    # of the first windows, which reach back before time zero, only the second halves are whole
    first = min(round(N_FFT / 2 / HOP_LENGTH - 0.5), frames.shape[1] - 1)
    shown = frames[:, first : first + max(1, n_samples // HOP_LENGTH)]
    rows = log_frequency_rows(shown, SAMPLE_RATE, 20)
    expected = largest_in_groups(rows, n_columns)
    np.testing.assert_allclose(drawing.finish(), expected, rtol=1e-4, atol=1e-5)


@given(
    st.integers(1, 40),
    st.integers(1, 50),
    st.lists(st.integers(0, 45), max_size=5),
    st.integers(0, 99),
)
def test_maxima_in_pieces_are_those_of_the_whole(
    n_values: int, n_columns: int, cuts: list[int], seed: int
) -> None:
    values = np.random.default_rng(seed).standard_normal((2, n_values)).astype(np.float32)
    running = RunningMaxima((2,), n_values, n_columns)
    for piece in np.array_split(values, sorted(cuts), axis=1):
        running.add(piece)
    np.testing.assert_array_equal(running.values, largest_in_groups(values, n_columns))


def test_outline_encloses() -> None:
    samples = np.random.default_rng(1).uniform(-1, 1, (2, 999)).astype(np.float32)
    outline = Outline(999, 10)
    outline.add(samples[:, :500])
    outline.add(samples[:, 500:])
    lower, upper = outline.finish()
    assert lower.shape == upper.shape == (10,)
    assert lower.min() == samples.min()
    assert upper.max() == samples.max()


def test_levels_of_silence_and_of_full_scale() -> None:
    np.testing.assert_array_equal(decibel_levels(np.zeros(3), 0.0), [0, 0, 0])
    levels = decibel_levels(np.array([1.0, 10 ** (-35 / 20), 1e-9]), 1.0, n_levels=101)
    np.testing.assert_array_equal(levels, [100, 50, 0])
    with pytest.raises(ParameterError, match="n_levels: expected 2 to 256, found 300"):
        decibel_levels(np.ones(1), 1.0, n_levels=300)
