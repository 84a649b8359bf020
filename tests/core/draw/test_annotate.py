import math

import cv2
import numpy as np
import pytest

from maskdet_core import Detections, Face, FaceBox, Verdict, annotate
from maskdet_core.draw.annotate import (
    COLOURS,
    LABELS,
    LOOKING,
    LOOKING_COLOUR,
    LOOKING_SIGN,
    SIGNS,
    LabelMemory,
    label_texts,
    shown_percent,
    text_size_px,
    whole_percent,
)

P = {
    Verdict.WITH_MASK: (0.98, 0.01, 0.01),
    Verdict.WORN_WRONG: (0.02, 0.9, 0.08),
    Verdict.WITHOUT_MASK: (0.03, 0.0, 0.97),
    Verdict.NOT_SURE: (0.5, 0.0, 0.5),
}


def one_face(width: int, height: int, box: FaceBox, verdict: Verdict) -> Detections:
    return Detections(width, height, (Face(box, *P[verdict], verdict),))


def drawn(width: int, height: int, box: FaceBox, verdict: Verdict) -> np.ndarray:
    image = np.full((height, width, 3), 200, dtype=np.uint8)
    return annotate(image, one_face(width, height, box, verdict))


def test_input_is_not_changed() -> None:
    image = np.full((100, 120, 3), 200, dtype=np.uint8)
    result = annotate(image, one_face(120, 100, FaceBox(30, 40, 40, 40, 1.0), Verdict.WITH_MASK))
    assert np.all(image == 200)
    assert not np.shares_memory(image, result)
    assert result.shape == image.shape
    assert np.any(result != image)


def test_no_faces_change_nothing() -> None:
    image = np.full((10, 12, 3), 7, dtype=np.uint8)
    assert np.array_equal(annotate(image, Detections(12, 10)), image)


def test_detections_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match="12 x 10"):
        annotate(np.zeros((12, 10, 3), np.uint8), Detections(12, 10))


def test_percent_is_rounded_down_and_below_100() -> None:
    assert [whole_percent(p) for p in (0.999, 1.0, 0.58, 0.0)] == [99, 99, 58, 0]
    # also from what the reports keep of it
    for p in (0.92999999, 0.9300001, 0.9299994, 0.58):
        assert whole_percent(p) == whole_percent(round(p, 6))


def test_labels_distinguish_the_verdicts() -> None:
    box = FaceBox(0, 0, 9, 9, 1.0)
    texts = [label_texts(Face(box, *P[verdict], verdict)) for verdict in Verdict]
    assert [text[0] for text in texts] == [
        "\u2713 Mask 98 %",
        "! Worn wrong 90 %",
        "\u2717 No mask 97 %",
        "? Not sure",
    ]
    assert [text[-1] for text in texts] == list(SIGNS.values())
    assert len({text for several in texts for text in several}) == 11
    assert label_texts(Face.of_two_classes(box, math.nan, Verdict.NOT_SURE))[0] == "? Not sure"


def test_percent_of_a_label_is_what_decided() -> None:
    face = Face(FaceBox(0, 0, 9, 9), 0.05, 0.3, 0.65, Verdict.WITHOUT_MASK)
    assert label_texts(face)[0] == "\u2717 No mask 65 %"
    assert label_texts(face, two_classes=True)[0] == "\u2717 No mask 95 %"
    assert (shown_percent(face), shown_percent(face, two_classes=True)) == (65, 95)
    image = np.full((300, 400, 3), 90, np.uint8)
    face = Face(FaceBox(100, 100, 90, 90), 0.05, 0.3, 0.65, Verdict.WITHOUT_MASK)
    of_three = Detections(400, 300, (face,)).with_min_confidence(0.6)
    of_two = of_three.with_min_confidence(0.6, two_classes=True)
    assert not np.array_equal(annotate(image, of_three), annotate(image, of_two))


def test_labels_of_another_language_are_in_the_typefaces_letters() -> None:
    image = np.full((300, 400, 3), 90, np.uint8)
    found = one_face(400, 300, FaceBox(100, 100, 90, 90, 1.0), Verdict.WITH_MASK)
    for word in ("Con mascarilla", "Ñandú", "N\u0303andu\u0301", "Маска", "Μάσκα", "Maść"):
        other = annotate(image, found, {Verdict.WITH_MASK: word})
        assert not np.array_equal(other, annotate(image, found))
    for word in ("قناع", "口罩", "Mask\n", "\U0001f637"):
        with pytest.raises(ValueError, match="letters"):
            annotate(image, found, {Verdict.WITH_MASK: word})


@pytest.mark.parametrize("verdict", list(Verdict))
def test_colours_are_the_stated_ones_in_rgb_order(verdict: Verdict) -> None:
    image = drawn(640, 480, FaceBox(200, 150, 150, 200, 1.0), verdict)
    same = np.all(image == np.array(COLOURS[verdict], np.uint8), axis=2)
    assert same.sum() > 500
    assert COLOURS[Verdict.WITH_MASK] == (0x00, 0x72, 0xB2)
    assert COLOURS[Verdict.WORN_WRONG] == (0xF0, 0xE4, 0x42)
    assert COLOURS[Verdict.WITHOUT_MASK] == (0xD5, 0x5E, 0x00)


def test_frames_differ_without_colour() -> None:
    """Along a line through the face: one stroke a side, two strokes a side, or broken strokes."""
    box = FaceBox(200, 150, 150, 200, 1.0)

    def strokes(verdict: Verdict) -> int:
        image = drawn(640, 480, box, verdict)
        row = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[250, 180:370]
        dark = row < 150
        return int(np.count_nonzero(dark[1:] & ~dark[:-1]))

    def gaps(verdict: Verdict) -> int:
        image = drawn(640, 480, box, verdict)
        side = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[160:340, 200]
        light = side > 200
        return int(np.count_nonzero(light[1:] & ~light[:-1]))

    assert strokes(Verdict.WITH_MASK) == 2
    assert strokes(Verdict.WITHOUT_MASK) == 4
    assert gaps(Verdict.WITH_MASK) == 0
    assert gaps(Verdict.NOT_SURE) >= 2


def test_worn_wrong_is_light_dashes_on_a_black_line() -> None:
    """In grey: the other frames never alternate between black and light along a side."""

    def black_gaps(verdict: Verdict) -> int:
        image = drawn(640, 480, FaceBox(200, 150, 150, 200, 1.0), verdict)
        side = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[160:340, 200]
        black, light = side < 40, side > 190
        return int(np.count_nonzero(black[1:] & ~black[:-1])) if light.any() else 0

    assert black_gaps(Verdict.WORN_WRONG) >= 2
    assert [black_gaps(verdict) for verdict in Verdict if verdict is not Verdict.WORN_WRONG] == [
        0,
        0,
        0,
    ]


@pytest.mark.parametrize(
    "size", [(1, 1), (8, 8), (24, 24), (64, 48), (640, 480), (1, 900), (4000, 3000)]
)
@pytest.mark.parametrize("verdict", list(Verdict))
def test_any_image_size(size: tuple[int, int], verdict: Verdict) -> None:
    width, height = size
    whole = FaceBox(0, 0, width, height, 1.0)
    corner = FaceBox(width - 1, height - 1, 1, 1, 1.0)
    for box in (whole, corner):
        assert drawn(width, height, box, verdict).shape == (height, width, 3)


@pytest.mark.parametrize("place", [(0, 0), (600, 0), (0, 440), (600, 440), (300, 200)])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_label_lies_inside_the_image(place: tuple[int, int], verdict: Verdict) -> None:
    def label_pixels(width: int, height: int, box: FaceBox) -> int:
        image = drawn(width, height, box, verdict)
        x0, x1 = max(box.x - 8, 0), min(box.x + box.w + 8, width)
        y0, y1 = max(box.y - 8, 0), min(box.y + box.h + 8, height)
        outside = image.copy()
        outside[y0:y1, x0:x1] = 200
        return int(np.count_nonzero(np.any(outside != 200, axis=2)))

    text = text_size_px(40, 640, 480)
    pixels = label_pixels(640, 480, FaceBox(*place, 40, 40, 1.0))
    assert pixels > text * text


def test_text_follows_image_and_face_and_is_never_too_small_to_read() -> None:
    sizes = [text_size_px(1000, side, side) for side in (50, 320, 640, 1280, 4000, 7300)]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[2]) == (12, 18)
    # a large photo seen at 1200 px
    assert sizes[-1] * 1200 / 7300 > 12
    of_faces = [text_size_px(side, 7300, 5475) for side in (10, 24, 100, 300, 3000)]
    assert of_faces == sorted(of_faces)
    assert of_faces[1] == 12


def test_numbers_on_request() -> None:
    image = np.full((300, 400, 3), 90, np.uint8)
    faces = tuple(
        Face(FaceBox(40 + 180 * i, 100, 90, 90), *P[Verdict.WITH_MASK], Verdict.WITH_MASK)
        for i in range(2)
    )
    found = Detections(400, 300, faces)
    plain, numbered = annotate(image, found), annotate(image, found, numbered=True)
    labels = [numbered[60:99, 180 * i + 35 : 180 * i + 75] for i in range(2)]
    assert not np.array_equal(plain, numbered)
    assert not np.array_equal(*labels)
    # the frames are the same
    assert np.array_equal(plain[110:], numbered[110:])


class TestMemory:
    """Labels in a video."""

    def at(self, y: int, memory: LabelMemory | None, h: int = 90) -> np.ndarray:
        image = np.full((300, 400, 3), 90, np.uint8)
        found = one_face(400, 300, FaceBox(100, y, 90, h), Verdict.WITH_MASK)
        return annotate(image, found, memory=memory)

    def is_above(self, drawn: np.ndarray, y: int) -> bool:
        return bool(np.any(drawn[: y - 4] != 90))

    def test_label_stays_on_its_side(self) -> None:
        memory = LabelMemory()
        assert not self.is_above(self.at(8, memory), 8)
        other = memory.copy()
        assert not self.is_above(self.at(40, memory), 40)
        assert self.is_above(self.at(40, None), 40)
        # a copy is not changed by what the original draws
        assert not self.is_above(self.at(45, other), 45)
        # another face, elsewhere
        assert self.is_above(self.at(200, memory), 200)

    def test_size_of_the_text_does_not_flicker(self) -> None:
        memory = LabelMemory()
        assert text_size_px(54, 400, 300) != text_size_px(50, 400, 300)
        self.at(100, memory, 50)
        small = self.at(100, memory, 54)
        assert not np.array_equal(small, self.at(100, None, 54))


def looking(width: int, height: int, box: FaceBox, grey: int = 200) -> np.ndarray:
    image = np.full((height, width, 3), grey, dtype=np.uint8)
    return annotate(image, Detections(width, height, (), (box,)), looking=LOOKING)


def test_a_face_being_looked_at_is_drawn_only_where_asked() -> None:
    image = np.full((480, 640, 3), 200, dtype=np.uint8)
    found = Detections(640, 480, (), (FaceBox(200, 150, 150, 200),))
    assert np.array_equal(annotate(image, found), image)
    assert not np.array_equal(annotate(image, found, looking=LOOKING), image)


@pytest.mark.parametrize("grey", [0, 107, 255])
def test_a_face_being_looked_at_has_dots_in_no_verdicts_colour(grey: int) -> None:
    image = looking(640, 480, FaceBox(200, 150, 150, 200), grey)
    for colour in COLOURS.values():
        if colour != (grey,) * 3:
            assert not np.any(np.all(image[155:] == np.array(colour, np.uint8), axis=2))
    side = image[170:330, 200].astype(int).max(axis=1)
    dots = np.abs(side - grey) > 60
    n_dots = int(np.count_nonzero(dots[1:] & ~dots[:-1]))
    assert n_dots >= 10
    assert dots.mean() < 0.7


def test_label_of_a_face_being_looked_at_is_no_verdicts() -> None:
    assert LOOKING not in LABELS.values()
    assert LOOKING_SIGN not in SIGNS.values()
    assert LOOKING_COLOUR not in COLOURS.values()
    image = looking(640, 480, FaceBox(200, 150, 150, 200))
    label = image[120:150, 200:320]
    assert np.all(label == LOOKING_COLOUR, axis=2).sum() > 500
    with pytest.raises(ValueError, match="letters"):
        annotate(np.zeros((9, 9, 3), np.uint8), Detections(9, 9), looking="\u0642")


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (64, 48), (1, 900), (4000, 3000)])
def test_a_face_being_looked_at_in_any_image_size(size: tuple[int, int]) -> None:
    width, height = size
    for box in (FaceBox(0, 0, width, height), FaceBox(width - 1, height - 1, 1, 1)):
        assert looking(width, height, box).shape == (height, width, 3)
