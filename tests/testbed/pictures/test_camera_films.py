from pathlib import Path

import av
import numpy as np
import pytest

from testbed.pictures import camera_films


def test_film_has_its_pictures_and_rate(tmp_path: Path) -> None:
    frames = [np.full((48, 64, 3), grey, np.uint8) for grey in (40, 120, 200)]
    path = camera_films.write(tmp_path / "film.y4m", frames, fps=6)
    with av.open(str(path)) as film:
        assert film.streams.video[0].average_rate == 6
        decoded = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(decoded) == len(frames)
    for got, expected in zip(decoded, frames, strict=True):
        assert got.shape == expected.shape
        assert np.abs(got.astype(int) - expected).max() < 4


def test_no_frames_or_frames_of_two_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        camera_films.write(tmp_path / "empty.y4m", [])
    frames = [np.zeros((48, size, 3), np.uint8) for size in (64, 32)]
    with pytest.raises(ValueError, match="expected frames of shape"):
        camera_films.write(tmp_path / "mixed.y4m", frames)
