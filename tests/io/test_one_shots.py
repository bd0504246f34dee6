"""Folders of one-shots, class by class."""

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from nmfd_cli.errors import InputFileError
from nmfd_cli.io.audio.decoder import audio_below
from nmfd_cli.io.one_shots import read_one_shots

RATE = 8000


def write(path: Path, n_samples: int, rate: int = RATE) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, np.full((n_samples, 2), 0.5), rate)


@pytest.mark.slow
def test_a_class_is_found_by_its_name_or_another_and_resampled(tmp_path: Path) -> None:
    write(tmp_path / "BD" / "a.wav", 100)
    write(tmp_path / "snare" / "b.wav", 80, 2 * RATE)
    write(tmp_path / "snare" / "a.wav", 50)
    write(tmp_path / "SD" / "a.wav", 60)
    write(tmp_path / "mine" / ".hidden.wav", 60)
    assert [len(sound) for sound in read_one_shots(tmp_path, "kick", RATE)] == [100]
    assert [len(sound) for sound in read_one_shots(tmp_path, "snare", RATE)] == [50, 40]
    assert len(audio_below(tmp_path)) == 5
    with pytest.raises(InputFileError) as caught:
        read_one_shots(tmp_path, "mine", RATE)
    assert str(caught.value) == (
        f"{tmp_path / 'mine'}: expected at least one mine sample, found no audio file"
    )


@pytest.mark.parametrize("folder", ["", "none"])
def test_a_class_that_is_not_there_is_reported(tmp_path: Path, folder: str) -> None:
    with pytest.raises(InputFileError) as caught:
        read_one_shots(tmp_path / folder, "tom", RATE)
    assert str(caught.value) == (
        f"{tmp_path / folder / 'tom'}: expected a folder of tom samples, found none"
    )
