"""Read and warp training pictures, and cut the face out with the function that serving uses."""

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from maskdet_core.masks.crops import square_crop
from maskdet_core.masks.manifest import CropFraming
from maskdet_core.types import FaceBox
from train.data.annotations.boxes import box_px
from train.data.faces.datasets import FaceSample
from train.errors import DataError

IMAGE_SIZE_PX = 128
"""Side of the network's input: the original project's size."""

CROP_SCALE = 1.0
"""Side of the square crop over the longer side of the face box. The 12k crops, where the reference
detector finds a face, measure 1.0 (median of 9,895 boxes), so whole photographs are cut alike."""

FRAMING = CropFraming(scale=CROP_SCALE, shift_y=0.0)
"""Where the square crop lies around a face box; exported with the network's manifest."""


def read_rgb(path: Path) -> NDArray[np.uint8]:
    """Read a picture as uint8 RGB of shape (H, W, 3).

    Raises:
        DataError: the file is not a readable picture.
    """
    return np.asarray(cv2.cvtColor(_read(path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)


@lru_cache(maxsize=2048)
def read_grey(path: Path) -> NDArray[np.uint8]:
    """Read a picture as luma, uint8 (H, W); recent ones are kept, so do not change them.

    Raises:
        DataError: the file is not a readable picture.
    """
    return _read(path, cv2.IMREAD_GRAYSCALE)


def _read(path: Path, mode: int) -> NDArray[np.uint8]:
    picture = cv2.imread(str(path), mode)
    if picture is None:
        raise DataError(f"expected a picture, {path} cannot be decoded: remove or replace it")
    return np.asarray(picture, np.uint8)


def warp_affine(
    picture: NDArray[np.uint8],
    linear: NDArray[np.float64],
    offset: NDArray[np.float64],
    size: tuple[int, int],
) -> NDArray[np.uint8]:
    """Map a picture by ``linear @ (x, y) + offset``, with its border replicated outside.

    Args:
        picture: uint8 (H, W) or (H, W, 3).
        linear: (2, 2).
        offset: (2,), px.
        size: width and height of the result, px.
    """
    return np.asarray(
        cv2.warpAffine(
            picture,
            np.column_stack([linear, offset]),
            size,
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def face_box(sample: FaceSample, height_px: int, width_px: int) -> FaceBox:
    """The sample's face box in px, rounded as the app's are; the whole picture for a face crop."""
    if sample.box is None:
        return FaceBox(0, 0, width_px, height_px)
    return box_px(sample.box, height_px, width_px)


def read_face(sample: FaceSample) -> tuple[NDArray[np.uint8], FaceBox]:
    """The sample's picture, uint8 RGB (H, W, 3), and its face box there, px.

    A face crop is cut to its box: what it shows beyond would tell one publisher's crops, and so
    the class, from another's.
    """
    rgb = read_rgb(sample.path)
    height, width = rgb.shape[:2]
    box = face_box(sample, height, width)
    if not sample.is_crop:
        return rgb, box
    left, top = max(0, box.x), max(0, box.y)
    right, bottom = min(width, box.x + box.w), min(height, box.y + box.h)
    cut = rgb[top : max(top + 1, bottom), left : max(left + 1, right)]
    return cut, FaceBox(box.x - left, box.y - top, box.w, box.h)


def face_crop(rgb: NDArray[np.uint8], box: FaceBox) -> NDArray[np.uint8]:
    """The network's input for a face box in a picture: uint8 RGB (128, 128, 3)."""
    return square_crop(rgb, box, FRAMING, IMAGE_SIZE_PX)


def plain_crop(sample: FaceSample) -> NDArray[np.uint8]:
    """The sample's face, not augmented: uint8 RGB (128, 128, 3)."""
    return face_crop(*read_face(sample))
