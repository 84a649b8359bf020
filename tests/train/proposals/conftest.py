"""Windows and photographs with drawn faces."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.train.drawn import draw_face, ground, write_photos
from train.proposals.haar import WINDOW_PX


def face_window(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A window around a drawn face."""
    picture = ground(rng, 96, 96)
    dx, dy = rng.uniform(-2, 2, 2)
    draw_face(picture, 11 + dx, dy, 74, 96)
    return np.asarray(
        cv2.resize(picture, (WINDOW_PX, WINDOW_PX), interpolation=cv2.INTER_AREA), np.uint8
    )


def other_window(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A window of texture."""
    return ground(rng, WINDOW_PX, WINDOW_PX)


@pytest.fixture
def windows() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """600 windows of faces and 600 of texture."""
    rng = np.random.default_rng(3)
    faces = np.stack([face_window(rng) for _ in range(600)])
    return faces, np.stack([other_window(rng) for _ in range(600)])


@pytest.fixture
def drawn_photos(tmp_path: Path) -> Path:
    return write_photos(tmp_path / "drawn")
