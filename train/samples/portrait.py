"""Sample pictures for the photo page: one portrait bare, with a drawn mask, with a rendered hand.

The portrait is NASA's and in the public domain; it ships with scikit-image.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from train.errors import PortraitError
from train.samples.hand import draw_hand
from train.samples.sleeve import SIZE_PX

Rgb = NDArray[np.uint8]
Corners = NDArray[np.int_]

CUT = (slice(0, 690), slice(150, 702))
"""Rows and columns of the doubled portrait that a sample shows: head and shoulders, 4:5, ending
before the rocket model, which may pass for a face."""
JPEG_QUALITY = 92

MASK_OUTLINE = np.array(
    [
        (367, 244), (402, 237), (424, 225), (446, 221), (468, 225), (492, 238), (528, 250),
        (527, 285), (515, 322), (490, 352), (452, 367), (414, 355), (383, 326), (369, 288),
    ]
)  # fmt: skip
"""On the doubled portrait: the mask's corners, clockwise from the left end of the upper rim."""
MASK_LOOPS = (
    np.array([(368, 248), (360, 240), (353, 230)]),
    np.array([(375, 314), (360, 288), (354, 262)]),
    np.array([(527, 254), (537, 246), (546, 238)]),
    np.array([(520, 310), (537, 290), (546, 266)]),
)
"""On the doubled portrait: the ear loops."""


def write_samples(folder: Path) -> list[Path]:
    """Write `bare.jpg`, `masked.jpg` and `hand.jpg`, 552×690 px, without metadata.

    Args:
        folder: where to; made if absent.

    Returns:
        The three files.

    Raises:
        PortraitError: scikit-image is not installed.
        OSError: the folder cannot be written.
    """
    portrait_rgb = portrait()
    pictures = {
        "bare": doubled(portrait_rgb),
        "masked": draw_mask(portrait_rgb),
        "hand": draw_hand(doubled(portrait_rgb)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, picture_rgb in pictures.items():
        bgr = cv2.cvtColor(np.ascontiguousarray(picture_rgb[CUT]), cv2.COLOR_RGB2BGR)
        done, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        if not done:
            raise RuntimeError("OpenCV could not write a JPEG")
        path = folder / f"{name}.jpg"
        path.write_bytes(jpeg.tobytes())
        written.append(path)
    return written


def portrait() -> Rgb:
    """NASA's portrait of the astronaut Eileen Collins, rgb uint8 (512, 512, 3).

    Raises:
        PortraitError: scikit-image is not installed.
    """
    with warnings.catch_warnings():
        # scikit-image may warn while it reads its own picture
        warnings.simplefilter("ignore")
        try:
            from skimage import data
        except ImportError as error:
            raise PortraitError(
                "expected scikit-image, which carries the portrait: "
                "pip install -r requirements-dev.txt"
            ) from error
        picture: Any = data.astronaut()  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(picture, dtype=np.uint8)


def doubled(portrait_rgb: Rgb) -> Rgb:
    """The portrait at twice its size, uint8 (1024, 1024, 3), on which mask and hand are drawn."""
    size = (SIZE_PX, SIZE_PX)
    return np.asarray(cv2.resize(portrait_rgb, size, interpolation=cv2.INTER_CUBIC), np.uint8)


def as_camera(portrait_rgb: Rgb) -> Rgb:
    """The portrait's head and shoulders as a camera sees them, uint8 (480, 640, 3).

    Without the rocket model beside them, which may pass for a face.

    Args:
        portrait_rgb: the portrait in any size, uint8 (S, S, 3).
    """
    cut = portrait_rgb[: portrait_rgb.shape[0] * 262 // 512, : portrait_rgb.shape[1] * 350 // 512]
    return np.asarray(cv2.resize(cut, (640, 480), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def draw_mask(picture_rgb: Rgb) -> Rgb:
    """Put a mask on the portrait, with folds, rim, ear loops and the light of the face below.

    Args:
        picture_rgb: the portrait, uint8 (512, 512, 3).

    Returns:
        The portrait at twice its size, uint8 (1024, 1024, 3).
    """
    return paint_mask(doubled(picture_rgb), MASK_OUTLINE, MASK_LOOPS, n_rim=7)


def paint_mask(picture_rgb: Rgb, outline: Corners, loops: Sequence[Corners], *, n_rim: int) -> Rgb:
    """Draw a mask of any outline on the portrait.

    Args:
        picture_rgb: the portrait at twice its size, uint8 (1024, 1024, 3); not changed.
        outline: corners in px, (N, 2), clockwise from the left end of the upper rim.
        loops: corners of each ear loop.
        n_rim: how many corners the upper rim has.

    Returns:
        A new picture of the same size.
    """
    height, width = picture_rgb.shape[:2]
    scale = 4
    shape = np.zeros((height * scale, width * scale), np.uint8)
    cv2.fillPoly(shape, [outline * scale], 255)
    alpha = cv2.resize(shape, (width, height), interpolation=cv2.INTER_AREA)
    alpha_share = cv2.GaussianBlur(alpha, (0, 0), 0.8).astype(np.float64)[:, :, None] / 255
    grey = cv2.cvtColor(picture_rgb, cv2.COLOR_RGB2GRAY).astype(np.float64)
    light = cv2.GaussianBlur(grey, (0, 0), 16)
    light = np.clip(0.62 + 0.45 * light / light[alpha > 0].max(), 0.6, 1.06)
    left, top, across, down = cv2.boundingRect(outline)
    # a mask bulges: darker to the sides and towards the chin.
    columns = (np.arange(width) - left - across / 2) / (across / 2)
    rows = (np.arange(height) - top) / down
    light = light * (1 - 0.16 * np.clip(columns, -1, 1)[None, :] ** 2)
    light = light * (1 - 0.12 * np.clip(rows, 0, 1)[:, None] ** 2)
    for fold in (0.36, 0.55, 0.74):
        centre = top + down * fold + 9 * (1 - np.clip(columns, -1, 1) ** 2)
        offset = np.arange(height)[:, None] - centre[None, :]
        light = light - 0.13 * np.exp(-((offset / 2.2) ** 2))
        light = light + 0.06 * np.exp(-(((offset + 5) / 3.0) ** 2))
    noise = np.random.default_rng(7).normal(0, 2.0, (height, width, 1))
    cloth = np.clip(np.array([172, 208, 228]) * light[:, :, None] + noise, 0, 255)
    drawn = picture_rgb.astype(np.float64)
    # the cloth's shadow on the skin.
    shadow = cv2.GaussianBlur(alpha, (0, 0), 6).astype(np.float64)[:, :, None] / 255
    drawn = drawn * (1 - 0.22 * shadow)
    drawn = drawn * (1 - alpha_share) + cloth * alpha_share
    result = np.asarray(np.clip(drawn, 0, 255), np.uint8)
    for loop in loops:
        cv2.polylines(result, [loop], False, (226, 231, 234), 3, cv2.LINE_AA)
    rim = outline[:n_rim] + np.array([0, 3])
    cv2.polylines(result, [rim], False, (205, 226, 238), 3, cv2.LINE_AA)
    return result
