"""Windows, mosaics and photographs with drawn faces."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from maskdet_core.faces.channels import MOSAIC_SIZE
from tests.train.drawn import draw_face, ground, write_photos


def face_window(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A 24 px window around a drawn face."""
    picture = ground(rng, 96, 96)
    dx, dy = rng.uniform(-2, 2, 2)
    draw_face(picture, 11 + dx, dy, 74, 96)
    return np.asarray(cv2.resize(picture, (24, 24), interpolation=cv2.INTER_AREA), np.uint8)


def other_window(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A 24 px window of texture."""
    return ground(rng, 24, 24)


@pytest.fixture
def windows() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """600 windows of faces and 600 of texture."""
    rng = np.random.default_rng(3)
    faces = np.stack([face_window(rng) for _ in range(600)])
    return faces, np.stack([other_window(rng) for _ in range(600)])


@pytest.fixture
def mosaics() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """200 mosaics with a drawn face on two planes and 200 of texture."""
    rng = np.random.default_rng(5)
    faces, others = (np.stack([ground(rng, *MOSAIC_SIZE) for _ in range(200)]) for _ in range(2))
    for mosaic in faces:
        draw_face(mosaic, 6, 2, 36, 44)
        draw_face(mosaic, 102, 50, 36, 44)
    return faces, others


@pytest.fixture
def drawn_photos(tmp_path: Path) -> Path:
    return write_photos(tmp_path / "drawn")
