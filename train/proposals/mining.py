"""Hard negatives of the proposals: windows that pass the cascade so far and show no face."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.faces.nms import pairwise_overlaps
from maskdet_core.faces.pyramid import pyramid
from train.data.annotations.boxes import box_size
from train.data.faces.images import read_grey
from train.data.splits.finder_data import Scene
from train.proposals.faces import relit
from train.proposals.haar import Windows

SCALE_STEP = 1.12
MIN_FACE_PX = 24
"""Windows are as large as those of a search for faces of this height, or larger."""
NEGATIVE_IOU = 0.3
"""A window whose box overlaps every reference box by less shows no face. The rest is
left out: neither a negative nor, unless framed well, a positive."""


def mine_scene(
    classifier: Any, scene: Scene, rng: np.random.Generator, most: int, window_px: int
) -> Windows:
    """Up to `most` windows that pass the cascade and show no face.

    The picture is mirrored, rotated by quarters, relit and scaled at random, so that every visit
    shows other windows.

    Args:
        classifier: `cv2.CascadeClassifier`, or None to draw windows at random.
        scene: the picture.
        rng: random source.
        most: ceiling for one visit, so that no picture dominates.
        window_px: side of a window.
    """
    grey = read_grey(scene.path)
    height, width = grey.shape
    boxes = np.array(scene.boxes, np.float64).reshape(-1, 4) * [width, height, width, height]
    grey, boxes = _rotated(grey, boxes, int(rng.choice(4, p=[0.7, 0.1, 0.1, 0.1])))
    if rng.random() < 0.5:
        grey = np.ascontiguousarray(grey[:, ::-1])
        boxes[:, 0] = grey.shape[1] - boxes[:, 0] - boxes[:, 2]
    if rng.random() < 0.5:
        grey = relit(grey, 0.5, rng)
    if rng.random() < 0.3:
        grey = np.asarray(cv2.GaussianBlur(grey, (0, 0), rng.uniform(0.5, 2.0)), np.uint8)
    found: list[NDArray[np.uint8]] = []
    first = window_px / MIN_FACE_PX * float(np.exp(rng.uniform(-np.log(SCALE_STEP), 0)))
    for level, zoom in pyramid(grey, first=first, step=SCALE_STEP, min_side_px=window_px):
        xy = _candidates(classifier, level, rng, most, window_px)
        near = overlaps(xy / zoom, window_px / zoom, boxes).max(axis=1, initial=0)
        keep = near < NEGATIVE_IOU
        found += [level[y : y + window_px, x : x + window_px] for x, y in xy[keep]]
    if not found:
        return np.empty((0, window_px, window_px), np.uint8)
    chosen = rng.permutation(len(found))[:most]
    return np.stack([found[i] for i in chosen])


def _rotated(
    grey: NDArray[np.uint8], boxes: NDArray[np.float64], quarters: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    for _ in range(quarters):
        width = grey.shape[1]
        grey = np.ascontiguousarray(np.rot90(grey))
        x, y, w, h = boxes.T
        boxes = np.stack([y, width - x - w, h, w], axis=1)
    return grey, boxes


def _candidates(
    classifier: Any,
    level: NDArray[np.uint8],
    rng: np.random.Generator,
    most: int,
    window_px: int,
) -> NDArray[np.int64]:
    """Top left corners (N, 2) of the windows of one level that pass the cascade."""
    if classifier is None:
        free = (level.shape[1] - window_px + 1, level.shape[0] - window_px + 1)
        n = min(most, free[0] * free[1])
        return np.stack([rng.integers(0, free[0], n), rng.integers(0, free[1], n)], axis=1)
    size = (window_px, window_px)
    rects = classifier.detectMultiScale(level, 1.1, 0, minSize=size, maxSize=size)
    return np.array(rects, np.int64).reshape(-1, 4)[:, :2]


def overlaps(
    xy: NDArray[np.float64], side: NDArray[np.float64] | float, boxes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Intersection over union of each window's face box with each reference box: (N, boxes).

    Args:
        xy: left and top of the windows (N, 2), px.
        side: of the windows.
        boxes: reference boxes (M, 4), xywh px.
    """
    sides = np.broadcast_to(np.asarray(side, np.float64), len(xy))[:, None]
    size = sides * np.array([box_size(1.0)])
    iou, _ = pairwise_overlaps(np.hstack([xy + (sides - size) / 2, size]), boxes)
    return iou


def mine(
    cascade_file: Path | None,
    scenes: Sequence[Scene],
    n: int,
    seed: int,
    *,
    most: int,
    max_visits: int,
    window_px: int,
) -> tuple[Windows, int]:
    """Mine `n` windows or as many as `max_visits` pictures give; returns them and the visits."""
    cv2.setNumThreads(1)
    classifier = None if cascade_file is None else cv2.CascadeClassifier(str(cascade_file))
    rng = np.random.default_rng(seed)
    parts: list[Windows] = []
    total = visits = 0
    while total < n and visits < max_visits:
        order = rng.permutation(len(scenes))
        for i in order:
            parts.append(mine_scene(classifier, scenes[i], rng, most, window_px))
            total += len(parts[-1])
            visits += 1
            if total >= n or visits >= max_visits:
                break
    empty = np.empty((0, window_px, window_px), np.uint8)
    return np.concatenate([empty, *parts])[:n], visits
