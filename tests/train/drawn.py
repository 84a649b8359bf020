"""Drawn faces on textured grounds: easy enough that a few trees learn them; random networks."""

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from train.network.config import NetworkConfig
from train.network.start_weights import StartWeights

FACE = (0.30, 0.25, 0.231, 0.40)
"""Box of the drawn face in fractions of a 160 x 120 picture: 37 x 48 px."""


def ground(rng: np.random.Generator, width: int, height: int) -> NDArray[np.uint8]:
    """Smooth random texture."""
    coarse = rng.integers(30, 220, (height // 8, width // 8), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def draw_face(picture: NDArray[np.uint8], x: float, y: float, w: float, h: float) -> None:
    """A bright oval with dark eyes and mouth in the box (px)."""
    centre = (round(x + w / 2), round(y + h / 2))
    cv2.ellipse(picture, centre, (round(w / 2), round(h / 2)), 0, 0, 360, 230, -1)
    for side in (-0.22, 0.22):
        eye = (round(x + w / 2 + side * w), round(y + 0.4 * h))
        cv2.circle(picture, eye, max(2, round(0.1 * w)), 20, -1)
    mouth = (round(x + w / 2), round(y + 0.75 * h))
    cv2.ellipse(picture, mouth, (round(0.2 * w), max(1, round(0.06 * h))), 0, 0, 360, 30, -1)


def write_photos(root: Path) -> Path:
    """Photographs of one drawn face each, in the layout of the covid set."""
    rng = np.random.default_rng(9)
    boxes = {}
    for split, n in (("Train", 30), ("Test", 4)):
        for folder in ("Mask", "Non Mask"):
            for i in range(n):
                picture = ground(rng, 160, 120)
                x, y, w, h = FACE
                draw_face(picture, x * 160, y * 120, w * 160, h * 120)
                path = root / split / folder / f"{i}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                assert cv2.imwrite(str(path), picture)
                boxes[f"{split}/{folder}/{i}.png"] = [[*FACE, 0.9]]
    (root / "boxes.json").write_text(json.dumps(boxes), encoding="utf-8")
    return root


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


def made_weights(network: NetworkConfig, doubled: bool = False) -> StartWeights:
    """Random weights; doubled ones repeat each channel, so that half of them say nothing new."""
    rng = np.random.default_rng(8)
    kernels, biases, inputs = {}, {}, 3
    for name, width in network.convolutions:
        n = width // 2 if doubled else width
        kernel = rng.normal(0, np.sqrt(2 / (9 * inputs)), (3, 3, inputs, n))
        bias = rng.normal(0, 0.1, n)
        if doubled:
            # the copies are as large as they like
            kernel = np.concatenate([kernel, 0.5 * kernel], axis=-1)
            bias = np.concatenate([bias, 0.5 * bias])
        kernels[name], biases[name] = kernel.astype(np.float32), bias.astype(np.float32)
        inputs = width
    kernels["logits"] = rng.normal(size=(inputs, len(network.outputs))).astype(np.float32)
    biases["logits"] = rng.normal(size=len(network.outputs)).astype(np.float32)
    return StartWeights(kernels, biases, network.outputs)
