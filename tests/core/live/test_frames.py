"""What happens to a frame's pixels: formats, sizes, colours, the mirror, the drawing."""

from fractions import Fraction

import numpy as np
import pytest

from maskdet_core import (
    FaceBox,
    LiveProcessor,
    Verdict,
)
from tests.core.live.fakes import Finder, FrameMaker, Network, Turn, vermilion


def test_face_is_drawn_from_the_frame_after_its_first_look_on(
    turn: Turn, make: FrameMaker, network: Network
) -> None:
    network.p_with_mask = 0.01
    first = make(320, 240)
    assert turn(first) is first
    frame = make(320, 240)
    before = frame.to_ndarray(format="rgb24")
    drawn = turn(frame)
    assert drawn is not frame
    assert (drawn.width, drawn.height) == (320, 240)
    assert (drawn.pts, drawn.time_base) == (3003, Fraction(1, 90_000))
    assert vermilion(drawn).any()
    assert np.array_equal(frame.to_ndarray(format="rgb24"), before)


def test_every_frame_has_boxes_of_its_own(
    turn: Turn, make: FrameMaker, network: Network, finder: Finder, processor: LiveProcessor
) -> None:
    network.p_with_mask = 0.01
    turn()
    finder.boxes = []
    # no search and no look between these frames: the box follows the picture alone
    lefts = [
        int(np.flatnonzero(vermilion(processor.recv(make(320, 240, "yuv420p", shift)))[130])[0])
        for shift in range(0, 40, 4)
    ]
    assert np.diff(lefts).mean() == pytest.approx(4.0, abs=0.5)


@pytest.mark.parametrize("pixels", ["rgb24", "bgr24", "yuv420p", "nv12", "yuvj420p"])
def test_network_sees_rgb_whatever_the_frame_holds(
    pixels: str, turn: Turn, network: Network, make: FrameMaker, processor: LiveProcessor
) -> None:
    turn(make(pixels=pixels, width=128, height=96, shift=-1))
    assert processor.snapshot().errors == 0
    seen = network.seen[0][0, 8, 8].astype(int)
    assert np.abs(seen - [240, 20, 0]).max() < 12


@pytest.mark.parametrize("pixels", ["rgb24", "yuv420p", "yuvj420p"])
def test_colours_outside_the_drawing_stay(pixels: str, turn: Turn, make: FrameMaker) -> None:
    turn(make(320, 240, pixels))
    frame = make(320, 240, pixels)
    drawn = turn(frame)
    assert drawn is not frame
    before, after = (f.to_ndarray(format="rgb24").astype(int) for f in (frame, drawn))
    assert np.abs(before - after)[200:].max() <= 6


def test_size_and_pixel_format_may_change_in_mid_stream(
    turn: Turn, make: FrameMaker, processor: LiveProcessor
) -> None:
    sizes = [
        (64, 48, "rgb24"),
        (640, 480, "yuv420p"),
        (48, 64, "bgr24"),
        (63, 47, "yuv420p"),
        (1, 1, "rgb24"),
    ]
    for width, height, pixels in sizes:
        for _ in range(3):
            drawn = turn(make(width, height, pixels))
        assert (drawn.width, drawn.height) == (width, height)
        shown = processor.snapshot()
        assert (shown.width_px, shown.height_px, shown.errors) == (width, height, 0)


def test_mirror_swaps_left_and_right_of_picture_and_search(
    turn: Turn, make: FrameMaker, processor: LiveProcessor, network: Network, finder: Finder
) -> None:
    network.p_with_mask = 0.01
    finder.boxes = [FaceBox(20, 60, 80, 100, 5.0)]
    processor.set_mirrored(True)
    for _ in range(2):
        frame = make(320, 240, "yuv420p")
        drawn = turn(frame)
    plain, shown = (f.to_ndarray(format="rgb24").astype(int) for f in (frame, drawn))
    assert np.abs(plain[200:, ::-1] - shown[200:]).max() <= 6
    # the finder looked at the mirrored picture, so the drawing is where it said
    assert np.flatnonzero(vermilion(drawn)[110])[0] == pytest.approx(20, abs=3)


def test_words_of_another_language_are_drawn_from_the_next_frame_on(
    turn: Turn, make: FrameMaker, processor: LiveProcessor
) -> None:
    frames = [turn(make(320, 240)) for _ in range(3)]
    processor.set_labels({verdict: ("Con mascarilla", "M") for verdict in Verdict})
    other = turn(make(320, 240))
    english, spanish = (f.to_ndarray(format="rgb24") for f in (frames[-1], other))
    assert not np.array_equal(english, spanish)
    picture = processor.picture()
    assert picture is not None and np.abs(picture.astype(int) - spanish).mean() < 3


def test_broken_frame_comes_back_untouched(processor: LiveProcessor) -> None:
    class Frame:
        width = height = 16

        @property
        def format(self) -> object:
            raise RuntimeError("decoder broke")

    frame = Frame()
    assert processor.recv(frame) is frame  # type: ignore[arg-type, comparison-overlap]
    assert processor.snapshot().errors == 1


def test_picture_to_take_home_is_what_was_shown(turn: Turn, processor: LiveProcessor) -> None:
    assert processor.picture() is None
    turn()
    shown = turn()
    picture = processor.picture()
    assert picture is not None
    np.testing.assert_array_equal(picture, shown.to_ndarray(format="rgb24"))
