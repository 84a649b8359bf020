"""Photographs with drawn faces and hand-drawn boxes."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.train.drawn import draw_face, ground
from train.finder.photos import LabelledPhoto, read_photos


def write_labelled(root: Path, n: int = 6) -> Path:
    """Photographs of 240 x 180 px with one drawn face of 46 x 60 px each, by `photos.json`."""
    rng = np.random.default_rng(4)
    (root / "photos").mkdir(parents=True)
    photos = []
    for number in range(n):
        x, y = 30 + 20 * (number % 6), 40 + 10 * (number % 5)
        grey = np.ascontiguousarray(ground(rng, 240, 184)[:180])
        draw_face(grey, x, y, 46, 60)
        picture = np.repeat(grey[:, :, None], 3, axis=2)
        file = f"photos/{number}.png"
        assert cv2.imwrite(str(root / file), picture)
        photos.append(
            {
                "file": file,
                "width": 240,
                "height": 180,
                "source": "ilc" if number % 3 == 2 else "street-853",
                "split": ("train", "train", "val", "train", "val", "test")[number % 6],
                "faces": [
                    {
                        "label": ("with_mask", "without_mask", "worn_wrong")[number % 3],
                        "box_xywh": [x, y, 46, 60],
                    }
                ],
            }
        )
    (root / "photos.json").write_text(json.dumps(photos), encoding="utf-8")
    return root


@pytest.fixture
def labelled_set(tmp_path: Path) -> Path:
    return write_labelled(tmp_path / "street")


@pytest.fixture
def photo(labelled_set: Path) -> LabelledPhoto:
    return read_photos(labelled_set)[0]
