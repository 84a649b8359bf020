"""Frames and labels of the verdicts in grey and under simulated colour blindness."""

import itertools
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab

from maskdet_core import Detections, Face, FaceBox, Verdict, annotate
from maskdet_core.draw.annotate import COLOURS, text_size_px
from maskdet_core.types import MaskProbabilities

DICHROMACY = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
"""On linear RGB, severity 1.0; Machado, Oliveira and Fernandes, IEEE TVCG 15(6), 2009, table 1."""
MIN_CIEDE2000 = 20.0
"""Far above what is seen side by side (about 1): the frames are apart and on any background."""
MIN_CONTRAST = 4.5
"""WCAG 2.2, criterion 1.4.3, for text of any size."""
MIN_FRAME_CONTRAST = 2.5
"""Of the line or its outline; vermilion on a light grey has the least, 2.7."""
BOX = FaceBox(240, 130, 160, 200, 1.0)
P = MaskProbabilities(0.2, 0.3, 0.5)


def background(kind: int | str) -> NDArray[np.uint8]:
    if isinstance(kind, int):
        return np.full((480, 640, 3), kind, np.uint8)
    return np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)


def drawn(verdict: Verdict, kind: int | str) -> NDArray[np.uint8]:
    return annotate(background(kind), Detections(640, 480, (Face(BOX, *P, verdict),)))


def linear(rgb: Any) -> NDArray[np.float64]:
    share = np.asarray(rgb, np.float64) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def simulated(rgb: Any, matrix: list[list[float]]) -> NDArray[np.float64]:
    """How a colour, 0 to 255, looks to a dichromat; sRGB, 0 to 1."""
    seen = np.clip(np.array(matrix) @ linear(rgb), 0, 1)
    return np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)


def difference(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """CIEDE2000 of two colours in CIELAB."""
    return float(deltaE_ciede2000(first, second))  # type: ignore[no-untyped-call]


def contrast(first: Any, second: Any) -> float:
    """Contrast ratio of two colours as WCAG defines it, 1 to 21."""
    luminances = [float(np.dot([0.2126, 0.7152, 0.0722], linear(rgb))) for rgb in (first, second)]
    return (max(luminances) + 0.05) / (min(luminances) + 0.05)


class Pattern(NamedTuple):
    """A frame without its colour.

    Attributes:
        n_lines: from the outside to the inside of the face.
        is_broken: whether the line changes along a side.
        is_lighter_in_the_gaps: whether what is between the dashes is lighter than they are.
    """

    n_lines: int
    is_broken: bool
    is_lighter_in_the_gaps: bool


def runs(mask: NDArray[np.bool_]) -> list[int]:
    """Lengths of the runs of True."""
    padded = np.concatenate([[False], mask, [False]]).astype(int)
    starts, ends = (np.flatnonzero(np.diff(padded) == step) for step in (1, -1))
    return [int(n) for n in ends - starts]


def pattern(verdict: Verdict, kind: int | str) -> Pattern:
    grey = cv2.cvtColor(drawn(verdict, kind), cv2.COLOR_RGB2GRAY).astype(int)
    colour = np.full((1, 1, 3), COLOURS[verdict], np.uint8)
    line = int(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)[0, 0])
    side = grey[BOX.y + 20 : BOX.y + BOX.h - 20, BOX.x]
    is_line = np.abs(side - line) < 20
    # in all rows with line: what is only here and there is noise
    across = np.abs(grey[BOX.y + 20 : BOX.y + BOX.h - 20, BOX.x - 2 : BOX.x + 24] - line) < 20
    # longer is a background of the frame's own grey
    n_lines = sum(1 <= n <= 4 for n in runs(across[is_line].mean(axis=0) > 0.9))
    gaps = side[~is_line]
    return Pattern(n_lines, bool(gaps.size), bool(gaps.size and np.median(gaps) > line))


@pytest.mark.parametrize("kind", [0, 40, 85, 128, 200, 255, "noise"])
def test_frames_are_told_apart_in_grey_on_any_background(kind: int | str) -> None:
    assert {verdict: pattern(verdict, kind) for verdict in Verdict} == {
        Verdict.WITH_MASK: (1, False, False),
        Verdict.WORN_WRONG: (1, True, False),
        Verdict.WITHOUT_MASK: (2, False, False),
        Verdict.NOT_SURE: (1, True, True),
    }


@pytest.mark.parametrize("kind", [0, 107, 128, 215, 255])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_frame_is_seen_on_any_grey(verdict: Verdict, kind: int) -> None:
    """Also on a background as light as the frame's colour."""
    image = drawn(verdict, kind)
    frame = image[BOX.y + BOX.h - 3 : BOX.y + BOX.h + 3, BOX.x : BOX.x + BOX.w]
    colours = np.unique(frame.reshape(-1, 3), axis=0)
    assert max(contrast(rgb, (kind,) * 3) for rgb in colours) >= MIN_FRAME_CONTRAST


@pytest.mark.parametrize("dichromacy", DICHROMACY)
def test_colours_are_told_apart_by_dichromats(dichromacy: str) -> None:
    seen = {
        verdict: rgb2lab(simulated(rgb, DICHROMACY[dichromacy])) for verdict, rgb in COLOURS.items()
    }
    for first, second in itertools.combinations(Verdict, 2):
        assert difference(seen[first], seen[second]) >= MIN_CIEDE2000, (first, second)


def test_simulation_maps_red_and_green_of_one_lightness_together() -> None:
    """The matrices work: this pair differs for all but red-green dichromats."""
    red, green = (200, 80, 0), (120, 130, 0)
    plain = difference(*(rgb2lab(np.array(rgb) / 255) for rgb in (red, green)))
    seen = [rgb2lab(simulated(rgb, DICHROMACY["deuteranopia"])) for rgb in (red, green)]
    assert difference(*seen) < plain / 3


@pytest.mark.parametrize("kind", [0, 128, 255])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_label_is_readable(verdict: Verdict, kind: int) -> None:
    text_px = text_size_px(BOX.h, 640, 480)
    label = drawn(verdict, kind)[BOX.y - text_px : BOX.y - 4, BOX.x + 4 : BOX.x + 60]
    colours, counts = np.unique(label.reshape(-1, 3), axis=0, return_counts=True)
    assert tuple(colours[np.argmax(counts)]) == COLOURS[verdict]
    # of smoothed text, whose strokes are not quite black or white
    assert max(contrast(COLOURS[verdict], rgb) for rgb in colours) >= MIN_CONTRAST
