"""Hands laid over faces, so that a covered mouth alone does not count as a mask.

Hands photographed on a plain pale ground are cut out, toned towards the face's skin, and pasted:
over the mouth of an unmasked face (still without mask) and on or beside a masked one (still with).
"""

import re
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from train.augment.occlusion import hold_cup
from train.data.faces.images import read_rgb
from train.errors import DataError

TEST_EVERY = 5
"""Every fifth student's hands are kept for testing."""
TWO_HANDS = 0.25
"""Share of pasted faces with a second hand."""
CUPS = 0.12
"""Share of pasted hands that hold a cup."""

_NAME = re.compile(r"^(\d)_IMG_(\d+)$")


def read_students(folder: Path) -> list[list[Path]]:
    """Pictures of single hands, one list a student.

    The set numbers its pictures as they were taken, each student showing the digits 0 to 9
    (`<digit>_IMG_<number>.jpg`): where the digit decreases, the next student starts.

    Raises:
        DataError: no such pictures.
    """
    named = [(match, path) for path in folder.glob("*.jpg") if (match := _NAME.match(path.stem))]
    if not named:
        raise DataError(f"expected pictures of hands (<digit>_IMG_<number>.jpg) in {folder}")
    students: list[list[Path]] = []
    last = 10
    for match, path in sorted(named, key=lambda pair: int(pair[0][2])):
        digit = int(match[1])
        if digit <= last:
            students.append([])
        students[-1].append(path)
        last = digit
    return students


def split_hands(folder: Path) -> tuple[list[Path], list[Path]]:
    """Hands to train with and hands of other students to test with."""
    students = read_students(folder)
    train = [path for i, student in enumerate(students) if i % TEST_EVERY for path in student]
    return train, [path for student in students[::TEST_EVERY] for path in student]


class HandPaster:
    """Pastes random cut-out hands; reads each hand from disk when it is needed.

    Args:
        paths: pictures of single hands on a plain pale ground.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        if not self._paths:
            raise DataError("expected pictures of hands, got none")

    def paste(
        self, rgb: NDArray[np.uint8], rng: np.random.Generator, *, over_mouth: bool
    ) -> NDArray[np.uint8]:
        """Return a copy of a framed face, uint8 RGB (S, S, 3), with one or two hands on it.

        Some hold a cup.
        """
        if rng.random() < CUPS:
            rgb = hold_cup(rgb, rng, over_mouth=over_mouth)
        rgb = self._one(rgb, rng, over_mouth=over_mouth)
        if rng.random() < TWO_HANDS:
            rgb = self._one(rgb, rng, over_mouth=over_mouth)
        return rgb

    def _one(
        self, rgb: NDArray[np.uint8], rng: np.random.Generator, *, over_mouth: bool
    ) -> NDArray[np.uint8]:
        size = rgb.shape[0]
        hand, alpha = cut_out(read_rgb(self._paths[rng.integers(len(self._paths))]))
        skin = rgb[int(0.25 * size) : int(0.45 * size), int(0.35 * size) : int(0.65 * size)]
        hand = _tone(hand, alpha, skin.reshape(-1, 3).mean(axis=0), rng)
        if over_mouth:
            cx, cy = rng.uniform(0.32, 0.68), rng.uniform(0.6, 0.88)
        else:
            angle = rng.uniform(0, 2 * np.pi)
            cx, cy = 0.5 + 0.5 * np.cos(angle), 0.6 + 0.4 * np.sin(angle)
        zoom = rng.uniform(0.55, 1.1) * size / hand.shape[0]
        matrix = cv2.getRotationMatrix2D(
            (hand.shape[1] / 2, hand.shape[0] / 2), rng.uniform(-180, 180), zoom
        )
        matrix[0, 2] += cx * size - hand.shape[1] / 2
        matrix[1, 2] += cy * size - hand.shape[0] / 2
        if rng.random() < 0.5:
            hand, alpha = hand[:, ::-1], alpha[:, ::-1]
        layer = cv2.warpAffine(np.ascontiguousarray(hand), matrix, (size, size))
        weight = cv2.warpAffine(np.ascontiguousarray(alpha), matrix, (size, size))
        # a hand casts a soft shadow on the face below it
        shadow = cv2.GaussianBlur(weight, (0, 0), 0.04 * size) * rng.uniform(0, 0.35)
        shaded = rgb * (1 - shadow * (1 - weight))[..., None]
        weight = weight[..., None]
        return np.asarray(shaded * (1 - weight) + layer * weight, np.uint8)


def cut_out(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Separate a hand from its plain ground: hand (H, W, 3) 0-255 and soft mask (H, W) 0-1."""
    lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float32)
    # in any light skin is redder and yellower than the grey ground
    chroma = lab[..., 1] + lab[..., 2]
    chroma = np.clip(chroma - chroma.min(), 0, 255).astype(np.uint8)
    _, mask = cv2.threshold(chroma, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(np.asarray(mask))
    if count > 1:
        largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
        mask = np.where(labels == largest, 255, 0).astype(np.uint8)
    closed = cv2.morphologyEx(np.asarray(mask), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    eroded = cv2.erode(closed, np.ones((3, 3), np.uint8))
    soft = cv2.GaussianBlur(eroded, (0, 0), 1.0).astype(np.float32) / np.float32(255)
    return rgb.astype(np.float32), np.asarray(soft, np.float32)


def _tone(
    hand: NDArray[np.float32],
    alpha: NDArray[np.float32],
    skin: NDArray[np.floating],
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """The hand in about the face's own skin tone, slightly lighter or darker at random."""
    inside = hand[alpha > 0.5]
    if not len(inside):
        return hand
    gain = (skin + 16) / (inside.mean(axis=0) + 16)
    gain = gain * rng.uniform(0.85, 1.2) * rng.uniform(0.95, 1.05, 3)
    return np.asarray(np.clip(hand * gain, 0, 255), np.float32)
