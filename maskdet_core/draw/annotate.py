"""Draw verdicts onto an image, told apart by sign, word and line as well as by colour."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from maskdet_core.draw import frames
from maskdet_core.draw.placement import LabelRequest, Placement, place_labels
from maskdet_core.draw.typeface import (
    Colour,
    LabelColours,
    LabelText,
    label_picture,
    label_size,
    validate_drawable,
)
from maskdet_core.precision import PROBABILITY_DECIMALS
from maskdet_core.types import Detections, Face, FaceBox, RgbImage, Verdict, validate_rgb

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

SIGNS: Final[dict[Verdict, str]] = {
    Verdict.WITH_MASK: "\u2713",
    Verdict.WORN_WRONG: "!",
    Verdict.WITHOUT_MASK: "\u2717",
    Verdict.NOT_SURE: "?",
}
"""Before the word of each label, and alone where there is room for no more."""
LOOKING_SIGN: Final = "\u2026"
"""The same for a face that is being looked at."""

Labels = Mapping[Verdict, str]
"""Word of each verdict, in characters of the typeface: Latin, Greek and Cyrillic."""
LABELS: Final[Labels] = {
    Verdict.WITH_MASK: "Mask",
    Verdict.WORN_WRONG: "Worn wrong",
    Verdict.WITHOUT_MASK: "No mask",
    Verdict.NOT_SURE: "Not sure",
}
LOOKING: Final = "Looking"
"""Word for a face that is being looked at."""

_WHITE: Final = (255, 255, 255)
_BLACK: Final = (0, 0, 0)
_INK: Final[dict[Verdict, Colour]] = {
    Verdict.WITH_MASK: _WHITE,
    Verdict.WORN_WRONG: _BLACK,
    Verdict.WITHOUT_MASK: _BLACK,
    Verdict.NOT_SURE: _WHITE,
}
"""Text on `COLOURS`: whichever has a contrast of 4.5 or more (WCAG 2.2, criterion 1.4.3)."""
_OUTLINES: Final[dict[Verdict, Colour]] = {
    Verdict.WITH_MASK: _WHITE,
    # yellow is too light for a white outline; the black one shows on light and dark
    Verdict.WORN_WRONG: _BLACK,
    Verdict.WITHOUT_MASK: _WHITE,
    Verdict.NOT_SURE: _WHITE,
}
"""Beside the lines and around the labels: visible on a background of the line's colour."""
_DRAW_FRAME: Final[dict[Verdict, Callable[[RgbImage, FaceBox, int, Colour, Colour], None]]] = {
    Verdict.WITH_MASK: frames.draw_solid,
    Verdict.WORN_WRONG: frames.draw_dashed,
    Verdict.WITHOUT_MASK: frames.draw_double,
    Verdict.NOT_SURE: frames.draw_dashed,
}

_USUAL_SIDE_PX: Final = 640
_USUAL_TEXT_PX: Final = 18
_TEXT_GROWTH: Final = 0.7
"""Exponent of the text's growth with the image: large photos are seen reduced, but not by all."""
_TEXT_PER_FACE: Final = 0.25
"""Height of the text at most, as a share of the face's."""
_MIN_TEXT_PX: Final = 12
"""The smallest that is read with ease on a screen, at one pixel a pixel."""
_TEXT_PER_LINE: Final = 9
_SIZE_STEPS_PX: Final = 2
"""A face in a video keeps the size of its text while it would change by no more."""
_MIN_SAME_FACE_IOU: Final = 0.3


@dataclass(frozen=True, slots=True)
class _Label:
    """A face's label: what can be drawn, how large, and where it was before."""

    box: FaceBox
    forms: tuple[LabelText, ...]
    colours: LabelColours
    text_px: int
    before: Placement | None

    @property
    def line_px(self) -> int:
        return max(1, round(self.text_px / _TEXT_PER_LINE))


@dataclass(slots=True)
class LabelMemory:
    """Where the labels of a video's last frame were, so that they stay there in the next.

    One for each stream, used by one thread at a time; `copy` it for another.
    """

    _last: tuple[tuple[FaceBox, int, Placement | None], ...] = field(default=())

    def copy(self) -> "LabelMemory":
        """An independent memory with the same content."""
        return LabelMemory(self._last)

    def _recall(self, index: int, box: FaceBox) -> tuple[int, Placement | None] | None:
        """Text size and place of the same face, by its position in the list or in the image."""
        if index < len(self._last) and box.iou(self._last[index][0]) >= _MIN_SAME_FACE_IOU:
            return self._last[index][1:]
        best = max(self._last, key=lambda one: box.iou(one[0]), default=None)
        if best is None or box.iou(best[0]) < _MIN_SAME_FACE_IOU:
            return None
        return best[1:]


def whole_percent(probability: float) -> int:
    """A probability, 0 to 1, in whole percent, rounded down and at most 99: it is an estimate.

    Pictures, pages and reports all use it, so that they show the same figure. Rounded down, no
    face has the figure of a threshold that it did not reach. Probabilities in reports have
    `PROBABILITY_DECIMALS`, and give the same figure.
    """
    return min(int(round(probability, PROBABILITY_DECIMALS) * 100 + 1e-9), 99)


def shown_percent(face: Face, *, two_classes: bool = False) -> int | None:
    """The percentage of a face's verdict as its label and the reports have it.

    None if not sure, or where the network failed.

    Args:
        face: with its verdict.
        two_classes: see `Detections`.
    """
    if face.verdict is Verdict.NOT_SURE:
        return None
    probability = face.probabilities.of_verdict(face.verdict, two_classes=two_classes)
    return whole_percent(probability) if math.isfinite(probability) else None


def label_texts(
    face: Face, labels: Labels = LABELS, *, two_classes: bool = False
) -> tuple[str, ...]:
    """Possible labels of one face, longest first; the longest that fits is drawn.

    Args:
        face: with its verdict.
        labels: words by verdict.
        two_classes: see `Detections`.

    Raises:
        ValueError: the typeface lacks a character.
    """
    sign, word = SIGNS[face.verdict], labels[face.verdict]
    validate_drawable(word)
    percent = shown_percent(face, two_classes=two_classes)
    whole = () if percent is None else (f"{sign} {word} {percent} %",)
    return (*whole, f"{sign} {word}", sign)


def annotate(
    image_rgb: RgbImage,
    detections: Detections,
    labels: Labels = LABELS,
    *,
    looking: str | None = None,
    numbered: bool = False,
    memory: LabelMemory | None = None,
) -> RgbImage:
    """Draw frames and labels.

    The frame is solid for a mask, yellow dashes on a black line for a mask worn wrong, double for
    no mask and dashed for not sure. Labels are a sign, a word and the probability, black or white
    on the frame's colour. They stand above their faces or else where there is room, always inside
    the image and never on each other; where there is little room, the sign stands alone, and where
    there is none, the frame. Text and lines follow the sizes of image and face.

    In live video, faces without a verdict are being looked at: their frames are white dots with
    black edges, which are no verdict's.

    Args:
        image_rgb: uint8 (H, W, 3), not changed.
        detections: of this image.
        labels: words by verdict, in Latin, Greek or Cyrillic letters.
        looking: word for the boxes in ``detections.unjudged``; None draws none of them.
        numbered: put its number, from 1, before each face's label, as in the reports.
        memory: of the stream that the image belongs to; labels then stay where they were. It is
            updated.

    Returns:
        A new uint8 array (H, W, 3), RGB.

    Raises:
        ValueError: no uint8 RGB image, another size than the detections', or a label with
            characters that the typeface lacks.
    """
    validate_rgb(image_rgb)
    height, width = image_rgb.shape[:2]
    if (width, height) != (detections.width_px, detections.height_px):
        raise ValueError(
            f"expected an image of {detections.width_px} x {detections.height_px} px, "
            f"got {width} x {height}"
        )
    if looking is not None:
        validate_drawable(looking)
    canvas = np.array(image_rgb, order="C")
    all_labels = _labels(detections, labels, looking, memory, numbered=numbered)
    outers = [frames.outer_box(one.box, one.line_px, width, height) for one in all_labels]
    n_faces = len(detections.faces)
    for one, outer in zip(all_labels[n_faces:], outers[n_faces:], strict=True):
        frames.draw_dotted(canvas, outer, one.line_px, LOOKING_COLOUR, _BLACK)
    for index in reversed(range(n_faces)):
        verdict = detections.faces[index].verdict
        _DRAW_FRAME[verdict](
            canvas, outers[index], all_labels[index].line_px, COLOURS[verdict], _OUTLINES[verdict]
        )
    places = place_labels(
        width,
        height,
        [
            LabelRequest(
                outer, tuple(label_size(form, one.text_px) for form in one.forms), one.before
            )
            for one, outer in zip(all_labels, outers, strict=True)
        ],
    )
    for one, place in zip(all_labels, places, strict=True):
        if place is not None:
            picture = label_picture(one.forms[place.form], one.colours, one.text_px)
            canvas[place.y : place.y + place.h, place.x : place.x + place.w] = picture
    if memory is not None:
        memory._last = tuple(
            (one.box, one.text_px, place) for one, place in zip(all_labels, places, strict=True)
        )
    return canvas


def text_size_px(face_height_px: int, width_px: int, height_px: int) -> int:
    """Size of a label's text, px an em.

    Args:
        face_height_px: of the face's box.
        width_px: of the image.
        height_px: of the image.
    """
    of_image = _USUAL_TEXT_PX * (max(width_px, height_px) / _USUAL_SIDE_PX) ** _TEXT_GROWTH
    wanted: float = min(of_image, _TEXT_PER_FACE * face_height_px)
    return max(_MIN_TEXT_PX, round(wanted))


def _labels(
    detections: Detections,
    labels: Labels,
    looking: str | None,
    memory: LabelMemory | None,
    *,
    numbered: bool,
) -> list[_Label]:
    """The labels of all faces to draw: first those with a verdict, then those being looked at."""
    wanted: list[tuple[FaceBox, tuple[LabelText, ...], LabelColours]] = []
    for number, face in enumerate(detections.faces, 1):
        texts = label_texts(face, labels, two_classes=detections.two_classes)
        forms = tuple(LabelText(text, str(number) if numbered else "") for text in texts)
        if numbered:
            forms += (LabelText("", str(number)),)
        verdict = face.verdict
        colours = LabelColours(COLOURS[verdict], _INK[verdict], _OUTLINES[verdict])
        wanted.append((face.box, forms, colours))
    if looking is not None:
        forms = (LabelText(f"{LOOKING_SIGN} {looking}"), LabelText(LOOKING_SIGN))
        colours = LabelColours(LOOKING_COLOUR, _BLACK, _BLACK)
        wanted += [(box, forms, colours) for box in detections.unjudged]
    result = []
    for index, (box, forms, colours) in enumerate(wanted):
        text_px = text_size_px(box.h, detections.width_px, detections.height_px)
        before: Placement | None = None
        recalled = None if memory is None else memory._recall(index, box)
        if recalled is not None:
            if abs(recalled[0] - text_px) <= _SIZE_STEPS_PX:
                text_px = recalled[0]
            before = recalled[1]
        result.append(_Label(box, forms, colours, text_px, before))
    return result
