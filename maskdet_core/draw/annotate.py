"""Draw verdicts onto an image, distinguished by words and line style as well as by colour."""

from collections.abc import Mapping
from typing import Final

import cv2
import numpy as np

from maskdet_core.types import Detections, Face, FaceBox, RgbImage, Verdict, validate_rgb

Colour = tuple[int, int, int]

# from the palette of Okabe and Ito (2008), which is distinct under the common colour blindnesses
COLOURS: Final[dict[Verdict, Colour]] = {
    Verdict.WITH_MASK: (0x00, 0x72, 0xB2),
    Verdict.WORN_WRONG: (0xF0, 0xE4, 0x42),
    Verdict.WITHOUT_MASK: (0xD5, 0x5E, 0x00),
    Verdict.NOT_SURE: (0x6B, 0x6B, 0x6B),
}
"""RGB, 0 to 255: blue, yellow, vermilion and grey."""

LOOKING_COLOUR: Final[Colour] = (0xFF, 0xFF, 0xFF)
"""RGB of the dots of a face that is being looked at. White is no verdict's colour."""

_FONT: Final = cv2.FONT_HERSHEY_DUPLEX
_WHITE: Final = (255, 255, 255)
_BLACK: Final = (0, 0, 0)
_INK: Final[dict[Verdict, Colour]] = {
    Verdict.WITH_MASK: _WHITE,
    Verdict.WORN_WRONG: _BLACK,
    Verdict.WITHOUT_MASK: _BLACK,
    Verdict.NOT_SURE: _WHITE,
}
"""Text on `COLOURS`: whichever has a contrast of 4.5 or more (WCAG 2.2, criterion 1.4.3)."""
_TEXT_PER_SIDE: Final = 1 / 32
_MIN_TEXT_PX: Final = 11
_MAX_TEXT_PX: Final = 90
_LABELS_WIDER_THAN_FACE: Final = 2.0


Labels = Mapping[Verdict, tuple[str, str]]
"""Label of each verdict, ASCII: the full text, and a short form for the smallest faces."""
LABELS: Final[Labels] = {
    Verdict.WITH_MASK: ("Mask", "M"),
    Verdict.WORN_WRONG: ("Worn wrong", "!"),
    Verdict.WITHOUT_MASK: ("No mask", "No"),
    Verdict.NOT_SURE: ("Not sure", "?"),
}
LOOKING: Final = ("Looking...", "..")
"""The same for a face that is being looked at."""


def whole_percent(probability: float) -> int:
    """A probability, 0 to 1, in whole percent, rounded down and at most 99: it is an estimate."""
    return min(int(probability * 100 + 1e-9), 99)


def label_texts(
    face: Face, labels: Labels = LABELS, *, two_classes: bool = False
) -> tuple[str, ...]:
    """Possible labels of one face, longest first; the first that fits is drawn.

    Args:
        face: with its verdict.
        labels: texts by verdict.
        two_classes: see `Detections`.

    Raises:
        ValueError: a label is not ASCII, which is all that the font can draw.
    """
    word, short = labels[face.verdict]
    _validate_ascii(word, short)
    if face.verdict is Verdict.NOT_SURE:
        return (word, short)
    probability = face.probabilities.of_verdict(face.verdict, two_classes=two_classes)
    return (f"{word} {whole_percent(probability)} %", word, short)


def annotate(
    image_rgb: RgbImage,
    detections: Detections,
    labels: Labels = LABELS,
    *,
    looking: tuple[str, str] | None = None,
) -> RgbImage:
    """Draw frames and labels.

    The frame is solid for a mask, yellow dashes on a black line for a mask worn wrong, double for
    no mask and dashed for not sure. Labels are black or white on the frame's colour, above the face
    where there is room, always inside the image, and shorter on small faces and images.

    In live video, faces without a verdict are being looked at: their frames are white dots with
    black edges, which are no verdict's.

    Args:
        image_rgb: uint8 (H, W, 3), not changed.
        detections: of this image.
        labels: texts by verdict, ASCII.
        looking: label of the boxes in ``detections.unjudged``, long and short; None draws none of
            them.

    Returns:
        A new uint8 array (H, W, 3), RGB.

    Raises:
        ValueError: no uint8 RGB image, another size than the detections', or a label that is not
            ASCII.
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
    waiting = () if looking is None else detections.unjudged
    for box in reversed(waiting):
        _dotted(canvas, box, stroke)
    for face in reversed(detections.faces):
        _frame(canvas, face.box, face.verdict, stroke)
    if looking is not None:
        _validate_ascii(*looking)
        for box in reversed(waiting):
            _label(canvas, box, looking, text_px, LOOKING_COLOUR, _BLACK)
    for face in reversed(detections.faces):
        texts = label_texts(face, labels, two_classes=detections.two_classes)
        _label(canvas, face.box, texts, text_px, COLOURS[face.verdict], _INK[face.verdict])
    return canvas


def text_height_px(width_px: int, height_px: int) -> int:
    """Height of a label's capitals in px for an image of this size."""
    return int(
        np.clip(round(max(width_px, height_px) * _TEXT_PER_SIDE), _MIN_TEXT_PX, _MAX_TEXT_PX)
    )


def _frame(canvas: RgbImage, box: FaceBox, verdict: Verdict, stroke: int) -> None:
    colour = COLOURS[verdict]
    top_left, bottom_right = (box.x, box.y), (box.x + box.w - 1, box.y + box.h - 1)
    match verdict:
        case Verdict.WITH_MASK:
            # a thin white outline keeps the frame visible on a background of its colour
            cv2.rectangle(canvas, top_left, bottom_right, _WHITE, stroke + 2)
            cv2.rectangle(canvas, top_left, bottom_right, colour, stroke)
        case Verdict.WORN_WRONG:
            # yellow is too light for a white outline; the black one shows on light and dark
            cv2.rectangle(canvas, top_left, bottom_right, _BLACK, stroke + 2)
            _dashed(canvas, top_left, bottom_right, colour, stroke)
        case Verdict.WITHOUT_MASK:
            gap = 2 * stroke
            cv2.rectangle(canvas, top_left, bottom_right, _WHITE, stroke + 2)
            cv2.rectangle(canvas, top_left, bottom_right, colour, stroke)
            if box.w > 4 * gap and box.h > 4 * gap:
                top_left, bottom_right = (
                    (top_left[0] + gap, top_left[1] + gap),
                    (bottom_right[0] - gap, bottom_right[1] - gap),
                )
                cv2.rectangle(canvas, top_left, bottom_right, _WHITE, stroke + 2)
                cv2.rectangle(canvas, top_left, bottom_right, colour, stroke)
        case Verdict.NOT_SURE:
            cv2.rectangle(canvas, top_left, bottom_right, _WHITE, stroke + 2)
            _dashed(canvas, top_left, bottom_right, colour, stroke)


def _dashed(
    canvas: RgbImage,
    top_left: tuple[int, int],
    bottom_right: tuple[int, int],
    colour: Colour,
    stroke: int,
) -> None:
    dash = max(3, 4 * stroke)
    for x in range(top_left[0], bottom_right[0] + 1, 2 * dash):
        end = min(x + dash, bottom_right[0])
        cv2.line(canvas, (x, top_left[1]), (end, top_left[1]), colour, stroke)
        cv2.line(canvas, (x, bottom_right[1]), (end, bottom_right[1]), colour, stroke)
    for y in range(top_left[1], bottom_right[1] + 1, 2 * dash):
        end = min(y + dash, bottom_right[1])
        cv2.line(canvas, (top_left[0], y), (top_left[0], end), colour, stroke)
        cv2.line(canvas, (bottom_right[0], y), (bottom_right[0], end), colour, stroke)


def _dotted(canvas: RgbImage, box: FaceBox, stroke: int) -> None:
    dot, step = stroke, 4 * stroke
    right, bottom = box.x + box.w - 1, box.y + box.h - 1
    along = [(x, y) for x in range(box.x, right + 1, step) for y in (box.y, bottom)]
    along += [(x, y) for y in range(box.y, bottom + 1, step) for x in (box.x, right)]
    for colour, radius in ((_BLACK, dot), (LOOKING_COLOUR, dot // 2)):
        for x, y in along:
            corners = (x - radius, y - radius), (x + radius, y + radius)
            cv2.rectangle(canvas, *corners, colour, -1)


def _validate_ascii(*labels: str) -> None:
    if not "".join(labels).isascii():
        raise ValueError(f"expected labels in ASCII, got {' and '.join(map(repr, labels))}")


def _label(
    canvas: RgbImage,
    box: FaceBox,
    texts: tuple[str, ...],
    text_px: int,
    colour: Colour,
    ink: Colour,
) -> None:
    height, width = canvas.shape[:2]
    thickness = max(1, round(text_px / 14))
    scale = cv2.getFontScaleFromHeight(_FONT, text_px, thickness)
    pad = max(2, text_px // 3)
    room = min(width, max(box.w * _LABELS_WIDER_THAN_FACE, text_px * 2))
    for text in texts:
        (text_width, text_height), _ = cv2.getTextSize(text, _FONT, scale, thickness)
        label_width, label_height = text_width + 2 * pad, text_height + 2 * pad
        if label_width <= room:
            break
    if label_width > width or label_height > height:
        # an image smaller than the smallest readable label gets the frame alone
        return
    x = min(max(box.x, 0), width - label_width)
    y = box.y - label_height
    if y < 0:
        y = min(box.y + box.h, height - label_height)
    bottom_right = (x + label_width - 1, y + label_height - 1)
    cv2.rectangle(canvas, (x, y), bottom_right, colour, -1)
    # a light label needs an edge on a light image
    if ink == _BLACK:
        cv2.rectangle(canvas, (x, y), bottom_right, _BLACK, 1)
    baseline = (x + pad, y + pad + text_height)
    cv2.putText(canvas, text, baseline, _FONT, scale, ink, thickness, cv2.LINE_AA)
