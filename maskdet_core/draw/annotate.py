"""Draw verdicts onto a picture, told apart by words and line style as well as by colour."""

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from maskdet_core.types import Detections, Face, FaceBox, RgbImage, Verdict, validate_rgb

Colour = tuple[int, int, int]

# Okabe and Ito's palette, made to stay distinct under every common colour blindness.
COLOURS: Final[dict[Verdict, Colour]] = {
    Verdict.WITH_MASK: (0x00, 0x72, 0xB2),
    Verdict.WITHOUT_MASK: (0xD5, 0x5E, 0x00),
    Verdict.NOT_SURE: (0x6B, 0x6B, 0x6B),
}
"""RGB 0 to 255: blue, vermilion and grey, each dark enough for white letters on it."""

_FONT: Final = cv2.FONT_HERSHEY_DUPLEX
_WHITE: Final = (255, 255, 255)
_TEXT_PER_SIDE: Final = 1 / 32
_MIN_TEXT_PX: Final = 11
_MAX_TEXT_PX: Final = 90
_LABELS_WIDER_THAN_FACE: Final = 2.0


Labels = Mapping[Verdict, tuple[str, str]]
"""What is written on a verdict's frame: the word, and a form of it for the smallest faces."""
LABELS: Final[Labels] = {
    Verdict.WITH_MASK: ("Mask", "M"),
    Verdict.WITHOUT_MASK: ("No mask", "No"),
    Verdict.NOT_SURE: ("Not sure", "?"),
}


def percent_text(probability: float) -> str:
    """A probability 0 to 1 in whole percent, rounded down and never 100: it is an estimate."""
    return f"{min(int(probability * 100 + 1e-9), 99)} %"


def label_texts(face: Face, labels: Labels = LABELS) -> tuple[str, ...]:
    """Labels for one face, the longest first, for the annotator to pick the one that fits.

    Raises:
        ValueError: a label holds more than ASCII, which the font cannot draw.
    """
    word, short = labels[face.verdict]
    if not (word + short).isascii():
        raise ValueError(f"expected labels in ASCII, got {word!r} and {short!r}")
    match face.verdict:
        case Verdict.WITH_MASK:
            return (f"{word} {percent_text(face.p_with_mask)}", word, short)
        case Verdict.WITHOUT_MASK:
            return (f"{word} {percent_text(1.0 - face.p_with_mask)}", word, short)
        case Verdict.NOT_SURE:
            return (word, short)


def annotate(image_rgb: RgbImage, detections: Detections, labels: Labels = LABELS) -> RgbImage:
    """Draw frames and labels.

    A mask has a solid frame, no mask a double one, not sure a dashed one. Labels are white on
    the frame's colour, above the face where there is room, always inside the picture, and
    shorter where the face or the picture is small.

    Args:
        image_rgb: uint8 (H, W, 3); not changed.
        detections: what was found in this very picture.
        labels: the words, in ASCII.

    Returns:
        A new uint8 array of the same shape.

    Raises:
        ValueError: no uint8 RGB image, of another size than the detections, or labels that are
            not ASCII.
    """
    validate_rgb(image_rgb)
    height, width = image_rgb.shape[:2]
    if (width, height) != (detections.width_px, detections.height_px):
        raise ValueError(
            f"expected an image of {detections.width_px} x {detections.height_px} px, "
            f"got {width} x {height}"
        )
    canvas = np.array(image_rgb, order="C")
    text_px = text_height_px(width, height)
    stroke = max(1, round(text_px / 7))
    for face in reversed(detections.faces):
        _frame(canvas, face.box, face.verdict, stroke)
    for face in reversed(detections.faces):
        _label(canvas, face, text_px, labels)
    return canvas


def text_height_px(width_px: int, height_px: int) -> int:
    """Height of a label's capitals for a picture of this size, in px."""
    return int(
        np.clip(round(max(width_px, height_px) * _TEXT_PER_SIDE), _MIN_TEXT_PX, _MAX_TEXT_PX)
    )


def _frame(canvas: RgbImage, box: FaceBox, verdict: Verdict, stroke: int) -> None:
    colour = COLOURS[verdict]
    near, far = (box.x, box.y), (box.x + box.w - 1, box.y + box.h - 1)
    match verdict:
        case Verdict.WITH_MASK:
            # A thin white line outside keeps the frame visible on a picture of its own colour.
            cv2.rectangle(canvas, near, far, _WHITE, stroke + 2)
            cv2.rectangle(canvas, near, far, colour, stroke)
        case Verdict.WITHOUT_MASK:
            gap = 2 * stroke
            cv2.rectangle(canvas, near, far, _WHITE, stroke + 2)
            cv2.rectangle(canvas, near, far, colour, stroke)
            if box.w > 4 * gap and box.h > 4 * gap:
                near, far = (near[0] + gap, near[1] + gap), (far[0] - gap, far[1] - gap)
                cv2.rectangle(canvas, near, far, _WHITE, stroke + 2)
                cv2.rectangle(canvas, near, far, colour, stroke)
        case Verdict.NOT_SURE:
            cv2.rectangle(canvas, near, far, _WHITE, stroke + 2)
            _dashed(canvas, near, far, colour, stroke)


def _dashed(
    canvas: RgbImage, near: tuple[int, int], far: tuple[int, int], colour: Colour, stroke: int
) -> None:
    dash = max(3, 4 * stroke)
    for x in range(near[0], far[0] + 1, 2 * dash):
        end = min(x + dash, far[0])
        cv2.line(canvas, (x, near[1]), (end, near[1]), colour, stroke)
        cv2.line(canvas, (x, far[1]), (end, far[1]), colour, stroke)
    for y in range(near[1], far[1] + 1, 2 * dash):
        end = min(y + dash, far[1])
        cv2.line(canvas, (near[0], y), (near[0], end), colour, stroke)
        cv2.line(canvas, (far[0], y), (far[0], end), colour, stroke)


def _label(canvas: RgbImage, face: Face, text_px: int, labels: Labels) -> None:
    height, width = canvas.shape[:2]
    thickness = max(1, round(text_px / 14))
    scale = cv2.getFontScaleFromHeight(_FONT, text_px, thickness)
    pad = max(2, text_px // 3)
    room = min(width, max(face.box.w * _LABELS_WIDER_THAN_FACE, text_px * 2))
    for text in label_texts(face, labels):
        (text_width, text_height), _ = cv2.getTextSize(text, _FONT, scale, thickness)
        label_width, label_height = text_width + 2 * pad, text_height + 2 * pad
        if label_width <= room:
            break
    if label_width > width or label_height > height:
        # A picture smaller than the smallest readable label keeps its frame alone.
        return
    x = min(max(face.box.x, 0), width - label_width)
    y = face.box.y - label_height
    if y < 0:
        y = min(face.box.y + face.box.h, height - label_height)
    cv2.rectangle(
        canvas, (x, y), (x + label_width - 1, y + label_height - 1), COLOURS[face.verdict], -1
    )
    baseline = (x + pad, y + pad + text_height)
    cv2.putText(canvas, text, baseline, _FONT, scale, _WHITE, thickness, cv2.LINE_AA)
